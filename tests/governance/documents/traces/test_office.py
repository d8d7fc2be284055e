"""Properties of Office files are emptied, previews and what pictures tell go, the rest stays."""

import io
import zipfile

import pytest
from openpyxl import Workbook, load_workbook

from governance.documents.traces.office import BASE, office_media, strip_office
from governance.documents.traces.rules import handle, paper_media
from governance.documents.traces.types import Handled, Handling, Stripped, Stuck, Trace
from tests.governance.documents.traces.pictures import SECRET, TOLD, jpeg

DOCX = f"{BASE}wordprocessingml.document"
KINDS = "http://schemas.openxmlformats.org/"
TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
AUTHOR = "架空 花子"


def relation(number: int, kind: str, target: str) -> str:
    return f'<Relationship Id="r{number}" Type="{KINDS}x/{kind}" Target="{target}"/>'


RELATIONS = (
    "<Relationships>"
    + relation(1, "officeDocument", "word/document.xml")
    + relation(2, "core-properties", "docProps/core.xml")
    + relation(3, "extended-properties", "/docProps/app.xml")
    + relation(4, "thumbnail", "docProps/thumbnail.jpeg")
    + "</Relationships>"
)
PARTS: dict[str, bytes] = {
    "[Content_Types].xml": TYPES.encode(),
    "_rels/.rels": RELATIONS.encode(),
    "word/document.xml": f"<w:document>{AUTHOR}の書面</w:document>".encode(),
    "word/media/image1.jpeg": jpeg(TOLD["exif"]),
    "docProps/core.xml": f"<cp:coreProperties><dc:creator>{AUTHOR}</dc:creator>".encode(),
    "docProps/app.xml": b"<Properties><Company>" + SECRET + b"</Company></Properties>",
    "docProps/custom.xml": SECRET,
    "docProps/thumbnail.jpeg": SECRET,
}


def packed(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            member = zipfile.ZipInfo(name, (2026, 11, 27, 7, 0, 0))
            archive.writestr(member, part, zipfile.ZIP_DEFLATED)
        archive.comment = SECRET
    return out.getvalue()


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.comment == b""
        assert {one.date_time[0] for one in archive.infolist()} == {1980}
        return {name: archive.read(name) for name in archive.namelist()}


def test_authors_and_places_go_and_every_other_part_stays() -> None:
    content = packed(PARTS)
    assert paper_media(content) == DOCX
    found = handle(DOCX, content, keep=False)
    assert isinstance(found, Handled)
    assert found.handling is Handling.REMOVED
    assert {Trace.PROPERTIES, Trace.PREVIEW, Trace.CAMERA, Trace.PLACE} <= found.found
    assert SECRET not in found.content
    parts = members(found.content)
    gone = {"docProps/custom.xml", "docProps/thumbnail.jpeg"}  # no relation, or its own one
    assert set(parts) == set(PARTS) - gone
    assert parts["word/document.xml"] == PARTS["word/document.xml"]
    assert b"thumbnail" not in parts["_rels/.rels"]
    assert AUTHOR.encode() not in parts["docProps/core.xml"] + parts["docProps/app.xml"]
    again = strip_office(found.content)
    assert isinstance(again, Stripped)
    assert (again.content, again.found) == (found.content, frozenset())


def test_a_workbook_opens_as_before() -> None:
    book = Workbook()
    book.active.append([AUTHOR, 42])  # type: ignore[union-attr] # a new workbook has a sheet
    book.properties.creator = book.properties.lastModifiedBy = AUTHOR
    out = io.BytesIO()
    book.save(out)
    found = strip_office(out.getvalue())
    assert isinstance(found, Stripped)
    opened = load_workbook(io.BytesIO(found.content))
    assert [cell.value for cell in opened.active[1]] == [AUTHOR, 42]  # type: ignore[index] # a sheet
    assert opened.properties.lastModifiedBy is None
    assert opened.properties.creator != AUTHOR


@pytest.mark.parametrize("name", ["word/vbaProject.bin", "xl/macrosheets/sheet1.xml"])
def test_what_would_run_is_taken_by_nobody(name: str) -> None:
    assert office_media(packed(PARTS | {name: b"x"})) is None


def test_what_is_damaged_locked_or_a_bomb_is_stuck() -> None:
    whole = packed(PARTS)
    for content in (whole[:-30], whole.replace(b"PK\x01\x02", b"PK\x01\x03"), b"PK\x03\x04"):
        assert strip_office(content) is Stuck.DAMAGED
        assert office_media(content) is None
    bomb = packed(PARTS | {"word/zeros.xml": bytes(60_000_000)})
    assert strip_office(bomb) is Stuck.DAMAGED
    damaged = bytearray(whole)
    damaged[whole.index(b"word/document.xml") + 25] ^= 0xFF
    assert strip_office(bytes(damaged)) is Stuck.DAMAGED
    without = packed({name: part for name, part in PARTS.items() if name != "_rels/.rels"})
    assert strip_office(without) is Stuck.DAMAGED
    inside = packed(PARTS | {"word/media/image2.tiff": b"II*\x00" + SECRET})
    assert strip_office(inside) is Stuck.KIND
    assert office_media(b"PK\x03\x04" + packed({"a": b"b"})[4:]) is None
