"""The child of `preparer.py`: reads the plan, then batches of rows until the pipe ends."""

import gc
import signal
import sys

from governance.gateway.intake.preparer import receive, rows_of, send
from governance.gateway.intake.preparing import prepare


def main() -> None:
    """Every batch is answered in order; ends with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    plan = receive(sys.stdin.buffer)
    gc.freeze()
    gc.disable()  # rows hold no cycles: nothing would be found
    send(sys.stdout.buffer, plan is not None)  # loaded and ready
    while plan is not None and (rows := receive(sys.stdin.buffer)) is not None:
        send(sys.stdout.buffer, prepare(rows_of(rows), plan))


if __name__ == "__main__":
    main()
