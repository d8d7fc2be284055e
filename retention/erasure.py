"""Removes a batch of persons from every table, children first; what a law keeps is re-sealed.

Which tables, in which order, and what happens at each reference is what the catalogue declares;
a table that it forgets stops the start, and a RESTRICT key in the database besides.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, or_, select, update

from governance.core.terms import FieldId, KeyClass, RowId, SubjectId
from governance.customers.catalogue import OnErase, catalogue
from governance.customers.changes import counter
from governance.customers.store import IN_LIMIT, LAW, SUBJECT, SUPPRESSION, TABLES
from governance.customers.subjects import AgeBand, SubjectState
from governance.customers.suppression import Listed, enlist
from governance.db.fetching import PreparedSelect
from governance.db.keyed import PreparedChange, changed
from governance.keys.vault import FieldVault
from retention import edges
from retention.holds.sparing import DUTY
from retention.key_ends import KEY
from retention.narrowing import CUSTOM, custom_kept, narrow, put_back
from retention.removing import remove
from retention.shredding import shred, unshredded
from retention.types import RowKeep

_LOCKED: Final = PreparedSelect(
    select(SUBJECT.c.id)
    .where(SUBJECT.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(SUBJECT.c.id)
    .with_for_update()
)
_LAWS_GO: Final = PreparedChange(lambda ids: delete(LAW).where(LAW.c.subject_id.in_(ids)))
_ENDED: Final = PreparedChange(
    lambda ids: (
        update(SUBJECT)
        .where(SUBJECT.c.id.in_(ids))
        .values(
            state=SubjectState.ERASED.value,
            kept_by_law=bindparam("duty"),
            restricted_at=None,
            birth_band=AgeBand.UNKNOWN.value,
            guardian_verified=False,
            country=None,
            grown_on=None,
            last_active_on=None,
            fence=SUBJECT.c.fence + 1,
        )
    )
)


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
    under: SubjectId | None = None  # who goes with this pseudonym: it was merged into that person
    shreds: bool = False  # the key ends with what it seals; the rows stay

    @property
    def kept_by_law(self) -> str | None:
        """The duty that keeps something longest, or the rule that leaves the rows."""
        if self.shreds:
            return KEY + self.rule
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
        _LOCKED.rows(tx, {"ids": part})


def erase(
    tx: Connection,
    vault: FieldVault,
    batch: Sequence[Doomed],
    *,
    at: datetime,
    trails: bool = False,
) -> Counter[str]:
    """Rows removed or emptied by table; nothing of the persons is left but what a law keeps.

    `trails`: and, of whom nothing stays, tokens that are listed for `trailing`.
    """
    done: Counter[str] = Counter()
    listed = [
        Listed(subject=one.subject, fields=one.suppress, rule=one.rule, until=one.suppress_until)
        for one in batch
        if one.suppress
    ]
    enlist(tx, vault, listed, at=at)
    if bare := [one for one in batch if one.shreds]:
        done.update(shred(tx, [one.subject for one in bare]))
        _end_persons(tx, bare)
        batch = [one for one in batch if not one.shreds]
    done.update(remove(tx, [one.subject for one in batch if not one.keeps], trails=trails))
    for part in _parts([one.subject for one in batch if one.keeps]):
        beside = custom_kept(tx, vault, *_staying(batch, set(part)))
        done.update(edges.follow(tx, part))
        put_back(tx, beside)
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
    keeps, fresh = _staying(batch, set(ids), name)
    stays, narrowed = narrow(tx, vault, name, keeps, fresh) if keeps else ([], 0)
    match declared.on_erase:
        case OnErase.DELETE | OnErase.KEEP_BY_LAW:
            gone: Any = delete(table)
        case OnErase.EMPTY_COLUMNS:
            gone = update(table).values({field.column: None for field in declared.sealed()})
    if not stays:
        return int(tx.execute(gone.where(mine)).rowcount)
    rows = sorted({*tx.execute(select(table.c.id).where(mine)).scalars()} - set(stays))
    for part in _parts(rows):
        tx.execute(gone.where(table.c.id.in_(part)))
    return len(rows) + narrowed


def _staying(
    batch: Sequence[Doomed], ids: Collection[SubjectId], table: str | None = None
) -> tuple[dict[RowId, RowKeep], dict[SubjectId, bool]]:
    """What duties and holds keep of these persons, and whose values go under another key now."""
    mine = [one for one in batch if one.keeps and one.subject in ids]
    keeps = {
        row: keep for one in mine for row, keep in one.keeps.items() if table in (None, keep.table)
    }
    return keeps, {one.subject: one.readable for one in mine if not one.erased_before}


def _end_persons(tx: Connection, batch: Sequence[Doomed]) -> None:
    """The pseudonym says erased, and by which duty alone something stays."""
    by_duty: dict[str | None, list[SubjectId]] = defaultdict(list)
    for one in batch:
        by_duty[one.kept_by_law].append(one.subject)
    changes = [_LAWS_GO.of(by_duty[None])] if None in by_duty else []
    changes += [_ENDED.of(ids, {"duty": duty}) for duty, ids in by_duty.items()]
    changed(tx, changes)
    counter.note(tx, [one.subject for one in batch])


def residue(tx: Connection, tombstones: Any) -> Counter[str]:
    """Rows that should be gone for the persons whose pseudonyms this statement selects."""
    stays = or_(*(SUBJECT.c.kept_by_law.startswith(one) for one in (DUTY, KEY)))
    spared = select(SUBJECT.c.id).where(SUBJECT.c.id.in_(tombstones), stays)
    left = edges.left(tx, tombstones) + unshredded(tx, tombstones)
    left[CUSTOM.name] -= _count(tx, CUSTOM.c.subject_id.in_(spared))
    for name in catalogue().erase_order():
        declared, table = catalogue().table(name), TABLES[name]
        mine = table.c.subject_id.in_(tombstones)
        match declared.on_erase:
            case OnErase.DELETE:
                left[name] += _count(tx, mine & table.c.subject_id.not_in(spared))
            case OnErase.EMPTY_COLUMNS:
                full = or_(*(table.c[f.column].is_not(None) for f in declared.sealed()))
                left[name] += _count(tx, mine & full & table.c.subject_id.not_in(spared))
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
