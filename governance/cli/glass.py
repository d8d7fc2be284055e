"""`sekisho break-glass`: emergency accesses, opened with a reason, reviewed by another person."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.output import emit, line, say, table, when

if TYPE_CHECKING:
    from datetime import datetime

    from governance.gateway.glass.types import Glass

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Which = Annotated[str, typer.Argument(metavar="ID", help=say("glass.id"))]


@app.command("open", help=say("glass.open"))
def open_(
    purpose: Annotated[str, typer.Option("--purpose", help=say("check.purpose"))],
    minutes: Annotated[int, typer.Option("--minutes", help=say("glass.minutes"))],
    subject: Annotated[str | None, typer.Option("--subject", help=say("glass.subject"))] = None,
) -> int:
    """The access is open; its reason comes from standard input."""
    from governance.cli.session import acting, opened
    from governance.core.terms import SubjectId
    from governance.gateway.glass import service
    from governance.gateway.glass.types import GlassRequest

    wanted = GlassRequest(
        purpose=purpose,
        subject=SubjectId(subject) if subject is not None else None,
        minutes=minutes,
        reason=_typed("glass.reason"),
    )
    with opened() as wiring:
        at = wiring.clock()
        terms = service.terms_of(wiring.settings)
        made = service.open_glass(wiring.ports, acting(wiring), wanted, terms, at=at)
    emit(made.as_json(at), lambda: line(say("glass.opened", id=made.id, until=when(made.ends_at))))
    return 0


@app.command("list", help=say("glass.list"))
def list_(
    unreviewed: Annotated[bool, typer.Option("--unreviewed", help=say("glass.unreviewed"))] = False,
) -> int:
    """Accesses, the newest first; with --unreviewed, 1 when there is one."""
    from governance.cli.session import acting, opened
    from governance.gateway.glass import service

    with opened() as wiring:
        at = wiring.clock()
        with wiring.database.read() as tx:
            found = service.listing(tx, wiring.ports, acting(wiring), unreviewed=unreviewed)
    emit([one.as_json(at) for one in found], lambda: _table(found, at))
    return 1 if unreviewed and found else 0


@app.command("show", help=say("glass.show"))
def show(which: Which) -> int:
    """One access with its reason and the reviewer's comment."""
    from governance.cli.session import acting, opened
    from governance.gateway.glass import service

    with opened() as wiring:
        at = wiring.clock()
        with wiring.database.read() as tx:
            found, reason, comment = service.show(tx, wiring.ports, acting(wiring), which)

    def words() -> None:
        _table((found,), at)
        line(reason)
        if comment:
            line(comment)

    emit({**found.as_json(at), "reason": reason, "comment": comment or None}, words)
    return 0


@app.command("end", help=say("glass.end"))
def end(which: Which) -> int:
    """The access has ended."""
    from governance.cli.session import acting, opened
    from governance.gateway.glass import service

    with opened() as wiring:
        at = wiring.clock()
        done = service.end_glass(wiring.ports, acting(wiring), which, at=at)
    emit(done.as_json(at), lambda: line(say("glass.ended", id=done.id)))
    return 0


@app.command("review", help=say("glass.review"))
def review(
    which: Which,
    verdict: Annotated[str, typer.Option("--verdict", help=say("glass.verdict"))],
) -> int:
    """The verdict of another person stands; its comment comes from standard input."""
    from governance.cli.choices import one_of
    from governance.cli.session import acting, opened
    from governance.gateway.glass import service
    from governance.gateway.glass.types import Verdict

    found = one_of(Verdict, verdict, "--verdict")
    comment = _typed("glass.comment")
    with opened() as wiring:
        at = wiring.clock()
        done = service.review_glass(wiring.ports, acting(wiring), which, found, comment, at=at)
    emit(done.as_json(at), lambda: line(say("glass.reviewed", id=done.id)))
    return 0


def _typed(prompt: str) -> str:
    """Words that no other user of the machine sees among the arguments of a process."""
    if sys.stdin.isatty():
        return str(typer.prompt(say(prompt), err=True))
    return sys.stdin.read().strip()


def _table(found: "tuple[Glass, ...]", at: "datetime") -> None:
    names = ("id", "actor", "purpose", "person", "until", "state", "due")
    rows = [
        (
            one.id,
            one.actor,
            one.purpose,
            one.subject or "-",
            when(one.ends_at),
            say(f"glass.state.{_state(one, at)}"),
            when(one.review_due),
        )
        for one in found
    ]
    table("", tuple(say(f"glass.column.{name}") for name in names), rows)


def _state(one: "Glass", at: "datetime") -> str:
    if one.open(at):
        return "open"
    return one.verdict.value if one.verdict is not None else "waiting"
