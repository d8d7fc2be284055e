"""Connected systems from their declarations; one kind, one module."""

from typing import assert_never

from governance.connectors.database import DatabaseConnector
from governance.connectors.erasing import Memory
from governance.connectors.folder import FolderConnector
from governance.connectors.manual import ManualConnector
from governance.connectors.reading import read_connectors
from governance.connectors.specs import ConnectorSpec, DatabaseSpec, FolderSpec, ManualSpec
from governance.connectors.types import Connector
from governance.core.settings import Settings
from governance.customers.ports import Ports


def connected(settings: Settings, ports: Ports) -> tuple[Connector, ...]:
    """Every system that the installation declares, as its file says now; nothing is kept open."""
    if settings.connectors_file is None:
        return ()
    specs = read_connectors(settings.connectors_file)
    return tuple(built(spec, ports, origin=settings.origin) for spec in specs)


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
