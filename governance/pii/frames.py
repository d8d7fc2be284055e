"""Frames between the serving process and the PII worker: length, then msgpack, over pipes."""

from typing import BinaryIO, Final

import msgspec

from governance.pii.types import Entity, Reason, Role, SensitiveKind, Span

_HEAD: Final = 4  # bytes of length, big-endian
MAX_FRAME: Final = 64 * 1024 * 1024  # bytes; a frame beyond it is a fault, not a text


class Ask(msgspec.Struct, frozen=True, array_like=True):
    """Texts to analyse, each with its language."""

    number: int
    texts: list[tuple[bytes, str]]  # UTF-8 with lone surrogates kept ("surrogatepass")
    seconds: float = 0.0  # of processor time that the answer may take; 0 for any


class Tell(msgspec.Struct, frozen=True, array_like=True):
    """Findings in the order of the texts; `failed` when the worker could not analyse them."""

    number: int
    spans: list[list[tuple[int, int, str, float, str, str, str]]]
    failed: bool = False


_ENCODER: Final = msgspec.msgpack.Encoder()
_ASK: Final = msgspec.msgpack.Decoder(Ask)
_TELL: Final = msgspec.msgpack.Decoder(Tell)


def packed(span: Span) -> tuple[int, int, str, float, str, str, str]:
    """A span as plain values."""
    return (
        span.start,
        span.end,
        span.entity.value,
        span.score,
        span.reason.value,
        span.kind.value if span.kind else "",
        span.role.value,
    )


def unpacked(values: tuple[int, int, str, float, str, str, str]) -> Span:
    """The span that these values were made of."""
    start, end, entity, score, reason, kind, role = values
    return Span(
        start=start,
        end=end,
        entity=Entity(entity),
        score=score,
        reason=Reason(reason),
        kind=SensitiveKind(kind) if kind else None,
        role=Role(role),
    )


def write_frame(stream: BinaryIO, message: Ask | Tell) -> None:
    """The message is in the pipe, flushed."""
    body = _ENCODER.encode(message)
    stream.write(len(body).to_bytes(_HEAD, "big") + body)
    stream.flush()


def _read(stream: BinaryIO) -> bytes | None:
    head = stream.read(_HEAD)
    if len(head) < _HEAD:
        return None
    size = int.from_bytes(head, "big")
    if size > MAX_FRAME:
        return None
    body = stream.read(size)
    return body if len(body) == size else None


def read_ask(stream: BinaryIO) -> Ask | None:
    """The next question; None when the other side has gone."""
    body = _read(stream)
    return _ASK.decode(body) if body is not None else None


def read_tell(stream: BinaryIO) -> Tell | None:
    """The next answer; None when the other side has gone or broke the form."""
    body = _read(stream)
    try:
        return _TELL.decode(body) if body is not None else None
    except msgspec.MsgspecError:
        return None
