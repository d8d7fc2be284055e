"""Where a row around a person belongs: whose it is, what it refers to, whether it is known.

Every kind goes the same way, as `customers/kinds.py` declares it. A row whose person, company,
purchase or inquiry is not in the store waits with the reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select

from governance.core.clock import JST
from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers import store
from governance.customers.catalogue import Storage, catalogue
from governance.customers.kinds import KINDS, RowKind
from governance.customers.master.rules import faults, word_faults
from governance.customers.subjects import SubjectKind
from governance.customers.types import Problem, ProblemKind
from governance.gateway.intake import merging
from governance.gateway.intake.around import fault_problems, keyed
from governance.gateway.intake.people import SUPPRESSING, place_persons, suppressed_rows
from governance.gateway.intake.places import (
    Result,
    Work,
    conflicts,
    load_stored,
    new,
    reject,
    same_owner,
    take,
)
from governance.gateway.intake.referring import Resolved, resolved, rows_by_key
from governance.gateway.intake.types import Counts, Draft, Sibling
from governance.gateway.intake.wording import worded

PURPOSE = "data_quality"  # bringing the register up to date serves no other
EMAIL = SUPPRESSING[0]
Owned = tuple[Draft, SubjectId]


def place_around(work: Work, drafts: Sequence[Draft]) -> None:
    """Every row is new, known, or waits; persons whom a contact's row names join the register."""
    entry = KINDS[work.run.kind]
    fit: list[Resolved] = []
    for draft, owner in resolved(work, entry, drafts):
        read = worded(draft, catalogue())
        words = merging.said(merging.words(read.table, read.plain, read.clear))
        if not (wrong := _faults(work, read, values_of(read))):
            fit.append((replace(read, said=words), owner))
            continue
        _wait(work, read, wrong)
    owned = _owned(work, fit)
    (_place_numbered if entry.key else _place_told)(work, entry, owned)


def values_of(draft: Draft) -> dict[str, object]:
    """Every value of the row by its column."""
    return {**draft.clear, **_by_column(draft.plain)}


def _by_column(values: Mapping[FieldId, object]) -> dict[str, object]:
    return {name.partition(".")[2]: value for name, value in values.items()}


def _faults(work: Work, draft: Draft, values: Mapping[str, object]) -> list[Problem]:
    """What the rules of the API say of the row as it would be."""
    day = work.run.at.astimezone(JST).date()
    special = values.get("special_label")
    said = {"label": special} if special else {}
    found = [
        *faults(draft.table, values, on=day),
        *word_faults(catalogue(), draft.table, {**values, **said}, purpose=PURPOSE),
    ]
    return fault_problems(draft.table, draft.number, found)


def _wait(work: Work, draft: Draft, wrong: Sequence[Problem]) -> None:
    """The row waits for correction; 要配慮 without a ground is not kept even there."""
    barred = ProblemKind.SPECIAL_CARE_NO_GROUND
    refused = any(problem.kind is barred for problem in wrong)
    waits = reject(draft, barred if refused else wrong[0].kind, refused=refused)
    work.result.rejected.append(replace(waits, problems=(*draft.problems, *wrong)))


def _owned(work: Work, rows: Sequence[Resolved]) -> list[Owned]:
    """The rows with their persons; those whom a row brings stand in the register from now on."""
    bringing = [draft for draft, owner in rows if owner is None]
    places = _bring(work, bringing) if bringing else {}
    owned: list[Owned] = []
    for draft, owner in rows:
        if (subject := owner or places.get(draft.number)) is not None:
            owned.append((draft, subject))
        else:
            work.result.rejected.append(reject(draft, ProblemKind.SUPPRESSED, refused=True))
    return owned


def _bring(work: Work, drafts: Sequence[Draft]) -> dict[int, SubjectId]:
    """Persons whom the rows bring, new or known by their key; suppressed ones are left out."""
    day = work.run.at.astimezone(JST).date()
    asked = [
        replace(d, plain={EMAIL: d.plain[mail]})
        for d in drafts
        if (mail := FieldId(f"{d.table}.email")) in d.plain
    ]
    barred = suppressed_rows(work.tx, work.ports.vault, asked, on=day)
    space = work.run.source
    persons = [
        keyed(draft.person, f"{space}:{draft.refs['person']}")
        for draft in drafts
        if draft.person is not None and draft.number not in barred
    ]
    result = Result(counts=Counts())
    places = place_persons(replace(work, result=result), persons)
    mine = work.result
    mine.subjects += [replace(one, kind=SubjectKind.CONTACT) for one in result.subjects]
    mine.brought += result.placed
    mine.changed += result.changed
    mine.met += result.met
    mine.problems += [problem for problem in result.problems if problem not in mine.problems]
    return {number: subject for number, (_, subject) in places.items()}


def _place_numbered(work: Work, entry: RowKind, owned: Sequence[Owned]) -> None:
    """Rows that the source numbers; a known number is merged."""
    table = entry.table
    known = rows_by_key(work.tx, table, (str(draft.clear["source_key"]) for draft, _ in owned))
    load_stored(work, table, known.values())
    for draft, owner in owned:
        key = str(draft.clear["source_key"])
        name = f"{table}:{key}"
        if (place := known.get(key)) is not None:
            stored = work.stored[place[0]]
            same_owner(work, draft, stored, owner)
            _meet(work, draft, Sibling(row=stored.row, values=_by_column(stored.values)))
        elif name in work.seen.rows:
            _meet(work, draft, Sibling(row=work.seen.rows[name][0], values={}))
        else:
            new(work, draft, [name], owner=(RowId(""), owner))


def _place_told(work: Work, entry: RowKind, owned: Sequence[Owned]) -> None:
    """Rows that nothing numbers: what tells the rows of one person apart is what they say."""
    told = _told(work, entry, {owner for _, owner in owned})
    matched: list[Sibling | None] = []
    for draft, owner in owned:
        values = values_of(draft)
        mine = [*told.get(owner, ()), *work.seen.siblings.get(owner, ())]
        found = _same(entry, values, mine)
        matched.append(found)
        if found is None:
            row, _ = new(work, draft, (), owner=(RowId(""), owner))
            work.seen.siblings.setdefault(owner, []).append(Sibling(row=row, values=values))
    stored = {one.row for rows in told.values() for one in rows}
    load_stored(
        work,
        entry.table,
        ((found.row, SubjectId("")) for found in matched if found and found.row in stored),
    )
    for (draft, _), found in zip(owned, matched, strict=True):
        if found is not None:
            _meet(work, draft, found)


def _told(
    work: Work, entry: RowKind, subjects: Iterable[SubjectId]
) -> dict[SubjectId, list[Sibling]]:
    """The stored rows of these persons, opened as far as it takes to tell them apart."""
    table = store.TABLES[entry.table]
    names = {column for group in entry.identity for column in group}
    sealed = [
        field.id
        for field in catalogue().table(entry.table).fields
        if field.column in names and field.storage is Storage.SEALED
    ]
    wanted, records = sorted(subjects), []
    for start in range(0, len(wanted), store.IN_LIMIT):
        part = wanted[start : start + store.IN_LIMIT]
        mine = select(table).where(table.c.subject_id.in_(part)).order_by(table.c.id)
        rows = work.tx.execute(mine).mappings()
        records += [store.record_of(entry.table, row) for row in rows]
    cells = [(r.id, {name: r.sealed[name] for name in sealed if name in r.sealed}) for r in records]
    opened = work.ports.vault.open_rows(cells)
    found: dict[SubjectId, list[Sibling]] = {}
    for record, values in zip(records, opened, strict=True):
        read = {**record.clear, **_by_column(values.reveal())}
        found.setdefault(record.subject, []).append(Sibling(row=record.id, values=read))
    return found


def _same(entry: RowKind, values: Mapping[str, object], rows: Sequence[Sibling]) -> Sibling | None:
    """The row that says the same of the person; one that says all of it before one that may."""
    like = [one for one in rows if _alike(entry, values, one.values)]
    exact = (one for one in like if all(one.values.get(c) == values.get(c) for c in entry.loose))
    return next(exact, like[0] if like else None)


def _alike(entry: RowKind, ours: Mapping[str, object], theirs: Mapping[str, object]) -> bool:
    for group in entry.identity:
        column = next((name for name in group if ours.get(name) is not None), group[0])
        if ours.get(column) != theirs.get(column):
            return False
    both = ((ours.get(name), theirs.get(name)) for name in entry.loose)
    return all(one is None or other is None or one == other for one, other in both)


def _meet(work: Work, draft: Draft, told: Sibling) -> None:
    """The known row takes what its source changed; one that could not be then waits."""
    held = work.stored.get(told.row)
    theirs = merging.words(draft.table, draft.plain, draft.clear)
    if held is None:
        _meet_unwritten(work, draft, told, theirs)
        return
    before = held.before(work.run.run)
    newer = held.newer(work.run.acquisition.acquired_on)
    change = merging.compare(theirs, held.values, before=before, newer=newer)
    change = merging.narrowed(draft.table, change, theirs, held.values)
    whole = {**told.values, **_by_column(held.values), **_by_column(change.taken)}
    if change.taken and (wrong := _faults(work, draft, whole)):
        _wait(work, draft, wrong)
        return
    work.result.counts.merged += 1
    work.result.problems += [*draft.problems, *conflicts(draft, change.conflicts)]
    take(work, draft, held, change.taken, again=before is not None)


def _meet_unwritten(
    work: Work, draft: Draft, told: Sibling, theirs: Mapping[FieldId, object]
) -> None:
    """A row of this very file that is not written yet: the earlier word stays."""
    result, seen = work.result, work.seen
    result.counts.merged += 1
    result.problems += draft.problems
    place = next((n for n, (_, row, _) in enumerate(result.placed) if row == told.row), None)
    if place is None:  # of an earlier batch of a dry run
        differ = merging.Change(taken={}, conflicts=merging.differing(seen.said[told.row], theirs))
        held = {FieldId(f"{draft.table}.{name}"): value for name, value in told.values.items()}
        change = merging.narrowed(draft.table, differ, theirs, held)
        whole = merging.joined(seen.said[told.row], draft.said)
        seen.said[told.row] = merging.joined(merging.said(change.taken), whole)
        told.values.update(_by_column(change.taken))
        result.problems += conflicts(draft, change.conflicts)
        return
    earlier, row, subject = result.placed[place]
    ours = merging.words(earlier.table, earlier.plain, earlier.clear)
    change = merging.compare(theirs, ours, before=None, newer=True)
    change = merging.narrowed(draft.table, change, theirs, ours)
    result.problems += conflicts(draft, change.conflicts)
    filled = _filled(earlier, draft, change.taken)
    result.placed[place] = (filled, row, subject)
    if work.run.dry is not None:
        seen.said[row] = filled.said


def _filled(earlier: Draft, draft: Draft, taken: Mapping[FieldId, object]) -> Draft:
    """The earlier row with the values that it takes of a later one."""
    plain = {name: draft.plain[name] for name in taken if name in draft.plain}
    clear = {n.partition(".")[2]: value for n, value in taken.items() if n not in draft.plain}
    found = tuple(finding for finding in draft.findings if finding.field in plain)
    made = replace(
        earlier,
        plain={**earlier.plain, **plain},
        clear={**earlier.clear, **clear},
        findings=(*earlier.findings, *found),
    )
    return replace(made, said=merging.said(merging.words(made.table, made.plain, made.clear)))
