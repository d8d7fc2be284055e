"""The console script `sekisho`: reads the line, runs one command, exits by the house's codes."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 # an old Python gets a sentence, not a traceback
    sys.stderr.write(
        "エラー: SekishoにはPython 3.11以降が必要です。何も変更していません。\n"
        "Error: Sekisho needs Python 3.11 or later. Nothing was changed.\n"
    )
    raise SystemExit(2)

import os

from governance.cli.errors import FileTroubleError
from governance.cli.invocation import begin, refused, split
from governance.cli.output import report
from governance.core.errors import GovernanceError
from governance.core.failures import tell_by_place

OK, FINDING, WRONG_USE, UNAVAILABLE = 0, 1, 2, 3  # exit codes of every command


def run() -> None:
    """The process ends with 0 fine, 1 finding or refusal, 2 wrong use, 3 unavailable."""
    tell_by_place()
    raise SystemExit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """The exit code of one command line."""
    begin(refused(arguments, os.environ))
    try:
        invocation, rest = split(arguments, os.environ)
        begin(invocation)
        from governance.cli.commands import application  # texts need the language

        return application(rest)
    except GovernanceError as error:
        return report(error)
    except KeyboardInterrupt:
        return FINDING
    except BrokenPipeError:
        sys.stderr.close()
        return OK
    except OSError as error:  # a path that was given; our own files have their own words
        return report(
            FileTroubleError(path=str(error.filename or "-"), reason=type(error).__name__)
        )


if __name__ == "__main__":
    run()
