"""The connected systems of this installation, and every source that a request is collected from."""

from dsar.collection import Source, every_source
from governance.app.wiring import Wiring
from governance.connectors.building import connected
from governance.connectors.types import Connector


def connectors_of(wiring: Wiring) -> tuple[Connector, ...]:
    """Every declared system, as the file says now; nothing of it is kept open."""
    settings = wiring.settings
    return connected(settings.connectors_file, wiring.ports, origin=settings.origin)


def sources_of(wiring: Wiring) -> tuple[Source, ...]:
    """Everything that may hold data about a person here and in connected systems."""
    return every_source(wiring.ports, connectors_of(wiring))
