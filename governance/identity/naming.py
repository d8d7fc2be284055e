"""What accounts are called: the names that staff are shown by, and whom a typed name means."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from sqlalchemy import Connection, func, or_, select

from governance.core.terms import ActorId
from governance.identity.store import STAFF

PART: Final = 500  # ids of one question
UNSPACED: Final = str.maketrans("", "", " \u3000")


def names_of(tx: Connection, actors: Iterable[str]) -> dict[str, str]:
    """The display names of those who are or were staff; an ended account keeps its name."""
    wanted = iter(sorted({one for one in actors if one.startswith("u:")}))
    return dict(_named(tx, wanted))


def _named(tx: Connection, wanted: Iterator[str]) -> Iterator[tuple[str, str]]:
    while part := list(islice(wanted, PART)):
        found = tx.execute(select(STAFF.c.id, STAFF.c.display_name).where(STAFF.c.id.in_(part)))
        yield from ((row.id, row.display_name) for row in found)


def staff_called(tx: Connection, said: str) -> ActorId | None:
    """The one account with this login or this name; else the one whose name begins so, as "森".

    None where there is none, or several.
    """
    plain = said.translate(UNSPACED)
    name = func.replace(func.replace(STAFF.c.display_name, " ", ""), "\u3000", "")
    whole = or_(STAFF.c.login == said, name == plain)
    for named in (whole, name.startswith(plain, autoescape=True)) if plain else ():
        found = tx.execute(select(STAFF.c.id).where(named).limit(2)).scalars().all()
        if found:
            return ActorId(found[0]) if len(found) == 1 else None
    return None
