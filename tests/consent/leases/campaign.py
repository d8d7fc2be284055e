"""Withdrawals under load, and whether anybody was told yes by a question that began after one.

Times are CLOCK_BOOTTIME of one machine, so those of different processes may be compared.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import httpx

from consent.client.lease import boottime
from tests.consent.leases.town import PURPOSE, Person, Town, choose

ROOT = Path(__file__).parents[3]
READY_SECONDS = 240
PACE = 0.02  # seconds between two questions over HTTP of one thread: others need the machine too
ASKER = Path(__file__).with_name("asker.py")


@dataclass(kw_only=True)
class Asker:
    """One client process."""

    mode: str
    process: subprocess.Popen[bytes]
    out: Path

    @classmethod
    def start(cls, town: Town, mode: str, name: str, *, base: str | None = None) -> Self:
        ids, out = town.folder / "ids.json", town.folder / f"{name}.json"
        ids.write_text(json.dumps([person.id for person in town.persons]))
        process = subprocess.Popen(
            [sys.executable, str(ASKER), base or town.base, str(ids), str(out), mode],
            stdin=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        assert process.stdin is not None
        process.stdin.write(f"{town.key}\n".encode())
        process.stdin.flush()
        return cls(mode=mode, process=process, out=out)

    def await_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self.out.with_name(self.out.name + ".ready").exists():
            assert self.process.poll() is None, f"the {self.mode} client ended"
            assert time.monotonic() < deadline, f"the {self.mode} client is not ready"
            time.sleep(0.02)

    def pause(self, seconds: float) -> None:
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> dict[str, Any]:
        self.process.communicate(timeout=READY_SECONDS)  # closes its input
        assert self.process.returncode == 0
        found: dict[str, Any] = json.loads(self.out.read_text())
        return found

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()


def _since_boot(instant: str) -> float:
    """An instant of the wall clock on the clock of this campaign."""
    return boottime() + datetime.fromisoformat(instant).timestamp() - time.time()


@dataclass(kw_only=True)
class Checking:
    """Threads that ask over HTTP, any process that answers."""

    town: Town
    bases: Sequence[str]
    asked: dict[str, float] = field(default_factory=dict)
    stood: dict[str, float] = field(default_factory=dict)  # until when a permit said
    permits: int = 0
    answers: int = 0
    ended: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, number: int) -> None:
        dice = random.Random(number)  # noqa: S311 # a test's dice
        body = {"subject": {"type": "system", "id": "shop"}, "context": {"channel": "email"}}
        body["action"] = {"name": "use", "properties": {"purpose": PURPOSE}}  # type: ignore[dict-item]
        headers = {"authorization": f"Bearer {self.town.key}"}
        with httpx.Client(headers=headers, timeout=60) as http:
            while not self.ended.is_set():
                person = dice.choice(self.town.persons)
                asked = body | {"resource": {"type": "person", "id": person.id}}
                url = f"{dice.choice(self.bases)}/access/v1/evaluation"
                begun = boottime()
                try:
                    told = http.post(url, json=asked).json()
                    yes = told["decision"]
                    ends = _since_boot(told["context"]["valid_until"]) if yes else 0.0
                except (httpx.HTTPError, ValueError, KeyError):
                    continue  # its process was killed
                with self.lock:
                    self.answers += 1
                    if yes:
                        self.permits += 1
                        self.asked[person.id] = max(begun, self.asked.get(person.id, begun))
                        self.stood[person.id] = max(ends, self.stood.get(person.id, ends))
                time.sleep(PACE)


@dataclass(kw_only=True)
class Withdrawing:
    """Everybody withdraws once; when each was told so."""

    town: Town
    bases: Sequence[str]
    acknowledged: dict[str, float] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    repeated: int = 0
    begun: float = 0.0
    ended: float = 0.0
    until: float = float("inf")  # who has not begun by then keeps the consent

    def withdraw(self, http: httpx.Client, person: Person) -> None:
        while True:
            base = random.choice(self.bases)  # noqa: S311 # a test's dice
            begun = boottime()
            try:
                status = choose(self.town, http, person, on=False, base=base)
            except httpx.HTTPError:
                status = 0  # its process was killed
            if status == 303:
                self.acknowledged[person.id] = now = boottime()
                self.took.append(now - begun)
                return
            self.repeated += 1
            time.sleep(0.05)

    def run(self, persons: Sequence[Person], *, threads: int) -> None:
        def some(number: int) -> None:
            with httpx.Client(timeout=120) as http:
                for person in persons[number::threads]:
                    if boottime() < self.until:
                        self.withdraw(http, person)

        self.begun = self.begun or boottime()
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(some, range(threads)):
                pass
        self.ended = boottime()

    def share(self, seconds: Sequence[int]) -> float:
        """In what part of the time of the withdrawals somebody was told yes."""
        first, last = int(self.begun), int(self.ended)
        return len([one for one in seconds if first <= one <= last]) / (last - first + 1)

    def chances(self, seconds: Sequence[int]) -> int:
        """Withdrawals acknowledged in a second in which somebody was told yes: each could fail."""
        told = frozenset(seconds)
        return sum(int(at) in told for at in self.acknowledged.values())


def late(told: dict[str, float], acknowledged: dict[str, float]) -> list[str]:
    """Persons of whom somebody was told yes at a moment after their withdrawal was acknowledged."""
    return [name for name, at in told.items() if at > acknowledged.get(name, float("inf"))]
