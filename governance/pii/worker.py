"""The serving process's side of the PII worker: one child, restarted when it dies, fails closed.

A child is given up when it shows no life for a while, or when the work on one question takes more
processor time than its length allows. A machine that has little time for it ends nothing.
"""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from queue import Empty, Queue
from typing import IO, Final, Self, cast

from governance.pii.errors import (
    PiiEndedError,
    PiiStartError,
    PiiTextTooLongError,
    PiiTimeoutError,
    PiiWorkerError,
)
from governance.pii.frames import Ask, Tell, read_tell, unpacked, write_frame
from governance.pii.types import SHIPPED_MODEL, Span

BATCH: Final = 64  # texts per question
BATCH_CHARS: Final = 200_000  # code points per question, a few seconds of work
MAX_TEXT: Final = 4_000_000  # code points of one text
SILENT_SECONDS: Final = 60.0  # without an answer and without any work of the child
WORK_SECONDS: Final = 30.0  # of processor time for one question, whatever its length
SLOWEST: Final = 20_000  # octets of text a second of processor time; a tenth of what is usual
START_PAUSES: Final = (0.0, 1.0, 5.0, 15.0)  # seconds before each try to start one, in a long run
ATTEMPTS: Final = 2  # children that one question may end
_DYING: Final = 5.0  # seconds from the end of the answers to the end of the process
_OVERWORKED: Final = -int(getattr(signal, "SIGPROF", 27))  # return code


class _Child:
    """One worker process with a thread that reads its answers."""

    def __init__(self, model: str) -> None:
        # -P: the working folder must not shadow our packages
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "governance.pii.worker_main", model],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.answers: Queue[Tell | None] = Queue()
        threading.Thread(target=self._listen, name="pii-worker-answers", daemon=True).start()

    def _listen(self) -> None:
        stream = cast("IO[bytes]", self.process.stdout)
        with suppress(OSError, ValueError):  # closed under us: the same as gone
            while (tell := read_tell(stream)) is not None:  # type: ignore[arg-type]  # a binary pipe
                self.answers.put(tell)
        self.answers.put(None)

    def answered(self, ask: Ask, *, silent: float) -> Tell:
        """The answer to a question; waits as long as the child works."""
        try:
            write_frame(cast("IO[bytes]", self.process.stdin), ask)  # type: ignore[arg-type]  # a pipe
        except (OSError, ValueError) as gone:
            raise self._end(ask.seconds) from gone
        return self.receive(ask.number, silent=silent, allowed=ask.seconds)

    def receive(self, number: int, *, silent: float, allowed: float) -> Tell:
        worked = worked_by(self.process.pid)
        while True:
            try:
                tell = self.answers.get(timeout=silent)
            except Empty:
                before, worked = worked, worked_by(self.process.pid)
                if worked is None or worked == before:
                    raise PiiTimeoutError(seconds=int(silent)) from None
                continue
            if tell is None:
                raise self._end(allowed)
            if tell.number == number:
                return tell

    def _end(self, allowed: float) -> PiiWorkerError | PiiTimeoutError:
        """What the child died of."""
        try:
            code = self.process.wait(timeout=_DYING)
        except subprocess.TimeoutExpired:
            return PiiEndedError(ended="answer unreadable")
        if code == _OVERWORKED:
            return PiiTimeoutError(seconds=int(allowed))
        return PiiEndedError(ended=f"signal {-code}" if code < 0 else f"exit {code}")

    def stop(self) -> None:
        self.process.kill()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(OSError, ValueError):
                    stream.close()
        self.process.wait()


def worked_by(pid: int) -> int | None:
    """Ticks of processor time that a process has had; None where the system does not tell."""
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        user, system = line.rpartition(")")[2].split()[11:13]
    except (OSError, ValueError):
        return None
    return int(user) + int(system)


class PiiWorker:
    """Personal data of texts, found in a child process; safe to call from several threads."""

    def __init__(
        self,
        *,
        model: str = SHIPPED_MODEL,
        silent_seconds: float = SILENT_SECONDS,
        work_seconds: float = WORK_SECONDS,
    ) -> None:
        self._model = model
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._abandoned = threading.Event()
        self._numbers = count(1)
        self._silent = silent_seconds
        self._work = work_seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Process id of the living child, for the figures page."""
        child = self._child
        return child.process.pid if child is not None else None

    def start(self) -> None:
        """The child runs and has loaded its dictionaries."""
        with self._lock:
            self._alive()

    def start_patiently(self) -> None:
        """The same after some tries with pauses: a machine may be short of memory for a while."""
        for pause in START_PAUSES[:-1]:
            self._abandoned.wait(pause)
            with suppress(PiiStartError):
                self.start()
                return
        self._abandoned.wait(START_PAUSES[-1])
        self.start()

    def abandon(self) -> None:
        """Whoever waits for an answer is refused at once; no child starts again."""
        self._abandoned.set()
        child = self._child
        if child is not None:
            child.process.kill()

    def close(self) -> None:
        """No child runs."""
        with self._lock:
            self._drop()

    def analyze(self, text: str, lang: str = "ja") -> tuple[Span, ...]:
        """Findings of one text."""
        return next(self.analyze_many(((text, lang),)))

    def analyze_many(self, texts: Iterable[tuple[str, str]]) -> Iterator[tuple[Span, ...]]:
        """Findings of each (text, language) in order; at most one batch is in memory."""
        for batch in batches_of(texts):
            asked = [(text.encode("utf-8", "surrogatepass"), lang) for text, lang in batch]
            with self._lock:
                tell = self._ask(asked)
            for spans in tell.spans:
                yield tuple(unpacked(span) for span in spans)

    def _ask(self, batch: list[tuple[bytes, str]]) -> Tell:
        octets = sum(len(raw) for raw, _ in batch)
        for attempt in range(1, ATTEMPTS + 1):
            child = self._alive()
            ask = Ask(next(self._numbers), batch, self._work + octets / SLOWEST)
            try:
                tell = child.answered(ask, silent=self._silent)
            except PiiTimeoutError:
                self._drop()  # it may still be busy with a text that never ends
                raise
            except PiiWorkerError:
                self._drop()
                if attempt < ATTEMPTS:
                    continue  # died while idle or under us: one restart, then refuse
                raise
            if tell.failed or len(tell.spans) != len(batch):
                raise PiiWorkerError  # fails closed: no answer is not "nothing found"
            return tell
        raise PiiWorkerError

    def _alive(self) -> _Child:
        if self._abandoned.is_set():
            raise PiiWorkerError
        if self._child is not None and self._child.process.poll() is None:
            return self._child
        self._drop()
        try:
            child = _Child(self._model)
        except OSError as refused:
            raise PiiStartError(ended=type(refused).__name__) from refused
        self._child = child
        try:
            child.receive(0, silent=self._silent, allowed=0.0)
        except PiiEndedError as ended:
            self._drop()
            raise PiiStartError(**ended.params) from ended
        except PiiTimeoutError as silent:
            self._drop()
            raise PiiStartError(ended=f"silent {int(self._silent)} s") from silent
        return child

    def _drop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.stop()


def batches_of(texts: Iterable[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """The texts in the sizes of one question; raises PiiTextTooLongError."""
    batch: list[tuple[str, str]] = []
    size = 0
    for text, lang in texts:
        if len(text) > MAX_TEXT:
            raise PiiTextTooLongError(length=len(text), limit=MAX_TEXT)
        if batch and (len(batch) >= BATCH or size + len(text) > BATCH_CHARS):
            yield batch
            batch, size = [], 0
        batch.append((text, lang))
        size += len(text)
    if batch:
        yield batch
