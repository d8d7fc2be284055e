"""What a directory does to accounts: joiners come, movers change, leavers go, at once.

A person who is not active has no account that acts: their sessions end in the same transaction.
Roles come from the groups by the file of providers; a group that it does not name gives none.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from governance.core.ids import new_row_id
from governance.core.terms import ActorId
from governance.customers.ports import Ports
from governance.identity import store as accounts
from governance.identity.types import AccountState
from governance.provisioning import store
from governance.provisioning.errors import ScimRefusedError
from governance.provisioning.types import Circle, Person, Profile
from governance.signon import store as links
from governance.signon.errors import SignOnRefusedError
from governance.signon.service import fitting, give_roles, new_staff, plain_login, record
from governance.signon.types import Provider

CONFLICT, NOT_FOUND, FAILED, BAD = 409, 404, 412, 400
MOST_MEMBERS = 10_000  # of one group


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """One directory that keeps accounts here."""

    ports: Ports
    provider: Provider


def create_person(
    tx: Connection, by: Directory, profile: Profile, *, active: bool, at: datetime
) -> Person:
    """The account exists, without a role until a group gives one; raises ScimRefusedError."""
    if store.people(tx, by.ports.vault, by.provider.id, name=profile.user_name)[0]:
        raise ScimRefusedError(CONFLICT, "uniqueness")
    login = plain_login(profile.user_name)
    if login is None:
        raise ScimRefusedError(BAD, "invalidValue")
    try:
        staff = new_staff(
            tx,
            by.ports,
            login,
            profile.display_name or login,
            frozenset(),
            provider=by.provider.id,
            sub=profile.external_id,
            at=at,
        )
    except SignOnRefusedError:  # the login belongs to an account that is not the directory's
        raise ScimRefusedError(CONFLICT, "uniqueness") from None
    made = Person(
        id=new_row_id(),
        staff=staff.id,
        profile=profile,
        active=active,
        version=1,
        created_at=at,
        changed_at=at,
    )
    store.add_person(tx, by.ports.vault, by.provider.id, made)
    _settle(tx, by, made, returns=False, at=at)
    return made


def change_person(
    tx: Connection,
    by: Directory,
    was: Person,
    profile: Profile,
    *,
    active: bool,
    at: datetime,
) -> Person:
    """The person is as the directory says; an account that is active no more has ended its work."""
    if (profile, active) == (was.profile, was.active):
        return was
    named, found = store.people(tx, by.ports.vault, by.provider.id, name=profile.user_name)
    if named and found[0].id != was.id:
        raise ScimRefusedError(CONFLICT, "uniqueness")
    new = replace(was, profile=profile, active=active, version=was.version + 1, changed_at=at)
    if not store.change_person(tx, by.ports.vault, by.provider.id, new, was=was.version):
        raise ScimRefusedError(FAILED)
    if profile.external_id not in (None, was.profile.external_id):
        links.unlink_staff(tx, was.staff, by.provider.id)
        if not links.link_staff(tx, by.provider.id, str(profile.external_id), was.staff, at=at):
            raise ScimRefusedError(CONFLICT, "uniqueness")
    _settle(tx, by, new, returns=not was.active, at=at)
    return new


def remove_person(tx: Connection, by: Directory, was: Person, *, at: datetime) -> None:
    """The account has ended for good, and the directory keeps nobody here by this id."""
    accounts.set_staff_state(tx, was.staff, AccountState.ENDED)
    _stop(tx, was.staff, at=at)
    links.unlink_staff(tx, was.staff, by.provider.id)
    store.remove_person(tx, by.provider.id, was.id)
    record(tx, by.ports, EventCode.PRINCIPAL_DISABLED, was.staff, ("scim.deleted",), at=at)


def create_circle(
    tx: Connection,
    by: Directory,
    name: str,
    external_id: str | None,
    members: Iterable[str],
    *,
    at: datetime,
) -> Circle:
    """The group exists; who is in it has its roles."""
    if store.circles(tx, by.provider.id, name=name)[0]:
        raise ScimRefusedError(CONFLICT, "uniqueness")
    made = Circle(
        id=new_row_id(),
        name=name,
        external_id=external_id,
        members=_members(tx, by, members),
        version=1,
        created_at=at,
        changed_at=at,
    )
    store.add_circle(tx, by.provider.id, made)
    _settle_all(tx, by, made.members, at=at)
    return made


def change_circle(
    tx: Connection, by: Directory, was: Circle, new: Circle, *, at: datetime
) -> Circle:
    """The group is as the directory says; who came or went has other roles."""
    members = _members(tx, by, new.members)
    changed = replace(new, members=members, version=was.version, changed_at=was.changed_at)
    if changed == was:
        return was
    named, found = store.circles(tx, by.provider.id, name=new.name)
    if named and found[0].id != was.id:
        raise ScimRefusedError(CONFLICT, "uniqueness")
    changed = replace(changed, version=was.version + 1, changed_at=at)
    if not store.change_circle(tx, by.provider.id, changed, was=was.version):
        raise ScimRefusedError(FAILED)
    touched = was.members ^ members if new.name == was.name else was.members | members
    _settle_all(tx, by, touched, at=at)
    return changed


def changed(was: Circle, *, name: str, external_id: str | None, members: frozenset[str]) -> Circle:
    """The group as the directory wants it."""
    return replace(was, name=name, external_id=external_id, members=members)


def remove_circle(tx: Connection, by: Directory, was: Circle, *, at: datetime) -> None:
    """The group gives nobody a role any more."""
    store.remove_circle(tx, by.provider.id, was.id)
    _settle_all(tx, by, was.members, at=at)


def _members(tx: Connection, by: Directory, ids: Iterable[str]) -> frozenset[str]:
    wanted = frozenset(ids)
    if len(wanted) > MOST_MEMBERS or store.known_users(tx, by.provider.id, wanted) != wanted:
        raise ScimRefusedError(BAD, "invalidValue")
    return wanted


def _settle_all(tx: Connection, by: Directory, ids: Iterable[str], *, at: datetime) -> None:
    for which in sorted(ids):
        found = store.person(tx, by.ports.vault, by.provider.id, which)
        if found is not None:
            _settle(tx, by, found, returns=False, at=at)


def _settle(tx: Connection, by: Directory, one: Person, *, returns: bool, at: datetime) -> None:
    """State and roles of the account follow from the directory's word.

    Fails closed: groups that together give what the policy keeps apart give nothing, and whom an
    officer suspended here stays suspended unless the directory itself brings them back.
    """
    staff = accounts.staff_by_id(tx, one.staff)
    if staff is None or staff.state is AccountState.ENDED:
        return  # ended here for good; the directory does not bring it back
    state = AccountState.ACTIVE if one.active else AccountState.SUSPENDED
    if state is not staff.state and (returns or not one.active):
        accounts.set_staff_state(tx, one.staff, state)
        code = EventCode.PRINCIPAL_CHANGED if one.active else EventCode.PRINCIPAL_DISABLED
        record(tx, by.ports, code, one.staff, (f"scim.{state.value}",), at=at)
    if not one.active:
        _stop(tx, one.staff, at=at)
    wanted = by.provider.roles_for(store.groups_of(tx, one.id))
    try:
        roles = fitting(by.ports.policies.current, wanted)
    except SignOnRefusedError:
        roles = frozenset()
    give_roles(tx, by.ports, staff, roles if one.active else frozenset(), at=at)


def _stop(tx: Connection, staff: ActorId, *, at: datetime) -> None:
    """Nothing that the account has open goes on."""
    accounts.revoke_sessions(tx, staff, at=at)
    accounts.void_codes(tx, staff, at=at)
