"""What a directory sends, in the form of RFC 7643 and 7644, with the habits of two of them.

Entra ID writes operations in capitals, booleans as words, dotted keys without a path, and removes
members by a list of values; Okta replaces members by a list of objects. What is not kept here
(titles, numbers, addresses) is left out, not refused.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from pydantic import ValidationError
from scim2_models import Context, Group, PatchOp, SCIMException, User

from governance.provisioning.errors import ScimRefusedError
from governance.provisioning.types import Profile

BAD: Final = 400
WORD: Final = 200  # characters of a name
OPERATIONS: Final = 100  # of one request
MEMBERS: Final = 10_000
KEPT: Final = frozenset(
    {"username", "externalid", "displayname", "active", "name", "name.givenname",
     "name.familyname", "name.formatted", "members"}
)  # fmt: skip
CORE: Final = "urn:ietf:params:scim:schemas:core:2.0:"
_FILTER: Final = re.compile(
    r'\s*(userName|externalId|displayName|id)\s+eq\s+"((?:[^"\\]|\\["\\])*)"\s*', re.IGNORECASE
)


class Wanted(NamedTuple):
    """A filter that asks for one value of one attribute."""

    attribute: str  # in small letters
    value: str


def filter_of(said: str | None) -> Wanted | None:
    """The filter of a query; raises ScimRefusedError for every other form (RFC 7644, 3.4.2.2)."""
    if said is None:
        return None
    found = _FILTER.fullmatch(said)
    if found is None or len(said) > 2 * WORD:
        raise ScimRefusedError(BAD, "invalidFilter")
    return Wanted(found[1].lower(), re.sub(r"\\(.)", r"\1", found[2]))


def user_of(document: Mapping[str, Any], *, context: Context) -> User[Any]:
    """A user as it was sent; raises ScimRefusedError."""
    made: User[Any] = _validated(User, _plain(document), context)
    return made


def group_of(document: Mapping[str, Any], *, context: Context) -> Group:
    """A group as it was sent; raises ScimRefusedError."""
    made: Group = _validated(Group, _plain(document), context)
    return made


def _validated(kind: Any, document: Mapping[str, Any], context: Context) -> Any:
    try:
        return kind.model_validate(document, scim_ctx=context)
    except (ValidationError, SCIMException, ValueError, TypeError, RecursionError):
        raise ScimRefusedError(BAD, "invalidValue") from None


def _plain(document: Mapping[str, Any]) -> dict[str, Any]:
    """The members that are kept here, with booleans as booleans."""
    found = {
        name: _boolean(value) if name.lower() == "active" else value
        for name, value in document.items()
        if name.lower() in KEPT | {"schemas", "id"}
    }
    schemas = document.get("schemas")
    if isinstance(schemas, list):  # an extension of which nothing is kept
        found["schemas"] = [one for one in schemas if str(one).startswith(CORE)]
    return found


def _boolean(value: Any) -> Any:
    words = {"true": True, "false": False}
    return words.get(value.lower(), value) if isinstance(value, str) else value


def patched(resource: Any, document: Mapping[str, Any]) -> Any:
    """The resource after the operations (RFC 7644, 3.5.2); raises ScimRefusedError."""
    form: Any = PatchOp  # of this kind of resource, which is known now
    said = document.get("Operations", document.get("operations"))
    if not isinstance(said, list) or len(said) > OPERATIONS:
        raise ScimRefusedError(BAD, "invalidSyntax")
    operations = [made for one in said for made in _operations(one)]
    if not operations:
        return resource
    whole = {"schemas": document.get("schemas"), "Operations": operations}
    try:
        change = form[type(resource)].model_validate(whole, scim_ctx=Context.RESOURCE_PATCH_REQUEST)
        copy = resource.model_copy(deep=True)
        change.patch(copy)
    except (ValidationError, SCIMException, ValueError, TypeError, RecursionError):
        raise ScimRefusedError(BAD, "invalidValue") from None
    return copy


def _operations(said: Any) -> Iterator[dict[str, Any]]:
    """One operation as one or more of the plain form, for what is kept here."""
    if not isinstance(said, dict) or not isinstance(said.get("op"), str):
        raise ScimRefusedError(BAD, "invalidSyntax")
    op, path, value = said["op"].lower(), said.get("path"), said.get("value")
    if path is None and isinstance(value, dict):
        for name, part in value.items():
            yield from _operations({"op": op, "path": name, "value": part})
        return
    if not isinstance(path, str):
        raise ScimRefusedError(BAD, "noTarget")
    for kind in ("User:", "Group:"):
        path = path.removeprefix(CORE + kind)
    name = path.partition("[")[0].lower()
    if name not in KEPT:
        return  # nothing of it is kept
    if op == "remove" and name == "members" and isinstance(value, list):
        for one in value[:MEMBERS]:
            which = str(one.get("value", "")) if isinstance(one, dict) else str(one)
            yield {"op": op, "path": f'members[value eq "{_quoted(which)}"]'}
        return
    made = {"op": op, "path": path}
    if op != "remove":
        made["value"] = _boolean(value) if name == "active" else value
    yield made


def _quoted(word: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", word):
        raise ScimRefusedError(BAD, "invalidValue")
    return word


def profile_of(user: User[Any]) -> tuple[Profile, bool]:
    """What is kept of a user, and whether they are active; raises ScimRefusedError."""
    name = user.name
    words = (
        user.user_name,
        user.external_id,
        user.display_name or (name.formatted if name else None),
        name.given_name if name else None,
        name.family_name if name else None,
    )
    if any(one is not None and (len(one) > WORD or _unfit(one)) for one in words):
        raise ScimRefusedError(BAD, "invalidValue")
    if not user.user_name:
        raise ScimRefusedError(BAD, "invalidValue")
    profile = Profile(
        user_name=user.user_name,
        external_id=words[1],
        display_name=words[2],
        given_name=words[3],
        family_name=words[4],
    )
    return profile, user.active is not False


def _unfit(word: str) -> bool:
    return any(ord(one) < 0x20 or ord(one) == 0x7F or 0xD800 <= ord(one) < 0xE000 for one in word)  # noqa: PLR2004 # control characters, halves of pairs


def members_of(group: Group) -> tuple[str, frozenset[str]]:
    """Name and members of a group; raises ScimRefusedError."""
    name = group.display_name
    if not name or len(name) > WORD or _unfit(name):
        raise ScimRefusedError(BAD, "invalidValue")
    if group.external_id is not None and (
        len(group.external_id) > WORD or _unfit(group.external_id)
    ):
        raise ScimRefusedError(BAD, "invalidValue")
    return name, frozenset(str(one.value) for one in group.members or () if one.value)
