"""The serving process's side of the PII worker: one child, restarted when it dies, fails closed."""

import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import count
from queue import Empty, Queue
from typing import IO, Final, Self, cast

from governance.pii.errors import PiiTextTooLongError, PiiTimeoutError, PiiWorkerError
from governance.pii.frames import Ask, Tell, read_tell, unpacked, write_frame
from governance.pii.types import SHIPPED_MODEL, Span

BATCH: Final = 64  # texts per question
BATCH_CHARS: Final = 200_000  # code points per question, about a second of work
MAX_TEXT: Final = 4_000_000  # code points of one text
START_SECONDS: Final = 30.0
ANSWER_SECONDS: Final = 60.0


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

    def send(self, ask: Ask) -> None:
        try:
            write_frame(cast("IO[bytes]", self.process.stdin), ask)  # type: ignore[arg-type]  # a pipe
        except (OSError, ValueError) as gone:
            raise PiiWorkerError from gone

    def receive(self, number: int, *, seconds: float) -> Tell:
        while True:
            try:
                tell = self.answers.get(timeout=seconds)
            except Empty:
                raise PiiTimeoutError(seconds=int(seconds)) from None
            if tell is None:
                raise PiiWorkerError
            if tell.number == number:
                return tell

    def stop(self) -> None:
        self.process.kill()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(OSError, ValueError):
                    stream.close()
        self.process.wait()


class PiiWorker:
    """Personal data of texts, found in a child process; safe to call from several threads."""

    def __init__(
        self,
        *,
        model: str = SHIPPED_MODEL,
        start_seconds: float = START_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._model = model
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._abandoned = False
        self._numbers = count(1)
        self._start_seconds = start_seconds
        self._answer_seconds = answer_seconds

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

    def abandon(self) -> None:
        """Whoever waits for an answer is refused at once; no child starts again."""
        self._abandoned = True
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
        for attempt in (1, 2):
            child = self._alive()
            number = next(self._numbers)
            try:
                child.send(Ask(number, batch))
                tell = child.receive(number, seconds=self._answer_seconds)
            except PiiTimeoutError:
                self._drop()  # it may still be busy with a text that never ends
                raise
            except PiiWorkerError:
                self._drop()
                if attempt == 1:
                    continue  # died while idle or under us: one restart, then refuse
                raise
            if tell.failed or len(tell.spans) != len(batch):
                raise PiiWorkerError  # fails closed: no answer is not "nothing found"
            return tell
        raise PiiWorkerError

    def _alive(self) -> _Child:
        if self._abandoned:
            raise PiiWorkerError
        if self._child is not None and self._child.process.poll() is None:
            return self._child
        self._drop()
        try:
            child = _Child(self._model)
        except OSError as refused:
            raise PiiWorkerError from refused
        self._child = child
        try:
            child.receive(0, seconds=self._start_seconds)
        except (PiiWorkerError, PiiTimeoutError):
            self._drop()
            raise
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
