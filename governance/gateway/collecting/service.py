"""Data that comes in at a collection point goes the way of every writing, with what was shown.

A new person's row, what was shown to them, and their choices commit together. Nobody is
recognised by what they write: a person who is in the register already gets a second row, which
the search for duplicates finds, unless their session or the caller says who they are.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, cast

from sqlalchemy import Connection, select

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from consent import ledger
from consent.choices import Choice, journal_entry
from consent.collecting import store
from consent.collecting.errors import CollectedFaultsError, NoticeStaleError
from consent.collecting.rules import action_of, check_answers, in_force, stale_notices
from consent.collecting.types import Ask, AskForm, Point, PointKind
from consent.service import record
from consent.signals import came_before, signal_of
from consent.types import EVERY, EventKind
from governance.core.clock import JST
from governance.core.errors import GovernanceError
from governance.core.terms import EventId, SubjectId
from governance.customers.ports import Ports
from governance.customers.store import TABLES
from governance.customers.upkeep.merges import survivor_of
from governance.db.engine import Database
from governance.gateway.collecting.types import PURPOSE, Received, Submission, collector
from governance.gateway.types import UnknownPersonError
from governance.gateway.writing.service import Outcomes, write
from governance.gateway.writing.types import (
    AcquiredFrom,
    AcquisitionMethod,
    AcquisitionRecord,
    Batch,
    Correction,
    Creation,
    Item,
    Reason,
    Written,
)
from governance.http.principal import Principal, PrincipalKind

METHODS: Final = {
    PointKind.FORM: AcquisitionMethod.WEB_FORM,
    PointKind.SURVEY: AcquisitionMethod.WEB_FORM,
    PointKind.EVENT: AcquisitionMethod.WEB_FORM,
    PointKind.CARD: AcquisitionMethod.CARD,
    PointKind.PAPER: AcquisitionMethod.PAPER,
    PointKind.PHONE: AcquisitionMethod.PHONE,
}
PERSON = TABLES["person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Coming:
    """One submission at a point, as far as it was found in order."""

    ports: Ports
    principal: Principal  # who sends it: the person, an employee, a system
    submission: Submission
    point: Point
    shown: dict[str, str]  # notice and version
    shown_at: datetime
    at: datetime


def collect(
    ports: Ports, principal: Principal, submission: Submission, *, at: datetime
) -> Received:
    """What came in is stored as it was declared; raises what refuses it, and then stored nothing.

    Fails closed: a point that is not open, an item that it does not declare, a notice that is no
    longer in force.
    """
    coming = _in_order(ports, principal, submission, at=at)
    if submission.person is None:
        return _new(coming)
    return _known(coming, submission.person)


def _in_order(
    ports: Ports, principal: Principal, submission: Submission, *, at: datetime
) -> _Coming:
    shown_at = submission.shown_at or at
    if shown_at > at:
        raise CollectedFaultsError([("shown_at", "in_the_future")])
    day, purposes = _day(shown_at), ports.policies.current.purposes
    with ports.database.read() as tx:
        point = store.open_point(tx, submission.point, on=_day(at)).point
        notices = ledger.notices(tx)
    answers = submission.answers
    stale = stale_notices(point, purposes, notices, answers.notices, on=day)
    if stale:
        raise NoticeStaleError(notice=stale[0])
    if faults := check_answers(point, answers):
        raise CollectedFaultsError(faults)
    found = {name: in_force(notices, name, on=day) for name in answers.notices}
    shown = {name: one.version for name, one in found.items() if one is not None}
    return _Coming(
        ports=ports,
        principal=principal,
        submission=submission,
        point=point,
        shown=shown,
        shown_at=shown_at,
        at=at,
    )


def _new(coming: _Coming) -> Received:
    """A new row with its choices, in one transaction."""
    acquisition = AcquisitionRecord(
        acquired_from=AcquiredFrom.PERSON,
        method=METHODS[coming.point.kind],
        source=coming.point.source,
        on=_day(coming.shown_at),
        own_sign_up=True,
    )
    item = Creation(table="person", members=_members(coming), acquisition=acquisition)
    return _written(coming, item)


def _known(coming: _Coming, person: SubjectId) -> Received:
    """What a known person wrote replaces what was held; what they left empty stays."""
    with coming.ports.database.read() as tx:
        subject = survivor_of(tx, person)
        match = _row_of(tx, subject)
    item = Correction(
        table="person",
        members=_members(coming),
        match=match,
        reason=Reason.PERSON_REQUEST,
        subject=subject,
    )
    return _written(coming, item)


def _row_of(tx: Connection, subject: SubjectId) -> frozenset[tuple[str, int]]:
    rows = tx.execute(
        select(PERSON.c.id, PERSON.c.version).where(PERSON.c.subject_id == subject)
    ).all()
    if not rows:
        raise UnknownPersonError
    return frozenset((row.id, row.version) for row in rows)


def _members(coming: _Coming) -> dict[str, str]:
    """What was written; an item that was left empty is not touched."""
    return {
        name: value for name, value in coming.submission.answers.values.items() if value.strip()
    }


def _written(coming: _Coming, item: Item) -> Received:
    """The row, the choices and what was shown, in the one transaction of the writing."""

    def finish(tx: Connection, written: Written) -> None:
        source = f"collect/{coming.point.id}"
        if coming.submission.gpc and not came_before(tx, written.subject, source):
            _record(tx, coming, signal_of(written.subject, source))  # before what they opt in to
        for ask in coming.point.asks:
            choice = _choice(coming, ask, written.subject)
            if choice.kind is not EventKind.REQUESTED or written.created:
                _record(tx, coming, choice)  # of a known person an empty box says nothing new
        _note(tx, coming, written)

    database = cast("Database", _Finishing(coming.ports.database, finish))
    batch = Batch(
        items=(item,),
        purpose=PURPOSE,
        once=coming.submission.once,
        request_id=coming.submission.request_id,
    )
    by = collector(coming.point, coming.principal.network)
    outcomes = write(replace(coming.ports, database=database), by, batch, at=coming.at)
    (result,) = outcomes.results
    if isinstance(result, GovernanceError):
        raise result
    return Received(
        subject=result.subject,
        point=coming.point,
        repeated=outcomes.repeated,
        masked=result.masked,
    )


class _Finishing:
    """The true database, whose writing of a row also does what belongs to it."""

    def __init__(self, database: Database, finish: Callable[[Connection, Written], None]) -> None:
        self._database, self._finish = database, finish

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    def write(self, work: Callable[[Connection], Any], *, batch: bool = False) -> Any:
        """The result of the work; what was stored for the first time is finished beside it."""

        def whole(tx: Connection) -> Any:
            found = work(tx)
            if isinstance(found, Outcomes) and not found.repeated:
                for result in found.results:
                    if isinstance(result, Written):
                        self._finish(tx, result)
            return found

        return self._database.write(whole, batch=batch)


def _record(tx: Connection, coming: _Coming, choice: Choice) -> None:
    """The choice is in the ledger; a no is in the journal before the commit, as any other."""
    event = ledger.new_event_id()
    entry = journal_entry(choice, EventId(event), at=coming.at)
    if entry is not None and entry.kind.narrows:
        coming.ports.journal.append(entry)
    record(tx, coming.ports, coming.principal, choice, event, at=coming.at)


def _choice(coming: _Coming, ask: Ask, subject: SubjectId) -> Choice:
    """What the person said about one consent, with everything that proves it."""
    answers, point = coming.submission.answers, coming.point
    purpose = coming.ports.policies.current.purposes[ask.purpose]
    return Choice(
        subject=subject,
        purpose=ask.purpose,
        kind=_kind(ask, said=answers.consents.get(ask.purpose)),
        channel=ask.channel or EVERY,
        method=METHODS[point.kind].value,
        place=f"collect/{point.id}@{point.version}",
        lang=answers.lang,
        action=action_of(point, ask),
        shown=ask.words[answers.lang],
        notice_version=coming.shown.get(purpose.notice or ""),
        collection_point=point.id,
        collection_version=point.version,
        occurred_at=coming.submission.shown_at,
        user_agent=coming.submission.user_agent,
    )


def _kind(ask: Ask, *, said: bool | None) -> EventKind:
    """A tick and a yes agree, a no refuses; an empty box was asked and not answered."""
    if said:
        return EventKind.GIVEN
    refused = ask.form is AskForm.YES_NO and said is False
    return EventKind.REFUSED if refused else EventKind.REQUESTED


def _note(tx: Connection, coming: _Coming, written: Written) -> None:
    """What was shown is on record beside the person, and that it came in, in the log."""
    staff = coming.principal.kind is PrincipalKind.STAFF
    point, shown = coming.point, tuple(f"{n}@{v}" for n, v in sorted(coming.shown.items()))
    collected = store.Collected(
        subject=written.subject,
        point=point,
        lang=coming.submission.answers.lang,
        shown_at=coming.shown_at,
        notices=shown,
        items=tuple(sorted(_members(coming))),
        user_agent=coming.submission.user_agent,
        entered_by=coming.principal.id if staff else None,
    )
    store.note(tx, collected, at=coming.at)
    network = coming.principal.network
    coming.ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.DATA_COLLECTED,
            occurred_at=coming.at,
            actor=coming.principal.id,
            actor_os=coming.principal.os_user,
            object_type="collection_point",
            object_id=f"{point.id}:{point.version}",
            subject=written.subject,
            purpose=PURPOSE,
            outcome=Outcome.DONE,
            policy_version=coming.ports.policies.current.version or None,
            request_id=coming.submission.request_id,
            network=Network(network) if network else None,
            fields=tuple(f"person.{name}" for name in sorted(_members(coming))),
            counts=(("asked", len(point.asks)),),
        ),
    )


def _day(at: datetime) -> date:
    """The day in Japan."""
    return at.astimezone(JST).date()
