"""Two hundred sign-ins at once: memory stays, decisions stay quick (SEKISHO_SOAK alone)."""

import multiprocessing
import os
import socket
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from governance.app.bench.deciding.served import ask_for, request_of, serve_ours, worker
from governance.core.clock import utc_now
from governance.core.terms import PurposeId
from governance.identity.service import register_client
from tests.installation import create, customer, import_file, register, subjects, write_file

AT_ONCE, SECONDS = 200, 15
PAUSE_S = 1  # between waves: what comes without end is for the limits of the proxy
MOST_MB, MOST_MS = 500, 5
FORM = b"login=nobody&password=" + b"x" * 40


def _post(port: int, told: list[bytes]) -> None:
    head = (
        b"POST /sign-in/password HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n"
        b"content-type: application/x-www-form-urlencoded\r\ncontent-length: %d\r\n\r\n" % len(FORM)
    )
    with socket.create_connection(("127.0.0.1", port), timeout=120) as line:
        line.sendall(head + FORM)
        told.append(line.recv(64).split(b" ")[1])


def flood(port: int, counts: "multiprocessing.Queue[dict[bytes, int]]") -> None:
    """Waves of attempts, each by as many threads, until the parent ends this process."""
    while True:
        told: list[bytes] = []
        threads = [
            threading.Thread(target=_post, args=(port, told), daemon=True) for _ in range(AT_ONCE)
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        counts.put({status: told.count(status) for status in set(told)})
        time.sleep(PAUSE_S)


def memory_mb(pid: int, key: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) / 1024
    raise AssertionError(key)


@pytest.mark.skipif("SEKISHO_SOAK" not in os.environ, reason="a campaign of `make soak`")
@pytest.mark.timeout(600)
def test_a_flood_of_sign_ins_takes_no_memory_and_slows_no_decision(tmp_path: Path) -> None:
    wiring = create(tmp_path)
    import_file(wiring, write_file(tmp_path, register([customer(1)])))
    subject = subjects(wiring)[0]
    work = partial(
        register_client,
        name="mailer",
        role="mail_sender",
        purposes=[PurposeId("mail_marketing")],
        known_roles=frozenset(wiring.policies.current.roles),
        at=utc_now(),
    )
    _, key = wiring.database.write(work)
    folder = wiring.settings.data_dir
    wiring.close()
    question = request_of(str(subject), "mail_marketing", "email", key)
    spawn = multiprocessing.get_context("spawn")
    counts: multiprocessing.Queue[dict[bytes, int]] = spawn.Queue()
    with worker(serve_ours, str(folder)) as port:
        server = multiprocessing.active_children()[0]
        calm = ask_for(port, [question], lines=1, seconds=SECONDS)
        flooding = spawn.Process(target=flood, args=(port, counts), daemon=True)
        flooding.start()
        waves = [counts.get(timeout=120)]
        loaded = ask_for(port, [question], lines=1, seconds=SECONDS)
        flooding.kill()
        flooding.join()
        while not counts.empty():
            waves.append(counts.get())
        peak = memory_mb(int(server.pid or 0), "VmHWM")
    told = {status: sum(wave.get(status, 0) for wave in waves) for wave in waves for status in wave}
    print(  # noqa: T201 # the campaign's figures
        f"calm p99 {calm.quantile(0.99) * 1000:.2f} ms, {calm.rate:.0f}/s; "
        f"flooded p99 {loaded.quantile(0.99) * 1000:.2f} ms, {loaded.rate:.0f}/s; "
        f"peak {peak:.0f} MB; answers {told}"
    )
    assert peak < MOST_MB
    assert loaded.quantile(0.99) * 1000 < MOST_MS
    assert told.get(b"503", 0) > 0
