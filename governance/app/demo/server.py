"""The child of `served.py`: loads at once, serves when it is told which folder, ends with us."""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread

from governance.app.demo.folder import CONFIG, LOG
from governance.app.server import serve
from governance.core.errors import GovernanceError
from governance.core.logging import configure
from governance.core.settings_reading import load
from governance.core.terms import Lang
from governance.i18n.catalogue import error_text


def main() -> None:
    """The folder named on our input is served until we are told to stop; no folder, no server."""
    folder = sys.stdin.readline().rstrip("\n")
    if not folder:
        return
    end_with(sys.stdin.fileno())
    place = Path(folder)
    log = os.open(place / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(log, stream.fileno())
    os.close(log)
    try:
        settings = load(environment={}, config=place / CONFIG, overrides={"data_dir": place})
        configure(level=settings.log_level, json_lines=False)
        serve(settings)
    except GovernanceError as error:  # a sentence in the log, in both languages, and no traceback
        for lang in Lang:
            sys.stderr.write(f"{error_text(error, lang)}\n")
        raise SystemExit(error.exit_code) from None


def end_with(pipe: int) -> None:
    """This process is told to stop once nobody holds the other end, however who held it died."""

    def follow() -> None:
        while os.read(pipe, 1):  # not through `sys.stdin`: its lock would outlive the interpreter
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=follow, name="end-with", daemon=True).start()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
