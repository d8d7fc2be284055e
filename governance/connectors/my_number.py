"""My Number data in connected systems goes when its task has ended (番号法20条), and only that.

Which columns, folders and colleagues' systems hold such data is declared. A database empties
these columns and nothing else; a folder loses its files; what only a colleague can reach is left
to a hand. What a declared ground still keeps stays, with its day.
"""

from datetime import date
from functools import partial
from typing import Final

from sqlalchemy import Connection, update

from governance.connectors.database import DatabaseConnector, kept_until, latest
from governance.connectors.engines import Deadline, Stopped, changing, looking
from governance.connectors.erasing import erase_once
from governance.connectors.folder import FolderConnector
from governance.connectors.manual import ManualConnector
from governance.connectors.rows import Rows, StoredRow, one_of, parts, reflected
from governance.connectors.specs import OnErase, TableSpec
from governance.connectors.types import (
    Asking,
    Connector,
    Erased,
    Erasure,
    Failed,
    Kept,
    KeptItem,
    PersonKeys,
    Reason,
)
from governance.core.clock import JST

BY_HAND: Final = Failed(reason=Reason.CANNOT)


def holds_my_number(connector: Connector) -> bool:
    """Whether the system is declared to hold such data."""
    match connector:
        case DatabaseConnector(spec=spec):
            return any(table.my_number for table in spec.tables)
        case FolderConnector(spec=folder):
            return folder.my_number
        case ManualConnector(spec=manual):
            return manual.my_number
        case _:
            return False


def end_my_number(connector: Connector, person: PersonKeys, asking: Asking) -> Erasure:
    """What the system did; again under the key: the same outcome."""
    match connector:
        case DatabaseConnector():
            return erase_once(
                connector.memory,
                connector.name,
                asking,
                survey=partial(_done, connector, person, asking, remove=False),
                act=partial(_done, connector, person, asking, remove=True),
            )
        case FolderConnector():
            return connector.erase(person, asking)
        case _:
            return BY_HAND


def _done(
    connector: DatabaseConnector, person: PersonKeys, asking: Asking, *, remove: bool
) -> Erasure:
    spec, deadline = connector.spec, Deadline(connector.spec.limits.seconds)
    today = asking.at.astimezone(JST).date()
    ended, items = 0, list[KeptItem]()
    try:
        with (changing if remove else looking)(spec, deadline) as tx:
            rows = Rows(tx, spec, person, deadline)
            for table in (one for one in spec.tables if one.my_number):
                full = [row for row in rows.of(table) if _says(row, table)]
                going, kept = _parted(table, full, today)
                ended += len(going)
                if kept and table.keeping is not None:
                    items.append(_item(table, kept))
                if remove:
                    _empty(tx, connector, table, going)
    except Stopped as stopped:
        return stopped.failed
    return Kept(erased=ended, items=tuple(items)) if items else Erased(records=ended)


def _says(row: StoredRow, table: TableSpec) -> bool:
    """Whether any of these columns of the row holds something."""
    return any(row.values[name] is not None for name in table.my_number)


def _parted(
    table: TableSpec, rows: list[StoredRow], today: date
) -> tuple[list[StoredRow], list[StoredRow]]:
    """Rows whose columns go, and rows that the declared ground still keeps."""
    if table.on_erase is not OnErase.KEEP:
        return rows, []
    ends = [(row, kept_until(table.keeping, row.values)) for row in rows]
    over = [row for row, end in ends if end is not None and end < today]
    return over, [row for row, end in ends if end is None or end >= today]


def _item(table: TableSpec, kept: list[StoredRow]) -> KeptItem:
    keeping = table.keeping
    if keeping is None:
        raise Stopped(Reason.SHAPE, table.name)
    return KeptItem(
        place=table.name,
        label=table.label,
        records=len(kept),
        ground=keeping.ground,
        until=latest(kept_until(keeping, row.values) for row in kept),
    )


def _empty(
    tx: Connection, connector: DatabaseConnector, table: TableSpec, rows: list[StoredRow]
) -> None:
    """These columns hold nothing any more; raises Stopped when a row moved meanwhile."""
    shape = reflected(tx, connector.spec, table)
    keys = list(shape.primary_key.columns)
    nothing = update(shape).values(dict.fromkeys(table.my_number))
    for part in parts([row.key for row in rows]):
        if tx.execute(nothing.where(one_of(keys, part))).rowcount != len(part):
            raise Stopped(Reason.CHANGED, table.name)
