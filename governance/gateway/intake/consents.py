"""Consent files into the ledger, with their evidence grade; nothing in it is overwritten."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome, canonical_json
from consent import ledger
from consent.choices import NARROWS
from consent.facts import facts_of
from consent.opted_out import follow_file
from consent.persons import persons_of
from consent.proofs import PROOF
from consent.rules import needs_guardian
from consent.types import GRANTS, By, EventKind, EvidenceGrade, NoticeVersion, Said
from governance.core.clock import JST
from governance.core.terms import ActorId, EventId, KeyClass, PurposeId, RowId, SubjectId
from governance.customers import imports
from governance.customers.ports import Ports
from governance.customers.types import NormalisedRow, Problem, ProblemKind
from governance.customers.upkeep.merges import survivor_of
from governance.gateway.intake.aside import put_aside, settle
from governance.gateway.intake.people import owners
from governance.gateway.intake.screening import without_numbers
from governance.gateway.intake.tokens import Indexer
from governance.gateway.intake.types import Counts, Rejected, RunFacts
from governance.jobs.journal_record import JournalEntry
from policies.purposes import PurposeRecord

ACTIONS: Mapping[str, EventKind] = MappingProxyType(
    {
        word: kind
        for kind, words in {
            EventKind.GIVEN: ("同意", "given", "granted", "opt-in"),
            EventKind.RENEWED: ("再同意", "更新", "renewed"),
            EventKind.REFUSED: ("拒否", "不同意", "refused"),
            EventKind.WITHDRAWN: ("撤回", "同意撤回", "配信停止", "withdrawn", "opt-out"),
            EventKind.OBJECTED: ("異議", "利用停止", "objected"),
        }.items()
        for word in words
    }
)
TIES = {  # at the same instant the last one decides
    EventKind.GIVEN: 0, EventKind.RENEWED: 0, EventKind.REFUSED: 1, EventKind.WITHDRAWN: 2,
    EventKind.OBJECTED: 3,
}  # fmt: skip
PRE_TICKED = "既定でチェック済み"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """One readable event of the file, before it is placed."""

    row: NormalisedRow
    subject: SubjectId
    purpose: PurposeRecord
    kind: EventKind
    occurred_at: datetime
    young: bool = False  # too young to choose alone


def kind_of(row: NormalisedRow) -> EventKind | None:
    """What the row says happened; None for a word that nobody knows."""
    return ACTIONS.get((row.get("action") or "").strip().casefold())


def in_order_of_occurrence(rows: Iterable[NormalisedRow]) -> tuple[NormalisedRow, ...]:
    """Rows by instant; at the same instant refusal stands after consent, withdrawal last."""

    def place(row: NormalisedRow) -> tuple[datetime, int, int]:
        at = row.get("occurred_at")
        moment = datetime.fromisoformat(at) if at else datetime.max.replace(tzinfo=JST)
        kind = kind_of(row)
        return moment, TIES[kind] if kind else 0, row.number

    return tuple(sorted(rows, key=place))


@dataclass(slots=True, kw_only=True)
class Judged:
    """What is to become of a batch of consent rows; nothing is written yet."""

    counts: Counts
    problems: list[Problem]
    taken: list["_Taken"]
    rejected: list[Rejected]


def judged(
    tx: Connection,
    ports: Ports,
    indexer: Indexer,
    run: RunFacts,
    rows: Sequence[NormalisedRow],
) -> Judged:
    """What was said before is merged, events of unknown customers and purposes are refused.

    The same consent id may come back with another word: a refusal or withdrawal always counts; a
    grant under an id that has granted already says nothing new, and a difference is told.
    """
    found = Judged(counts=Counts(read=len(rows)), problems=[], taken=[], rejected=[])
    known = _said_before(tx, rows)
    if run.dry is not None:
        for seen, words in run.dry.consents.items():
            known.setdefault(seen, set()).update(words)
    people = owners(tx, ports, indexer, (row.get("customer_id") for row in rows))
    for row in rows:
        found.problems += row.problems
        read = _read(row, ports, people, at=run.at)
        if isinstance(read, ProblemKind):
            problem = Problem(kind=read, row=row.number)
            found.problems.append(problem)
            found.rejected.append(
                Rejected(number=row.number, reason=read.value, refused=True, cells=())
            )
            continue
        key = row.get("consent_id") or ""
        before = known.setdefault(key, set()) if key else set()
        said = (read.subject, read.kind, read.occurred_at)
        if said in before or (read.kind in GRANTS and _granted(before, read.subject)):
            found.counts.merged += 1
            if said not in before:
                found.problems.append(Problem(kind=ProblemKind.CONFLICT_KEPT, row=row.number))
            continue
        found.taken.append(read)
        before.add(said)
        if key and run.dry is not None:
            run.dry.consents.setdefault(key, set()).add(said)
    found.taken = _with_ages(tx, found.taken, at=run.at)
    found.problems += _doubtful(tx, found.taken)
    found.counts.stored, found.counts.refused = len(found.taken), len(found.rejected)
    return found


def _said_before(tx: Connection, rows: Iterable[NormalisedRow]) -> dict[str, set[Said]]:
    """What was taken in under the ids of these rows, of merged persons as who they are now."""
    found = ledger.said_under(tx, [row.get("consent_id") or "" for row in rows])
    named = {subject for said in found.values() for subject, _, _ in said}
    moved = {old: survivor_of(tx, old) for old in persons_of(tx, named).merged}
    return {
        key: {(moved.get(subject, subject), kind, at) for subject, kind, at in said}
        for key, said in found.items()
    }


def _granted(before: Iterable[Said], subject: SubjectId) -> bool:
    """Whether the person has granted under this id already."""
    return any(person == subject and kind in GRANTS for person, kind, _ in before)


def store_consents(
    tx: Connection,
    *,
    ports: Ports,
    indexer: Indexer,
    run: RunFacts,
    rows: Sequence[NormalisedRow],
    cells: Mapping[int, tuple[str, ...]],
    first: int,
) -> Counts:
    """What became of the rows; they, their cursor and the audit event commit together."""
    if not imports.take_turn(tx, run.run, first=first):
        return Counts()
    indexer.look()
    found = judged(tx, ports, indexer, run, rows)
    _append(tx, ports, run, found.taken)
    put_aside(tx, ports, run, found.rejected, cells)
    settle(tx, run, (row.number for row in rows))
    imports.add_problems(tx, run.run, found.problems)
    counted = {name: getattr(found.counts, name) for name in imports.COUNTED}
    imports.advance_run(tx, run.run, rows=len(rows), counts=counted)
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.CONSENT_IMPORTED,
            occurred_at=run.at,
            actor=ActorId(run.actor),
            object_type="import",
            object_id=run.run,
            outcome=Outcome.DONE,
            consent_seq=ledger.head(tx),
            counts=tuple(counted.items()),
        ),
    )
    return found.counts


def _read(
    row: NormalisedRow,
    ports: Ports,
    people: Mapping[str, tuple[RowId, SubjectId]],
    *,
    at: datetime,
) -> _Taken | ProblemKind:
    """The event, or why the row is refused for good."""
    if row.refused:  # fails closed: shifted cells say nothing that could be trusted
        return ProblemKind.VALUE_UNKNOWN
    owner = people.get(row.get("customer_id") or "")
    if owner is None:
        return ProblemKind.CUSTOMER_UNKNOWN
    purpose = ports.policies.current.purpose(row.get("purpose_code") or "")
    if purpose is None:
        return ProblemKind.PURPOSE_UNKNOWN
    kind = kind_of(row)
    when = row.get("occurred_at")
    if kind is None or when is None:
        return ProblemKind.VALUE_UNKNOWN
    occurred_at = datetime.fromisoformat(when)
    if occurred_at > at:
        return ProblemKind.DATE_FUTURE
    return _Taken(
        row=row,
        subject=owner[1],
        purpose=purpose,
        kind=kind,
        occurred_at=occurred_at,
    )


def _with_ages(tx: Connection, taken: Sequence[_Taken], *, at: datetime) -> list[_Taken]:
    """The events with whether the person was too young to choose alone, as far as it is known."""
    known = persons_of(tx, (item.subject for item in taken), on=at.date()).found
    return [
        replace(item, young=facts is not None and needs_guardian(facts, item.purpose))
        for item in taken
        for facts in (facts_of(known.get(item.subject)),)
    ]


def _doubtful(tx: Connection, taken: Sequence[_Taken]) -> list[Problem]:
    """What an officer must know of events that are stored all the same."""
    published = _published(tx)
    firsts: dict[str, int] = {}  # row that bears an evidence id first
    for item in taken:
        if token := item.row.get("evidence_id"):
            firsts[token] = min(item.row.number, firsts.get(token, item.row.number))
    found: list[Problem] = []
    for item in taken:
        number = item.row.number
        notice = _seen(item, published)
        if _version(item.row) is None:
            found.append(Problem(kind=ProblemKind.NOTICE_VERSION_MISSING, row=number))
        elif notice and item.occurred_at.astimezone(JST).date() < notice.published_on:
            found.append(Problem(kind=ProblemKind.NOTICE_NOT_YET_PUBLISHED, row=number))
        if PRE_TICKED in (item.row.get("method") or ""):
            found.append(Problem(kind=ProblemKind.PRE_TICKED, row=number))
        if (token := item.row.get("evidence_id")) and firsts[token] < number:
            found.append(Problem(kind=ProblemKind.DUPLICATE_EVIDENCE, row=number))
        if item.young and item.kind in GRANTS and not item.row.get("agent"):
            found.append(Problem(kind=ProblemKind.MINOR_WITHOUT_GUARDIAN, row=number))
    return found


def _published(tx: Connection) -> dict[tuple[str, str], NoticeVersion]:
    return {(notice.notice, notice.version): notice for notice in ledger.notices(tx)}


def _append(tx: Connection, ports: Ports, run: RunFacts, taken: Sequence[_Taken]) -> None:
    """The events with their sealed proofs; withdrawals stand in the journal first."""
    notices = _published(tx)
    ids = [ledger.new_event_id() for _ in taken]
    proofs = ports.vault.seal_rows(
        [(item.subject, row, {PROOF: _proof(item)}) for item, row in zip(taken, ids, strict=True)],
        key_class=KeyClass.RECORD,
    )
    ports.journal.append_many(
        JournalEntry(
            kind=NARROWS[item.kind],
            subject=item.subject,
            scope=f"{item.purpose.id}/*/*",
            event=EventId(row),
            consent_seq=None,
            at=item.occurred_at,
        )
        for item, row in zip(taken, ids, strict=True)
        if item.kind in NARROWS
    )
    events = [
        _event(item, row, run, _seen(item, notices), bytes(proof[PROOF] or b""))
        for item, row, proof in zip(taken, ids, proofs, strict=True)
    ]
    ledger.append(tx, events, at=run.at)
    follow_file(tx, ports, events, at=run.at)


def _proof(item: _Taken) -> bytes:
    """Everything that shows how the person chose (GDPR 7(1); law.md section 6)."""
    names = ("method", "screen", "channel", "ip_address", "evidence_id", "agent", "notes")
    return canonical_json({name: without_numbers(item.row.get(name) or "")[0] for name in names})


def _version(row: NormalisedRow) -> str | None:
    """The notice version as it is published: `v3.1` is 3.1."""
    version = row.get("notice_version")
    return version.removeprefix("v") if version else None


def _seen(item: _Taken, published: Mapping[tuple[str, str], NoticeVersion]) -> NoticeVersion | None:
    """The published notice that the person saw, if the file names one that exists."""
    version = _version(item.row)
    if item.purpose.notice is None or version is None:
        return None
    return published.get((item.purpose.notice, version))


def _event(
    item: _Taken,
    row: RowId,
    run: RunFacts,
    notice: NoticeVersion | None,
    proof: bytes,
) -> ledger.NewEvent:
    return ledger.NewEvent(
        id=row,
        subject=item.subject,
        purpose=PurposeId(item.purpose.id),
        kind=item.kind,
        occurred_at=item.occurred_at,
        notice=item.purpose.notice,
        notice_version=_version(item.row),
        notice_lang=item.row.get("language"),
        notice_hash=notice.text_hash if notice else None,
        evidence=_grade(item),
        guardian=bool(item.row.get("agent")),
        minor=item.young,
        acted_by=_acted_by(item),
        import_run=run.run,
        source_key=item.row.get("consent_id"),
        proof=proof,
    )


def _grade(item: _Taken) -> EvidenceGrade:
    """How well the file proves the choice: a named evidence, or its word alone."""
    if PRE_TICKED in (item.row.get("method") or ""):
        return EvidenceGrade.PRE_TICKED
    return EvidenceGrade.IMPORTED_PROVEN if item.row.get("evidence_id") else EvidenceGrade.IMPORTED


def _acted_by(item: _Taken) -> By:
    """The person, or who acted for them by the file."""
    if not item.row.get("agent"):
        return By.PERSON
    return By.GUARDIAN if item.young else By.AGENT
