"""What a client does about a server that takes a request and says nothing."""

import socket
from contextlib import closing

import httpx
import pytest

from consent.client import upstream as module
from consent.client.upstream import Upstream


def test_asking_for_a_lease_does_not_outlast_the_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ASKING", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        asking = Upstream(address, "key", purposes=None)
        with closing(asking), pytest.raises(httpx.TimeoutException):
            asking.ask("holder", applied=1)
