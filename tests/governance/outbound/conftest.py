"""Receivers on this machine, and a certificate for one of them."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.certificates import self_signed
from tests.governance.outbound.receivers import Receiver, serve


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    server = serve(found)
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for hooks.example.com and its key in one file."""
    return self_signed(tmp_path_factory.mktemp("tls"), "hooks.example.com")


@pytest.fixture
def tls_receiver(certificate: Path) -> Iterator[Receiver]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    found = Receiver()
    server = serve(found, context)
    yield found
    server.shutdown()
    server.server_close()
