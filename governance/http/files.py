"""Files in forms and answers: never on disk in clear, never shown or run as a page of ours."""

from typing import Final
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

FIELDS: Final = 6  # beside the file


class FormFileError(ValueError):
    """The body is no form with one file."""


async def sent_file(
    request: Request, *, most: int, field: str = "file"
) -> tuple[str, bytes, dict[str, str]]:
    """Name and content of the one file of a form, and its other fields.

    Raises FormFileError. Of a file longer than `most` one octet more is given, so that whoever
    takes it sees that it is; the edge has refused a longer body before.
    """
    parser = MultiPartParser(request.headers, request.stream(), max_files=1, max_fields=FIELDS)
    parser.spool_max_size = most + 1024 * 1024  # the whole form stays in memory
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError):
        raise FormFileError from None
    file, name, content = form.get(field), "", b""
    if isinstance(file, UploadFile):
        name, content = file.filename or "", await file.read(most + 1)
    fields = {key: value for key, value in form.items() if isinstance(value, str)}
    await form.close()
    return name, content, fields


def attachment_headers(name: str) -> dict[str, str]:
    """The file is a download under this name (RFC 6266), kept by no cache and opened by nobody."""
    plain = "".join(one if one.isascii() and (one.isalnum() or one == ".") else "_" for one in name)
    told = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return {
        "content-disposition": told,
        "content-type": "application/octet-stream",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
