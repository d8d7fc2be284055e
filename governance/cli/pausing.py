"""`sekisho pause`: all processing stands still, until another person lifts it."""

from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.output import emit, line, say, when

if TYPE_CHECKING:
    from policies.pause import Pause

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("on", help=say("pause.on"))
def on(
    reason: Annotated[str, typer.Option("--reason", help=say("pause.reason"))],
) -> int:
    """Nothing is used, deleted or sent any more."""
    from governance.cli.choices import one_of
    from governance.cli.session import acting, opened
    from policies.admin.pausing import pause
    from policies.pause import PauseReason

    why = one_of(PauseReason, reason, "--reason")
    with opened() as wiring:
        made = pause(wiring.ports, acting(wiring), why, at=wiring.clock())
    emit(_json(made), lambda: line(say("pause.done")))
    return 0


@app.command("off", help=say("pause.off"))
def off() -> int:
    """Processing goes on, by another person than who paused it."""
    from governance.cli.session import acting, opened
    from policies.admin.pausing import lift

    with opened() as wiring:
        lift(wiring.ports, acting(wiring), at=wiring.clock())
    emit(_json(None), lambda: line(say("pause.lifted")))
    return 0


@app.command("show", help=say("pause.show"))
def show() -> int:
    """Whether processing is paused; 1 when it is."""
    from governance.cli.session import opened
    from policies.pause import standing

    with opened() as wiring, wiring.database.read() as tx:
        found = standing(tx)
    emit(_json(found), lambda: line(_words(found)))
    return 1 if found else 0


def _json(found: "Pause | None") -> dict[str, object]:
    if found is None:
        return {"paused": False}
    return {
        "paused": True,
        "id": found.id,
        "reason": found.reason.value,
        "by": found.paused_by,
        "since": found.paused_at.isoformat(),
    }


def _words(found: "Pause | None") -> str:
    if found is None:
        return say("pause.none")
    why = say(f"pause.reason.{found.reason.value}")
    since = when(found.paused_at)
    return say("pause.stands", reason=why, by=found.paused_by, since=since)
