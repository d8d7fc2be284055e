"""`sekisho serve`: the application under uvicorn, with the clock and the follower beside it."""

import asyncio
import gc
import signal
import socket
import ssl
import sys

import uvicorn

from governance.app import scheduler
from governance.app.errors import PortInUseError
from governance.app.factory import Application, create_app
from governance.app.following import following
from governance.app.owners import require_own_packages
from governance.app.patience import LOOKS, close_late, protocol_of
from governance.app.supervisor import supervise
from governance.app.wiring import Wiring
from governance.core.settings import Settings, UnsafeSettingsError
from retention.reapplying import require_reapplied

BACKLOG = 2048  # connections that wait for a worker
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"  # of TLS 1.2; those of 1.3 are all of this kind
STOP_SECONDS = 10  # how long open requests may take after a stop


def serve(settings: Settings) -> None:
    """The installation is served, by as many processes as the settings say, until it is stopped."""
    require_own_packages()
    with listen(settings.host, settings.port) as listening:
        if settings.workers == 1:
            serve_alone(settings, listening)
            return
        opened(settings).close()  # what is wrong with the installation is told here, once
        supervise(lambda: serve_alone(settings, listening), workers=settings.workers)


def serve_alone(settings: Settings, listening: socket.socket) -> None:
    """This process serves the installation until it is told to stop."""
    signal.signal(signal.SIGTERM, _leave)
    wiring = opened(settings)
    try:
        serve_open(wiring, listening)
    finally:
        wiring.close()


def opened(settings: Settings) -> Wiring:
    """The installation, in which every decision of the journal holds again."""
    wiring = Wiring.open(settings)
    try:
        with wiring.database.read() as tx:
            require_reapplied(tx, wiring.ports)
    except BaseException:
        wiring.close()
        raise
    return wiring


def _leave(*_signal: object) -> None:
    """A stop from outside unwinds: the server raises its signal again, whose default only kills."""
    sys.exit(0)


def serve_open(wiring: Wiring, listening: socket.socket) -> None:
    """An open installation is served on a listening socket."""
    ticking = scheduler.start(wiring)
    try:
        with following(wiring):
            server = _Server(config_of(create_app(wiring), wiring.settings), wiring)
            keep_for_good()
            server.run(sockets=[listening])
    finally:
        ticking.stop()


def keep_for_good() -> None:
    """What was made by now stays: no search for cycles walks through all of it while others wait.

    With the state of 100,000 persons in memory such a search stops a page for several tenths of a
    second.
    """
    gc.collect()
    gc.freeze()


def config_of(app: Application, settings: Settings) -> uvicorn.Config:
    """How the application is served; who shows a client certificate shows one that verifies."""
    tls = settings.tls_certificate_file
    config = uvicorn.Config(
        app,
        http=protocol_of(app.lane),
        forwarded_allow_ips=[word.strip() for word in settings.proxy_addresses.split(",")],
        ssl_certfile=tls,
        ssl_keyfile=settings.tls_key_file,
        ssl_ca_certs=None if (known := settings.tls_client_ca_file) is None else str(known),
        ssl_cert_reqs=ssl.CERT_NONE if known is None else ssl.CERT_OPTIONAL,
        access_log=False,  # paths hold ids; our own log holds the routes
        log_config=None,  # what it says goes through our own log, without its words
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        lifespan="off",
    )
    if tls is not None:
        config.load()
        narrow(config.ssl)
    return config


def narrow(context: ssl.SSLContext | None) -> None:
    """TLS 1.2 and 1.3 alone, with forward secrecy and authenticated encryption (RFC 9325)."""
    if context is None:
        raise UnsafeSettingsError(setting="tls_certificate_file")  # fails closed: never in clear
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE | ssl.OP_NO_RENEGOTIATION


class _Server(uvicorn.Server):
    """Ends the feeds first: they never end by themselves, and a stop would wait for them."""

    def __init__(self, config: uvicorn.Config, wiring: Wiring) -> None:
        super().__init__(config)
        self._hub = wiring.hub

    async def on_tick(self, counter: int) -> bool:
        """Connections that owe their octets for too long are closed."""
        if counter % LOOKS == 0:
            close_late(self.server_state.connections, asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """No request is open any more."""
        self._hub.close()
        await super().shutdown(sockets)


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
