"""Bringing people and systems in: the first officers, one-time codes, signed-in events."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from governance.app.wiring import SYSTEM, Wiring
from governance.core.terms import ActorId
from governance.http.principal import PrincipalKind
from governance.identity.service import invite_staff, issue_code
from governance.identity.store import staff_by_id
from governance.identity.types import Session

FOUNDING_ROLES = (("privacy_officer",), ("privacy_approver",))  # two persons, never one


def add_staff(
    tx: Connection,
    wiring: Wiring,
    *,
    login: str,
    display_name: str,
    roles: Iterable[str],
    at: datetime,
) -> ActorId:
    """The account exists with its roles, and the log says so."""
    known = frozenset(wiring.policies.current.roles)
    staff = invite_staff(
        tx,
        login=login,
        display_name=display_name,
        roles=roles,
        known_roles=known,
        by=SYSTEM,
        at=at,
    )
    _created(tx, wiring, staff.id, at=at)
    return staff.id


def _created(tx: Connection, wiring: Wiring, actor: ActorId, *, at: datetime) -> None:
    wiring.audit.append(
        tx,
        EventDraft(
            action=EventCode.PRINCIPAL_CREATED,
            occurred_at=at,
            actor=SYSTEM,
            object_type="principal",
            object_id=actor,
            outcome=Outcome.DONE,
        ),
    )


def found_officers(wiring: Wiring, logins: Iterable[str]) -> dict[str, str]:
    """A one-time code for each login; the first two get the two roles of separated duties."""
    at = wiring.clock()
    codes: dict[str, str] = {}

    def write(tx: Connection) -> None:
        for number, login in enumerate(logins):
            actor = ActorId(f"u:{login}")
            if staff_by_id(tx, actor) is None:
                roles = FOUNDING_ROLES[min(number, len(FOUNDING_ROLES) - 1)]
                add_staff(tx, wiring, login=login, display_name=login, roles=roles, at=at)
            codes[login] = issue_code(tx, actor=actor, kind=PrincipalKind.STAFF, at=at)

    wiring.database.write(write)
    return codes


def signed_in(
    wiring: Wiring, session: Session, *, os_user: str | None = None, network: str | None = None
) -> None:
    """The log names who signed in, from which network and as which operating-system user."""
    draft = EventDraft(
        action=EventCode.SIGN_IN,
        occurred_at=session.created_at,
        actor=session.actor,
        actor_os=os_user,
        object_type="session",
        object_id=session.id,
        outcome=Outcome.DONE,
        network=Network(network) if network else None,
    )
    wiring.database.write(lambda tx: wiring.audit.append(tx, draft))
