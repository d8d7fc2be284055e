"""Two rows of the register become one company, and two again: contacts and deals go with it.

What is merged is about no person, so no key, choice or hold is touched: each row keeps its own
representative, who is merged as a person or not at all. All of it happens in one transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, select, update

from audit.actions import EventCode
from governance.core.clock import JST
from governance.core.errors import ForbiddenError
from governance.core.ids import new_row_id
from governance.core.terms import FieldId, RowId
from governance.customers import store
from governance.customers.ports import Ports
from governance.customers.store import TABLES
from governance.customers.upkeep import company_merges as merges
from governance.customers.upkeep.candidates import PairKind, PairState, settle
from governance.customers.upkeep.choosing import Candidate, choose
from governance.customers.upkeep.company_merges import CompanyMerge, CompanyTrace, Fact
from governance.customers.upkeep.merges import MergeState, TraceKind
from governance.gateway import merge_moves as moves
from governance.gateway.merge_events import merge_event
from governance.gateway.merge_types import (
    CompanyNumbersError,
    Merged,
    MergeRequest,
    MergeUndoneError,
    MergeUnknownError,
    Side,
    Unmerged,
)
from governance.gateway.merge_undo import absorbed_rows, undoable
from governance.gateway.pairs import Pair, mergeable_fields, open_pair
from governance.http.principal import Principal
from policies.actions import Action
from policies.api import ensure

KIND = PairKind.COMPANY
COMPANY, CONTACT = TABLES["company"], TABLES["contact"]
NAME, NUMBER = FieldId("company.name"), FieldId("company.corporate_number")
OF_COMPANY = {name: TABLES[name].c.company_id for name in ("contact", "deal")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Firm:
    """A row of the register with the facts that are about no person."""

    id: RowId
    recorded_at: datetime
    facts: Mapping[FieldId, Any]

    def candidate(self) -> Candidate:
        """The row as one of which a value may stand."""
        day: date = self.recorded_at.astimezone(JST).date()
        known = {name: fact for name, fact in self.facts.items() if fact is not None}
        return Candidate(row=self.id, confirmed_on=day, values=known)


def merge(
    ports: Ports, principal: Principal, request: MergeRequest, *, at: datetime
) -> Merged[RowId]:
    """The two rows of the pair are one company; raises when they changed or may not be."""
    ensure(principal, Action.PERSON_MERGE, ports.policies.current)
    fields = mergeable_fields(principal, ports.policies.current, KIND)
    if NAME not in fields:
        raise ForbiddenError
    merge_id = new_row_id()

    def commit(tx: Connection) -> Merged[RowId]:
        pair = open_pair(tx, request.pair, kind=KIND, version=request.version)
        _lock(tx, _standing(tx, pair))
        pair = open_pair(tx, request.pair, kind=KIND, version=request.version)
        firms = _sides(tx, pair, request.survivor, fields)
        made = _entered(tx, principal, merge_id, pair, firms, at=at)
        moved = _move(tx, made)
        changed = _agree(tx, firms, request.choices, fields)
        merges.note(tx, merge_id, [*moved, *changed])
        settle(tx, pair.left, pair.right, PairState.MERGED)
        done = Merged(
            merge=merge_id,
            survivor=made.survivor,
            absorbed=made.absorbed,
            rows=sum(one.trace.kind is TraceKind.MOVED for one in moved),
            changed=len(changed),
        )
        event = merge_event(
            ports,
            principal,
            EventCode.COMPANY_MERGED,
            merge=merge_id,
            fields=sorted(FieldId(str(one.trace.field)) for one in changed),
            counts=(("rows", done.rows), ("changed", done.changed)),
            refs=(f"company:{made.survivor}", f"company:{made.absorbed}", f"pair:{pair.id}"),
            at=at,
        )
        ports.audit.append(tx, event)
        return done

    return ports.database.write(commit)


def _entered(
    tx: Connection,
    principal: Principal,
    merge_id: RowId,
    pair: Pair,
    firms: tuple[Firm, Firm],
    *,
    at: datetime,
) -> CompanyMerge:
    """The merge is on file; with different corporate numbers they are two (番号法 39条)."""
    survivor, absorbed = firms
    if len({firm.facts[NUMBER] for firm in firms} - {None}) > 1:
        raise CompanyNumbersError
    made = CompanyMerge(
        id=merge_id,
        survivor=survivor.id,
        absorbed=absorbed.id,
        state=MergeState.MERGED,
        left=pair.left,
        right=pair.right,
        merged_by=principal.id,
        merged_at=at,
    )
    merges.enter(tx, made)
    return made


def _standing(tx: Connection, pair: Pair) -> tuple[RowId, RowId]:
    """The rows under which the two of the pair stand now."""
    return merges.standing_company(tx, pair.left), merges.standing_company(tx, pair.right)


def _lock(tx: Connection, rows: tuple[RowId, RowId]) -> None:
    """Both rows in one order for everyone: no row comes to them, no import links meanwhile."""
    moves.take_turn(tx)
    locked = select(COMPANY.c.id).where(COMPANY.c.id.in_(rows)).order_by(COMPANY.c.id)
    tx.execute(locked.with_for_update())


def _sides(
    tx: Connection, pair: Pair, wanted: str | None, fields: frozenset[FieldId]
) -> tuple[Firm, Firm]:
    """(survivor, absorbed): as the officer says, else the row that is known longer survives."""
    both = _standing(tx, pair)
    if wanted is not None and wanted not in both:
        raise MergeUnknownError
    columns = {name: COMPANY.c[name.partition(".")[2]] for name in {*fields, NUMBER}}
    found = tx.execute(
        select(COMPANY.c.id, COMPANY.c.recorded_at, *columns.values())
        .where(COMPANY.c.id.in_(both))
        .order_by(COMPANY.c.recorded_at, COMPANY.c.id)
    ).mappings()
    firms = [
        Firm(
            id=RowId(row["id"]),
            recorded_at=row["recorded_at"],
            facts={name: row[column.name] for name, column in columns.items()},
        )
        for row in found
    ]
    firms.sort(key=lambda firm: firm.id != wanted)  # stable: without a wish the older one leads
    return firms[0], firms[1]


def _move(tx: Connection, merge: CompanyMerge) -> list[CompanyTrace]:
    """Contacts and deals of the absorbed row are the survivor's, which has one main contact."""
    lines: list[CompanyTrace] = []
    for name, owner in OF_COMPANY.items():
        source = owner.table
        rows = tx.execute(
            select(source.c.id).where(owner == merge.absorbed).order_by(source.c.id)
        ).scalars()
        for row in rows.all():
            moves.set_columns(tx, name, row, {"company_id": merge.survivor})
            lines.append(merges.made(TraceKind.MOVED, name, RowId(row)))
    moved = [one.trace.record for one in lines if one.trace.table == "contact"]
    return lines + _one_main_contact(tx, merge.survivor, moved)


def _one_main_contact(tx: Connection, company: RowId, moved: list[RowId]) -> list[CompanyTrace]:
    """Where the survivor names a main contact, those who came are none."""
    main = select(CONTACT.c.id).where(
        CONTACT.c.company_id == company, CONTACT.c.is_primary.is_(True)
    )
    named = list(tx.execute(main).scalars())
    came = [row for row in named if row in set(moved)]
    if len(came) == len(named):
        return []
    for row in came:
        moves.set_columns(tx, "contact", row, {"is_primary": False})
    kind, field = TraceKind.CHANGED, "contact.is_primary"
    return [
        merges.made(kind, "contact", RowId(row), field=field, before=True, after=False)
        for row in came
    ]


def _agree(
    tx: Connection,
    firms: tuple[Firm, Firm],
    choices: Mapping[FieldId, RowId],
    fields: frozenset[FieldId],
) -> list[CompanyTrace]:
    """The survivor says of each field what was chosen; the absorbed row stays as it was."""
    survivor, both = firms[0], {firm.id: firm for firm in firms}
    known = {name: row for name, row in choices.items() if row in both}
    chosen = choose([firm.candidate() for firm in both.values()], sorted(fields), wanted=known)
    fresh: dict[FieldId, Fact] = {
        name: both[row].facts[name]
        for name, row in chosen.items()
        if both[row].facts[name] != survivor.facts[name]
    }
    if fresh:
        values = {name.partition(".")[2]: fact for name, fact in fresh.items()}
        moves.set_columns(tx, "company", survivor.id, values)
    kind = TraceKind.CHANGED
    return [
        merges.made(
            kind, "company", survivor.id, field=name, before=survivor.facts[name], after=fact
        )
        for name, fact in fresh.items()
    ]


def unmerge(
    ports: Ports,
    principal: Principal,
    merge_id: str,
    *,
    later: Mapping[RowId, Side] | None = None,
    rest: Side | None = None,
    at: datetime,
) -> Unmerged[RowId]:
    """The two are two again; what was corrected since stays, rows that came go where it is said.

    Raises MergeUnknownError, MergeUndoneError, MergeNotNewestError, LaterRowsError.
    """
    ensure(principal, Action.PERSON_MERGE, ports.policies.current)

    def commit(tx: Connection) -> Unmerged[RowId]:
        found = _undoable(tx, merge_id)
        _lock(tx, (found.survivor, found.absorbed))
        found = _undoable(tx, merge_id)
        rows, came = _part(tx, found, later or {}, rest)
        if not merges.end(tx, found.id, by=principal.id, at=at):
            raise MergeUndoneError
        settle(tx, found.left, found.right, PairState.DIFFERENT)
        counts = (("rows", rows), ("later", came))
        refs = (f"company:{found.survivor}", f"company:{found.absorbed}")
        code = EventCode.COMPANY_UNMERGED
        ports.audit.append(
            tx, merge_event(ports, principal, code, merge=found.id, counts=counts, refs=refs, at=at)
        )
        return Unmerged(
            merge=found.id,
            survivor=found.survivor,
            absorbed=found.absorbed,
            rows=rows,
            later=came,
        )

    return ports.database.write(commit)


def _part(
    tx: Connection, merge: CompanyMerge, said: Mapping[RowId, Side], rest: Side | None
) -> tuple[int, int]:
    """How many rows went back, and how many came since; the survivor's facts are as they were."""
    traces = merges.traces_of(tx, merge.id)
    history = [one.trace for one in traces]
    theirs = absorbed_rows(tx, OF_COMPANY, merge, history, said, rest)
    back = [(name, row) for name, rows in theirs.rows.items() for row in rows]
    back += [(t.table, t.record) for t in history if t.kind is TraceKind.MOVED]
    count = sum(_send_back(tx, merge, name, row) for name, row in back)
    for one in traces:
        if one.trace.kind is TraceKind.CHANGED:
            _put_back(tx, one)
    merges.forget(tx, merge.id)
    return count, theirs.later


def _undoable(tx: Connection, merge_id: str) -> CompanyMerge:
    return undoable(merges.merge_by_id(tx, merge_id), partial(_others, tx))


def _others(tx: Connection, merge: CompanyMerge) -> tuple[CompanyMerge, ...]:
    return merges.merges_of(tx, merge.survivor)


def _send_back(tx: Connection, merge: CompanyMerge, name: str, row: RowId) -> bool:
    """Whether the row, still the survivor's, is the absorbed company's again."""
    source = TABLES[name]
    mine = (source.c.id == row) & (source.c.company_id == merge.survivor)
    values = {"company_id": merge.absorbed, "version": source.c.version + 1}
    return tx.execute(update(source).where(mine).values(**values)).rowcount == 1


def _put_back(tx: Connection, line: CompanyTrace) -> None:
    """What the merge had put there goes back, unless somebody corrected it since."""
    record = store.record_by_id(tx, line.trace.table, line.trace.record)
    column = str(line.trace.field).partition(".")[2]
    if record is not None and record.clear[column] == line.after:
        moves.set_columns(tx, line.trace.table, record.id, {column: line.before})
