"""What placing a batch fills in: new rows, known ones, what waits; shared by all kinds of files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from governance.core.clock import JST
from governance.core.ids import new_row_id, new_subject_id
from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers.ports import Ports
from governance.customers.store import NewSubject
from governance.customers.subjects import SubjectKind, age_band, country_of, laws_of
from governance.customers.types import Problem, ProblemKind
from governance.gateway.intake import merging
from governance.gateway.intake.keys import SOURCE_KEY
from governance.gateway.intake.stored import Stored, load
from governance.gateway.intake.tokens import Indexer
from governance.gateway.intake.types import Counts, Draft, Rejected, RunFacts, Seen

KIND_OF: Mapping[str, SubjectKind] = {
    "person": SubjectKind.CUSTOMER,
    "company": SubjectKind.CONTACT,
    "deal": SubjectKind.CONTACT,
    "inquiry": SubjectKind.INQUIRER,
}
Place = tuple[RowId, SubjectId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A stored row that the file changes: the fields that take its value."""

    draft: Draft
    stored: Stored
    taken: Mapping[FieldId, object] = field(repr=False)


class RowsGoneError(Exception):
    """Rows went between their finding and their lock: the batch looks again. Told to nobody."""


@dataclass(slots=True, kw_only=True)
class Result:
    """What the batch will write; filled row by row, written at the end."""

    counts: Counts
    subjects: list[NewSubject] = field(default_factory=list)
    placed: list[tuple[Draft, RowId, SubjectId]] = field(default_factory=list)
    brought: list[tuple[Draft, RowId, SubjectId]] = field(default_factory=list)  # with a row
    changed: list[Changed] = field(default_factory=list)
    met: list[tuple[Draft, RowId, SubjectId]] = field(default_factory=list)  # known rows
    rejected: list[Rejected] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)  # every row of the batch
    problems: list[Problem] = field(default_factory=list)
    holds: list[SubjectId] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What placing one batch needs."""

    tx: Connection
    ports: Ports
    indexer: Indexer
    run: RunFacts
    result: Result
    seen: Seen
    stored: dict[RowId, Stored]


def new(work: Work, draft: Draft, names: Iterable[str], *, owner: Place | None = None) -> Place:
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


def load_stored(work: Work, table: str, places: Iterable[Place]) -> None:
    """These rows are opened, ready to be compared with what the file says of them.

    Raises RowsGoneError when somebody was erased since their rows were found.
    """
    rows = list(dict.fromkeys(row for row, _ in places))
    if rows:
        work.stored.update(
            load(work.tx, work.ports, table, rows, source=work.run.source,
                 lock=work.run.dry is None)
        )  # fmt: skip
    if any(row not in work.stored for row in rows):
        raise RowsGoneError


def merge(work: Work, draft: Draft, row: RowId, *, fill: bool) -> None:
    """The known row takes what its source changed; otherwise empty fields alone are filled."""
    result = work.result
    result.counts.merged += 1
    result.problems += draft.problems
    theirs = merging.words(draft.table, draft.plain, draft.clear)
    held = work.stored.get(row)
    if held is None:
        waiting = next((n for n, (_, at, _) in enumerate(result.placed) if at == row), None)
        if waiting is not None:
            merge_waiting(work, draft, waiting)
        else:
            packed = work.seen.said[row]
            told = merging.differing(packed, {n: theirs[n] for n in draft.plain if n in theirs})
            result.problems += conflicts(draft, told)
            work.seen.said[row] = merging.joined(packed, merging.said(_sealed(draft, theirs)))
        return
    before = held.before(work.run.run)
    if before is None:
        theirs = _sealed(draft, theirs) if fill else {}
    change = merging.compare(
        theirs, held.values, before=before, newer=held.newer(work.run.acquisition.acquired_on)
    )
    result.problems += conflicts(draft, change.conflicts)
    taken = dict(change.taken)
    key = key_in(draft)
    if before is not None and key is not None and held.values.get(SOURCE_KEY) != key:
        taken[SOURCE_KEY] = key  # so that the next file of the source finds the person
    take(work, draft, held, taken, again=before is not None)


def take(
    work: Work, draft: Draft, held: Stored, taken: Mapping[FieldId, object], *, again: bool
) -> None:
    """The stored row will have these values; `again` where the source itself had said others."""
    work.result.met.append((draft, held.row, held.subject))
    if not taken:
        return
    work.result.changed.append(Changed(draft=draft, stored=held, taken=taken))
    work.result.counts.updated += again
    work.stored[held.row] = held.after(taken)


def same_owner(work: Work, draft: Draft, stored: Stored, owner: SubjectId | None) -> None:
    """A row stays with the person it was stored for; another customer's id is told."""
    if owner is not None and owner != stored.subject:
        problem = Problem(
            kind=ProblemKind.CONFLICT_KEPT, row=draft.number, column=f"{draft.table}.customer_id"
        )
        work.result.problems.append(problem)


def _sealed(draft: Draft, theirs: Mapping[FieldId, object]) -> dict[FieldId, object]:
    return {name: value for name, value in theirs.items() if name in draft.plain}


def merge_waiting(work: Work, draft: Draft, place_: int) -> None:
    """The known row is of this very batch and not written yet; the earlier value stays."""
    result = work.result
    earlier, row, subject = result.placed[place_]
    differ = [n for n, v in draft.plain.items() if n in earlier.plain and earlier.plain[n] != v]
    result.problems += conflicts(draft, differ)
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


def conflicts(draft: Draft, names: Iterable[FieldId]) -> list[Problem]:
    """Fields in which the file and the store differ, and the store keeps its own."""
    return [
        Problem(kind=ProblemKind.CONFLICT_KEPT, row=draft.number, column=name)
        for name in sorted(names)
        if name != SOURCE_KEY
    ]


def key_in(draft: Draft) -> str | None:
    """The key of a person at the source, where the file has no customer id."""
    value = draft.plain.get(SOURCE_KEY)
    return value if isinstance(value, str) else None


def _new_subject(draft: Draft, subject: SubjectId, run: RunFacts) -> NewSubject:
    band = age_band(draft.birth, on=run.at.astimezone(JST).date())
    return NewSubject(
        id=subject,
        kind=KIND_OF[draft.table],
        laws=laws_of(origin=draft.origin),
        age_band=band,
        guardian_verified=draft.guardian_on is not None,
        country=country_of(draft.origin),
    )


def reject(
    draft: Draft, kind: ProblemKind, *, refused: bool, column: str | None = None
) -> Rejected:
    """The row as one that waits for correction, or is refused for good."""
    return Rejected(
        number=draft.number,
        reason=kind.value,
        refused=refused,
        cells=(),
        problems=(*draft.problems, Problem(kind=kind, row=draft.number, column=column)),
    )
