"""`sekisho init`, `serve`, `demo`, `doctor`: bringing an installation up and looking at it."""

from datetime import timedelta
from typing import Annotated

import typer

from governance.cli.output import emit, line, say, table


def register(app: typer.Typer) -> None:
    """The commands of this module stand in the tree."""
    app.command("demo", help=say("demo.help"))(demo)
    app.command("init", help=say("init.help"))(init)
    app.command("serve", help=say("serve.help"))(serve)
    app.command("doctor", help=say("doctor.help"))(doctor)


def init(
    officer: Annotated[
        list[str] | None, typer.Option("--officer", help=say("init.officer"))
    ] = None,
    operator: Annotated[
        list[str] | None, typer.Option("--operator", help=say("init.operator"))
    ] = None,
) -> int:
    """The installation exists with today's schema; each person named gets a one-time code."""
    from governance.app.staff import found
    from governance.app.wiring import Wiring
    from governance.cli.session import settings
    from governance.identity.errors import LoginFormError
    from governance.identity.rules import login_is_plain

    if not all(login_is_plain(login) for login in [*(officer or []), *(operator or [])]):
        raise LoginFormError  # before anything is made
    wiring = Wiring.create(settings())
    try:
        codes = found(wiring, officer or [], operators=operator or [])
        installation = wiring.vault.ring.installation
        data = str(wiring.settings.data_dir)
    finally:
        wiring.close()

    def words() -> None:
        line(say("init.done", path=data))
        for login, code in codes.items():
            line(say("init.code", login=login, code=code))

    emit({"installation": installation, "data": data, "codes": codes}, words)
    return 0


def serve(
    host: Annotated[str | None, typer.Option("--host", help=say("serve.host"))] = None,
    port: Annotated[int | None, typer.Option("--port", help=say("serve.port"))] = None,
    workers: Annotated[int | None, typer.Option("--workers", help=say("serve.workers"))] = None,
) -> int:
    """The installation is served until it is stopped."""
    from governance.app.server import serve as run
    from governance.cli.session import settings

    run(settings(host=host, port=port, workers=workers))
    return 0


def demo(
    no_serve: Annotated[bool, typer.Option("--no-serve", help=say("demo.no_serve"))] = False,
    port: Annotated[int, typer.Option("--port", help=say("serve.port"))] = 8443,
) -> int:
    """The main job on the demo data, end to end, then served on this machine alone."""
    from governance.app.demo.permitted import place_for
    from governance.app.demo.served import loading
    from governance.cli.invocation import current

    now = current()
    place = place_for(now.data, config=now.config)
    served = None if no_serve else loading()  # beside our own loading
    try:
        from governance.app.demo.run import run

        return run(place, port=port, served=served, lang=now.lang)
    finally:
        if served is not None:
            served.stop()


def doctor() -> int:
    """What an operator must know today; 1 when something needs a hand."""
    from governance.app.doctor import examine, provider_finding
    from governance.app.folders import NotInitialisedError
    from governance.cli.invocation import current
    from governance.cli.session import opened, settings
    from governance.core.errors import GovernanceError

    try:
        with opened() as wiring:
            findings = examine(wiring, at=wiring.clock(), stale=timedelta(days=1))
    except NotInitialisedError:
        raise
    except GovernanceError:  # without its keys nothing else can be looked at
        findings = (provider_finding(settings()),)
        if findings[0].state != "bad":
            raise
    lang = current().lang
    shape = [{"check": f.check, "state": f.state, "text": f.words(lang)} for f in findings]
    columns = (say("doctor.check"), say("doctor.state"), say("doctor.words"))
    rows = [
        (say(f"doctor.name.{f.check}"), say(f"doctor.state.{f.state}"), f.words(lang))
        for f in findings
    ]
    emit(shape, lambda: table("", columns, rows))
    return 0 if all(f.state == "good" for f in findings) else 1
