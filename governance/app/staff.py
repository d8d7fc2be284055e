"""Bringing people and systems in: the first officers, one-time codes, signed-in events."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from consent.activity import note_acts
from governance.app.wiring import SYSTEM, Wiring
from governance.core.clock import JST
from governance.core.terms import ActorId, SubjectId
from governance.customers.upkeep.merges import survivor_of
from governance.http.principal import PrincipalKind
from governance.identity.accounts import AccountEndedError
from governance.identity.service import PERSON_PREFIX, invite_staff, issue_code
from governance.identity.store import staff_by_id
from governance.identity.types import AccountState, Session

FOUNDING_ROLES = (("privacy_officer",), ("privacy_approver",))  # two persons, never one
OPERATOR_ROLES = ("it_operator",)  # who adds every later account; neither asks nor approves


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


def found(
    wiring: Wiring, officers: Iterable[str], *, operators: Iterable[str] = ()
) -> dict[str, str]:
    """A one-time code for each login; the first two officers get the roles of separated duties.

    An account that exists keeps its roles; one that has ended gets no code.
    """
    at = wiring.clock()
    last = len(FOUNDING_ROLES) - 1
    wanted = {login: FOUNDING_ROLES[min(n, last)] for n, login in enumerate(officers)}
    wanted |= {login: OPERATOR_ROLES for login in operators if login not in wanted}
    codes: dict[str, str] = {}

    def write(tx: Connection) -> None:
        for login, roles in wanted.items():
            actor = ActorId(f"u:{login}")
            staff = staff_by_id(tx, actor)
            if staff is None:
                add_staff(tx, wiring, login=login, display_name=login, roles=roles, at=at)
            elif staff.state is AccountState.ENDED:
                raise AccountEndedError
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

    def note(tx: Connection) -> None:
        wiring.audit.append(tx, draft)
        if session.kind is PrincipalKind.PERSON:  # a sign-in is an act of their own
            person = SubjectId(session.actor.removeprefix(PERSON_PREFIX))
            acts = {survivor_of(tx, person): session.created_at.astimezone(JST).date()}
            note_acts(tx, wiring.ports, acts, by=SYSTEM, at=session.created_at)

    wiring.database.write(note)
