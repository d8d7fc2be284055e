"""What differs between the two kinds of resources that a directory keeps: people and groups."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar

from scim2_models import Context
from sqlalchemy import Connection

from governance.provisioning import reading, service, showing, store
from governance.provisioning.errors import ScimRefusedError
from governance.provisioning.reading import Wanted
from governance.provisioning.service import BAD, Directory
from governance.provisioning.types import Circle, Person

Kept = TypeVar("Kept", Person, Circle)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[Kept]):
    """How one kind is read, found, shown, made, changed and removed."""

    read: Callable[..., Any]  # document -> resource of the protocol
    show: Callable[..., Any]  # fact -> resource of the protocol
    find: Callable[[Connection, Directory, str], Kept | None]
    search: Callable[[Connection, Directory, Wanted | None, int, int], tuple[int, tuple[Kept, ...]]]
    make: Callable[[Connection, Directory, Any, datetime], Kept]
    change: Callable[[Connection, Directory, Kept, Any, datetime], Kept]
    remove: Callable[[Connection, Directory, Kept, datetime], None]

    def created(self, document: Mapping[str, Any]) -> Any:
        """The resource that a directory asks to have made."""
        return self.read(document, context=Context.RESOURCE_CREATION_REQUEST)

    def replaced(self, document: Mapping[str, Any]) -> Any:
        """The resource in whose form one is to be from now on."""
        return self.read(document, context=Context.RESOURCE_REPLACEMENT_REQUEST)


_BY: Final = MappingProxyType({"username": "name", "externalid": "external"})


def _people(
    tx: Connection, mine: Directory, wanted: Wanted | None, start: int, count: int
) -> tuple[int, tuple[Person, ...]]:
    vault, provider = mine.ports.vault, mine.provider.id
    if wanted is not None and wanted.attribute == "id":
        one = store.person(tx, vault, provider, wanted.value)
        return (0, ()) if one is None else (1, (one,))
    if wanted is not None and wanted.attribute not in _BY:
        raise ScimRefusedError(BAD, "invalidFilter")
    named = {} if wanted is None else {_BY[wanted.attribute]: wanted.value}
    return store.people(tx, vault, provider, start=start, count=count, **named)


def _circles(
    tx: Connection, mine: Directory, wanted: Wanted | None, start: int, count: int
) -> tuple[int, tuple[Circle, ...]]:
    if wanted is not None and wanted.attribute != "displayname":
        raise ScimRefusedError(BAD, "invalidFilter")
    name = None if wanted is None else wanted.value
    return store.circles(tx, mine.provider.id, name=name, start=start, count=count)


def _new_person(tx: Connection, mine: Directory, said: Any, at: datetime) -> Person:
    profile, active = reading.profile_of(said)
    return service.create_person(tx, mine, profile, active=active, at=at)


def _new_circle(tx: Connection, mine: Directory, said: Any, at: datetime) -> Circle:
    name, members = reading.members_of(said)
    return service.create_circle(tx, mine, name, said.external_id, members, at=at)


def _other_person(tx: Connection, mine: Directory, was: Person, said: Any, at: datetime) -> Person:
    profile, active = reading.profile_of(said)
    return service.change_person(tx, mine, was, profile, active=active, at=at)


def _other_circle(tx: Connection, mine: Directory, was: Circle, said: Any, at: datetime) -> Circle:
    name, members = reading.members_of(said)
    new = service.changed(was, name=name, external_id=said.external_id, members=members)
    return service.change_circle(tx, mine, was, new, at=at)


PEOPLE: Final[Kind[Person]] = Kind(
    read=reading.user_of,
    show=showing.user,
    find=lambda tx, mine, which: store.person(tx, mine.ports.vault, mine.provider.id, which),
    search=_people,
    make=_new_person,
    change=_other_person,
    remove=lambda tx, mine, was, at: service.remove_person(tx, mine, was, at=at),
)
CIRCLES: Final[Kind[Circle]] = Kind(
    read=reading.group_of,
    show=showing.group,
    find=lambda tx, mine, which: store.circle(tx, mine.provider.id, which),
    search=_circles,
    make=_new_circle,
    change=_other_circle,
    remove=lambda tx, mine, was, at: service.remove_circle(tx, mine, was, at=at),
)
