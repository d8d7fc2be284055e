"""Tokens whose person or value goes: erased, merged into another, or changed without its key."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, select, update

from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers.catalogue import Storage, catalogue
from governance.customers.postings import unpost
from governance.customers.search_plan import index_names
from governance.customers.tokens import ENTRY, ROW, Due, drop_tokens, packed, parts, split, unpacked
from governance.db.fetching import PreparedSelect
from governance.db.keyed import PreparedChange, changed

_SUBJECTS: Final[Any] = bindparam("subjects", expanding=True)
_KEYS: Final[Any] = bindparam("rows", expanding=True)
_ROWS: Final = PreparedSelect(
    select(ROW.c.source, ROW.c.row_key).where(ROW.c.subject_id.in_(_SUBJECTS))
)
_LISTED: Final = PreparedSelect(
    select(ENTRY.c.index_id, ENTRY.c.row_key, ENTRY.c.tokens).where(ENTRY.c.row_key.in_(_KEYS))
)


def _mine(persons: Any) -> Any:
    return (ROW.c.subject_id.in_(persons)) & (ROW.c.source == bindparam("of_source"))


_ENTRIES_GO: Final = PreparedChange(
    lambda persons: delete(ENTRY).where(
        ENTRY.c.row_key.in_(select(ROW.c.row_key).where(_mine(persons)))
    )
)
_ROWS_GO: Final = PreparedChange(lambda persons: delete(ROW).where(_mine(persons)))


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
        by_source: dict[str, list[bytes]] = {}
        for source, key in _ROWS.rows(tx, {"subjects": part}):
            by_source.setdefault(source, []).append(bytes(key))
        for source, keys in by_source.items():
            names = _going(source)
            if names is None:
                gone += _unpost_all(tx, keys)
                whole = {"of_source": source}
                changed(tx, (_ENTRIES_GO.of(part, whole), _ROWS_GO.of(part, whole)))
            else:
                gone += drop_tokens(tx, map(unpacked, keys), names=names)
        if any(_going(source) is not None for source in by_source):
            tx.execute(update(ROW).where(ROW.c.subject_id.in_(part)).values(subject_id=None))
    return gone


def _unpost_all(tx: Connection, keys: Sequence[bytes]) -> int:
    """How many tokens led to these rows; none does any more."""
    postings = [
        (number, token, bytes(key))
        for part in parts(keys)
        for number, key, joined in _LISTED.rows(tx, {"rows": part})
        for token in split(bytes(joined))
    ]
    unpost(tx, postings)
    return len(postings)


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
