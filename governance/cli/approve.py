"""`sekisho approve`: the second person executes what the first one asked for."""

from typing import Annotated

import typer

from governance.cli.output import emit, line, say


def register(app: typer.Typer) -> None:
    """The commands of this module stand in the tree."""
    app.command("approve", help=say("approve.help"))(approve)


def approve(
    approval: Annotated[str, typer.Argument(metavar="ID", help=say("approve.id"))],
) -> int:
    """The approved act is done, by two different principals."""
    from governance.app.approvals import approve_and_execute
    from governance.cli.session import acting, opened

    with opened() as wiring:
        done = approve_and_execute(wiring, acting(wiring), approval, at=wiring.clock())
    emit(done, lambda: line(say("approve.done", approval=approval)))
    return 0
