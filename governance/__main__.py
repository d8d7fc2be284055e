"""`python -m governance` is the same as `sekisho`."""

from governance.cli.main import run

run()
