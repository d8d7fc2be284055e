"""The suppression list: whom an import must not bring back, by tokens under keys of their own.

Its tokens outlive the person's data, with a basis and an end of their own, so nothing else is
made under their keys: who may search learns nothing of the list, and an index can be rotated
without it. Entries from before stand under the index's key of that time until their day; every
entry names its key.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, exists, func, literal, select, update

from governance.core.ids import new_row_id
from governance.core.terms import FieldId, RowId, SubjectId
from governance.crypto.frame import OpenedRow
from governance.crypto.index import IndexKey, exact_terms
from governance.customers.custom.rows import beside
from governance.customers.custom.types import is_custom
from governance.customers.search_plan import field_of
from governance.customers.search_terms import form_of, stored_keys
from governance.customers.store import IN_LIMIT, SUPPRESSION, TABLES
from governance.db.types import insert_ignore
from governance.keys.errors import KeyDestroyedError
from governance.keys.vault import Cells, FieldVault

ERASED: Final = "~suppressed"  # '~' stands in no catalogue field
OPTED_OUT: Final = "~opted_out"  # whoever objected to marketing; under keys of their own too
_LATER: Final = (  # who is on the list already stays as long as the newer entry says
    update(SUPPRESSION)
    .where(
        SUPPRESSION.c.field == bindparam("of"),
        SUPPRESSION.c.version == bindparam("under"),
        SUPPRESSION.c.token == bindparam("by"),
        SUPPRESSION.c.ends_on < bindparam("later", type_=SUPPRESSION.c.ends_on.type),
    )
    .values(ends_on=bindparam("until", type_=SUPPRESSION.c.ends_on.type))
)
_ANY: Final = select(literal(1)).select_from(SUPPRESSION).limit(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One person who goes and must not be taken in again by these fields until a day."""

    subject: SubjectId
    fields: Sequence[FieldId]
    rule: str
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Makes the tokens by which the list would name a value."""

    keys: Mapping[FieldId, tuple[IndexKey, ...]] = field(default_factory=dict, repr=False)

    def of(self, name: FieldId, value: str) -> tuple[bytes, ...]:
        """The tokens of a value; none where the list names nobody by this field."""
        wholes = _wholes(name, value) if name in self.keys else ()
        return tuple(key.token(whole) for key in self.keys.get(name, ()) for whole in wholes)


def key_name(name: FieldId, mark: str = ERASED) -> FieldId:
    """Under which name the key store holds the key of this field's entries."""
    return FieldId(name + mark)


def marks(
    tx: Connection, vault: FieldVault, names: Iterable[FieldId], *, mark: str = ERASED
) -> Marks:
    """What recognises the values of these fields that the list names, under whichever key."""
    if tx.execute(_ANY).first() is None:
        return Marks()  # most stores have erased nobody for whom a rule asks this
    wanted, keys = set(names), dict[FieldId, list[IndexKey]]()
    for (name, version), key in sorted(vault.indexes.live_keys().items()):
        about = field_of(name)
        mine = {key_name(about, mark), about} if mark == ERASED else {key_name(about, mark)}
        if about not in wanted or name not in mine:
            continue
        same = SUPPRESSION.c.field == name, SUPPRESSION.c.version == version
        if tx.execute(select(exists().where(*same))).scalar():
            keys.setdefault(about, []).append(key)
    return Marks(keys={name: tuple(found) for name, found in keys.items()})


def count_listed(tx: Connection, mark: str) -> int:
    """How many tokens stand on the list of this kind."""
    mine = SUPPRESSION.c.field.endswith(mark)
    return int(tx.execute(select(func.count()).select_from(SUPPRESSION).where(mine)).scalar_one())


def enlist(
    tx: Connection,
    vault: FieldVault,
    persons: Sequence[Listed],
    *,
    at: datetime,
    mark: str = ERASED,
) -> int:
    """How many tokens of these persons are on the list; called while their rows still open."""
    by_field: dict[FieldId, dict[SubjectId, Listed]] = {}
    for one in persons:
        for name in one.fields:
            by_field.setdefault(name, {})[one.subject] = one
    count = 0
    for name, mine in by_field.items():
        listed = key_name(name, mark)
        vault.indexes.ensure(listed)
        version = vault.indexes.versions(listed)[-1].version
        key = vault.indexes.key(listed, version)
        rows = [
            {
                "id": new_row_id(),
                "field": listed,
                "version": version,
                "token": key.token(whole),
                "rule": mine[subject].rule,
                "placed_at": at,
                "ends_on": mine[subject].until,
            }
            for subject, value in _values(tx, vault, name, list(mine))
            for whole in _wholes(name, value)
        ]
        if rows:
            tx.execute(insert_ignore(SUPPRESSION, tx.dialect.name), rows)
            tx.execute(_LATER, [_later(row) for row in rows])
        count += len(rows)
    return count


def _later(row: Mapping[str, Any]) -> dict[str, Any]:
    until = row["ends_on"]
    entry = {"of": row["field"], "under": row["version"], "by": row["token"], "until": until}
    return entry | {"later": until or date.max}


def delist(
    tx: Connection, vault: FieldVault, subject: SubjectId, fields: Iterable[FieldId], *, mark: str
) -> int:
    """How many tokens of this person's values are off the list: their own new word lifts them."""
    names = list(fields)
    known, count = marks(tx, vault, names, mark=mark), 0
    for name in names if known.keys else ():
        tokens = {
            token
            for _, value in _values(tx, vault, name, [subject])
            for token in known.of(name, value)
        }
        if tokens:
            mine = SUPPRESSION.c.field == key_name(name, mark), SUPPRESSION.c.token.in_(tokens)
            count += tx.execute(delete(SUPPRESSION).where(*mine)).rowcount
    return count


def _wholes(name: FieldId, value: str) -> tuple[bytes, ...]:
    return tuple(
        whole for piece in stored_keys(form_of(name), value)[:1] for whole in exact_terms(piece)
    )


def _values(
    tx: Connection, vault: FieldVault, name: FieldId, subjects: Sequence[SubjectId]
) -> list[tuple[SubjectId, str]]:
    """What the rows of these persons hold in a sealed field."""
    source, column = TABLES[name.partition(".")[0]], name.partition(".")[2]
    whose: dict[RowId, SubjectId] = {}
    cells: dict[RowId, bytes] = {}
    for start in range(0, len(subjects), IN_LIMIT):
        mine = source.c.subject_id.in_(subjects[start : start + IN_LIMIT])
        wanted = [source.c.id, source.c.subject_id]
        if not is_custom(name):
            wanted.append(source.c[column])
        for row, subject, *cell in tx.execute(select(*wanted).where(mine)):
            whose[RowId(row)] = SubjectId(subject)
            cells |= {RowId(row): bytes(one) for one in cell if one is not None}
    if is_custom(name):
        held = beside(tx, [(source.name, row) for row in whose])
        cells = {row: found[name] for row, found in held.items() if name in found}
    return [
        (whose[row], str(values[name].value))
        for row, values in _opened(vault, [(row, {name: cell}) for row, cell in cells.items()])
    ]


def _opened(
    vault: FieldVault, rows: Sequence[tuple[RowId, Cells]]
) -> Iterator[tuple[RowId, OpenedRow]]:
    """The rows that open: an older database holds rows of persons whose keys have ended since."""
    try:
        yield from zip((row for row, _ in rows), vault.open_rows(rows), strict=True)
    except KeyDestroyedError:
        if len(rows) > 1:
            for one in rows:
                yield from _opened(vault, [one])
