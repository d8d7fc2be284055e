"""Who acted, by name: cells that hold an actor tell the display name, the login beside it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sqlalchemy import Connection

from governance.core.terms import Lang
from governance.i18n.actors import called
from governance.identity.naming import names_of
from governance.ui.lists.types import Cell, Found, Row


def with_names(tx: Connection, found: Found, lang: Lang) -> Found:
    """The same rows, everybody who acted by name."""
    actors = {cell.actor for row in found.rows for cell in row.cells.values() if cell.actor}
    if not actors:
        return found
    names = names_of(tx, actors)
    return replace(found, rows=tuple(_named(row, names, lang) for row in found.rows))


def names_for(tx: Connection, actors: Iterable[str], lang: Lang) -> dict[str, str]:
    """What each of these is called."""
    wanted = set(actors)
    names = names_of(tx, wanted)
    return {actor: called(actor, names, lang) for actor in wanted}


def _named(row: Row, names: Mapping[str, str], lang: Lang) -> Row:
    cells = {key: _cell(cell, names, lang) for key, cell in row.cells.items()}
    return replace(row, cells=cells)


def _cell(cell: Cell, names: Mapping[str, str], lang: Lang) -> Cell:
    return replace(cell, value=called(cell.actor, names, lang)) if cell.actor else cell
