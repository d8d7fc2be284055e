"""`sekisho serve`: the application under uvicorn, with the clock beside it."""

import signal
import socket
import sys

import uvicorn

from governance.app import scheduler
from governance.app.errors import PortInUseError, WorkersError
from governance.app.factory import create_app
from governance.app.owners import require_own_packages
from governance.app.wiring import Wiring
from governance.core.settings import Settings
from retention.reapplying import require_reapplied

BACKLOG = 2048  # connections that wait for a worker
STOP_SECONDS = 10  # how long open requests may take after a stop


def serve(settings: Settings) -> None:
    """The installation is served until the process is told to stop."""
    require_own_packages()
    if settings.workers != 1:  # fails closed: a second process would not see the lease of the first
        raise WorkersError(workers=settings.workers)
    signal.signal(signal.SIGTERM, _leave)
    with listen(settings.host, settings.port) as listening:
        wiring = Wiring.open(settings)
        try:
            with wiring.database.read() as tx:
                require_reapplied(tx, wiring.ports, at=wiring.clock())
            serve_open(wiring, listening)
        finally:
            wiring.close()


def _leave(*_signal: object) -> None:
    """A stop from outside unwinds: the server raises its signal again, whose default only kills."""
    sys.exit(0)


def serve_open(wiring: Wiring, listening: socket.socket) -> None:
    """An open installation is served on a listening socket."""
    ticking = scheduler.start(wiring)
    try:
        config = uvicorn.Config(
            create_app(wiring),
            access_log=False,  # paths hold ids; our own log holds the routes
            log_config=None,  # what it says goes through our own log, without its words
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=STOP_SECONDS,
            lifespan="off",
        )
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        ticking.stop()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises PortInUseError when another program has the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        raise PortInUseError(host=host, port=port) from error
    return listening
