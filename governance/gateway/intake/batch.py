"""One batch of drafts into the store: new, merged, put aside or refused; one transaction."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.clock import JST
from governance.core.ids import new_row_id, new_subject_id
from governance.core.terms import ActorId, EventId, FieldId, RowId, SubjectId
from governance.customers import imports, store
from governance.customers.ports import Ports
from governance.customers.store import NewSubject, Record, Token
from governance.customers.subjects import SubjectKind, age_band, laws_of
from governance.customers.types import Problem, ProblemKind
from governance.gateway.intake.screening import ground_of, mask_cells
from governance.gateway.intake.tokens import Indexer
from governance.gateway.intake.types import Counts, Draft, Rejected, RunFacts
from governance.jobs.journal_record import JournalEntry, JournalKind
from governance.keys.vault import Row

CUSTOMER_ID = FieldId("person.customer_id")
SUPPRESSING = (FieldId("person.email"), FieldId("person.mobile"), CUSTOMER_ID)
OWNED = frozenset({"purchase"})  # rows of these tables need a known customer
KIND_OF: Mapping[str, SubjectKind] = {
    "person": SubjectKind.CUSTOMER,
    "company": SubjectKind.CONTACT,
    "deal": SubjectKind.CONTACT,
    "inquiry": SubjectKind.INQUIRER,
}


@dataclass(slots=True, kw_only=True)
class _Result:
    """What the batch will write; filled row by row, written at the end."""

    counts: Counts
    subjects: list[NewSubject] = field(default_factory=list)
    placed: list[tuple[Draft, RowId, SubjectId]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    findings: list[dict[str, object]] = field(default_factory=list)
    holds: list[SubjectId] = field(default_factory=list)


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
) -> Counts:
    """What became of the rows; they, their cursor and the audit event commit together."""
    if not imports.take_turn(tx, run.run, first=first):
        return Counts()
    indexer.look()
    result = _Result(
        counts=Counts(read=len(drafts) + len(rejected), normalised=normalised),
        rejected=list(rejected),
    )
    if drafts:
        PLACE[drafts[0].table](tx, ports, indexer, drafts, result, run)
    _write(tx, ports, indexer, result, run)
    _put_aside(tx, ports, result, run, cells)
    counted = {name: getattr(result.counts, name) for name in imports.COUNTED}
    imports.advance_run(tx, run.run, rows=result.counts.read, counts=counted)
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


Place = Callable[[Connection, Ports, Indexer, Sequence[Draft], _Result, RunFacts], None]


def _place_persons(
    tx: Connection,
    ports: Ports,
    indexer: Indexer,
    drafts: Sequence[Draft],
    result: _Result,
    run: RunFacts,
) -> None:
    """Each new person gets a pseudonym; a known customer id is merged into its row."""
    known = owners(tx, ports, indexer, (d.owner_key for d in drafts))
    barred = _suppressed(tx, indexer, drafts, on=run.at.astimezone(JST).date())
    here: dict[str, tuple[RowId, SubjectId]] = {}
    for draft in drafts:
        if draft.number in barred:
            result.rejected.append(_reject(draft, ProblemKind.SUPPRESSED, refused=True))
            continue
        key = draft.owner_key
        found = (known.get(key) or here.get(key)) if key else None
        if found is not None:
            _merge(tx, ports, indexer, draft, *found, result, run)
            if draft.hold and found[1] not in result.holds and not store.held(tx, found[1]):
                result.holds.append(found[1])
            continue
        row, subject = new_row_id(), new_subject_id()
        if key:
            here[key] = (row, subject)
        result.subjects.append(_new_subject(draft, subject, run))
        result.placed.append((draft, row, subject))
        if draft.hold:
            result.holds.append(subject)


def _place_owned(
    tx: Connection,
    ports: Ports,
    indexer: Indexer,
    drafts: Sequence[Draft],
    result: _Result,
    run: RunFacts,
) -> None:
    """Rows that belong to a customer, a contact or a writer; a known source key is merged."""
    table = drafts[0].table
    keys = [str(draft.clear["source_key"]) for draft in drafts]
    known = store.known_source_keys(tx, table, keys)
    by_customer = owners(tx, ports, indexer, (d.owner_key for d in drafts))
    companies = _companies(tx, drafts) if table == "deal" else {}
    seen: set[str] = set()
    for draft, key in zip(drafts, keys, strict=True):
        owner = by_customer.get(draft.owner_key) if draft.owner_key else None
        if key in known or key in seen:
            result.counts.merged += 1
        elif owner is None and (table in OWNED or draft.owner_key):
            result.rejected.append(_reject(draft, ProblemKind.CUSTOMER_UNKNOWN, refused=False))
        else:
            subject = owner[1] if owner is not None else new_subject_id()
            if owner is None:
                result.subjects.append(_new_subject(draft, subject, run))
            placed = _linked(draft, companies) if table == "deal" else draft
            result.placed.append((placed, new_row_id(), subject))
            seen.add(key)


PLACE: Mapping[str, Place] = {
    "person": _place_persons,
    "company": _place_owned,
    "purchase": _place_owned,
    "inquiry": _place_owned,
    "deal": _place_owned,
}


def owners(
    tx: Connection, ports: Ports, indexer: Indexer, keys: Iterable[str | None]
) -> dict[str, tuple[RowId, SubjectId]]:
    """Customer ids to the person's row, found by token and confirmed by opening the id."""
    wanted = {key for key in keys if key}
    tokens = [token for key in wanted for _, token in indexer.of(CUSTOMER_ID, key)]
    found = {row: subject for _, row, subject in store.find_tokens(tx, [CUSTOMER_ID], tokens)}
    cells = store.cells_of(tx, "person", "customer_id", found)
    opened = ports.vault.open_rows([(row, {CUSTOMER_ID: cell}) for row, cell in cells.items()])
    confirmed: dict[str, tuple[RowId, SubjectId]] = {}
    for row, values in zip(cells, opened, strict=True):
        key = values[CUSTOMER_ID].value
        if key in wanted:
            confirmed.setdefault(str(key), (row, found[row]))
    return confirmed


def _suppressed(tx: Connection, indexer: Indexer, drafts: Sequence[Draft], *, on: date) -> set[int]:
    """Rows whose e-mail, mobile or id is that of an erased or opted-out person."""
    tokens: dict[bytes, set[int]] = {}
    for draft in drafts:
        for name in SUPPRESSING:
            value = draft.plain.get(name)
            for _, token in indexer.of(name, value) if isinstance(value, str) else ():
                tokens.setdefault(token, set()).add(draft.number)
    barred = store.suppressed(tx, tokens, on=on)
    return {number for token in barred for number in tokens[token]}


def _new_subject(draft: Draft, subject: SubjectId, run: RunFacts) -> NewSubject:
    band = age_band(draft.birth, on=run.at.astimezone(JST).date())
    return NewSubject(
        id=subject,
        kind=KIND_OF[draft.table],
        laws=laws_of(origin=draft.origin),
        age_band=band,
        guardian_verified=draft.guardian_on is not None,
    )


def _merge(
    tx: Connection,
    ports: Ports,
    indexer: Indexer,
    draft: Draft,
    row: RowId,
    subject: SubjectId,
    result: _Result,
    run: RunFacts,
) -> None:
    """Empty fields of the known row are filled; where both have a value the earlier stays."""
    result.counts.merged += 1
    result.problems += draft.problems
    waiting = next((n for n, (_, placed, _) in enumerate(result.placed) if placed == row), None)
    if waiting is not None:
        _merge_waiting(draft, waiting, result)
        return
    store.lock_subject(tx, subject)
    stored = store.record_by_id(tx, "person", row)
    held = ports.vault.open_row(row, stored.sealed) if stored is not None else {}
    fresh = {name: value for name, value in draft.plain.items() if name not in held}
    result.problems += _conflicts(draft, {name: cell.value for name, cell in held.items()})
    if stored is None or not fresh:
        return
    sealed = ports.vault.seal_row(subject, row, fresh)
    cells = {name: bytes(cell) for name, cell in sealed.items() if cell is not None}
    filled = Record(table="person", id=row, subject=subject, clear={}, sealed=cells)
    store.update_record(tx, filled, expected_version=stored.clear["version"])
    store.add_tokens(tx, indexer.row_tokens("person", row, subject, fresh))
    result.findings += _findings(draft, row, subject, run, fields=fresh)


def _merge_waiting(draft: Draft, place: int, result: _Result) -> None:
    """The known row is of this very batch and not written yet."""
    earlier, row, subject = result.placed[place]
    result.problems += _conflicts(draft, earlier.plain)
    fresh = {name: value for name, value in draft.plain.items() if name not in earlier.plain}
    found = tuple(finding for finding in draft.findings if finding.field in fresh)
    filled = replace(
        earlier, plain={**earlier.plain, **fresh}, findings=(*earlier.findings, *found)
    )
    result.placed[place] = (filled, row, subject)


def _conflicts(draft: Draft, held: Mapping[FieldId, object]) -> list[Problem]:
    return [
        Problem(kind=ProblemKind.CONFLICT_KEPT, row=draft.number, column=name)
        for name in sorted(set(draft.plain) & set(held))
        if held[name] != draft.plain[name]
    ]


def _companies(tx: Connection, drafts: Sequence[Draft]) -> dict[str, RowId]:
    keys = {str(d.clear["company_id"]) for d in drafts if d.clear.get("company_id")}
    return store.known_source_keys(tx, "company", keys)


def _linked(draft: Draft, companies: Mapping[str, RowId]) -> Draft:
    """The deal with the company's row in place of the file's id; unlinked when unknown."""
    clear = dict(draft.clear)
    clear["company_id"] = companies.get(str(clear.get("company_id")))
    return replace(draft, clear=clear)


def _reject(draft: Draft, kind: ProblemKind, *, refused: bool) -> Rejected:
    return Rejected(
        number=draft.number,
        reason=kind.value,
        refused=refused,
        cells=(),
        problems=(*draft.problems, Problem(kind=kind, row=draft.number)),
    )


def _write(tx: Connection, ports: Ports, indexer: Indexer, result: _Result, run: RunFacts) -> None:
    """Persons, rows, tokens, findings and holds of the batch."""
    store.add_subjects(tx, result.subjects, at=run.at)
    rows: list[Row] = [(subject, row, draft.plain) for draft, row, subject in result.placed]
    sealed = ports.vault.seal_rows(rows)
    records, tokens, findings = [], list[Token](), result.findings
    for (draft, row, subject), cells in zip(result.placed, sealed, strict=True):
        kept = {name: bytes(cell) for name, cell in cells.items() if cell is not None}
        clear = {**draft.clear, "recorded_at": run.at}
        if draft.table == "person":
            clear["version"] = 1
        records.append(Record(table=draft.table, id=row, subject=subject, clear=clear, sealed=kept))
        tokens += indexer.row_tokens(draft.table, row, subject, draft.plain)
        findings += _findings(draft, row, subject, run, fields=draft.plain)
        result.problems += draft.problems
    store.insert_records(tx, records)
    store.add_tokens(tx, tokens)
    store.add_findings(tx, findings)
    _hold(tx, ports, result.holds, run)
    result.counts.stored += len(result.placed)


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


def _put_aside(
    tx: Connection,
    ports: Ports,
    result: _Result,
    run: RunFacts,
    cells: Mapping[int, tuple[str, ...]],
) -> None:
    """Rejected rows are counted and noted; what can be corrected is kept, sealed."""
    kept = []
    for row in result.rejected:
        result.problems += row.problems
        if row.refused:
            result.counts.refused += 1
            continue
        result.counts.quarantined += 1
        aside = new_row_id()
        content = "\x1f".join(mask_cells(row.cells or cells.get(row.number, ()))[0])
        sealed = ports.vault.seal_blob("quarantine", aside, content.encode("utf-8", "replace"))
        kept.append(
            {
                "id": aside,
                "run_id": run.run,
                "row": row.number,
                "reason": row.reason,
                "content": sealed,
            }
        )
    imports.put_aside(tx, kept)
    imports.add_problems(tx, run.run, result.problems)
