"""Where each row of a batch belongs: new, known, put aside or refused; decided without a write.

A dry run decides by the same functions as the run, with what it would have stored in mind.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import Connection, select

from governance.core.clock import JST
from governance.core.ids import new_row_id, new_subject_id
from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers import store
from governance.customers.ports import Ports
from governance.customers.store import NewSubject
from governance.customers.subjects import SubjectKind, age_band, laws_of
from governance.customers.types import Problem, ProblemKind
from governance.gateway.intake import merging
from governance.gateway.intake.keys import SOURCE_KEY
from governance.gateway.intake.stored import Stored, load
from governance.gateway.intake.tokens import Indexer
from governance.gateway.intake.types import Counts, Draft, Rejected, RunFacts, Seen

CUSTOMER_ID = FieldId("person.customer_id")
SUPPRESSING = (FieldId("person.email"), FieldId("person.mobile"), CUSTOMER_ID)
OWNED = frozenset({"purchase"})  # rows of these tables need a known customer
KIND_OF: Mapping[str, SubjectKind] = {
    "person": SubjectKind.CUSTOMER,
    "company": SubjectKind.CONTACT,
    "deal": SubjectKind.CONTACT,
    "inquiry": SubjectKind.INQUIRER,
}
ANY_SUPPRESSED = select(store.SUPPRESSION.c.id).limit(1)
Place = tuple[RowId, SubjectId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A stored row that the file changes: the fields that take its value."""

    draft: Draft
    stored: Stored
    taken: Mapping[FieldId, object] = field(repr=False)


@dataclass(slots=True, kw_only=True)
class Result:
    """What the batch will write; filled row by row, written at the end."""

    counts: Counts
    subjects: list[NewSubject] = field(default_factory=list)
    placed: list[tuple[Draft, RowId, SubjectId]] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    met: list[tuple[Draft, RowId, SubjectId]] = field(default_factory=list)  # known rows
    rejected: list[Rejected] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)  # every row of the batch
    problems: list[Problem] = field(default_factory=list)
    holds: list[SubjectId] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What placing one batch needs."""

    tx: Connection
    ports: Ports
    indexer: Indexer
    run: RunFacts
    result: Result
    seen: Seen
    stored: dict[RowId, Stored]


def place(
    tx: Connection,
    ports: Ports,
    indexer: Indexer,
    run: RunFacts,
    drafts: Sequence[Draft],
    result: Result,
) -> None:
    """Every draft has found its place in the result."""
    if not drafts:
        return
    seen = run.dry if run.dry is not None else Seen()
    work = _Work(tx=tx, ports=ports, indexer=indexer, run=run, result=result, seen=seen, stored={})
    PLACE[drafts[0].table](work, drafts)


def _place_persons(work: _Work, drafts: Sequence[Draft]) -> None:
    """Each new person gets a pseudonym; one that is known by place, id or key is merged."""
    tx, ports, indexer, result, run = work.tx, work.ports, work.indexer, work.result, work.run
    barred = _suppressed(tx, indexer, drafts, on=run.at.astimezone(JST).date())
    by_place = _by_place(tx, run, drafts)
    by_id = owners(tx, ports, indexer, (d.owner_key for d in drafts))
    by_key = holders(tx, ports, indexer, SOURCE_KEY, (_key(d) for d in drafts))
    found: list[Place | None] = [
        by_place.get(d.number)
        or (by_id.get(d.owner_key) if d.owner_key else None)
        or by_key.get(_key(d) or "")
        for d in drafts
    ]
    _load(work, "person", (place for place in found if place is not None))
    for draft, known in zip(drafts, found, strict=True):
        if draft.number in barred:
            result.rejected.append(_reject(draft, ProblemKind.SUPPRESSED, refused=True))
            continue
        names = [f"id:{draft.owner_key}" if draft.owner_key else "", f"key:{_key(draft) or ''}"]
        names = [name for name in names if not name.endswith(":") and name]
        place = known or next((work.seen.rows[n] for n in names if n in work.seen.rows), None)
        if place is not None:
            _merge(work, draft, place[0], fill=True)
            _hold_known(work, draft, place[1], stored=known is not None)
            continue
        made = _new(work, draft, names)
        if draft.hold:
            result.holds.append(made[1])


def _hold_known(work: _Work, draft: Draft, subject: SubjectId, *, stored: bool) -> None:
    if not draft.hold or subject in work.result.holds:
        return
    if not stored or not store.held(work.tx, subject):
        work.result.holds.append(subject)


def _place_owned(work: _Work, drafts: Sequence[Draft]) -> None:
    """Rows that belong to a customer, a contact or a writer; a known source key is merged."""
    tx, table = work.tx, drafts[0].table
    keys = [str(draft.clear["source_key"]) for draft in drafts]
    known = store.known_source_keys(tx, table, keys)
    by_customer = owners(tx, work.ports, work.indexer, (d.owner_key for d in drafts))
    companies = _companies(tx, drafts) if table == "deal" else {}
    _load(work, table, ((row, SubjectId("")) for row in known.values()))
    for draft, key in zip(drafts, keys, strict=True):
        owner = by_customer.get(draft.owner_key) if draft.owner_key else None
        if owner is None and draft.owner_key:
            owner = work.seen.rows.get(f"id:{draft.owner_key}")
        name = f"{table}:{key}"
        if key in known:
            stored = work.stored[known[key]]
            _same_owner(work, draft, stored, owner)
            _merge(work, draft, stored.row, fill=False)
        elif name in work.seen.rows:
            work.result.counts.merged += 1
        elif owner is None and (table in OWNED or draft.owner_key):
            rejected = _reject(draft, ProblemKind.CUSTOMER_UNKNOWN, refused=False)
            work.result.rejected.append(rejected)
        else:
            placed = _linked(draft, companies) if table == "deal" else draft
            _new(work, placed, [name], owner=owner)


def _same_owner(work: _Work, draft: Draft, stored: Stored, owner: Place | None) -> None:
    """A row stays with the person it was stored for; another customer's id is told."""
    if owner is not None and owner[1] != stored.subject:
        problem = Problem(
            kind=ProblemKind.CONFLICT_KEPT, row=draft.number, column=f"{draft.table}.customer_id"
        )
        work.result.problems.append(problem)


PLACE: Mapping[str, Callable[[_Work, Sequence[Draft]], None]] = {
    "person": _place_persons,
    "company": _place_owned,
    "purchase": _place_owned,
    "inquiry": _place_owned,
    "deal": _place_owned,
}


def _new(work: _Work, draft: Draft, names: Iterable[str], *, owner: Place | None = None) -> Place:
    """The draft becomes a row of its own, of a new person unless its owner is known."""
    row = new_row_id()
    subject = owner[1] if owner is not None else new_subject_id()
    if owner is None:
        work.result.subjects.append(_new_subject(draft, subject, work.run))
    work.result.placed.append((draft, row, subject))
    for name in names:
        work.seen.rows[name] = (row, subject)
    if work.run.dry is not None:
        work.seen.said[row] = draft.said
    return row, subject


def _load(work: _Work, table: str, places: Iterable[Place]) -> None:
    rows = list(dict.fromkeys(row for row, _ in places))
    if rows:
        work.stored.update(
            load(work.tx, work.ports, table, rows, source=work.run.source,
                 lock=work.run.dry is None)
        )  # fmt: skip


def _merge(work: _Work, draft: Draft, row: RowId, *, fill: bool) -> None:
    """The known row takes what its source changed; otherwise empty fields alone are filled."""
    result = work.result
    result.counts.merged += 1
    result.problems += draft.problems
    theirs = merging.words(draft.table, draft.plain, draft.clear)
    held = work.stored.get(row)
    if held is None:
        waiting = next((n for n, (_, at, _) in enumerate(result.placed) if at == row), None)
        if waiting is not None:
            _merge_waiting(work, draft, waiting)
        else:
            packed = work.seen.said[row]
            told = merging.differing(packed, {n: theirs[n] for n in draft.plain if n in theirs})
            result.problems += _conflicts(draft, told)
            work.seen.said[row] = merging.joined(packed, merging.said(_sealed(draft, theirs)))
        return
    before = held.before(work.run.run)
    if before is None:
        theirs = _sealed(draft, theirs) if fill else {}
    change = merging.compare(
        theirs, held.values, before=before, newer=held.newer(work.run.acquisition.acquired_on)
    )
    result.problems += _conflicts(draft, change.conflicts)
    result.met.append((draft, row, held.subject))
    taken = dict(change.taken)
    key = _key(draft)
    if before is not None and key is not None and held.values.get(SOURCE_KEY) != key:
        taken[SOURCE_KEY] = key  # so that the next file of the source finds the person
    if taken:
        result.changed.append(Changed(draft=draft, stored=held, taken=taken))
        if before is not None:
            result.counts.updated += 1
        work.stored[row] = held.after(taken)


def _sealed(draft: Draft, theirs: Mapping[FieldId, object]) -> dict[FieldId, object]:
    return {name: value for name, value in theirs.items() if name in draft.plain}


def _merge_waiting(work: _Work, draft: Draft, place_: int) -> None:
    """The known row is of this very batch and not written yet; the earlier value stays."""
    result = work.result
    earlier, row, subject = result.placed[place_]
    differ = [n for n, v in draft.plain.items() if n in earlier.plain and earlier.plain[n] != v]
    result.problems += _conflicts(draft, differ)
    fresh = {name: value for name, value in draft.plain.items() if name not in earlier.plain}
    found = tuple(finding for finding in draft.findings if finding.field in fresh)
    said = merging.joined(earlier.said, merging.said(merging.words("person", fresh, {})))
    filled = replace(
        earlier,
        plain={**earlier.plain, **fresh},
        findings=(*earlier.findings, *found),
        said=said,
    )
    result.placed[place_] = (filled, row, subject)
    if work.run.dry is not None:
        work.seen.said[row] = said


def _conflicts(draft: Draft, names: Iterable[FieldId]) -> list[Problem]:
    return [
        Problem(kind=ProblemKind.CONFLICT_KEPT, row=draft.number, column=name)
        for name in sorted(names)
        if name != SOURCE_KEY
    ]


def _key(draft: Draft) -> str | None:
    value = draft.plain.get(SOURCE_KEY)
    return value if isinstance(value, str) else None


def _by_place(tx: Connection, run: RunFacts, drafts: Sequence[Draft]) -> dict[int, Place]:
    """Persons stored from the very rows that a file of corrections names."""
    if run.corrects is None:
        return {}
    person = store.TABLES["person"]
    rows = tx.execute(
        select(person.c.id, person.c.subject_id, person.c.source_row).where(
            person.c.source_file == run.file,
            person.c.source_row.in_([draft.number for draft in drafts]),
        )
    )
    return {row.source_row: (RowId(row.id), SubjectId(row.subject_id)) for row in rows}


def owners(
    tx: Connection, ports: Ports, indexer: Indexer, keys: Iterable[str | None]
) -> dict[str, Place]:
    """Customer ids to the person's row, found by token and confirmed by opening the id."""
    return holders(tx, ports, indexer, CUSTOMER_ID, keys)


def holders(
    tx: Connection, ports: Ports, indexer: Indexer, name: FieldId, keys: Iterable[str | None]
) -> dict[str, Place]:
    """Values of a field of persons to the row that holds them, confirmed by opening it."""
    wanted = {key for key in keys if key}
    if not wanted:
        return {}
    tokens = [token for key in wanted for _, token in indexer.of(name, key)]
    found = {row: subject for _, row, subject in store.find_tokens(tx, [name], tokens)}
    cells = store.cells_of(tx, "person", name.partition(".")[2], found)
    opened = ports.vault.open_rows([(row, {name: cell}) for row, cell in cells.items()])
    confirmed: dict[str, Place] = {}
    for row, values in sorted(zip(cells, opened, strict=True), key=lambda item: item[0]):
        key = values[name].value
        if key in wanted:
            confirmed.setdefault(str(key), (row, found[row]))
    return confirmed


def _suppressed(tx: Connection, indexer: Indexer, drafts: Sequence[Draft], *, on: date) -> set[int]:
    """Rows whose e-mail, mobile or id is that of an erased or opted-out person."""
    if tx.execute(ANY_SUPPRESSED).first() is None:
        return set()  # most stores have erased nobody for whom a rule asks this
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
