"""Tokens whose person or value goes: erased, merged into another, or changed without its key."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import (
    Connection,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers.catalogue import Storage, catalogue, derived
from governance.customers.postings import unpost
from governance.customers.search_plan import index_names
from governance.customers.tokens import (
    ENTRY,
    LEAVING,
    ROW,
    Due,
    drop_tokens,
    packed,
    parts,
    split,
    unpacked,
)
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
_WIDTHS: Final = bytes(range(1, 256))  # an entry's first octet is the width of its tokens


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


def forget_subjects(tx: Connection, subjects: Iterable[SubjectId], *, aside: bool = False) -> int:
    """How many tokens of these persons' rows went; none is left (erasure).

    Of a row that stays, a company's, the tokens of what it holds in clear stay, nobody's any more.
    `aside`: of rows that go whole the tokens are listed for `sweeping`, which the caller owes.
    """
    gone = 0
    for part in parts(list(subjects)):
        gone += _set_aside(tx, part) if aside else 0
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


def _set_aside(tx: Connection, persons: Sequence[SubjectId]) -> int:
    """How many tokens are listed alone now, of rows of these persons that are known no more."""
    count = _listed_whole()[tx.dialect.name].one(tx, {"subjects": list(persons)})
    changed(tx, [change.of(persons) for change in _going_whole()])
    return int(count or 0)


def _keys_of(persons: Any) -> Any:
    """The rows of these persons that an erasure takes whole, as a selection for an IN."""
    names = [name for name in catalogue().tables if _going(name) is None]
    whole = or_(*(ROW.c.source == name for name in names))
    return select(ROW.c.row_key).where(ROW.c.subject_id.in_(persons), whole)


@derived
def _listed_whole() -> dict[str, PreparedSelect]:
    """How many tokens these rows have, by engine."""
    octets = {
        "sqlite": func.instr(literal(_WIDTHS), func.substr(ENTRY.c.tokens, 1, 1)),
        "postgresql": func.get_byte(ENTRY.c.tokens, 0),
    }
    mine = ENTRY.c.row_key.in_(_keys_of(_SUBJECTS))
    return {
        engine: PreparedSelect(
            select(
                func.sum((func.length(ENTRY.c.tokens) - 1) / func.nullif(width, 0)).label("listed")
            ).where(mine)
        )
        for engine, width in octets.items()
    }


@derived
def _going_whole() -> tuple[PreparedChange, ...]:
    """The tokens are listed alone, then the entries go, then the places of the rows."""

    def listed(persons: Any) -> Any:
        columns = "index_id", "row_key", "tokens"
        found = select(*(ENTRY.c[name] for name in columns))
        mine = found.where(ENTRY.c.row_key.in_(_keys_of(persons)))
        return insert(LEAVING).from_select(columns, mine)

    return (
        PreparedChange(listed),
        PreparedChange(lambda persons: delete(ENTRY).where(ENTRY.c.row_key.in_(_keys_of(persons)))),
        PreparedChange(lambda persons: delete(ROW).where(ROW.c.row_key.in_(_keys_of(persons)))),
    )


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
