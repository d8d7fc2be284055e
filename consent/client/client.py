"""The client: asks before every use, in this process, by what the server decided for it.

    with Client("https://sekisho.example", key, enforces={"mask"}) as sekisho:
        sekisho.register(pseudonyms)
        if decision := sekisho.allowed(person, "mail_marketing", channel="email"):
            ...

No lease, no snapshot, an exception, a duty that is not enforced: the answer is no.
"""

import asyncio
import itertools
import os
import threading
import weakref
from collections.abc import Iterable, Sequence
from typing import Final, Self

from .decision import PERMIT, Asked, Decision
from .engine import Engine, Observe
from .lease import NEVER, boottime
from .records import LIMIT
from .upstream import Upstream
from .view import Route

DUTIES: Final = frozenset(  # policies/types.py:ObligationKind; a duty of another kind is refused
    {"mask", "redact", "log", "expire", "notify", "purpose_tag", "no_onward_transfer", "rate"}
)
OURS: Final = frozenset({"log"})  # done here: every decision is recorded upstream
_NONE: Final[dict[str | None, Route]] = {}
_made: Final = tuple.__new__  # a Decision in a third of the time that its own constructor takes
PATIENCE: Final = 10.0  # seconds that `ready` and `register` wait


class NotReadyError(Exception):
    """The server did not answer in time, and why; nothing is permitted until it does."""


class UnknownDutyError(ValueError):
    """The caller says that it enforces a duty which does not exist."""


class Client:
    """One per process and key; safe to share between threads, renewed in a forked child."""

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        purposes: Sequence[str] | None = None,
        enforces: Iterable[str] = (),
        queue: int = LIMIT,
        observe: Observe | None = None,
    ) -> None:
        """A client that has not started; `purposes` narrows what it may ask for."""
        self._enforced = frozenset(enforces) | OURS
        if unknown := self._enforced - DUTIES:
            raise UnknownDutyError(", ".join(sorted(unknown)))
        self._address = (base_url, key)
        self._purposes = None if purposes is None else tuple(purposes)
        self._queue, self._observe = queue, observe
        self._running = False
        self._lock = threading.Lock()
        self._begin()
        _forked(self)

    def __repr__(self) -> str:
        return "Client(...)"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self.close()

    def start(self) -> None:
        """The server is followed from now on; asking before `ready` is refused, not awaited."""
        with self._lock:
            if not self._running:
                self._running = True
                self._engine.start()

    def close(self) -> None:
        """Nothing is permitted any more; decisions that wait are sent, for a few seconds."""
        with self._lock:
            running, self._running = self._running, False
            if running:
                self._engine.stop()
            else:
                self._engine.upstream.close()
            self._engine.forget()
            self._begin()

    def ready(self, timeout: float = PATIENCE) -> None:
        """The lease holds, so that questions are answered; raises NotReadyError."""
        self._revive()
        if not self._engine.wait(self._engine.lease.holds, timeout):
            raise NotReadyError(self._engine.trouble)

    def register(
        self, add: Iterable[str], *, remove: Iterable[str] = (), timeout: float = PATIENCE
    ) -> int:
        """The position at which this process knows these persons; raises NotReadyError."""
        self._revive()
        engine = self._engine
        seq = engine.upstream.register(add, remove)
        if not engine.wait(lambda: engine.view.seq >= seq, timeout):
            raise NotReadyError(engine.trouble)
        return seq

    def wait_for(self, seq: int, timeout: float = PATIENCE) -> None:
        """Everything up to this position is applied here; raises NotReadyError."""
        engine = self._engine
        if not engine.wait(lambda: engine.view.seq >= seq, timeout):
            raise NotReadyError(engine.trouble)

    @property
    def seq(self) -> int:
        """The position up to which everything is applied; -1 before the first snapshot."""
        return self._engine.view.seq

    @property
    def unsent(self) -> int:
        """How many decisions are not yet in the server's log."""
        return self._engine.records.count

    def allowed(
        self,
        subject: str,
        purpose: str,
        *,
        channel: str | None = None,
        recipient: str | None = None,
        country: str | None = None,
        min_seq: int | None = None,
    ) -> Decision:
        """Whether this person's data may be used so, now. Never raises, never waits."""
        try:
            engine, lease, waiting, number = self._parts
            view = engine.view
            if recipient is None and country is None:  # nearly every question; no tuple is made
                route = view.near.get(purpose, _NONE).get(channel)
            else:
                route = view.routes.get((purpose, channel, recipient, country))
            asked, code, cell, duties = (
                view.route((purpose, channel, recipient, country)) if route is None else route
            )
            row = None
            ends = until = lease.until
            if cell >= 0:
                row = view.rows.get(subject)
                if row is None:
                    code = "denied.subject"
                elif (value := row[cell]) < 0:
                    code = view.codes[-1 - value]
                elif value:
                    until = min(ends, view.boot(value))
            now = boottime()  # after everything was looked up: who slept reads it late
            if now >= until:
                code = self._ended(now, ends, code)
            if min_seq is not None and view.seq < min_seq:
                code = "unavailable.stale"
            if len(waiting) >= self._queue:
                return self._refused(subject, asked, "unavailable.audit", recorded=False)
            said = (number(), subject, asked, code, view.seq, view.policy_version, now)
            waiting.append(said)
            return _made(Decision, (code, said, until, duties, view, row, engine))
        except Exception:  # noqa: BLE001 # fails closed: whatever it was, the answer is no
            words = (purpose, channel, recipient, country)
            return self._refused(subject, words, "unavailable.error", recorded=True)

    def _ended(self, now: float, lease_ends: float, code: str) -> str:
        """The refusal after the end of the lease, or of a permit before it."""
        if now >= lease_ends:
            self._revive()
            return "unavailable.lease"
        return "denied.subject" if code == PERMIT else code

    def _refused(self, subject: str, asked: Asked, code: str, *, recorded: bool) -> Decision:
        """A refusal that needs nothing to be known; one that is not recorded has the number 0."""
        engine, _, waiting, number = self._parts
        words = all(part is None or isinstance(part, str) for part in (subject, *asked))
        n = number() if recorded and words else 0
        view, now = engine.view, boottime()
        said = (n, subject, asked, code, view.seq, view.policy_version, now)
        if n:
            waiting.append(said)
        return Decision(code, said, NEVER, (), view, None, engine)

    def _begin(self) -> None:
        """A fresh life: a holder of its own, numbers from 1, nothing known."""
        upstream = Upstream(*self._address, purposes=self._purposes)
        self._engine = Engine(
            upstream, enforced=self._enforced, limit=self._queue, observe=self._observe
        )
        numbers = itertools.count(1)
        self._parts = (
            self._engine,
            self._engine.lease,
            self._engine.records.waiting,
            numbers.__next__,
        )
        self._asleep = False  # started in a parent process; the threads stayed there

    def _revive(self) -> None:
        """In a child of the process that started it, the client starts anew when it is used."""
        if self._asleep:
            with self._lock:
                if self._asleep:
                    self._asleep, self._running = False, True
                    self._engine.start()

    def renew_in_child(self) -> None:
        """The parent's lease, numbers and connections are the parent's."""
        running, self._lock = self._running, threading.Lock()
        self._running = False
        self._engine.forget()
        self._begin()
        self._asleep = running


class AsyncClient:
    """The same client for an event loop: what waits is awaited, `allowed` never waits."""

    def __init__(self, client: Client) -> None:
        """Takes over a client that was not started."""
        self.client: Final = client
        self.allowed: Final = client.allowed

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.client.start)
        return self

    async def __aexit__(self, *_failure: object) -> None:
        await asyncio.to_thread(self.client.close)

    async def ready(self, timeout: float = PATIENCE) -> None:  # noqa: ASYNC109 # as Client.ready
        """The lease holds; raises NotReadyError."""
        await asyncio.to_thread(self.client.ready, timeout)

    async def register(self, add: Iterable[str], *, remove: Iterable[str] = ()) -> int:
        """The position at which this process knows these persons; raises NotReadyError."""
        return await asyncio.to_thread(self.client.register, add, remove=remove)


def _forked(client: Client) -> None:
    """The client is renewed in every child, as long as somebody holds it."""
    held = weakref.ref(client)

    def renew() -> None:
        if (living := held()) is not None:
            living.renew_in_child()

    os.register_at_fork(after_in_child=renew)
