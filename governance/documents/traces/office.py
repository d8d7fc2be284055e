"""Office files (ISO/IEC 29500: a zip of XML) without their properties and what pictures tell.

The parts of properties (authors, company, times, own ones) are emptied, not dropped, so that every
relation to them holds; the preview goes with its relation. Pictures inside are stripped like those
sent alone. Every other part keeps its octets. Names at comments and tracked changes are content
and stay. What would run (macros) is taken by nobody.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from governance.documents.traces.jpeg import strip_jpeg
from governance.documents.traces.kinds import JPEG, PNG, media_of
from governance.documents.traces.png import strip_png
from governance.documents.traces.types import Stripped, Stuck, Trace

BASE: Final = "application/vnd.openxmlformats-officedocument."
MAIN: Final = {
    "word/document.xml": f"{BASE}wordprocessingml.document",
    "xl/workbook.xml": f"{BASE}spreadsheetml.sheet",
    "ppt/presentation.xml": f"{BASE}presentationml.presentation",
}
TYPES, RELATIONS = "[Content_Types].xml", "_rels/.rels"
RUNS: Final = re.compile(r"vbaproject|/macrosheets/|/activex/|\.bin\.rels$", re.IGNORECASE)
MOST_MEMBERS: Final = 5_000
MOST_UNPACKED: Final = 200 * 1024 * 1024  # octets of all members
MOST_RATIO: Final = 200  # octets out of one packed; more is a bomb
MOST_RELATIONS: Final = 256 * 1024
SAME_DAY: Final = (1980, 1, 1, 0, 0, 0)
PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
OWN: Final = "http://schemas.openxmlformats.org/officeDocument/2006/"
EMPTY: Final = {
    "core-properties": f'<cp:coreProperties xmlns:cp="{PACKAGE}"/>',
    "extended-properties": f'<Properties xmlns="{OWN}extended-properties"/>',
    "custom-properties": f'<Properties xmlns="{OWN}custom-properties"/>',
}
XML_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
RELATION: Final = re.compile(r"<(?:\w+:)?Relationship\s[^<>]*/>")
KIND: Final = re.compile(r"""\sType\s*=\s*["'][^"'<>]*/([\w-]+)["']""")
TARGET: Final = re.compile(r"""\sTarget\s*=\s*["']/?([^"'<>]*)["']""")
BROKEN: Final = (
    zipfile.BadZipFile, zlib.error, RuntimeError, ValueError, EOFError,
    OSError, KeyError,
)  # fmt: skip # what `zipfile` raises of a damaged or locked archive
PACKED: Final = frozenset((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))


def office_media(content: bytes) -> str | None:
    """The media type of an Office file without macros; None for everything else."""
    if not content.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [one.filename for one in archive.infolist()]
    except BROKEN:
        return None
    if TYPES not in names or any(RUNS.search(f"/{name}") for name in names):
        return None  # fails closed: what would run is no paper
    return next((media for name, media in MAIN.items() if name in names), None)


def strip_office(content: bytes) -> Stripped | Stuck:
    """The file with empty properties; Stuck where it is damaged, locked or too large unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _stripped(archive)
    except BROKEN:
        return Stuck.DAMAGED


def _stripped(archive: zipfile.ZipFile) -> Stripped | Stuck:
    members = archive.infolist()
    if not _bounded(members):
        return Stuck.DAMAGED
    relations = archive.read(RELATIONS).decode("utf-8-sig")
    if len(relations) > MOST_RELATIONS:
        return Stuck.DAMAGED
    named = dict(_named(relations))
    found, out = set[Trace](), io.BytesIO()
    with zipfile.ZipFile(out, "w") as written:
        for member in members:
            part = _part(archive.read(member), member.filename, named, found)
            if isinstance(part, Stuck):
                return part
            if part is not None:
                fresh = zipfile.ZipInfo(member.filename, SAME_DAY)
                fresh.compress_type = member.compress_type
                written.writestr(fresh, part)
    return Stripped(content=out.getvalue(), found=frozenset(found))


def _bounded(members: list[zipfile.ZipInfo]) -> bool:
    names = {member.filename for member in members}
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    return (
        len(names) == len(members) <= MOST_MEMBERS
        and unpacked <= min(MOST_UNPACKED, 1_000_000 + packed * MOST_RATIO)
        and all(member.compress_type in PACKED for member in members)
    )


def _named(relations: str) -> Iterator[tuple[str, str]]:
    """Part and kind of each relation of the package itself."""
    for relation in RELATION.findall(relations):
        kind, target = KIND.search(relation), TARGET.search(relation)
        if kind is not None and target is not None:
            yield target[1], kind[1]


def _part(raw: bytes, name: str, named: dict[str, str], found: set[Trace]) -> bytes | Stuck | None:
    """What stays of one part; None for one that goes."""
    kind = named.get(name, "")
    if name == RELATIONS:
        return _without_preview(raw.decode("utf-8-sig")).encode()
    if kind == "thumbnail":
        found.add(Trace.PREVIEW)
        return None
    if kind in EMPTY:
        empty = (XML_HEAD + EMPTY[kind]).encode()
        found |= {Trace.PROPERTIES} if raw != empty else set()
        return empty
    if name.lower().startswith("docprops/"):  # no relation leads there
        found.add(Trace.PROPERTIES)
        return None
    return _picture(raw, found)


def _without_preview(relations: str) -> str:
    def stays(relation: re.Match[str]) -> str:
        kind = KIND.search(relation[0])
        return "" if kind is not None and kind[1] == "thumbnail" else relation[0]

    return RELATION.sub(stays, relations)


def _picture(raw: bytes, found: set[Trace]) -> bytes | Stuck:
    media = media_of(raw)
    if media is None:
        return raw
    stripped = strip_jpeg(raw) if media == JPEG else strip_png(raw) if media == PNG else Stuck.KIND
    if isinstance(stripped, Stuck):
        return stripped
    found |= stripped.found
    return stripped.content
