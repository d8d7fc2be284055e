"""The last net under a failing process: a traceback without the error's words, which may quote.

An exception that nobody caught is told by its class and the places in the code, never by its
message: `invalid literal for int(): '090-...'` would bring a person's value into a log.
"""

import sys
import threading
import traceback
from types import TracebackType

QUIET = (KeyboardInterrupt, SystemExit)
OURS = (NameError, ImportError)  # whose words name the code alone


def words_of(
    kind: type[BaseException], failure: BaseException | None, trace: TracebackType | None
) -> str:
    """Class of the exception and the places that it passed, the outermost first."""
    places = [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in
              traceback.extract_tb(trace)]  # fmt: skip
    said = f" {failure}" if issubclass(kind, OURS) else ""
    return "\n".join([f"process.failed exception={kind.__name__}{said}", *places]) + "\n"


def _process(
    kind: type[BaseException], failure: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, QUIET):
        sys.__excepthook__(kind, failure, trace)
        return
    sys.stderr.write(words_of(kind, failure, trace))


def _thread(failed: threading.ExceptHookArgs) -> None:
    if not issubclass(failed.exc_type, QUIET):
        sys.stderr.write(words_of(failed.exc_type, failed.exc_value, failed.exc_traceback))


def tell_by_place() -> None:
    """Failures of this process and its threads are told without their words from now on."""
    sys.excepthook = _process
    threading.excepthook = _thread
