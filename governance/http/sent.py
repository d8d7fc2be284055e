"""What a form sent is kept until its answer, so that a page of an error can offer it again.

It stays in the memory of the request alone: no log, no table and no cookie has it, and it is shown
to the browser that sent it and to no other.
"""

import re
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.requests import ClientDisconnect

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
STATE: Final = "sent_form"
MOST: Final = 64 * 1024  # octets of a form that is offered again
FIELDS: Final = 60
FORM: Final = b"application/x-www-form-urlencoded"
PARTS: Final = b"multipart/form-data"
# Forms with words and a file of which the words are kept; the file never is, its name tells of it.
WORDED: Final = re.compile(r"/portal/requests/of/[^/]+/files")
# Fails closed: what proves who somebody is is never written into a page.
SECRET: Final = frozenset({"password", "before", "code", "secret", "token", "key"})
PLACES: Final = ("/sign-", "/account", "/oauth", "/preferences", "/v1/", "/confirm/")
WORDS: Final = re.compile(r"[^\x21-\x7e]")


@dataclass(frozen=True, slots=True, kw_only=True)
class SentForm:
    """A form whose content did not arrive: where it goes, every field, and what was written."""

    action: str
    fields: tuple[tuple[str, str], ...] = field(repr=False)

    @property
    def written(self) -> tuple[str, ...]:
        """What a person wrote: values with a space or a letter beyond ASCII."""
        return tuple(value for _, value in self.fields if WORDS.search(value.strip()))


def keeping(scope: Scope, receive: Receive) -> Receive:
    """The same messages, of which the body of a page's form is kept with the request."""
    kinds = (FORM, PARTS) if WORDED.fullmatch(scope["path"]) else FORM
    form = any(
        name == b"content-type" and value.startswith(kinds) for name, value in scope["headers"]
    )
    if scope["method"] != "POST" or not form or scope["path"].startswith(PLACES):
        return receive
    kept = scope["state"][STATE] = bytearray()

    async def kept_receive() -> MutableMapping[str, Any]:
        message = await receive()
        part = message.get("body", b"")
        if len(kept) + len(part) <= MOST:
            kept.extend(part)
        else:
            kept.clear()  # half a form is none
            scope["state"].pop(STATE, None)
        return message

    return kept_receive


async def arrive(request: Request) -> None:
    """The rest of a form is here, where an error came before anybody had read it."""
    length = request.headers.get("content-length", "")
    if getattr(request.state, STATE, None) == b"" and length.isdigit() and int(length) <= MOST:
        with suppress(RuntimeError, ClientDisconnect):  # read by another, or gone
            await request.body()


def sent_form(request: Request) -> SentForm | None:
    """The form that this browser's own page sent; None where it may not or cannot be repeated."""
    kept = getattr(request.state, STATE, None)
    if not kept or request.headers.get("sec-fetch-site") != "same-origin":
        return None  # fails closed: nobody is led to send what another site wrote
    try:
        pairs = _pairs(bytes(kept), request.headers.get("content-type", ""))
    except ValueError:
        return None
    fields = tuple((name, value) for name, value in pairs if name != "csrf")
    if not fields or any(name in SECRET for name, _ in fields):
        return None
    return SentForm(action=request.url.path, fields=fields)


def _pairs(body: bytes, kind: str) -> list[tuple[str, str]]:
    if kind.encode().startswith(FORM):
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS)
    found = list(_parts(body, kind))
    worded = any(value.strip() for name, value in found if name == "words")
    return found if worded and len(found) <= FIELDS else []


def _parts(body: bytes, kind: str) -> Iterator[tuple[str, str]]:
    """The texts of a form in parts (RFC 7578); of a file its name, of a field without one none."""
    for part in message_from_bytes(b"content-type: %s\r\n\r\n%s" % (kind.encode(), body)).walk():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            continue
        file = part.get_filename()
        value = content.decode() if file is None else file
        if file is None or file:
            yield name, value
