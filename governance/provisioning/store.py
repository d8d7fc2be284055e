"""Rows of a directory's people and groups to facts and back; each directory sees its own alone."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from governance.core.terms import ActorId
from governance.db.types import table_of
from governance.keys.vault import FieldVault
from governance.provisioning.models import ScimGroupRow, ScimMemberRow, ScimUserRow
from governance.provisioning.types import Circle, Person, Profile
from governance.signon.store import digest

USER, GROUP, MEMBER = table_of(ScimUserRow), table_of(ScimGroupRow), table_of(ScimMemberRow)
BLOB: Final = "scim_user"  # kind of blob


def name_digest(provider: str, name: str) -> bytes:
    """By what a user name is found; its case counts not (RFC 7643, 4.1.1)."""
    return digest("scim-name", provider, name.casefold())


def external_digest(provider: str, external: str | None) -> bytes | None:
    """By what the directory's own id of a person is found."""
    return None if external is None else digest("scim-external", provider, external)


def add_person(tx: Connection, vault: FieldVault, provider: str, one: Person) -> None:
    """The person is stored."""
    row = _words(vault, provider, one) | {
        "id": one.id,
        "provider": provider,
        "staff_id": one.staff,
        "created_at": one.created_at,
    }
    tx.execute(insert(USER).values(**row))


def change_person(
    tx: Connection, vault: FieldVault, provider: str, one: Person, *, was: int
) -> bool:
    """Whether the person was of this version, and is the new one now."""
    mine = (USER.c.id == one.id) & (USER.c.provider == provider) & (USER.c.version == was)
    return tx.execute(update(USER).where(mine).values(**_words(vault, provider, one))).rowcount == 1


def _words(vault: FieldVault, provider: str, one: Person) -> dict[str, object]:
    sealed = vault.seal_blob(BLOB, one.id, msgspec.json.encode(asdict(one.profile)))
    return {
        "name_digest": name_digest(provider, one.profile.user_name),
        "external_digest": external_digest(provider, one.profile.external_id),
        "profile": sealed,
        "active": one.active,
        "version": one.version,
        "changed_at": one.changed_at,
    }


def person(tx: Connection, vault: FieldVault, provider: str, which: str) -> Person | None:
    """The directory's person of this id."""
    mine = (USER.c.id == which) & (USER.c.provider == provider)
    row = tx.execute(select(USER).where(mine)).one_or_none()
    return None if row is None else _person(vault, row)


def people(
    tx: Connection,
    vault: FieldVault,
    provider: str,
    *,
    name: str | None = None,
    external: str | None = None,
    start: int = 0,
    count: int = 100,
) -> tuple[int, tuple[Person, ...]]:
    """How many of the directory's people fit, and the ones of a page."""
    fits = USER.c.provider == provider
    if name is not None:
        fits &= USER.c.name_digest == name_digest(provider, name)
    if external is not None:
        fits &= USER.c.external_digest == external_digest(provider, external)
    total = tx.execute(select(func.count()).select_from(USER).where(fits)).scalar_one()
    page = select(USER).where(fits).order_by(USER.c.id).offset(start).limit(count)
    return int(total), tuple(_person(vault, row) for row in tx.execute(page))


def _person(vault: FieldVault, row: Row[Any]) -> Person:
    words = msgspec.json.decode(vault.open_blob(BLOB, row.id, row.profile))
    return Person(
        id=row.id,
        staff=ActorId(row.staff_id),
        profile=Profile(**words),
        active=row.active,
        version=row.version,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def remove_person(tx: Connection, provider: str, which: str) -> None:
    """The directory keeps this person here no more."""
    tx.execute(delete(MEMBER).where(MEMBER.c.user_id == which))
    tx.execute(delete(USER).where(USER.c.id == which, USER.c.provider == provider))


def add_circle(tx: Connection, provider: str, one: Circle) -> None:
    """The group is stored with who is in it."""
    tx.execute(
        insert(GROUP).values(
            id=one.id,
            provider=provider,
            name=one.name,
            external_id=one.external_id,
            version=one.version,
            created_at=one.created_at,
            changed_at=one.changed_at,
        )
    )
    _put_members(tx, one)


def change_circle(tx: Connection, provider: str, one: Circle, *, was: int) -> bool:
    """Whether the group was of this version, and is the new one now."""
    mine = (GROUP.c.id == one.id) & (GROUP.c.provider == provider) & (GROUP.c.version == was)
    new = (
        update(GROUP)
        .where(mine)
        .values(
            name=one.name,
            external_id=one.external_id,
            version=one.version,
            changed_at=one.changed_at,
        )
    )
    if tx.execute(new).rowcount != 1:
        return False
    tx.execute(delete(MEMBER).where(MEMBER.c.group_id == one.id))
    _put_members(tx, one)
    return True


def _put_members(tx: Connection, one: Circle) -> None:
    rows = [{"group_id": one.id, "user_id": user} for user in sorted(one.members)]
    if rows:
        tx.execute(insert(MEMBER), rows)


def circle(tx: Connection, provider: str, which: str) -> Circle | None:
    """The directory's group of this id."""
    mine = (GROUP.c.id == which) & (GROUP.c.provider == provider)
    row = tx.execute(select(GROUP).where(mine)).one_or_none()
    return None if row is None else _circle(tx, row)


def circles(
    tx: Connection, provider: str, *, name: str | None = None, start: int = 0, count: int = 100
) -> tuple[int, tuple[Circle, ...]]:
    """How many of the directory's groups fit, and the ones of a page."""
    fits = GROUP.c.provider == provider
    if name is not None:
        fits &= GROUP.c.name == name
    total = tx.execute(select(func.count()).select_from(GROUP).where(fits)).scalar_one()
    page = select(GROUP).where(fits).order_by(GROUP.c.id).offset(start).limit(count)
    return int(total), tuple(_circle(tx, row) for row in tx.execute(page).all())


def _circle(tx: Connection, row: Row[Any]) -> Circle:
    users = tx.execute(select(MEMBER.c.user_id).where(MEMBER.c.group_id == row.id)).scalars()
    return Circle(
        id=row.id,
        name=row.name,
        external_id=row.external_id,
        members=frozenset(users),
        version=row.version,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def remove_circle(tx: Connection, provider: str, which: str) -> None:
    """The directory keeps this group here no more."""
    tx.execute(delete(MEMBER).where(MEMBER.c.group_id == which))
    tx.execute(delete(GROUP).where(GROUP.c.id == which, GROUP.c.provider == provider))


def groups_of(tx: Connection, user: str) -> frozenset[str]:
    """Names of the groups that somebody is in."""
    joined = select(GROUP.c.name).join(MEMBER, MEMBER.c.group_id == GROUP.c.id)
    return frozenset(tx.execute(joined.where(MEMBER.c.user_id == user)).scalars())


def known_users(tx: Connection, provider: str, ids: Iterable[str]) -> frozenset[str]:
    """Which of these are people of the directory."""
    wanted = frozenset(ids)
    mine = select(USER.c.id).where(USER.c.provider == provider)
    return wanted & frozenset(tx.execute(mine).scalars()) if wanted else wanted
