"""References of a row to a person or to another row, and what becomes of it when that one goes."""

from dataclasses import dataclass
from enum import StrEnum


class EdgeAction(StrEnum):
    """What happens to a row when what its reference names is erased."""

    DELETE = "delete"
    EMPTY = "empty"  # the reference and what is said about the other become NULL
    KEEP_BY_LAW = "keep_by_law"  # goes when no law keeps anything of the person any more
    KEEP = "keep"  # a pseudonym with a period of its own; the reason stands beside it
    REFUSE = "refuse"  # what it names is never removed while the row stands


REASONED = frozenset({EdgeAction.KEEP, EdgeAction.REFUSE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One reference of a table to a person or to a row of another table."""

    table: str
    column: str
    to: str
    on_erase: EdgeAction
    empties: tuple[str, ...] = ()  # columns that say something about the other person
    because: str = ""
