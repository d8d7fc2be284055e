"""Connected systems from their declarations; one kind, one module."""

from collections.abc import Iterable
from pathlib import Path
from typing import assert_never

from governance.connectors.database import DatabaseConnector
from governance.connectors.erasing import Memory
from governance.connectors.errors import ConnectorUnknownError
from governance.connectors.folder import FolderConnector
from governance.connectors.manual import ManualConnector
from governance.connectors.reading import read_connectors
from governance.connectors.specs import ConnectorSpec, DatabaseSpec, FolderSpec, ManualSpec
from governance.connectors.types import Connector
from governance.customers.ports import Ports


def connected(path: Path | None, ports: Ports, *, origin: str) -> tuple[Connector, ...]:
    """Every system that the file declares; none without a file. Raises what is wrong with it."""
    if path is None:
        return ()
    return tuple(built(spec, ports, origin=origin) for spec in read_connectors(path))


def built(spec: ConnectorSpec, ports: Ports, *, origin: str) -> Connector:
    """The system of this declaration."""
    memory = Memory(database=ports.database)
    match spec:
        case DatabaseSpec():
            return DatabaseConnector(spec=spec, memory=memory)
        case FolderSpec():
            return FolderConnector(spec=spec, memory=memory)
        case ManualSpec():
            return ManualConnector(spec=spec, ports=ports, origin=origin)
        case _:
            assert_never(spec)


def named(connectors: Iterable[Connector], name: str) -> Connector:
    """The system of this name."""
    for connector in connectors:
        if connector.name == name:
            return connector
    raise ConnectorUnknownError(connector=name[:40])
