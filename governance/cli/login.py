"""`sekisho login`: a session for the command line, by a one-time code."""

from datetime import timedelta
from functools import partial
from typing import Annotated

import typer

from governance.cli.output import emit, line, say


def register(app: typer.Typer) -> None:
    """The commands of this module stand in the tree."""
    app.command("login", help=say("login.help"))(login)


def login(
    code: Annotated[str | None, typer.Option("--code", help=say("login.code"))] = None,
) -> int:
    """A session is kept for this operating-system user; later commands act as its owner."""
    from governance.app.staff import signed_in
    from governance.cli.session import opened, os_user, remember
    from governance.identity.service import sign_in

    secret = code or typer.prompt(say("login.prompt"), hide_input=True)
    with opened(restoring=True) as wiring:  # who declares a restore signs in first
        lasting = timedelta(minutes=wiring.settings.session_minutes)
        session, token = wiring.database.write(
            partial(sign_in, secret=secret, lasting=lasting, at=wiring.clock())
        )
        signed_in(wiring, session, os_user=os_user())
        name = session.actor.partition(":")[2]
        remember(wiring, name, token)
    emit({"actor": session.actor}, lambda: line(say("login.done", actor=session.actor)))
    return 0
