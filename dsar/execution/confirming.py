"""A recipient confirms that it did what it was told: by its link, in its answer, to an officer."""

from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from dsar.case import Case
from dsar.errors import RecipientUnknownError
from dsar.execution import telling_store as store
from dsar.execution.notices import REF, digest_of
from dsar.execution.types import Confirmed, Telling, TellingState
from dsar.recipients import Told, told_of
from dsar.records import actor_of, demand, draft
from dsar.store import case_by_id
from governance.core.terms import RequestId, RowId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action


def told_under(tx: Connection, token: str) -> tuple[Case, Telling] | None:
    """The notice of a link; None for none."""
    told = store.by_digest(tx, digest_of(token))
    return None if told is None else (case_by_id(tx, told.request), told)


def confirm_by_link(
    tx: Connection, ports: Ports, principal: Principal, token: str, *, at: datetime
) -> Case:
    """The recipient confirmed that it did what it was told; raises RecipientUnknownError."""
    if (found := told_under(tx, token)) is None:
        raise RecipientUnknownError
    case, told = found
    note_confirmed(tx, ports, principal, case, told, Confirmed.LINK, at=at)
    return case


def confirm_by_officer(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    request: RequestId,
    key: str,
    *,
    at: datetime,
) -> tuple[Told, ...]:
    """An officer notes that the recipient confirmed by telephone or letter."""
    case = case_by_id(tx, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_WRITE)
    known = {told.recipient.source_key: told.recipient.id for told in told_of(tx, case)}
    rows = {one.recipient: one for one in store.of_request(tx, request)}
    told = rows.get(known.get(key, RowId("")))
    if told is None or told.state not in {TellingState.TOLD, TellingState.CONFIRMED}:
        raise RecipientUnknownError
    note_confirmed(tx, ports, principal, case, told, Confirmed.OFFICER, at=at)
    return told_of(tx, case)


def note_confirmed(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    case: Case,
    told: Telling,
    how: Confirmed,
    *,
    at: datetime,
) -> None:
    """The confirmation stands on record; said twice it is said once."""
    if not store.note_confirmed(tx, told.id, how=how, by=principal.id, at=at):
        return
    code, refs = EventCode.RECIPIENT_CONFIRMED, (f"{REF}{told.recipient}",)
    ports.audit.append(
        tx, draft(ports, principal, case, code, at=at, reasons=(how.value,), refs=refs)
    )
