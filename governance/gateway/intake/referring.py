"""Whom and what rows around persons name by keys of the source, looked up for a batch at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy import Connection, select

from governance.core.terms import RowId, SubjectId
from governance.customers import store
from governance.customers.kinds import Reference, RowKind
from governance.customers.subjects import SubjectState
from governance.customers.types import ProblemKind
from governance.customers.upkeep.company_merges import standing_companies
from governance.gateway.intake.people import owners
from governance.gateway.intake.places import Place, Work, reject
from governance.gateway.intake.types import Draft

OPEN = (SubjectState.ACTIVE.value, SubjectState.RESTRICTED.value)
HOUSEHOLD, PERSON = "household", "person"
Places = Mapping[str, Place]
Resolved = tuple[Draft, SubjectId | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unknown:
    """Why a row waits, and the column that names what nothing has."""

    kind: ProblemKind
    column: str


def resolved(work: Work, entry: RowKind, drafts: Sequence[Draft]) -> Iterator[Resolved]:
    """The rows whose references are all known, with their person unless they bring one."""
    people = _people(work, drafts)
    known = {r.into: _known(work, r, drafts, people) for r in entry.references}
    found = [_resolve(work, entry, draft, people, known) for draft in drafts]
    named = {owner for one in found if not isinstance(one, _Unknown) for owner in _persons(one)}
    open_ = _open(work, named)
    for draft, one in zip(drafts, found, strict=True):
        if isinstance(one, _Unknown):
            waits = one
        elif {*_persons(one)} <= open_:
            yield one
            continue
        else:
            waits = _Unknown(kind=ProblemKind.CUSTOMER_UNKNOWN, column="customer_id")
        column = f"{draft.table}.{waits.column}"
        work.result.rejected.append(reject(draft, waits.kind, refused=False, column=column))


def _people(work: Work, drafts: Sequence[Draft]) -> Places:
    """Persons of the register by the customer ids that the rows name."""
    keys = {draft.owner_key for draft in drafts} | {
        draft.refs.get("other_subject_id") for draft in drafts
    }
    return owners(work.tx, work.ports, work.indexer, keys)


def _known(work: Work, reference: Reference, drafts: Iterable[Draft], people: Places) -> Places:
    keys = {key for draft in drafts if (key := draft.refs.get(reference.into))}
    match reference.to:
        case "person":
            return people
        case "household":
            return {key: (_household(work.run.source, key), SubjectId("")) for key in keys}
        case "company":
            return companies_by_key(work.tx, keys)
        case table:
            return rows_by_key(work.tx, table, keys)


def _household(source: str, key: str) -> RowId:
    """The id of a household in the source's own numbering: the same for each of its members."""
    return RowId(str(uuid5(NAMESPACE_OID, f"household:{source}:{key}")))


def rows_by_key(tx: Connection, table: str, keys: Iterable[str]) -> dict[str, Place]:
    """Rows of a table, with their persons, by their key at the source."""
    source, wanted = store.TABLES[table], list(keys)
    found: dict[str, Place] = {}
    for start in range(0, len(wanted), store.IN_LIMIT):
        part = wanted[start : start + store.IN_LIMIT]
        named = select(source.c.source_key, source.c.id, source.c.subject_id)
        rows = tx.execute(named.where(source.c.source_key.in_(part)))
        found |= {key: (RowId(row), SubjectId(subject)) for key, row, subject in rows}
    return found


def companies_by_key(tx: Connection, keys: Iterable[str]) -> dict[str, Place]:
    """Companies by their key at the source; a merged one by the row under which it stands."""
    known = rows_by_key(tx, "company", keys)
    home = standing_companies(tx) if known else {}
    return {key: (home.get(row, row), subject) for key, (row, subject) in known.items()}


def _resolve(
    work: Work, entry: RowKind, draft: Draft, people: Places, known: Mapping[str, Places]
) -> Resolved | _Unknown:
    """The row with the ids of the store in place of the source's keys."""
    owner: SubjectId | None = None
    if draft.owner_key:
        place = people.get(draft.owner_key) or work.seen.rows.get(f"id:{draft.owner_key}")
        if place is None:
            return _Unknown(kind=ProblemKind.CUSTOMER_UNKNOWN, column="customer_id")
        owner = place[1]
    clear = dict(draft.clear)
    for reference in entry.references:
        key = draft.refs.get(reference.into)
        if key is None:
            continue
        named = known[reference.into].get(key)
        if named is None or (reference.same_person and named[1] != owner):
            return _Unknown(kind=reference.unknown, column=reference.column)
        if reference.to == PERSON and named[1] == owner:
            return _Unknown(kind=ProblemKind.VALUE_UNKNOWN, column=reference.column)
        clear[reference.into] = named[1] if reference.to == PERSON else named[0]
        owner = named[1] if reference.gives_owner else owner
    return replace(draft, clear=clear), owner


def _persons(one: Resolved) -> Iterator[SubjectId]:
    draft, owner = one
    other = draft.clear.get("other_subject_id")
    yield from (SubjectId(str(who)) for who in (owner, other) if who is not None)


def _open(work: Work, subjects: Iterable[SubjectId]) -> set[SubjectId]:
    """Which of these persons are neither erased nor being erased; none is until this ends."""
    table, wanted = store.SUBJECT, sorted(subjects)
    found: set[SubjectId] = set()
    for start in range(0, len(wanted), store.IN_LIMIT):
        part = wanted[start : start + store.IN_LIMIT]
        open_ = select(table.c.id).where(table.c.id.in_(part), table.c.state.in_(OPEN))
        if work.run.dry is None and work.tx.dialect.name != "sqlite":  # there the file is locked
            open_ = open_.order_by(table.c.id).with_for_update()
        found |= {SubjectId(one) for one in work.tx.execute(open_).scalars()}
    return found
