"""Accounts of staff as whoever oversees them sees them: never a secret, never a mail address."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from audit.review import EventFilter, RecordedEvent, events
from governance.core.terms import ActorId, Lang
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.identity import store
from governance.identity.access.store import signs_of_life
from governance.identity.accounts import AccountUnknownError
from governance.identity.credentials import store as credentials
from governance.identity.credentials.types import Factors
from governance.identity.elevation.store import listed
from governance.identity.elevation.types import Elevation
from governance.identity.types import Session, Staff
from policies.actions import Action
from policies.api import ensure

HISTORY = 50  # events of one account that its page shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Overseen:
    """One account in the list."""

    staff: Staff
    second: bool  # has a second factor
    used_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role with who gave it."""

    role: str
    by: ActorId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """One account with all that is known of it, but no secret."""

    staff: Staff
    grants: tuple[Grant, ...]
    factors: Factors
    reachable: bool  # a mail address is on record
    lang: Lang
    sessions: tuple[Session, ...]
    elevations: tuple[Elevation, ...]
    history: tuple[RecordedEvent, ...]


def overseen(tx: Connection, ports: Ports, principal: Principal) -> tuple[Overseen, ...]:
    """Every employee's account, by login."""
    ensure(principal, Action.STAFF_READ, ports.policies.current)
    second, seen = credentials.with_second(tx), signs_of_life(tx)
    return tuple(
        Overseen(staff=one, second=one.id in second, used_on=seen.get(one.id))
        for one in store.all_staff(tx)
    )


def whole(tx: Connection, ports: Ports, principal: Principal, login: str, *, at: datetime) -> Whole:
    """The account with its roles, factors, sessions and what the log says of it."""
    ensure(principal, Action.STAFF_READ, ports.policies.current)
    actor = ActorId(f"u:{login}")
    staff = store.staff_by_id(tx, actor)
    if staff is None:
        raise AccountUnknownError
    about = EventFilter(object_type="principal", object_id=actor)
    return Whole(
        staff=staff,
        grants=tuple(
            Grant(role=role, by=by, at=since) for role, by, since in store.role_grants(tx, actor)
        ),
        factors=credentials.factors_of(tx, actor),
        reachable=store.staff_mail(tx, actor) is not None,
        lang=store.staff_lang(tx, actor),
        sessions=store.open_sessions(tx, actor, at=at),
        elevations=listed(tx, staff=actor),
        history=events(tx, about, limit=HISTORY),
    )
