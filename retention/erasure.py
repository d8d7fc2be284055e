"""Removes a batch of persons from every table, children first; what a law keeps is re-sealed.

Which tables, in which order, and what happens at each reference is what the catalogue declares;
a table that it forgets stops the start, and a RESTRICT key in the database besides.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, or_, select, update

from governance.core.terms import FieldId, KeyClass, RowId, SubjectId
from governance.customers.catalogue import OnErase, Storage, catalogue
from governance.customers.changes import counter
from governance.customers.store import IN_LIMIT, LAW, SUBJECT, SUPPRESSION, TABLES
from governance.customers.subjects import AgeBand, SubjectState
from governance.customers.suppression import Listed, enlist
from governance.keys.vault import FieldVault
from retention import edges
from retention.types import RowKeep

PURCHASE = TABLES["purchase"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doomed:
    """One person whose data goes now."""

    subject: SubjectId
    erased_before: bool  # only what a law kept is left
    keeps: Mapping[RowId, RowKeep]
    suppress: Sequence[FieldId] = ()
    suppress_until: date | None = None
    rule: str = ""
    readable: bool = True  # False: an older database, whose sealed values nobody opens any more

    @property
    def kept_by_law(self) -> str | None:
        """The duty that keeps something longest."""
        found = [keep for row in self.keeps.values() for keep in row.fields.values()]
        return max(found, key=lambda keep: keep.free_from).duty if found else None

    @property
    def key_class(self) -> KeyClass | None:
        """Which data key ends once the rows are gone."""
        if not self.erased_before:
            return KeyClass.ACTIVE
        return None if self.keeps else KeyClass.KEPT


def lock(tx: Connection, subjects: Sequence[SubjectId]) -> None:
    """The row lock that holds share is taken, in one order for everyone."""
    if tx.dialect.name == "sqlite":  # BEGIN IMMEDIATE already is that lock
        return
    for part in _parts(sorted(subjects)):
        wanted = select(SUBJECT.c.id).where(SUBJECT.c.id.in_(part)).order_by(SUBJECT.c.id)
        tx.execute(wanted.with_for_update()).all()


def erase(
    tx: Connection, vault: FieldVault, batch: Sequence[Doomed], *, at: datetime
) -> Counter[str]:
    """Rows removed or emptied by table; nothing of the persons is left but what a law keeps."""
    done: Counter[str] = Counter()
    ids = [one.subject for one in batch]
    listed = [
        Listed(subject=one.subject, fields=one.suppress, rule=one.rule, until=one.suppress_until)
        for one in batch
        if one.suppress
    ]
    enlist(tx, vault, listed, at=at)
    for part in _parts(ids):
        done.update(edges.follow(tx, part))
        for name in catalogue().erase_order():
            done[name] += _table(tx, vault, name, part, batch)
    _end_persons(tx, batch)
    return done


def _table(
    tx: Connection,
    vault: FieldVault,
    name: str,
    ids: Sequence[SubjectId],
    batch: Sequence[Doomed],
) -> int:
    declared, table = catalogue().table(name), TABLES[name]
    mine = table.c.subject_id.in_(ids)
    match declared.on_erase:
        case OnErase.DELETE:
            return tx.execute(delete(table).where(mine)).rowcount
        case OnErase.EMPTY_COLUMNS:
            empty = {field.column: None for field in declared.sealed()}
            return tx.execute(update(table).where(mine).values(**empty)).rowcount
        case OnErase.KEEP_BY_LAW:
            known = set(ids)
            return _purchases(tx, vault, [one for one in batch if one.subject in known])


def _purchases(tx: Connection, vault: FieldVault, batch: Sequence[Doomed]) -> int:
    """Purchases that no duty keeps are gone; of the others the kept fields stay, sealed anew."""
    sealed = [field.column for field in catalogue().table("purchase").sealed()]
    columns = [PURCHASE.c[name] for name in ("id", "subject_id", *sealed)]
    wanted = select(*columns).where(PURCHASE.c.subject_id.in_([one.subject for one in batch]))
    by_subject = {one.subject: one for one in batch}
    gone: list[str] = []
    kept: dict[frozenset[FieldId], list[dict[str, Any]]] = defaultdict(list)
    for row in tx.execute(wanted).all():
        one = by_subject[row.subject_id]
        keep = one.keeps.get(RowId(row.id))
        if keep is None:
            gone.append(row.id)
        elif not one.erased_before:
            fields = frozenset(keep.fields if one.readable else _clear(keep.fields))
            kept[fields].append({"row": row.id} | _resealed(vault, row, fields))
    for part in _parts(gone):
        tx.execute(delete(PURCHASE).where(PURCHASE.c.id.in_(part)))
    for fields, rows in kept.items():
        tx.execute(_narrowed(fields), rows)
    return len(gone) + sum(len(rows) for rows in kept.values())


def _clear(fields: Iterable[FieldId]) -> list[FieldId]:
    """Those that stand in clear, which is all that an unreadable row has to keep."""
    known = catalogue().fields
    return [name for name in fields if known[name].storage is not Storage.SEALED]


def _resealed(vault: FieldVault, row: Row[Any], fields: frozenset[FieldId]) -> dict[str, Any]:
    """The kept cells of a row under the person's key for what a law keeps."""
    cells = {
        field.id: getattr(row, field.column)
        for field in catalogue().table("purchase").sealed()
        if field.id in fields
    }
    if not cells:
        return {}
    moved = vault.reseal(SubjectId(row.subject_id), row.id, cells, to=KeyClass.KEPT)
    return {"new_" + name.partition(".")[2]: cell for name, cell in moved.items()}


def _narrowed(fields: frozenset[FieldId]) -> Any:
    """UPDATE that leaves the kept fields and empties every other that may be empty."""
    values: dict[str, Any] = {}
    for field in catalogue().table("purchase").fields:
        if field.id not in fields:
            if PURCHASE.c[field.column].nullable:
                values[field.column] = None
        elif field.storage is Storage.SEALED:
            values[field.column] = bindparam("new_" + field.column)
    return update(PURCHASE).where(PURCHASE.c.id == bindparam("row")).values(**values)


def _end_persons(tx: Connection, batch: Sequence[Doomed]) -> None:
    """The pseudonym says erased, and by which duty alone something stays."""
    by_duty: dict[str | None, list[SubjectId]] = defaultdict(list)
    for one in batch:
        by_duty[one.kept_by_law].append(one.subject)
    for duty, ids in by_duty.items():
        for part in _parts(ids):
            if duty is None:
                tx.execute(delete(LAW).where(LAW.c.subject_id.in_(part)))
            tx.execute(
                update(SUBJECT)
                .where(SUBJECT.c.id.in_(part))
                .values(
                    state=SubjectState.ERASED.value,
                    kept_by_law=duty,
                    restricted_at=None,
                    birth_band=AgeBand.UNKNOWN.value,
                    guardian_verified=False,
                    country=None,
                    grown_on=None,
                    last_active_on=None,
                    fence=SUBJECT.c.fence + 1,
                )
            )
    counter.note(tx, [one.subject for one in batch])


def residue(tx: Connection, tombstones: Any) -> Counter[str]:
    """Rows that should be gone for the persons whose pseudonyms this statement selects."""
    left = edges.left(tx, tombstones)
    for name in catalogue().erase_order():
        declared, table = catalogue().table(name), TABLES[name]
        mine = table.c.subject_id.in_(tombstones)
        match declared.on_erase:
            case OnErase.DELETE:
                left[name] += _count(tx, mine)
            case OnErase.EMPTY_COLUMNS:
                full = or_(*(table.c[f.column].is_not(None) for f in declared.sealed()))
                left[name] += _count(tx, mine & full)
            case OnErase.KEEP_BY_LAW:
                kept = SUBJECT.c.kept_by_law.is_not(None)
                lawful = select(SUBJECT.c.id).where(SUBJECT.c.id.in_(tombstones), kept)
                left[name] += _count(tx, mine & table.c.subject_id.not_in(lawful))
    return +left


def _count(tx: Connection, condition: Any) -> int:
    return int(tx.execute(select(func.count()).where(condition)).scalar_one())


def end_suppression(tx: Connection, *, on: date) -> int:
    """Suppression tokens whose time is over are gone."""
    over = SUPPRESSION.c.ends_on.is_not(None) & (SUPPRESSION.c.ends_on <= on)
    return tx.execute(delete(SUPPRESSION).where(over)).rowcount


def _parts(ids: Sequence[Any]) -> list[list[Any]]:
    return [list(ids[start : start + IN_LIMIT]) for start in range(0, len(ids), IN_LIMIT)]
