"""What cameras and programs write into pictures goes; what is drawn stays octet for octet."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.documents.traces.exif import Exif, orientation_alone, read_exif
from governance.documents.traces.jpeg import strip_jpeg
from governance.documents.traces.kinds import HEIC, JPEG, PDF, PNG, TIFF, WEBP, media_of
from governance.documents.traces.png import strip_png
from governance.documents.traces.rules import handle
from governance.documents.traces.types import Handled, Handling, Stripped, Stuck, Trace
from governance.documents.traces.webp import strip_webp
from tests.governance.documents.traces.pictures import (
    JFIF,
    MAKER,
    PIXELS,
    PNG_TOLD,
    SECRET,
    TOLD,
    WEBP_TOLD,
    drawing,
    exif,
    jpeg,
    png,
    png_chunk,
    riff_chunk,
    segment,
    webp,
)

Strip = Callable[[bytes], Stripped | Stuck]
KINDS: dict[str, tuple[Strip, Callable[..., bytes], dict[str, bytes]]] = {
    JPEG: (strip_jpeg, jpeg, TOLD),
    PNG: (strip_png, png, PNG_TOLD),
    WEBP: (strip_webp, webp, WEBP_TOLD),
}
CLEAN_WEBP = webp(extended=riff_chunk(b"VP8X", bytes((0x20,)) + bytes(9)))
BARE = {JPEG: jpeg(), PNG: png(), WEBP: CLEAN_WEBP}
MARKS = {JPEG: b"Exif\x00\x00", PNG: b"eXIf", WEBP: b"EXIF"}


def stripped(kind: str, content: bytes) -> Stripped:
    found = KINDS[kind][0](content)
    assert isinstance(found, Stripped)
    return found


@given(data=st.data(), kind=st.sampled_from(sorted(KINDS)), tail=st.sampled_from([b"", SECRET]))
@settings(max_examples=200, deadline=None)
def test_whatever_stands_beside_the_picture_goes_and_the_picture_stays(
    data: st.DataObject, kind: str, tail: bytes
) -> None:
    _, made, told = KINDS[kind]
    names = data.draw(st.lists(st.sampled_from(sorted(told)), unique=True))
    content = made(*(told[name] for name in names), tail=tail)
    found = stripped(kind, content)
    for secret in (SECRET, MAKER):
        assert secret not in found.content
    turned = "exif" in names
    assert (MARKS[kind] in found.content) == turned
    assert bool(found.found) == bool(names or tail)
    assert (Trace.PLACE in found.found) == turned
    assert (Trace.TAIL in found.found) == bool(tail)
    again = stripped(kind, found.content)
    assert again.content == found.content
    assert again.found == frozenset()
    if not turned:
        assert found.content == BARE[kind]


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_as_it_stood(kind: str, order: str, orientation: int) -> None:
    block = exif(orientation, order=order)
    written = {
        JPEG: segment(0xE1, b"Exif\x00\x00" + block),
        PNG: png_chunk(b"eXIf", block),
        WEBP: riff_chunk(b"EXIF", block),
    }[kind]
    found = stripped(kind, KINDS[kind][1](written))
    alone = orientation_alone(orientation)
    assert (alone in found.content) == (orientation != 1)
    assert read_exif(alone) == Exif(orientation=orientation)
    if orientation == 1:
        assert found.content == BARE[kind]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_ends_early_is_stuck_at_every_octet(kind: str) -> None:
    strip, made, told = KINDS[kind]
    content = made(*told.values())
    for end in range(len(content)):
        assert strip(content[:end]) is Stuck.DAMAGED, end


@given(st.binary(max_size=400), st.sampled_from(sorted(KINDS)), st.integers(0, 600))
@settings(max_examples=300, deadline=None)
def test_damaged_octets_are_stuck_or_a_picture(junk: bytes, kind: str, place: int) -> None:
    strip, made, told = KINDS[kind]
    whole = made(*told.values())
    found = strip(whole[:place] + junk + whole[place + len(junk) :])
    if isinstance(found, Stripped):
        assert media_of(found.content) == kind
        assert strip(found.content) == Stripped(content=found.content, found=frozenset())


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (JPEG, b"\xff\xd8\xff" + bytes(4_000)),
        (JPEG, b"\xff\xd8" + JFIF + b"\xff\xd9"),  # nothing drawn
        (JPEG, b"\xff\xd8" + segment(0xFE, b"x") * 30_000 + jpeg()[2:]),
        (PNG, png()[:8] + drawing() + png()[8:]),  # the head is not the first
        (PNG, png().replace(b"gAMA", b"gAMB")),  # its check is wrong
        (PNG, png()[:-8] + b"\xff\xff\xff\xff"),
        (WEBP, webp()[:4] + b"\xff\xff\xff\xff" + webp()[8:]),
        (WEBP, webp(webp()[12:])),  # a second head
        (WEBP, b"RIFF\x04\x00\x00\x00WEBP"),
    ],
)
def test_what_is_not_of_its_form_is_stored_by_consent_alone(kind: str, content: bytes) -> None:
    assert handle(kind, content, keep=False) is Stuck.DAMAGED
    kept = handle(kind, content, keep=True)
    assert kept == Handled(content=content, handling=Handling.KEPT)


def test_previews_and_frames_of_animations_are_looked_into() -> None:
    small = segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x01\x01" + SECRET)
    found = stripped(JPEG, jpeg().replace(JFIF, small))
    assert (found.content, found.found) == (jpeg(), frozenset({Trace.PREVIEW}))
    frame = riff_chunk(b"ANMF", bytes(16) + PIXELS + riff_chunk(b"SEKI", SECRET))
    moving = stripped(WEBP, webp(frame))
    assert SECRET not in moving.content
    assert riff_chunk(b"ANMF", bytes(16) + PIXELS) in moving.content


@pytest.mark.parametrize(
    ("kind", "content"),
    [(PDF, b"%PDF-1.7 x"), (TIFF, exif()), (HEIC, b"\x00\x00\x00\x18ftypheic" + bytes(12))],
)
def test_kinds_without_rules_say_so_and_need_consent(kind: str, content: bytes) -> None:
    assert media_of(content) == kind
    assert handle(kind, content, keep=False) is Stuck.KIND
    kept = handle(kind, content, keep=True)
    assert isinstance(kept, Handled)
    assert (kept.content, kept.handling) == (content, Handling.KEPT)


def test_plain_text_carries_nothing_beside_its_words() -> None:
    found = handle("text/plain", b"abc", keep=False)
    assert found == Handled(content=b"abc", handling=Handling.NONE)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_five_megabytes_are_walked_through_once(kind: str) -> None:
    """What makes a careless reader quadratic; this one ends, whole or cut off."""
    five = 5 * 1024 * 1024
    bodies = {
        JPEG: [jpeg(b"\xff" * five), jpeg().replace(b"\x12\xff\x00", b"\xff\x00" * (five // 2))],
        PNG: [png(PNG_TOLD["time"] * (five // 19)), png(tail=bytes(five))],
        WEBP: [
            webp(riff_chunk(b"SEKI", b"") * (five // 8)),
            webp(riff_chunk(b"XMP ", bytes(five))),
        ],
    }
    for content in bodies[kind]:
        assert len(content) >= five - 40
        KINDS[kind][0](content)
        assert KINDS[kind][0](content[:-9]) is Stuck.DAMAGED or kind == PNG
