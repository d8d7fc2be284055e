"""`sekisho keys compromised`: a key that somebody else may hold is ended, on record, at once."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.breaches import spelled, told
from governance.cli.output import emit, line, say, table

if TYPE_CHECKING:
    from governance.app.compromise.types import Response

app = typer.Typer(rich_markup_mode=None)


@app.command("compromised", help=say("keys.compromised"))
def compromised(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=say("compromised.kind"))],
    target: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help=say("compromised.target"))
    ] = None,
    aware: Annotated[
        datetime | None, typer.Option("--aware", help=say("compromised.aware"))
    ] = None,
) -> int:
    """Ended where one person may, asked of another where two must; what is left is told."""
    from governance.app.compromise.acting import respond
    from governance.app.compromise.types import Found, Suspect
    from governance.cli.choices import one_of
    from governance.cli.session import acting, opened
    from governance.core.clock import JST

    suspect = one_of(Suspect, kind, "KIND")
    with opened() as wiring:
        at = wiring.clock()
        known = aware or at
        found = Found(
            suspect=suspect,
            target=target,
            aware_at=known if known.tzinfo else known.replace(tzinfo=JST),
            at=at,
        )
        done = respond(wiring, acting(wiring), found)
    emit(_shape(done), lambda: _words(done))
    return 0


def _shape(done: "Response") -> dict[str, object]:
    return {
        "suspect": done.suspect.value,
        "target": done.target,
        "done": [{"what": act.what, "count": act.count} for act in done.acts],
        "approval": done.approval,
        "shown": list(done.shown),
        "next": [{"command": step.command, "why": step.why} for step in done.steps],
        "breach": spelled(done.standing),
    }


def _words(done: "Response") -> None:
    line(say("compromised.done"))
    for act in done.acts:
        line(f"  - {say(f'compromised.act.{act.what}', count=act.count)}")
    for secret in done.shown:
        line(f"    {secret}")
    if done.shown:
        line(f"    {say('webhook.once')}")
    line("")
    told(done.standing)
    line("")
    rows = [
        (str(number), step.command, say(f"compromised.step.{step.why}"))
        for number, step in enumerate(done.steps, 1)
    ]
    names = [say(f"compromised.column.{name}") for name in ("number", "command", "why")]
    table(say("compromised.next"), names, rows)
