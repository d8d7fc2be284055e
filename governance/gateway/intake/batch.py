"""One batch of drafts into the store: new, merged, put aside or refused; one transaction."""

from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, time
from functools import partial

from sqlalchemy import Connection, delete, insert, select, update

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from consent.opted_out import keep_out, list_of, said_no
from governance.core.clock import JST
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, EventId, FieldId, RowId, SubjectId
from governance.customers import imports, store
from governance.customers.changes import counter
from governance.customers.ports import Ports
from governance.customers.search_plan import index_names
from governance.customers.sources import store as sources
from governance.customers.sources.store import NewSaid
from governance.customers.store import Record
from governance.customers.subjects import SubjectState, age_band, country_of, laws_of
from governance.customers.tokens import RowTokens, add_tokens, drop_tokens
from governance.customers.types import Problem, ProblemKind
from governance.gateway.acts import note_rows
from governance.gateway.intake import stamps
from governance.gateway.intake.aside import put_aside, settle
from governance.gateway.intake.places import Changed, Result, RowsGoneError
from governance.gateway.intake.placing import place
from governance.gateway.intake.screening import ground_of
from governance.gateway.intake.stored import SAID
from governance.gateway.intake.tokens import Indexer
from governance.gateway.intake.types import Counts, Draft, Rejected, RunFacts
from governance.identity.service import address_moved
from governance.jobs.journal_record import JournalEntry, JournalKind
from governance.keys.vault import Row

BIRTH, ORIGIN = FieldId("person.birth_date"), FieldId("person.origin")
EMAIL = FieldId("person.email")
LOOKS = 5  # for rows whose persons may be erased meanwhile; each finds fewer


def store_batch(
    tx: Connection,
    *,
    ports: Ports,
    indexer: Indexer,
    run: RunFacts,
    drafts: Sequence[Draft],
    rejected: Sequence[Rejected],
    cells: Mapping[int, tuple[str, ...]],
    normalised: int,
    first: int,
    sheet: str = "",
) -> Counts:
    """What became of the rows; they, their cursor and the audit events commit together."""
    if not imports.take_turn(tx, run.run, first=first):
        return Counts()
    indexer.look()
    find = partial(
        placed, tx, ports, indexer, run, drafts=drafts, rejected=rejected, normalised=normalised
    )
    result, erased = _found(find), frozenset[str]()
    while more := _erased_of(tx, result) - erased:  # since they were found: look again
        result, erased = _found(find), erased | more
    _write(tx, ports, indexer, result, run)
    put_aside(tx, ports, run, result.rejected, cells, sheet=sheet)
    settle(tx, run, result.numbers)
    imports.add_problems(tx, run.run, result.problems)
    counted = {name: getattr(result.counts, name) for name in imports.COUNTED}
    imports.advance_run(tx, run.run, rows=result.counts.read, counts=counted)
    sources.count_on(tx, run.run, updated=result.counts.updated)
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.DATA_IMPORTED,
            occurred_at=run.at,
            actor=ActorId(run.actor),
            object_type="import",
            object_id=run.run,
            outcome=Outcome.DONE,
            fields=(run.kind.value,),
            counts=tuple(counted.items()),
        ),
    )
    return result.counts


def _found(find: Callable[[], Result]) -> Result:
    """The places as they are, once nobody is erased while they are looked for."""
    for _ in range(LOOKS):
        with suppress(RowsGoneError):
            return find()
    return find()


def _erased_of(tx: Connection, result: Result) -> frozenset[str]:
    """Who of those who were found is erased; the others stay until this transaction ends."""
    if tx.dialect.name == "sqlite":  # nobody else writes meanwhile
        return frozenset()
    fresh = {one.id for one in result.subjects}
    found = {subject for _, _, subject in (*result.placed, *result.brought, *result.met)}
    found |= {change.stored.subject for change in result.changed} | set(result.holds)
    ids, subject, erased = sorted(found - fresh), store.SUBJECT, set[str]()
    for start in range(0, len(ids), store.IN_LIMIT):
        part = subject.c.id.in_(ids[start : start + store.IN_LIMIT])
        wanted = select(subject.c.id, subject.c.state).where(part).order_by(subject.c.id)
        rows = tx.execute(wanted.with_for_update())
        erased |= {row.id for row in rows if row.state == SubjectState.ERASED.value}
    return frozenset(erased)


def placed(
    tx: Connection,
    ports: Ports,
    indexer: Indexer,
    run: RunFacts,
    *,
    drafts: Sequence[Draft],
    rejected: Sequence[Rejected],
    normalised: int,
) -> Result:
    """Every row of the batch with its place and the counts of it all; nothing is written yet."""
    result = Result(
        counts=Counts(read=len(drafts) + len(rejected), normalised=normalised),
        rejected=list(rejected),
        numbers=[*(d.number for d in drafts), *(r.number for r in rejected)],
    )
    place(tx, ports, indexer, run, drafts, result)
    result.counts.stored = len(result.placed)
    result.counts.refused = sum(row.refused for row in result.rejected)
    result.counts.quarantined = len(result.rejected) - result.counts.refused
    for draft, _, _ in result.placed:
        result.problems += draft.problems
    for row in result.rejected:
        result.problems += row.problems
    return result


def _write(tx: Connection, ports: Ports, indexer: Indexer, result: Result, run: RunFacts) -> None:
    """Persons, rows, tokens, findings, changes and holds of the batch."""
    store.add_subjects(tx, result.subjects, at=run.at)
    made = [*result.brought, *result.placed]
    rows: list[Row] = [
        (subject, row, {**draft.plain, SAID: draft.said}) for draft, row, subject in made
    ]
    records, tokens, findings = [], list[RowTokens](), list[dict[str, object]]()
    new: list[NewSaid] = []
    for (draft, row, subject), cells in zip(made, ports.vault.seal_rows(rows), strict=True):
        kept = {name: bytes(cell) for name, cell in cells.items() if cell is not None}
        word = kept.pop(SAID)
        new.append(NewSaid(row=row, subject=subject, number=draft.number, sealed=word))
        clear = {**draft.clear, **stamps.made(draft, row, run)}
        records.append(Record(table=draft.table, id=row, subject=subject, clear=clear, sealed=kept))
        tokens += indexer.row_tokens(draft.table, row, subject, draft.plain, clear=draft.clear)
        findings += _findings(draft, row, subject, run, fields=draft.plain)
    store.insert_records(tx, records)
    for change in result.changed:
        tokens += _change(tx, ports, indexer, change, run)
        findings += _findings(
            change.draft, change.stored.row, change.stored.subject, run, fields=change.taken
        )
    add_tokens(tx, tokens)
    store.add_findings(tx, findings)
    told = [*records, *(_taken_by(change) for change in result.changed)]
    note_rows(tx, ports, told, by=ActorId(run.actor), at=run.at)
    _note_said(tx, ports, result, run, new)
    _hold(tx, ports, result.holds, run)
    _keep_out(tx, ports, result, run)
    stamps.follow(tx, ports, result, run)
    ports.audit.append_many(tx, [_changed_event(change, run) for change in result.changed])


def _note_said(
    tx: Connection, ports: Ports, result: Result, run: RunFacts, new: Sequence[NewSaid]
) -> None:
    """What the source said of each row of the batch is kept for its next file."""
    met = {row: (draft, subject) for draft, row, subject in result.met}
    again: list[Row] = [(subject, row, {SAID: draft.said}) for row, (draft, subject) in met.items()]
    sealed = ports.vault.seal_rows(again)
    day = run.acquisition.acquired_on
    at = datetime.combine(day, time(0), tzinfo=JST).astimezone(UTC) if day else run.at
    sources.note_said(
        tx,
        run.source,
        run.run,
        new=new,
        again=[
            NewSaid(row=RowId(row), subject=subject, number=met[RowId(row)][0].number,
                    sealed=bytes(cells[SAID] or b""))
            for (subject, row, _), cells in zip(again, sealed, strict=True)
        ],
        at=at,
    )  # fmt: skip


def _taken_by(change: Changed) -> Record:
    """The clear columns that a stored row took from the file."""
    clear = {name.partition(".")[2]: value for name, value in change.taken.items()}
    held = change.stored
    return Record(table=held.table, id=held.row, subject=held.subject, clear=clear, sealed={})


def _change(
    tx: Connection, ports: Ports, indexer: Indexer, change: Changed, run: RunFacts
) -> list[RowTokens]:
    """The stored row has the values that it takes; returns the tokens of the new ones."""
    held, table = change.stored, change.stored.table
    plain = {name: change.draft.plain[name] for name in change.taken if name in change.draft.plain}
    clear = {
        name.partition(".")[2]: value
        for name, value in change.taken.items()
        if name not in change.draft.plain
    }
    sealed = ports.vault.seal_row(held.subject, held.row, plain) if plain else {}
    cells = {name: bytes(cell) for name, cell in sealed.items() if cell is not None}
    clear |= stamps.again(change, run)
    record = Record(table=table, id=held.row, subject=held.subject, clear=clear, sealed=cells)
    version = held.version if stamps.counted(table) else None
    store.update_record(tx, record, expected_version=version)
    for name in held.values.keys() & change.taken.keys():
        drop_tokens(tx, [held.row], names=index_names(name))
        _drop_findings(tx, held.row, name)
    _law_and_age(tx, change, run)
    if EMAIL in change.taken:
        address_moved(tx, held.subject, at=run.at)
    return indexer.row_tokens(table, held.row, held.subject, plain, clear=clear)


def _drop_findings(tx: Connection, row: RowId, name: FieldId) -> None:
    """What was found in the text that is no more."""
    mine = store.FINDING.c.row_id == row, store.FINDING.c.field == name
    tx.execute(delete(store.FINDING).where(*mine))


def _law_and_age(tx: Connection, change: Changed, run: RunFacts) -> None:
    """A new birth date or country of origin tells anew which protection the person has."""
    subject = change.stored.subject
    if BIRTH in change.taken:
        band = age_band(change.draft.birth, on=run.at.astimezone(JST).date())
        person = store.SUBJECT.c.id == subject
        tx.execute(update(store.SUBJECT).where(person).values(birth_band=band.value))
    if ORIGIN in change.taken:
        country, person = country_of(change.draft.origin), store.SUBJECT.c.id == subject
        tx.execute(update(store.SUBJECT).where(person).values(country=country))
        _add_laws(tx, subject, change.draft.origin, run)
    if BIRTH in change.taken or ORIGIN in change.taken:
        counter.note(tx, [subject])


def _add_laws(tx: Connection, subject: SubjectId, origin: str | None, run: RunFacts) -> None:
    """The laws that the country of origin brings apply from today; none is taken away."""
    law = store.LAW
    held = set(tx.execute(select(law.c.law).where(law.c.subject_id == subject)).scalars())
    rows = [
        {
            "id": new_row_id(),
            "subject_id": subject,
            "law": name.value,
            "evidence": evidence,
            "valid_from": run.at.date(),
        }
        for name, evidence in laws_of(origin=origin).items()
        if name.value not in held
    ]
    if rows:
        tx.execute(insert(law), rows)


def _changed_event(change: Changed, run: RunFacts) -> EventDraft:
    """The change by the names of its fields; the file's values stay out of the log."""
    return EventDraft(
        action=EventCode.PERSON_CHANGED,
        occurred_at=run.at,
        actor=ActorId(run.actor),
        object_type=change.stored.table,
        object_id=change.stored.row,
        outcome=Outcome.DONE,
        subject=change.stored.subject,
        fields=tuple(sorted(change.taken)),
    )


def _findings(
    draft: Draft, row: RowId, subject: SubjectId, run: RunFacts, *, fields: Container[FieldId]
) -> list[dict[str, object]]:
    """Rows of what was found in these of the draft's texts; what was not taken in has its own."""
    return [
        {
            "row_id": row,
            "field": finding.field,
            "entity": finding.entity,
            "kind": finding.kind,
            "subject_id": subject,
            "found": finding.found,
            "ground": ground_of(draft, finding.field) if finding.entity == "SENSITIVE" else None,
            "found_at": run.at,
        }
        for finding in draft.findings
        if finding.field in fields or finding.field not in draft.plain
    ]


def _keep_out(tx: Connection, ports: Ports, result: Result, run: RunFacts) -> None:
    """New persons who had said no to marketing before stay out of it; their rows are named."""
    known = list_of(tx, ports)
    if not known.keys:
        return
    fresh = {one.id for one in result.subjects}
    found: dict[SubjectId, int] = {}
    for draft, _, subject in (*result.brought, *result.placed):
        mine = [(n, v) for n in known.keys if isinstance(v := draft.plain.get(n), str)]
        if subject in fresh and said_no(tx, known, mine, at=run.at):
            found.setdefault(subject, draft.number)
    keep_out(tx, ports, found, at=run.at, run=run.run)
    result.problems += [Problem(kind=ProblemKind.OPTED_OUT, row=n) for n in found.values()]


def _hold(tx: Connection, ports: Ports, subjects: Sequence[SubjectId], run: RunFacts) -> None:
    """The holds that the file names stand, in the journal too.

    A repeated attempt journals holds of persons who never came to be, which narrows nothing.
    """
    matter = f"import:{run.run}"
    ports.journal.append_many(
        JournalEntry(
            kind=JournalKind.HOLD,
            subject=subject,
            scope=matter,
            event=EventId(store.place_hold(tx, subject, matter=matter, by=run.actor, at=run.at)),
            consent_seq=None,
            at=run.at,
        )
        for subject in subjects
    )
