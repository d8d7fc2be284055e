"""The child of `served.py`: loads at once, serves when it is told which folder, ends with us."""

import os
import sys
from contextlib import suppress
from pathlib import Path

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


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
