"""What is kept here as SCIM shows it: users, groups, lists, errors, and what the server can do."""

from datetime import datetime
from typing import Any, Final

from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    Context,
    Error,
    ETag,
    External,
    Filter,
    Group,
    GroupMember,
    Meta,
    Name,
    Patch,
    Reference,
    ResourceType,
    Schema,
    ServiceProviderConfig,
    Sort,
    User,
)

from governance.provisioning.types import Circle, Person

PAGE: Final = 200  # resources of one page at most
PREFIX: Final = "/scim/v2"
LIST: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def etag(version: int) -> str:
    """The version of a resource as a weak entity tag (RFC 7644, 3.14)."""
    return f'W/"{version}"'


def user(one: Person, *, origin: str) -> User[Any]:
    """The user as SCIM knows it."""
    words = one.profile
    named = words.given_name is not None or words.family_name is not None
    return User(
        id=one.id,
        external_id=words.external_id,
        user_name=words.user_name,
        display_name=words.display_name,
        name=Name(given_name=words.given_name, family_name=words.family_name) if named else None,
        active=one.active,
        meta=_meta("User", "Users", one.id, one.version, one.created_at, one.changed_at, origin),
    )


def group(one: Circle, *, origin: str) -> Group:
    """The group as SCIM knows it."""
    return Group(
        id=one.id,
        external_id=one.external_id,
        display_name=one.name,
        members=[GroupMember(value=which, ref=None, type=None) for which in sorted(one.members)]
        or None,
        meta=_meta("Group", "Groups", one.id, one.version, one.created_at, one.changed_at, origin),
    )


def _meta(
    kind: str, place: str, which: str, version: int, made: datetime, changed: datetime, origin: str
) -> Meta:
    return Meta(
        resource_type=kind,
        created=made,
        last_modified=changed,
        location=f"{origin.rstrip('/')}{PREFIX}/{place}/{which}",
        version=etag(version),
    )


def shown(resource: Any) -> dict[str, Any]:
    """A resource as its answer has it."""
    found: dict[str, Any] = resource.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
    return found


def page(resources: list[dict[str, Any]], *, total: int, start: int) -> dict[str, Any]:
    """A page of resources (RFC 7644, 3.4.2)."""
    return {
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }


def error(status: int, kind: str) -> dict[str, Any]:
    """An error in the words of RFC 7644, 3.12."""
    made = Error(status=status, scim_type=kind or None)
    found: dict[str, Any] = made.model_dump()
    return found


def abilities(origin: str) -> dict[str, Any]:
    """What the server can do (RFC 7643, 5)."""
    return shown(
        ServiceProviderConfig(
            documentation_uri=Reference[External](f"{origin.rstrip('/')}/docs"),
            patch=Patch(supported=True),
            bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
            filter=Filter(supported=True, max_results=PAGE),
            change_password=ChangePassword(supported=False),
            sort=Sort(supported=False),
            etag=ETag(supported=True),
            authentication_schemes=[
                AuthenticationScheme(
                    type=AuthenticationScheme.Type.oauthbearertoken,
                    name="Bearer",
                    description="The API key of a system of Sekisho (RFC 6750)",
                )
            ],
        )
    )


def resource_types() -> list[dict[str, Any]]:
    """The kinds of resources that are kept here (RFC 7643, 6)."""
    return [shown(ResourceType.from_resource(kind)) for kind in (User, Group)]


def schemas() -> list[dict[str, Any]]:
    """The schemas of those kinds (RFC 7643, 7)."""
    made: list[Schema] = [kind.to_schema() for kind in (User, Group)]
    return [shown(one) for one in made]
