"""Sealing a column that still stands in clear, online: row by row, read back before it is stored.

What waits is a column that a release set aside (`governance/db/aside.py`). A batch seals its
values under the persons' keys, opens them again, and only then exchanges: the frame stands in
the new column and the clear value is gone in one statement, which a value written meanwhile
makes void. So nothing is sealed twice and nothing is stored twice. When no clear value is left
the column itself goes, and SQLite's log with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, func, select, update

from audit.actions import EventCode
from governance.core.terms import FieldId, KeyClass, SubjectId
from governance.crypto.values import Plain
from governance.custody import store
from governance.custody.errors import FieldNotSealableError, SealedDiffersError
from governance.custody.rotation import Drive, finish, let_go
from governance.customers.catalogue import Catalogue, Storage, catalogue
from governance.db.aside import Aside, drop_aside, reflected, set_aside_columns
from governance.jobs.types import Claim
from governance.keys.errors import SubjectErasedError
from governance.keys.vault import FieldVault

ROWS: Final = 200  # values sealed in one transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A column that stands in clear though it is declared sealed, and how many values wait."""

    field: FieldId
    aside: Aside
    count: int  # of values that wait


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clear:
    """One value on its way."""

    row: str
    subject: SubjectId
    value: Plain = field(repr=False)


def pending(tx: Connection, declared: Catalogue | None = None) -> tuple[Pending, ...]:
    """Every declared column that waits, with the count of its clear values."""
    known = (declared or catalogue()).fields
    found = []
    for aside in set_aside_columns(tx):
        name = FieldId(f"{aside.table}.{aside.column}")
        if name in known and known[name].storage is Storage.SEALED:
            column = reflected(tx, aside.table).c[aside.stored]
            counted = select(func.count()).where(column.is_not(None))
            count = int(tx.execute(counted).scalar_one())
            found.append(Pending(field=name, aside=aside, count=count))
    return tuple(found)


def seal_column(drive: Drive) -> None:
    """No value of the column stands in clear any more, and the column set aside is gone."""
    ports, name = drive.by.ports, FieldId(drive.task.target or "")
    with ports.database.read() as tx:
        waiting = {item.field: item for item in pending(tx)}
        if name not in waiting:
            raise FieldNotSealableError(field=name)
        aside = waiting[name].aside
        table = reflected(tx, aside.table)
    if not drive.task.total:
        drive.note(None, {"total": waiting[name].count})
    while not drive.worker.stopping():
        began = drive.worker.clock()
        if not _batch(drive, table, aside):
            _end(drive, aside)
            return
        drive.worker.pause(drive.worker.clock() - began)
    let_go(drive)


def _batch(drive: Drive, table: Table, aside: Aside) -> bool:
    """Whether there were values left; the next ones are sealed, or gone with their person."""
    vault, clear = drive.by.ports.vault, table.c[aside.stored]
    with drive.by.ports.database.read() as tx:
        rows = tx.execute(
            select(table.c.id, table.c.subject_id, clear)
            .where(clear.is_not(None))
            .order_by(table.c.id)
            .limit(ROWS)
        ).all()
    if not rows:
        return False
    values = [_Clear(row=row, subject=SubjectId(who), value=value) for row, who, value in rows]
    name = FieldId(f"{aside.table}.{aside.column}")
    frames = _sealed(vault, name, values)

    def write(tx: Connection) -> Claim:
        _exchange(tx, table, aside, values, frames)
        return drive.moved_on(tx, None, {}, done=len(values), moved=len(frames))

    drive.claim = drive.by.ports.database.write(write, batch=True)
    return True


def _sealed(vault: FieldVault, name: FieldId, values: Sequence[_Clear]) -> dict[str, bytes]:
    """Frames by row, opened once and found equal; none for a person who was erased."""
    living = _living(vault, {item.subject for item in values})
    mine = [item for item in values if item.subject in living]
    sealed = vault.seal_rows([(item.subject, item.row, {name: item.value}) for item in mine])
    opened = vault.open_rows([(item.row, cells) for item, cells in zip(mine, sealed, strict=True)])
    frames: dict[str, bytes] = {}
    for item, cells, again in zip(mine, sealed, opened, strict=True):
        frame, read = cells[name], again[name].value
        if frame is None or type(read) is not type(item.value) or read != item.value:
            raise SealedDiffersError(field=name, row=item.row)
        frames[item.row] = frame
    return frames


def _living(vault: FieldVault, subjects: set[SubjectId]) -> set[SubjectId]:
    """Those whose data may still be sealed."""
    try:
        vault.ensure_keys(subjects, KeyClass.ACTIVE)
    except SubjectErasedError:
        return {one for one in subjects if _may_seal(vault, one)}
    return subjects


def _may_seal(vault: FieldVault, subject: SubjectId) -> bool:
    try:
        vault.ensure_keys([subject], KeyClass.ACTIVE)
    except SubjectErasedError:
        return False
    return True


def _exchange(
    tx: Connection,
    table: Table,
    aside: Aside,
    values: Sequence[_Clear],
    frames: Mapping[str, bytes],
) -> None:
    clear, sealed = table.c[aside.stored], table.c[aside.column]
    same = (
        table.c.id == bindparam("at_row"),
        clear == bindparam("was", type_=clear.type),
        sealed.is_(None),
    )
    rows: list[dict[str, Any]] = [
        {"at_row": item.row, "was": item.value, "made": frames[item.row]}
        for item in values
        if item.row in frames
    ]
    fresh: dict[str, Any] = {sealed.name: bindparam("made"), clear.name: None}
    if rows:
        tx.execute(update(table).where(*same).values(fresh), rows)
    gone = [item.row for item in values if item.row not in frames]
    if gone:  # an erased person's value is not sealed: it should not be there
        tx.execute(update(table).where(table.c.id.in_(gone)).values({clear.name: None}))


def _end(drive: Drive, aside: Aside) -> None:
    """Fails closed: the column goes only when the count of clear values is nought."""
    drive.again()
    task = drive.task

    def also(tx: Connection) -> None:
        left = [item for item in pending(tx) if item.aside == aside]
        if any(item.count for item in left):
            raise SealedDiffersError(field=task.target or "", row="")
        drop_aside(tx, aside)
        store.change(tx, task.id, {"total": task.done})

    finish(
        drive,
        EventCode.CATALOGUE_CHANGED,
        counts=(("sealed", task.moved), ("looked_at", task.done)),
        refs=(f"field:{task.target}",),
        also=also,
    )
