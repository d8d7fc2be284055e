"""Bodies and headers of requests, read strictly: what has two meanings has none."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from governance.core.terms import RowId
from governance.gateway.api.errors import (
    BodyFormError,
    BodyInvalidError,
    BodyTypeError,
    OnceKeyFormError,
    OnceKeyMissingError,
    PreconditionMissingError,
)
from governance.gateway.writing.types import Once
from governance.gateway.writing.values import MEMBER
from governance.http.principal import Principal
from governance.http.strict_json import NotStrictError, object_of

JSON = frozenset({"application/json"})
PATCH = JSON | {"application/merge-patch+json"}
DEPTH = 8  # levels of nesting; a batch has five
KEY_LIMIT = 255  # characters of an Idempotency-Key
FAULTS = 50  # of one body; more help nobody
CODES: Mapping[str, str] = {
    "missing": "required",
    "extra_forbidden": "unknown_field",
    "string_too_long": "too_long",
    "string_too_short": "required",
    "too_long": "too_many",
    "too_short": "required",
    "enum": "unknown_value",
    "literal_error": "unknown_value",
    "string_pattern_mismatch": "unknown_value",
    "union_tag_invalid": "unknown_value",
    "union_tag_not_found": "required",
    "value_error": "unknown_value",
    "greater_than_equal": "unknown_value",
    "less_than_equal": "unknown_value",
}
TAG = re.compile(r'"(?P<row>[0-9a-f-]{36})\.(?P<version>[0-9]{1,9})"')
M = TypeVar("M", bound=BaseModel)


async def body_of(request: Request, *, types: frozenset[str] = JSON) -> bytes:
    """The octets of the body; raises BodyTypeError for another media type."""
    media, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.partition("charset=")[2].strip().strip('"').lower()
    if media.strip().lower() not in types or charset not in ("", "utf-8"):
        raise BodyTypeError
    return await request.body()


def parsed(body: bytes) -> dict[str, Any]:
    """The one JSON object of the body (I-JSON, RFC 7493); raises BodyFormError."""
    try:
        return object_of(body, depth=DEPTH)
    except NotStrictError:
        raise BodyFormError from None


def read_as(model: type[M], document: Mapping[str, Any]) -> M:
    """The document as this model; raises BodyInvalidError naming members, never values."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        faults = [(_place(item["loc"]), _code(item["type"])) for item in found[:FAULTS]]
    raise BodyInvalidError(dict.fromkeys(faults))  # outside: its chain would quote the input


def query_invalid(found: Iterable[Mapping[str, Any]]) -> BodyInvalidError:
    """The same error for the parameters of an address."""
    faults = [(_place(tuple(item["loc"])[1:]), _code(item["type"])) for item in found]
    return BodyInvalidError(dict.fromkeys(faults))


def _code(kind: str) -> str:
    return CODES.get(kind, "wrong_type")


def _place(parts: tuple[int | str, ...]) -> str:
    """Where a fault is; a name that is not of our kind may be somebody's."""
    shown = [
        str(part) if isinstance(part, int) or MEMBER.fullmatch(part) else "?"
        for part in parts
        if part not in ("create", "correct", "str", "int", "bool")
    ]
    return ".".join(shown)


def etag(row: RowId | str, version: int) -> str:
    """The strong entity tag of one version of a row; it says nothing about its content."""
    return f'"{row}.{version}"'


def tags_in(header: str | None) -> frozenset[tuple[str, int]]:
    """Rows and versions that an If-Match header names; raises for none and for any (`*`).

    Weak tags match nothing (strong comparison, RFC 9110, 13.1.1).
    """
    if header is None or header.strip() in ("", "*"):
        raise PreconditionMissingError
    found = (TAG.fullmatch(one.strip()) for one in header.split(","))
    return frozenset((tag["row"], int(tag["version"])) for tag in found if tag)


def once_of(
    request: Request, principal: Principal, body: bytes, *, needed: bool = False
) -> Once | None:
    """The caller's key for repeating this request; None without one."""
    key = request.headers.get("idempotency-key")
    if key is None:
        if needed:
            raise OnceKeyMissingError
        return None
    if not 1 <= len(key) <= KEY_LIMIT or not (key.isascii() and key.isprintable()):
        raise OnceKeyFormError
    place = f"{principal.id}\n{request.method} {request.url.path}\n"
    whole = f"{request.url.query}\n{request.headers.get('if-match', '')}\n".encode() + body
    return Once(
        key=hashlib.sha256((place + key).encode()).hexdigest(),
        fingerprint=hashlib.sha256(whole).hexdigest(),
    )
