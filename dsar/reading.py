"""Looking at requests: an officer sees all, a person the own ones; 404 before 403."""

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from dsar.case import Case
from dsar.errors import RequestUnknownError
from dsar.listing import PAGE, Entry, Summary
from dsar.listing import list_requests as listed
from dsar.listing import timeline as history_of
from dsar.records import actor_of, demand, draft, is_own
from dsar.service import WORDS
from dsar.store import case_by_id, words_of
from dsar.types import Status
from governance.core.terms import RequestId
from governance.crypto.revealed import Revealed
from governance.customers.ports import Ports
from governance.http.principal import Principal, PrincipalKind
from policies.actions import Action


def request_by_id(tx: Connection, ports: Ports, principal: Principal, request: RequestId) -> Case:
    """The case, for an officer or for the person whose it is."""
    case = case_by_id(tx, request)
    _may_read(ports, principal, case)
    return case


def timeline(
    tx: Connection, ports: Ports, principal: Principal, request: RequestId
) -> tuple[Entry, ...]:
    """The history of a case, oldest first."""
    _may_read(ports, principal, case_by_id(tx, request))
    return history_of(tx, request)


def list_requests(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    *,
    is_open: bool | None = None,
    status: Status | None = None,
    due_until: date | None = None,
    received: tuple[datetime | None, datetime | None] = (None, None),
    limit: int = PAGE,
) -> tuple[Summary, ...]:
    """Requests in the order of their days: all for an officer, the own ones for a person.

    The desk, which may enter and check but not read cases, sees what is open and what it entered
    itself: number, right, days and status; not whom it is about, nor what was decided.
    """
    if principal.kind is PrincipalKind.PERSON:
        if (own := principal.person) is None:
            return ()  # fails closed: nobody's requests
        mine = listed(
            *(tx,), subject=own, is_open=is_open, status=status, due_until=due_until,
            received=received, limit=limit,
        )  # fmt: skip
        return tuple(one for one in mine if is_own(principal, case_by_id(tx, one.id)))
    actor = actor_of(principal, ports.policies.current)
    if Action.DSAR_READ in actor.actions:
        return listed(
            *(tx,), is_open=is_open, status=status, due_until=due_until,
            received=received, limit=limit,
        )  # fmt: skip
    demand(actor, Action.DSAR_WRITE)
    found = listed(
        tx,
        is_open=is_open,
        status=status,
        due_until=due_until,
        entered_by=principal.id,
        received=received,
        limit=limit,
    )
    return tuple(replace(one, subject=None, outcome=None) for one in found)


def words(
    ports: Ports, principal: Principal, request: RequestId, *, at: datetime
) -> Revealed[str | None]:
    """What the person wrote, for whoever may read the case; the look is recorded."""
    with ports.database.read() as tx:
        case = case_by_id(tx, request)
        sealed = words_of(tx, request)
    _may_read(ports, principal, case)
    said = None
    if sealed is not None:
        said = str(ports.vault.open_row(request, {WORDS: sealed})[WORDS].value)
    ports.database.write(lambda tx: note_words_seen(tx, ports, principal, case, at=at))
    return Revealed(said)


def note_words_seen(
    tx: Connection, ports: Ports, principal: Principal, case: Case, *, at: datetime
) -> None:
    """It is on record that somebody looked at what the person wrote."""
    told = draft(ports, principal, case, EventCode.PERSON_READ, at=at, reasons=("words",))
    ports.audit.append(tx, replace(told, fields=(WORDS,)))


def _may_read(ports: Ports, principal: Principal, case: Case) -> None:
    """404 before 403: whoever may not read learns nothing of the case."""
    actor = actor_of(principal, ports.policies.current, case)
    if not actor.is_requester and Action.DSAR_READ not in actor.actions:
        raise RequestUnknownError
