"""A client process of the campaign: asks flat out, and says of whom it was told yes, and when last.

    python asker.py BASE IDS OUT MODE      (key on standard input; ends when that is closed)

MODE: `plain`; `deaf` hears the feed until it has a lease, then applies nothing for a while and goes
on asking for it, again and again; `cut` loses its feed again and again, once it has had a lease,
and keeps its lease as long as it is given one.
"""

import json
import random
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from consent.client.client import Client, NotReadyError
from consent.client.decision import Decision
from consent.client.engine import Engine
from consent.client.lease import boottime
from consent.client.sse import Event
from consent.client.upstream import PART, Told, Upstream

PURPOSE, CHANNEL = "mail_marketing", "email"
PACE = 0.1  # seconds between two rounds of questions
HELD = 64  # permits that are kept and asked again whether they still stand
CUT = 2.5  # seconds without a feed, or deaf to it; longer than a lease
WHOLE = 1.0  # seconds with one


class Cutting(Upstream):
    """A line that is cut every other moment; only the feed's, and never in the first snapshot."""

    holds: Callable[[], bool]

    @contextmanager
    def feed(self, *, after: int | None, tag: str, rows: int) -> Iterator[Iterator[Event]]:
        def until_cut(told: Iterator[Event]) -> Iterator[Event]:
            held = float("inf")
            for event in told:
                yield event
                now = time.monotonic()
                if self.holds():
                    held = min(held, now)
                if now - held > WHOLE:
                    time.sleep(CUT)
                    raise ConnectionError

        with super().feed(after=after, tag=tag, rows=rows) as told:
            yield until_cut(told)


def deafened(engine: Engine) -> None:
    """With each lease the client applies nothing for a while; then it takes up where it stopped."""
    hear, until = engine._apply, float("inf")

    def apply(event: Event) -> None:
        nonlocal until
        now = time.monotonic()
        if until != float("inf"):
            if now < until:
                return
            until = float("inf")
            raise ConnectionError  # what was not applied is told again
        hear(event)
        if engine.lease.holds():
            until = now + CUT

    engine._apply = apply  # type: ignore[method-assign] # the fault that is played


def counted(engine: Engine) -> dict[str, list[float]]:
    """How long each asking for the lease took, by what came of it; and each snapshot."""
    found: dict[str, list[float]] = {}
    ask, apply = engine.upstream.ask, engine._apply

    def counted_ask(holder: str, *, applied: int) -> Told:
        begun, standing = time.monotonic(), "failed"
        try:
            told = ask(holder, applied=applied)
            standing = told.standing
            return told
        finally:
            found.setdefault(standing, []).append(time.monotonic() - begun)

    def counted_apply(event: Event) -> None:
        if event.kind == "policy":
            found.setdefault("snapshot", []).append(0.0)
        apply(event)

    engine.upstream.ask = counted_ask  # type: ignore[method-assign] # what is told is the same
    engine._apply = counted_apply  # type: ignore[method-assign] # and what is heard
    return found


def client_of(base: str, key: str, mode: str) -> Client:
    client = Client(base, key, queue=2_000)
    engine = client._engine
    if mode == "cut":
        engine.upstream.close()
        engine.upstream = cutting = Cutting(base, key, purposes=None)  # type: ignore[misc] # too
        cutting.holds = engine.lease.holds
    if mode == "deaf":
        deafened(engine)
    return client


def register(client: Client, names: list[str]) -> None:
    """The feed speaks of them, whatever it took: five clients come at once to a busy machine."""
    for start in range(0, len(names), PART):
        while True:
            try:
                client._engine.upstream.register(names[start : start + PART], [])
                break
            except httpx.HTTPError:
                time.sleep(0.5)


def ask(client: Client, ids: list[str], ended: threading.Event) -> dict[str, object]:
    """Of each person, when a question that was answered yes began, and when a yes last stood."""
    asked: dict[str, float] = {}
    stood: dict[str, float] = {}
    held: deque[Decision] = deque(maxlen=HELD)
    permits = refusals = unavailable = 0
    seconds: set[int] = set()  # of which in some the answer was yes
    dice = random.Random(len(ids))  # noqa: S311 # a test's dice
    while not ended.is_set():
        for _ in range(20):
            subject = dice.choice(ids)
            begun = boottime()
            decision = client.allowed(subject, PURPOSE, channel=CHANNEL)
            if decision:
                permits += 1
                seconds.add(int(begun))
                asked[subject] = begun
                held.append(decision)
            elif decision.retryable:
                unavailable += 1
            else:
                refusals += 1
        if held:
            old = held[dice.randrange(len(held))]
            begun = boottime()
            if old:
                stood[old.subject] = begun
        time.sleep(PACE)  # the machine has others to serve
    return {
        "asked": asked,
        "stood": stood,
        "permits": permits,
        "refusals": refusals,
        "unavailable": unavailable,
        "seconds": sorted(seconds),
    }


def main() -> None:
    base, ids, out, mode = sys.argv[1:5]
    key = sys.stdin.readline().strip()
    ended = threading.Event()

    def end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=end, daemon=True).start()
    names: list[str] = json.loads(Path(ids).read_text())
    client = client_of(base, key, mode)
    askings = counted(client._engine)
    with client:
        register(client, names)
        try:
            client.ready(120)
        except NotReadyError:
            Path(out + ".late").touch()
        Path(out + ".ready").touch()
        askings.clear()
        found = ask(client, names, ended)
    found["askings"] = {
        kind: [len(times), round(sorted(times)[len(times) // 2] * 1000)]
        for kind, times in askings.items()
    }
    Path(out).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
