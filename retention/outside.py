"""Whom a run erased, for connected systems: by which values they know the person, sealed.

Noted in the transaction that removes the person's rows, so that nobody who stayed is told of and
nobody who went is forgotten; `dsar/connected/purged.py` tells. The values stand under a key of
the line alone (class `record`), which ends once every system has answered: from then on no copy
of the line opens.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, func, select

from governance.connectors.knowing import USED, Values, from_bytes, to_bytes, values_of
from governance.core.terms import FieldId, KeyClass, RowId, SubjectId
from governance.customers.ports import Ports
from governance.customers.store import TABLES
from governance.db.types import insert_ignore, table_of
from governance.keys import store as keys
from governance.keys.types import KeyState
from governance.keys.vault import PART, FieldVault
from retention.decided import of_a_request
from retention.erasure import Doomed
from retention.models import PurgedPersonRow
from retention.plans import Item, Plan
from retention.store import Run
from retention.tombstones import ERASURE

PERSON: Final = table_of(PurgedPersonRow)
PAGE: Final = 500
_ROWS: Final = TABLES["person"]
_COLUMNS: Final = {name: name.partition(".")[2] for name in USED}


def tells(tx: Connection, ports: Ports, plan: Plan, run: Run) -> bool:
    """Whether connected systems hear of this run.

    Not where a granted request is carried out: its execution asked them before the rows went.
    """
    return bool(ports.connected()) and not of_a_request(tx, plan, run)


def concerned(doomed: Iterable[tuple[Item, Doomed]]) -> dict[RowId, SubjectId]:
    """Those by line whose systems are to hear: who went whole before was told of then.

    Of whom no key opens any more, in an older database, nobody can say by what they are known.
    """
    return {
        item.id: one.subject
        for item, one in doomed
        if one.under is None and one.readable and not one.erased_before
    }


def ensure_keys(vault: FieldVault, lines: Iterable[RowId]) -> None:
    """Each of these lines has a key of its own."""
    vault.ensure_keys(map(SubjectId, lines), KeyClass.RECORD)


def end_keys(vault: FieldVault, lines: Collection[RowId]) -> None:
    """Nothing that is sealed in these lines opens any more; twice equals once."""
    if lines:
        vault.destroy_many(map(SubjectId, lines), KeyClass.RECORD)


def note(
    tx: Connection, vault: FieldVault, run: RowId, lines: Mapping[RowId, SubjectId], *, at: datetime
) -> frozenset[RowId]:
    """The lines that wait for their systems now: of everybody whom one could know by something."""
    known = _known(tx, vault, list(lines.values()))
    waits = [(line, who) for line, who in lines.items() if any(known.get(who, {}).values())]
    sealed = vault.seal_rows(
        [(SubjectId(line), line, {PART: to_bytes(known[who])}) for line, who in waits],
        key_class=KeyClass.RECORD,
    )
    rows = [
        {
            "id": line,
            "subject_id": who,
            "run_id": run,
            "sealed": cells[PART],
            "asked_at": at,
            "answers": "{}",
            "tries": 0,
            "next_at": at,
        }
        for (line, who), cells in zip(waits, sealed, strict=True)
    ]
    if rows:
        tx.execute(insert_ignore(PERSON, tx.dialect.name), rows)
    return frozenset(line for line, _ in waits)


def _known(
    tx: Connection, vault: FieldVault, subjects: Sequence[SubjectId]
) -> Mapping[SubjectId, Values]:
    cells: list[tuple[RowId, SubjectId, dict[FieldId, bytes]]] = []
    columns = [_ROWS.c[name] for name in _COLUMNS.values()]
    for start in range(0, len(subjects), PAGE):
        mine = _ROWS.c.subject_id.in_(subjects[start : start + PAGE])
        wanted = select(_ROWS.c.id, _ROWS.c.subject_id, *columns).where(mine).order_by(_ROWS.c.id)
        for row in tx.execute(wanted).mappings():
            full = {one: bytes(row[c]) for one, c in _COLUMNS.items() if row[c] is not None}
            cells.append((RowId(row["id"]), SubjectId(row["subject_id"]), full))
    opened = vault.open_rows([(row, full) for row, _, full in cells])
    found: dict[SubjectId, list[Mapping[FieldId, object]]] = defaultdict(list)
    for (_, who, full), values in zip(cells, opened, strict=True):
        found[who].append({name: values[name].value for name in full})
    return {who: values_of(rows) for who, rows in found.items()}


def opened(vault: FieldVault, line: RowId, sealed: bytes) -> Values:
    """By which values systems know the person of the line; raises where its key has ended."""
    value = vault.open_row(line, {PART: sealed})[PART].value
    if not isinstance(value, bytes):
        raise TypeError
    return from_bytes(value)


def all_answered(vault: FieldVault, lines: Collection[RowId]) -> frozenset[RowId]:
    """Those of these lines whose key has ended, which it does once every system has answered."""
    with vault.ring.db.read() as tx:
        found = keys.in_state(tx, map(SubjectId, lines), KeyClass.RECORD, KeyState.DESTROYED)
    return frozenset(RowId(one) for one in found)


def end_again(ports: Ports) -> int:
    """How many keys of answered lines an older copy of the key store brought back; they end."""
    done = 0
    for page in _ended(ports):
        with ports.vault.ring.db.read() as held:
            alive = keys.in_state(held, map(SubjectId, page), KeyClass.RECORD, KeyState.ACTIVE)
        end_keys(ports.vault, [RowId(one) for one in alive])
        done += len(alive)
    return done


def _ended(ports: Ports) -> Iterable[list[RowId]]:
    after = ""
    while True:
        wanted = select(PERSON.c.id).where(PERSON.c.id > after, PERSON.c.ended_at.is_not(None))
        with ports.database.read() as tx:
            page = list(tx.execute(wanted.order_by(PERSON.c.id).limit(PAGE)).scalars())
        if not page:
            return
        yield [RowId(one) for one in page]
        after = page[-1]


def counts(
    tx: Connection, *, run: RowId | None = None, subject: SubjectId | None = None
) -> tuple[int, int]:
    """Persons of whom systems are told, and those of them whose systems have not all answered."""
    wanted = select(func.count(), func.count(PERSON.c.ended_at))
    if run is not None:
        wanted = wanted.where(PERSON.c.run_id == run)
    if subject is not None:
        wanted = wanted.where(PERSON.c.subject_id == subject)
    told, ended = tx.execute(wanted).one()
    return int(told), int(told) - int(ended)


def forget(tx: Connection) -> int:
    """Lines that are over go with their tombstones."""
    over = PERSON.c.ended_at.is_not(None), PERSON.c.id.not_in(select(ERASURE.c.id))
    return tx.execute(delete(PERSON).where(*over)).rowcount
