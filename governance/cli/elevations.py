"""`sekisho elevation`: a role for a time, asked for by one person and given by another."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.accounts import written
from governance.cli.output import emit, line, say, table, when

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from governance.app.wiring import Wiring
    from governance.http.principal import Principal
    from governance.identity.elevation.types import Elevation

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Which = Annotated[str, typer.Argument(metavar="ID", help=say("elevation.id"))]


@app.command("ask", help=say("elevation.ask"))
def ask(
    role: Annotated[str, typer.Argument(metavar="ROLE", help=say("elevation.role"))],
    minutes: Annotated[int, typer.Option("--minutes", help=say("elevation.minutes"))] = 60,
) -> int:
    """The role waits for a second person: exit 1 with `approval_required`; the reason is read."""
    from governance.approvals.service import Approvals
    from governance.identity.elevation import service

    reason = _typed()
    (made, approval), _ = written(
        lambda tx, wiring, by: service.ask(
            tx,
            wiring.ports,
            Approvals(audit=wiring.audit, executors={}),
            by,
            role=role,
            minutes=minutes,
            reason=reason,
            at=wiring.clock(),
        )
    )
    shape = {"approval_required": approval.id, "elevation": made.id, "role": role}
    emit(shape, lambda: line(say("elevation.asked", id=approval.id)))
    return 1


def _typed() -> str:
    """Words that no other user of the machine sees among the arguments of a process."""
    if sys.stdin.isatty():
        return str(typer.prompt(say("elevation.reason"), err=True))
    return sys.stdin.read().strip()


@app.command("approve", help=say("elevation.approve"))
def approve(which: Which) -> int:
    """The role counts from now on."""
    return _answered(which, given=True)


@app.command("refuse", help=say("elevation.refuse"))
def refuse(which: Which) -> int:
    """The request has ended without effect."""
    return _answered(which, given=False)


def _answered(which: str, *, given: bool) -> int:
    from governance.approvals.service import Approvals
    from governance.approvals.types import ApprovalId, ApprovalKind
    from governance.identity.elevation import service
    from policies.actions import Action
    from policies.api import ensure

    def work(tx: "Connection", wiring: "Wiring", by: "Principal") -> str:
        ensure(by, Action.APPROVAL_DECIDE, wiring.policies.current)
        executors = {ApprovalKind.ELEVATION: service.elevation_executor(wiring.ports)}
        desk = Approvals(audit=wiring.audit, executors=executors)
        approval, at = ApprovalId(service.approval_of(tx, which)), wiring.clock()
        found = service.asked_for(tx, approval)
        if given:
            desk.approve_and_execute(tx, found.id, digest=found.digest, by=by, at=at)
        else:
            desk.refuse(tx, found.id, reason_code="not_needed", by=by, at=at)
        return found.id

    approval, _ = written(work)
    word = "given" if given else "refused"
    shape = {"approval": approval, "given": given}
    emit(shape, lambda: line(say(f"elevation.{word}")))
    return 0


@app.command("end", help=say("elevation.end"))
def end(which: Which) -> int:
    """The role counts no more."""
    from governance.identity.elevation import service

    written(lambda tx, wiring, by: service.end(tx, wiring.ports, by, which, at=wiring.clock()))
    emit({"elevation": which, "ended": True}, lambda: line(say("elevation.ended")))
    return 0


@app.command("list", help=say("elevation.list"))
def list_() -> int:
    """One's own roles for a time, or those of all for whoever may give them."""
    from governance.cli.session import acting, opened
    from governance.identity.elevation import service

    with opened() as wiring:
        at = wiring.clock()
        with wiring.database.read() as tx:
            found = service.listing(tx, wiring.ports, acting(wiring))
    shape = [
        {
            "id": one.id,
            "approval": one.approval,
            "staff": one.staff,
            "role": one.role,
            "minutes": one.minutes,
            "phase": one.phase(at).value,
            "until": None if one.ends_at is None else one.ends_at.isoformat(),
            "approved_by": one.approved_by,
            "reason": reason,
        }
        for one, reason in found
    ]
    emit(shape, lambda: _table(found, at))
    return 0


def _table(found: "tuple[tuple[Elevation, str], ...]", at: "datetime") -> None:
    names = ("id", "staff", "role", "minutes", "phase", "until", "reason")
    rows = [
        (
            one.id,
            one.staff.removeprefix("u:"),
            one.role,
            str(one.minutes),
            say(f"elevation.phase.{one.phase(at)}"),
            when(one.ends_at),
            reason,
        )
        for one, reason in found
    ]
    table("", tuple(say(f"elevation.column.{name}") for name in names), rows)
