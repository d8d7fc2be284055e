"""The recorded decisions under another policy: which would come out otherwise, about how many.

Records are read in the order of their persons, so that each person is counted once with a memory
that does not grow with the log.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, select

from audit.actions import EventCode
from audit.decisions.models import DECISIONS
from audit.decisions.store import AnyRow
from audit.decisions.types import Decision
from audit.log import AuditLog
from audit.models import EVENTS
from audit.types import EventDraft, Outcome
from governance.core.terms import ActorId, EventId, FieldId, PurposeId
from governance.db.engine import Database
from governance.gateway.bulk.deciding import stream_of
from governance.http.principal import Principal
from policies.admin.judging import Judge, Verdict, actors_of, subject_of
from policies.snapshot import PolicySnapshot

CHUNK: Final = 2_000  # rows that a cursor brings at once
NOBODY: Final = ""
REMEMBERED: Final = 50_000  # questions whose answer is remembered
ASKED: Final = (
    DECISIONS.c.id,
    DECISIONS.c.subject,
    DECISIONS.c.stream,
    DECISIONS.c.actor,
    DECISIONS.c.purpose,
    DECISIONS.c.channel,
    DECISIONS.c.recipient,
    DECISIONS.c.country,
    DECISIONS.c.field,
    DECISIONS.c.outcome,
    DECISIONS.c.reasons,
)
QUESTION: Final = 3  # where in ASKED the question begins, without record, person and stream
_EXPORTS: Final = (
    EVENTS.c.action == EventCode.PERSON_EXPORTED.value,
    EVENTS.c.object_type == "export",
)


@dataclass(frozen=True, slots=True)
class Flip:
    """One way in which decisions come out otherwise."""

    kind: str  # use, export or read
    who: str
    purpose: str
    before: str  # reason code
    after: str


UNTOLD: Final = Flip("", "", "", "", "")  # what cannot be judged


@dataclass(slots=True, kw_only=True)
class Replayed:
    """What became of the recorded decisions; persons are counted once for each flip."""

    decisions: int = 0
    untold: int = 0  # actors that are gone, words that nobody registered, answers unavailable
    refused_exports: int = 0  # not judged anew: all that they asked for is not on record
    flips: Counter[Flip] = field(default_factory=Counter)
    people: Counter[Flip] = field(default_factory=Counter)
    persons: int = 0  # of whom some decision comes out otherwise

    @property
    def flipped(self) -> int:
        """Decisions that come out otherwise."""
        return sum(self.flips.values())


def replay(
    database: Database,
    before: PolicySnapshot,
    after: PolicySnapshot,
    *,
    since: datetime,
    at: datetime,
    told: Callable[[int], None] = lambda _decisions: None,
) -> Replayed:
    """Every decision and reading recorded since then, judged by another policy."""
    found = Replayed()
    with database.read() as tx:
        judge = Judge(before, after, actors_of(tx))
        walk, known = _Walk(found, told), dict[tuple[str | None, ...], Flip | None]()
        exports = exported(tx, EVENTS.c.occurred_at >= since)
        found.refused_exports = _refused_exports(tx, since=since)
        for row in _uses(tx, since=since):
            fields = exports.get(row.stream, ())
            question = (*tuple(row)[QUESTION:], *fields)
            if question in known:
                walk.count(row.subject, known[question])
                continue
            asked = decision_of(row, at=at)
            verdict = judge.use(tx, asked, exported=fields, at=at)
            kind = "export" if fields else "use"
            flip = _flip(kind, judge, asked.actor, asked.purpose, asked.reasons, verdict)
            walk.count(row.subject, flip)
            if not (verdict is None or verdict.personal) and len(known) < REMEMBERED:
                known[question] = flip
        walk.turn(NOBODY)
        for row in _readings(tx, since=since):
            actor = ActorId(row.actor)
            verdict = judge.reading(actor, row.purpose, tuple(row.fields.split(",")))
            permit = Outcome.PERMIT.value
            walk.count(row.subject, _flip("read", judge, actor, row.purpose, permit, verdict))
        walk.turn(NOBODY)
    return found


def _flip(
    kind: str, judge: Judge, actor: ActorId, purpose: str | None, code: str, verdict: Verdict | None
) -> Flip | None:
    """How the record comes out otherwise; None where it does not, UNTOLD where nobody can say."""
    if verdict is None:
        return UNTOLD
    if verdict.permits is (code == Outcome.PERMIT.value):
        return None
    return Flip(kind, judge.who(actor), purpose or "", code, verdict.code)


def on_record(
    tx: Connection,
    audit: AuditLog,
    by: Principal,
    after: PolicySnapshot,
    found: Replayed,
    *,
    at: datetime,
) -> None:
    """The log says who tried which policy on the record, and what it came to in numbers."""
    audit.append(
        tx,
        EventDraft(
            action=EventCode.POLICY_DRY_RUN,
            occurred_at=at,
            actor=by.id,
            actor_os=by.os_user,
            object_type="policy",
            object_id=after.version,
            outcome=Outcome.DONE,
            policy_version=after.version,
            counts=(
                ("decisions", found.decisions),
                ("flipped", found.flipped),
                ("persons", found.persons),
            ),
        ),
    )


class _Walk:
    """Counts flips person by person."""

    def __init__(self, found: Replayed, told: Callable[[int], None]) -> None:
        self._found, self._told = found, told
        self._person, self._seen = NOBODY, set[Flip]()

    def turn(self, person: str) -> None:
        """The walk goes on to another person; the one before is counted."""
        if self._seen and self._person:
            self._found.people.update(self._seen)
            self._found.persons += 1
        self._person, self._seen = person, set()

    def count(self, subject: str | None, flip: Flip | None) -> None:
        """One record and how it comes out."""
        found = self._found
        found.decisions += 1
        if found.decisions % CHUNK == 0:
            self._told(found.decisions)
        person = subject or NOBODY
        if person != self._person:
            self.turn(person)
        if flip is UNTOLD:
            found.untold += 1
        elif flip is not None:
            found.flips[flip] += 1
            self._seen.add(flip)


def _uses(tx: Connection, *, since: datetime) -> Iterator[AnyRow]:
    query = select(*ASKED).where(DECISIONS.c.occurred_at >= since).order_by(DECISIONS.c.subject)
    yield from tx.execute(query.execution_options(yield_per=CHUNK))


def decision_of(row: AnyRow, *, at: datetime) -> Decision:
    """A row of ASKED as the decision that it records; its moment does not matter here."""
    return Decision(
        id=EventId(row.id),
        occurred_at=at,
        actor=ActorId(row.actor),
        actor_os=None,
        subject=subject_of(row.subject),
        purpose=None if row.purpose is None else PurposeId(row.purpose),
        channel=row.channel,
        recipient=row.recipient,
        country=row.country,
        field=None if row.field is None else FieldId(row.field),
        outcome=Outcome(row.outcome),
        reasons=row.reasons,
        policy_version=None,
        consent_seq=None,
        request_id=None,
        network=None,
    )


def exported(tx: Connection, where: ColumnElement[bool]) -> dict[str, tuple[FieldId, ...]]:
    """The fields of each file that left, by the stream in which its decisions are numbered."""
    query = select(EVENTS.c.object_id, EVENTS.c.fields).where(
        *_EXPORTS, EVENTS.c.outcome == Outcome.PERMIT.value, EVENTS.c.fields.is_not(None), where
    )
    return {
        stream_of(row.object_id): tuple(FieldId(name) for name in row.fields.split(","))
        for row in tx.execute(query)
    }


def _refused_exports(tx: Connection, *, since: datetime) -> int:
    refused = select(func.count()).where(
        *_EXPORTS, EVENTS.c.outcome == Outcome.DENY.value, EVENTS.c.occurred_at >= since
    )
    return int(tx.execute(refused).scalar_one())


def _readings(tx: Connection, *, since: datetime) -> Iterator[AnyRow]:
    """Readings that showed something, in the order of their persons."""
    columns = (EVENTS.c.actor, EVENTS.c.subject, EVENTS.c.purpose, EVENTS.c.fields)
    query = select(*columns).where(
        EVENTS.c.action == EventCode.PERSON_READ.value,
        EVENTS.c.outcome == Outcome.PERMIT.value,
        EVENTS.c.fields.is_not(None),
        EVENTS.c.occurred_at >= since,
    )
    yield from tx.execute(query.order_by(EVENTS.c.subject).execution_options(yield_per=CHUNK))
