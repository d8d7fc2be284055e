"""An application served on loopback by a thread of this process."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

START_SECONDS = 60
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody; to read whom to trust takes 30 ms


@contextmanager
def served(
    app: Callable[..., Any],
    *,
    http: Any = "auto",
    tls: Path | None = None,
    clients: Path | None = None,
) -> Iterator[str]:
    """The base URL of the application, until the block ends; `http` is uvicorn's protocol.

    `tls` is a file with a certificate for localhost and its key, `clients` one with the
    authorities of callers' certificates.
    """
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        config = uvicorn.Config(
            app,
            http=http,
            log_level="critical",
            lifespan="off",
            ws="none",
            server_header=False,
            ssl_certfile=tls,
            ssl_keyfile=tls,
            ssl_ca_certs=None if clients is None else str(clients),
            ssl_cert_reqs=ssl.CERT_NONE if clients is None else ssl.CERT_OPTIONAL,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not server.started:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.01)
        try:
            yield f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(START_SECONDS)
