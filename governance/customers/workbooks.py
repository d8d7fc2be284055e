"""Excel workbooks (Office Open XML): sheets with their state, cells as text, bombs refused.

Shared strings carry furigana (rPh) beside the name; openpyxl reads the text runs alone, which a
test holds. Dates follow the cell's number format, 和暦 formats included.
"""

import lzma
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from governance.core.errors import GovernanceError
from governance.customers.file_paths import FilePath

MAX_UNPACKED = 512 * 1024 * 1024  # bytes of all members; a 1 M row register is below
MAX_RATIO = 200  # unpacked to packed; XML of real registers packs 5 to 20 times
RATIO_FROM = 10 * 1024 * 1024  # bytes; small files may pack as well as they like
MAX_MEMBERS = 10_000
BROKEN = (zlib.error, lzma.LZMAError)  # what a damaged member raises while it is unpacked
MAX_ROWS = 1_048_576  # Excel's own limit


class SourceTooLargeError(GovernanceError):
    """The workbook unpacks to more than it may; params: limit, found in bytes."""

    code, status, exit_code = "source_too_large", 422, 2


class SourceMalformedError(GovernanceError):
    """The file is broken; params: the row where reading ended, when known."""

    code, status, exit_code = "source_malformed", 422, 2


class SourceFormatUnsupportedError(GovernanceError):
    """The file is a workbook of another format or protected by a password."""

    code, status, exit_code = "source_format_unsupported", 422, 2


class SourceSheetMissingError(GovernanceError):
    """The workbook has no sheet of this name, or none that can be read."""

    code, status, exit_code = "source_sheet_missing", 422, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet of a workbook; hidden ones hold personal data too and are named."""

    name: str
    hidden: bool


def check_archive(path: FilePath) -> None:
    """The archive is whole, unpacks within the limits and declares no XML entities."""
    try:
        with path.open("rb") as octets, zipfile.ZipFile(octets) as archive:
            members = archive.infolist()
            unpacked = sum(member.file_size for member in members)
            packed = sum(member.compress_size for member in members)
            if len(members) > MAX_MEMBERS:
                raise SourceTooLargeError(limit=MAX_MEMBERS, found=len(members))
            if unpacked > MAX_UNPACKED:
                raise SourceTooLargeError(limit=MAX_UNPACKED, found=unpacked)
            if unpacked > RATIO_FROM and unpacked > packed * MAX_RATIO:
                raise SourceTooLargeError(limit=packed * MAX_RATIO, found=unpacked)
            if not any(member.filename == "xl/workbook.xml" for member in members):
                raise SourceFormatUnsupportedError(format="zip")  # ods, xlsb, an archive of files
            _check_entities(archive, members)
    except GovernanceError:
        raise
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError, *BROKEN) as error:
        raise SourceMalformedError(row=0) from error


def _check_entities(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> None:
    """No member declares a document type: entities unfold without bound."""
    for member in members:
        if member.filename.endswith((".xml", ".rels")):
            with archive.open(member) as stream:
                if b"<!DOCTYPE" in stream.read(4096).replace(b"\x00", b"").upper():
                    raise SourceMalformedError(row=0)  # fails closed


@contextmanager
def _opened(path: FilePath) -> Iterator[Workbook]:
    """The workbook for reading, values not formulas; closed after use."""
    check_archive(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of parts it does not read
        try:
            octets = path if isinstance(path, Path) else path.open("rb")
            book = load_workbook(octets, read_only=True, data_only=True, keep_links=False)
        except Exception as error:
            # openpyxl raises whatever the broken part raised; the file is refused whole
            raise SourceMalformedError(row=0) from error
    try:
        yield book
    finally:
        book.close()


def sheets_of(path: FilePath) -> tuple[Sheet, ...]:
    """All worksheets in order, hidden ones marked."""
    with _opened(path) as book:
        return tuple(
            Sheet(name=sheet.title, hidden=sheet.sheet_state != "visible")
            for sheet in book.worksheets
        )


def sheet_rows(
    path: FilePath, *, sheet: str | None = None
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Non-empty rows of a sheet with their sheet row numbers; the first visible one by default."""
    with _opened(path) as book:
        chosen = [
            s
            for s in book.worksheets
            if s.title == sheet or (sheet is None and s.sheet_state == "visible")
        ]
        if not chosen:
            raise SourceSheetMissingError
        rows = enumerate(chosen[0].iter_rows(values_only=True, max_row=MAX_ROWS), 1)
        number = 0
        try:
            for number, values in rows:
                cells = tuple(cell_text(value) for value in values)
                if any(cell.strip() for cell in cells):
                    yield number, cells
        except GovernanceError:
            raise
        except Exception as error:
            # a broken sheet raises whatever its parser raised; the rows after it are unknown
            raise SourceMalformedError(row=number + 1) from error


def cell_text(value: object) -> str:
    """A cell as a person would type it: whole numbers without point, days in ISO 8601."""
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case float() if value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004 -- digits that a double keeps
            return str(int(value))
        case datetime() if value.time() == time(0):
            return value.date().isoformat()
        case datetime():
            return value.isoformat(timespec="seconds")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case _:
            return str(value)
