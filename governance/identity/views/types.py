"""Views of lists that staff keep under a name."""

from dataclasses import dataclass, field
from typing import Final

from governance.core.terms import ActorId, RowId

NAME_MOST: Final = 60  # characters of a view's name
QUERY_MOST: Final = 1_000  # characters of its query string
MOST: Final = 30  # views of one employee for one list


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """A view: of which list, whose, its query string; `shared` shows it to all who see the list."""

    id: RowId
    owner: ActorId
    list: str
    name: str = field(repr=False)
    query: str = field(repr=False)
    shared: bool = False
    preferred: bool = False  # it opens the list for its owner
