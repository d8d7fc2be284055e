"""Receivers over real connections: everything arrives, in order, and a failure loses nothing."""

import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from audit.forms.ocsf import Source
from audit.forwarding.carrying import BATCH, LONGEST_PAUSE, carry_once, served
from audit.forwarding.syslog import SyslogReceiver
from audit.review import RecordedEvent
from governance.outbound.errors import DeliveryFailedError
from governance.outbound.ssrf import Egress
from tests.audit.bench import NOW, Bench

LOOPBACK = Egress(networks=(ip_network("127.0.0.0/8"),))
SOURCE = Source(version="0.1.0", origin="log.example.com/sekisho")


@contextmanager
def server(tls: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[bytes]]]:
    """A TCP server that reads each connection to its end."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                whole = bytearray()
                with suppress(OSError), connection, read_over(connection, tls) as end:
                    while block := end.recv(65536):
                        whole += block
                heard.append(bytes(whole))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], heard
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def read_over(connection: socket.socket, tls: ssl.SSLContext | None) -> socket.socket:
    return connection if tls is None else tls.wrap_socket(connection, server_side=True)


def frames(raw: bytes) -> list[str]:
    found = []
    while raw:
        length, _, rest = raw.partition(b" ")
        found.append(rest[: int(length)].decode())
        raw = rest[int(length) :]
    return found


def test_everything_arrives_in_counted_frames_and_in_order(filled: Bench) -> None:
    with server() as (port, heard):
        receiver = SyslogReceiver(
            host="127.0.0.1", port=port, tls=False, egress=LOOPBACK, source=SOURCE, hostname="us"
        )
        assert carry_once(filled.db, "siem", receiver.carry, at=NOW) == 7
        filled.add(count=2)
        filled.sequence(2)
        assert carry_once(filled.db, "siem", receiver.carry, at=NOW) == 2
        assert carry_once(filled.db, "siem", receiver.carry, at=NOW) == 0
    lines = [line for raw in heard for line in frames(raw)]
    assert [int(re.findall(r"cn1=(\d+)", line)[0]) for line in lines] == list(range(9))
    head = re.compile(
        r"<109>1 2026-04-01T09:00:0\d\.\d{3}Z us sekisho - person\.\w+ - \ufeffCEF:0\|"
    )
    assert head.match(lines[0])


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_a_server_whose_certificate_does_not_verify_gets_nothing(
    filled: Bench, tmp_path: Path
) -> None:
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    key, crt = str(tmp_path / "key"), str(tmp_path / "crt")
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "5", *names,
         "-keyout", key, "-out", crt],
        check=True, capture_output=True,
    )  # fmt: skip
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(crt, key)
    trusting = ssl.create_default_context(cafile=crt)
    with server(tls) as (port, heard):
        for trust, taken in ((None, 0), (trusting, 7)):
            receiver = SyslogReceiver(
                host="localhost",
                port=port,
                tls=True,
                egress=Egress(networks=(*LOOPBACK.networks, ip_network("::1/128"))),
                source=SOURCE,
                hostname="us",
                trust=trust,
                resolver=lambda _host, _port: ("127.0.0.1",),
            )
            assert carry_once(filled.db, f"siem{taken}", receiver.carry, at=NOW) == taken
    assert [len(frames(raw)) for raw in heard if raw] == [7]


def test_a_failure_is_kept_pauses_longer_each_time_and_loses_nothing(filled: Bench) -> None:
    def refuses(_: Sequence[RecordedEvent]) -> None:
        raise DeliveryFailedError(reason="timeout")

    at = NOW
    for failures in range(1, 12):
        assert carry_once(filled.db, "siem", refuses, at=at) == 0
        with filled.db.read() as tx:
            stands = served(tx, "siem")
        assert (stands.failures, stands.reason) == (failures, "delivery_failed")
        assert (stands.below, stands.behind) == (0, 7)
        assert stands.pauses(at + timedelta(seconds=9))
        assert not stands.pauses(at + LONGEST_PAUSE)
        at += LONGEST_PAUSE
    heard: list[int] = []
    taken = carry_once(filled.db, "siem", lambda b: heard.extend(e.seq for e in b), at=at)
    assert (taken, heard) == (7, list(range(7)))
    with filled.db.read() as tx:
        assert (served(tx, "siem").failures, served(tx, "siem").delivered_at) == (0, at)


def test_who_dies_after_sending_sends_again_and_never_skips(filled: Bench) -> None:
    heard: list[int] = []

    def dies(batch: Sequence[RecordedEvent]) -> None:
        heard.extend(event.seq for event in batch)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_once(filled.db, "siem", dies, at=NOW)
    carry_once(filled.db, "siem", lambda b: heard.extend(e.seq for e in b), at=NOW)
    assert heard == [*range(7), *range(7)]


def test_a_slower_process_does_not_move_the_place_back(filled: Bench) -> None:
    def slow(batch: Sequence[RecordedEvent]) -> None:
        filled.add(count=1)
        filled.sequence(5)
        carry_once(filled.db, "siem", lambda _: None, at=NOW)
        with filled.db.read() as tx:
            assert served(tx, "siem").below == 8
        assert len(batch) == 7

    carry_once(filled.db, "siem", slow, at=NOW)
    with filled.db.read() as tx:
        assert served(tx, "siem").below == 8


def test_a_backlog_goes_in_batches(bench: Bench) -> None:
    bench.add(count=BATCH + 5)
    bench.sequence()
    sizes: list[int] = []
    while carry_once(bench.db, "siem", lambda b: sizes.append(len(b)), at=NOW):
        pass
    assert sizes == [BATCH, 5]
