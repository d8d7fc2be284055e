"""The PII worker process: questions on standard input, answers on standard output, nothing else.

A question that takes more processor time than it was given ends the process by SIGPROF: the system
counts that time, so that neither a busy machine nor an endless pattern can mislead it.
"""

import os
import signal
import socket
import sys
from typing import NoReturn

from governance.pii.engine import Analyzer
from governance.pii.frames import Ask, Tell, packed, read_ask, write_frame


def _no_network(*_args: object, **_options: object) -> NoReturn:
    raise OSError("the PII worker opens no connection")


def _limited(seconds: float) -> None:
    """This process ends after so many seconds of its own work; 0 is no limit."""
    if hasattr(signal, "setitimer"):  # not on Windows
        signal.setitimer(signal.ITIMER_PROF, seconds)


def answer(analyzer: Analyzer, ask: Ask) -> Tell:
    """Findings of every text; a fault is told as failed, without a word of the text."""
    try:
        texts = [(raw.decode("utf-8", "surrogatepass"), lang) for raw, lang in ask.texts]
        spans = [[packed(span) for span in found] for found in analyzer.analyze_all(texts)]
    except Exception:  # noqa: BLE001 (process edge: the caller refuses, the worker lives on)
        return Tell(ask.number, [], failed=True)
    return Tell(ask.number, spans)


def main() -> None:
    """Answers until standard input ends."""
    socket.socket.connect = _no_network  # type: ignore[method-assign]  # nothing here may call out
    source, target = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print must not break the frames
    analyzer = Analyzer(model=sys.argv[1])
    analyzer.analyze("東京都千代田区丸の内1-2-3 山田太郎様", "ja")  # loads dictionary and gazetteer
    write_frame(target, Tell(0, []))
    while (ask := read_ask(source)) is not None:
        _limited(ask.seconds)
        tell = answer(analyzer, ask)
        _limited(0.0)
        write_frame(target, tell)


if __name__ == "__main__":
    main()
