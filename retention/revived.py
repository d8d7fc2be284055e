"""Keys of erased persons that came back with an older copy of the key store end again.

Their rows are gone, but an old backup would open with such a key, every day that it is rewrapped.
What ends it again names the new epoch in the ledger: the erasure is final R days after that.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from governance.core.terms import KeyClass, RowId, SubjectId
from governance.customers.ports import Ports
from governance.customers.store import SUBJECT
from governance.customers.subjects import SubjectState
from governance.db.fetching import PreparedSelect
from governance.keys import store as keys
from governance.keys.ring import KeyRing
from governance.keys.types import KeyState
from retention import outside
from retention.tombstones import ERASURE, note_keys_ended

PAGE: Final = 500
_STONES: Final = PreparedSelect(
    select(ERASURE.c.id, ERASURE.c.subject_id, ERASURE.c.key_classes)
    .join(SUBJECT, SUBJECT.c.id == ERASURE.c.subject_id)
    .where(
        ERASURE.c.id > bindparam("after"),
        ERASURE.c.key_classes != "",
        SUBJECT.c.state == SubjectState.ERASED.value,
    )
    .order_by(ERASURE.c.id)
    .limit(PAGE)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revived:
    """An erasure one of whose keys lives."""

    stone: RowId
    subject: SubjectId


def revived(tx: Connection, ring: KeyRing) -> Mapping[KeyClass, Sequence[Revived]]:
    """Erasures of persons who are erased still, and whose ended keys live nevertheless."""
    found: dict[KeyClass, list[Revived]] = defaultdict(list)
    with ring.db.read() as held:
        for page in _pages(tx):
            for key_class, ended in _by_class(page).items():
                subjects = {one.subject for one in ended}
                alive = keys.in_state(held, subjects, key_class, KeyState.ACTIVE)
                found[key_class] += [one for one in ended if one.subject in alive]
    return {key_class: ended for key_class, ended in found.items() if ended}


def end_revived(ports: Ports) -> int:
    """How many erasures had a key that lives, which has ended now; twice equals once.

    So do keys under which it stood by what connected systems knew a person, once they answered.
    """
    with ports.database.read() as tx:
        found = revived(tx, ports.vault.ring)
    for key_class, ended in found.items():
        gone = ports.vault.destroy_many((one.subject for one in ended), key_class)
        stones = [one.stone for one in ended]
        ports.database.write(
            lambda tx, stones=stones, gone=gone: note_keys_ended(tx, stones, gone)  # type: ignore[misc] # bound at once
        )
    return sum(len(ended) for ended in found.values()) + outside.end_again(ports)


def _pages(tx: Connection) -> Iterator[Sequence[Any]]:
    after = ""
    while page := _STONES.rows(tx, {"after": after}):
        yield page
        after = page[-1].id


def _by_class(page: Sequence[Any]) -> Mapping[KeyClass, Sequence[Revived]]:
    found: dict[KeyClass, list[Revived]] = defaultdict(list)
    for row in page:
        one = Revived(stone=RowId(row.id), subject=SubjectId(row.subject_id))
        for name in row.key_classes.split(","):
            found[KeyClass(name)].append(one)
    return found
