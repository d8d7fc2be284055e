"""The end of a person's data key while the rows stay: 鍵の廃棄 (crypto-shredding).

A person has one key for all that is sealed in the live store, so the key ends for the person as a
whole. No copy of the data opens these values any more once no copy of the key store does. What a
key does not reach goes in the same transaction: index tokens, which are made without it, and what
stands beside the rows. The emptied rows keep what the catalogue keeps in clear, under the
pseudonym: that is kept and said to be kept, never called anonymous.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, or_, select, update

from governance.core.terms import SubjectId
from governance.customers.catalogue import catalogue
from governance.customers.store import IN_LIMIT, SUBJECT, TABLES
from retention import edges
from retention.key_ends import KEY


def shred(tx: Connection, ids: Sequence[SubjectId]) -> Counter[str]:
    """Rows by table: sealed cells are empty, tokens and what stood beside are gone."""
    done: Counter[str] = Counter()
    for start in range(0, len(ids), IN_LIMIT):
        part = list(ids[start : start + IN_LIMIT])
        done.update(edges.follow(tx, part))
        for name, cells in _sealed():
            table = TABLES[name]
            mine = table.c.subject_id.in_(part), or_(*(table.c[one].is_not(None) for one in cells))
            empty = update(table).where(*mine).values(dict.fromkeys(cells))
            done[name] += tx.execute(empty).rowcount
    return done


def unshredded(tx: Connection, tombstones: Any) -> Counter[str]:
    """Rows that still hold a sealed cell of those whose keys ended while their rows stay."""
    bare = select(SUBJECT.c.id).where(
        SUBJECT.c.id.in_(tombstones), SUBJECT.c.kept_by_law.startswith(KEY)
    )
    left: Counter[str] = Counter()
    for name, cells in _sealed():
        table = TABLES[name]
        full = or_(*(table.c[one].is_not(None) for one in cells))
        counted = select(func.count()).where(table.c.subject_id.in_(bare), full)
        left[name] += int(tx.execute(counted).scalar_one())
    return +left


def _sealed() -> list[tuple[str, list[str]]]:
    """Each table with its sealed columns."""
    tables = ((name, catalogue().table(name)) for name in catalogue().erase_order())
    found = [(name, [field.column for field in one.sealed()]) for name, one in tables]
    return [(name, cells) for name, cells in found if cells]
