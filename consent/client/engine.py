"""Follows the server: the feed into the view, the lease by what is applied, decisions upstream.

Three threads, none of which waits for another. Whatever fails in them is tried again; meanwhile
the lease ends, and nothing is permitted.
"""

import json
import logging
import threading
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final

from .lease import HolderLease
from .records import Recorded, Records
from .sse import Event
from .upstream import RefusedError, Told, Upstream
from .view import View, WireError

REST: Final = 0.02  # seconds between two askings
HEARTBEAT: Final = 0.5  # seconds between two askings for the lease
SHIP: Final = 0.25  # seconds that decisions wait for company
FIRST_RETRY, LAST_RETRY = 0.05, 1.0  # seconds
FLUSH: Final = 5.0  # seconds that closing waits for decisions to arrive upstream
UNREACHED: Final = "the server was not reached"
REFUSED: Final = "the server refused the key (401 or 403)"
LATE: Final = "the server has not said enough yet"
Observe = Callable[[Sequence[Recorded]], None]
log = logging.getLogger("sekisho_client")


class Engine:
    """The life of one client in one process."""

    def __init__(
        self, upstream: Upstream, *, enforced: frozenset[str], limit: int, observe: Observe | None
    ) -> None:
        self.holder: Final = str(uuid.uuid4())
        self.upstream: Final = upstream
        self.lease: Final = HolderLease()
        self.records: Final = Records(limit)
        self.view: View = nothing()
        self._enforced, self._observe = enforced, observe
        self._building: View | None = None
        self._tag = self._next_tag = ""
        self._connected = float("-inf")  # when the feed was asked for, on our clock
        self._moved = threading.Event()  # a position was applied: ask for the lease
        self._ready = threading.Condition()
        self.trouble = UNREACHED  # why the last try to follow the server ended; for people
        self._stopping, self._never = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """The server is followed from now on."""
        for name, act in (
            ("feed", self._feed), ("lease", self._keep_lease), ("records", self._ship)
        ):  # fmt: skip
            thread = threading.Thread(target=act, name=f"sekisho-{name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Nothing is permitted any more; what was decided is upstream if it could be sent."""
        self.lease.lost()
        self._stopping.set()
        self._moved.set()
        for thread in self._threads:
            thread.join()  # the feed speaks every half second, so its reader soon looks up
        try:
            self.upstream.give_back(self.holder)
        except Exception:  # noqa: BLE001 # then the lease ends by itself
            log.warning("lease not given back")
        self.upstream.close()

    def forget(self) -> None:
        """No decision of this engine stands any more."""
        self.view = nothing()

    def wait(self, holds: Callable[[], bool], timeout: float) -> bool:
        """Whether this came true in so many seconds."""
        with self._ready:
            return self._ready.wait_for(holds, timeout)

    def _feed(self) -> None:
        pause = FIRST_RETRY
        while not self._stopping.is_set():
            try:
                view = self.view
                self._connected = self.lease.asked()
                with self.upstream.feed(
                    after=None if view.seq < 0 else view.seq, tag=self._tag, rows=len(view.rows)
                ) as stream:
                    for event in stream:
                        self._apply(event)
                        pause = FIRST_RETRY
                        if self._stopping.is_set():
                            return
            except WireError:
                self._restart()
            except RefusedError:
                self.lease.lost()
                self.trouble = REFUSED
            except Exception:  # noqa: BLE001 # edge of the thread: it connects again
                self.trouble = UNREACHED
                if not self._stopping.is_set():
                    log.info("feed cut")
            self._building = None
            self._stopping.wait(pause)
            pause = min(pause * 2, LAST_RETRY)

    def _restart(self) -> None:
        """Fails closed: nothing of what is known is believed any more."""
        log.warning("snapshot unreadable")
        self.lease.lost()
        self.view, self._tag = nothing(), ""

    def _apply(self, event: Event) -> None:
        """One event of the feed; raises WireError for what cannot be understood."""
        if event.kind == ":":
            return
        try:
            data: Any = json.loads(event.data)
            view = self._building or self.view
            match event.kind:
                case "policy":
                    self._building, self._next_tag = View(data, self._enforced), str(data["tag"])
                    self._building.told_time(int(data["now"]), asked=self._connected)
                case "rows":
                    view.put(data["rows"])
                case "gone":
                    view.forget(data["ids"])
                case "at":
                    self._reached(view, int(event.id or ""))
                case _:
                    pass  # a later server may say more
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise error if isinstance(error, WireError) else WireError(event.kind) from error

    def _reached(self, view: View, seq: int) -> None:
        """Everything up to this position is applied, in the view that decides from now on."""
        view.seq = seq
        self.trouble = LATE
        if view is self._building:
            self.view, self._building, self._tag = view, None, self._next_tag
        self._moved.set()
        with self._ready:
            self._ready.notify_all()

    def _keep_lease(self) -> None:
        pause = FIRST_RETRY
        while not self._stopping.is_set():
            self._moved.clear()
            view = self.view
            try:
                again = view.seq >= 0 and self._ask(view)
                pause = FIRST_RETRY
            except Exception:  # noqa: BLE001 # edge of the thread: it asks again, before the lease ends
                log.info("lease not renewed")
                self._stopping.wait(pause)
                pause = min(pause * 2, HEARTBEAT)
                continue
            if not again and self._moved.wait(HEARTBEAT):
                self._stopping.wait(REST)

    def _ask(self, view: View) -> bool:
        """Whether to ask again at once; raises what the way to the server fails with."""
        applied, asked = view.seq, self.lease.asked()
        try:
            told: Told = self.upstream.ask(self.holder, applied=applied)
        except RefusedError:
            self.lease.lost()
            return False
        if view is not self.view or self._stopping.is_set():
            return True  # what was applied is not what decides now
        view.told_time(told.now, asked=asked)
        if told.standing == "granted":
            self.lease.granted(asked=asked, seconds=told.seconds)
            with self._ready:
                self._ready.notify_all()
            return False
        return told.standing == "joined"

    def _ship(self) -> None:
        deadline: float | None = None
        while True:
            if self._stopping.is_set() and deadline is None:
                deadline = self.lease.asked() + FLUSH
            batch = self.records.batch()
            sent = bool(batch) and self._sends(batch)
            if deadline is not None and (not batch or self.lease.asked() > deadline):
                return
            if not sent:
                (self._stopping if deadline is None else self._never).wait(SHIP)

    def _sends(self, batch: Sequence[Recorded]) -> bool:
        try:
            self.upstream.record(batch, stream=self.holder, wall=self.view.wall)
        except Exception:  # noqa: BLE001 # edge of the thread: it sends again
            log.info("decisions wait")
            return False
        self.records.stored(batch)
        if self._observe is not None:
            try:
                self._observe(batch)
            except Exception:  # noqa: BLE001 # an observer must not stop the record
                log.warning("observer failed")
        return True


def nothing() -> View:
    """A view that knows no purpose and no person."""
    empty = {"v": 1, "policy": "", "codes": [], "home": "", "aliases": {}, "purposes": []}
    return View(empty, frozenset())
