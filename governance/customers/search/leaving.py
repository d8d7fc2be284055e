"""Tokens whose person or value goes: erased, merged into another, or changed without its key."""

from collections.abc import Iterable

from sqlalchemy import Connection, select, update

from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers.catalogue import Storage, catalogue
from governance.customers.search_plan import index_names
from governance.customers.tokens import ROW, Due, drop_tokens, packed, parts, unpacked


def owe_clear(tx: Connection, source: str, row: RowId, columns: Iterable[str]) -> None:
    """What a row held in clear in these columns finds it no more; the job finds what stands now."""
    declared = catalogue().table(source)
    names = [
        name
        for entry in declared.fields
        if entry.search and entry.storage is Storage.CLEAR and entry.column in set(columns)
        for name in index_names(entry.id)
    ]
    if names:
        drop_tokens(tx, [row], names=names)
        tx.execute(update(ROW).where(ROW.c.row_key == packed(row)).values(due=int(Due.ALL)))


def move_rows(tx: Connection, rows: Iterable[RowId], *, to: SubjectId) -> None:
    """The index of these rows goes when the person does to whom they belong now (merge)."""
    for part in parts([packed(row) for row in rows]):
        mine = ROW.c.row_key.in_(part), ROW.c.subject_id.is_not(None)
        tx.execute(update(ROW).where(*mine).values(subject_id=to))


def forget_subjects(tx: Connection, subjects: Iterable[SubjectId]) -> int:
    """How many tokens of these persons' rows went; none is left (erasure).

    Of a row that stays, a company's, the tokens of what it holds in clear stay, nobody's any more.
    """
    gone = 0
    for part in parts(list(subjects)):
        mine = ROW.c.subject_id.in_(part)
        by_source: dict[str, list[RowId]] = {}
        for source, key in tx.execute(select(ROW.c.source, ROW.c.row_key).where(mine)):
            by_source.setdefault(source, []).append(unpacked(bytes(key)))
        for source, rows in by_source.items():
            gone += drop_tokens(tx, rows, names=_going(source))
        tx.execute(update(ROW).where(mine).values(subject_id=None))
    return gone


def _going(source: str) -> list[FieldId] | None:
    """The indexes that an erasure empties; None when it takes the whole row."""
    declared = catalogue().table(source)
    if not any(entry.search and entry.storage is Storage.CLEAR for entry in declared.fields):
        return None
    return [
        name
        for entry in declared.fields
        if entry.search and entry.storage is not Storage.CLEAR
        for name in index_names(entry.id)
    ]
