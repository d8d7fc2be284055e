"""`sekisho dsar complain`, `complaints`, `complaint`: complaints about requests, and their end."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.output import emit, line, say, table, when
from governance.cli.requests import Which, chosen, request_of

if TYPE_CHECKING:
    from dsar.complaints.types import Complaint

app = typer.Typer(rich_markup_mode=None)


def _shape(one: "Complaint") -> dict[str, str | None]:
    return {
        "id": one.id,
        "request": one.request,
        "cause": one.cause.value,
        "status": one.status.value,
        "received_at": one.received_at.isoformat(),
        "answer_by": one.answer_by.isoformat() if one.answer_by else None,
        "answered_at": one.answered_at.isoformat() if one.answered_at else None,
        "authority": one.authority.value if one.authority else None,
        "follow_up": one.follow_up,
    }


def _stands(one: "Complaint") -> int:
    emit(_shape(one), lambda: line(f"{one.id}  {one.status.value}  {when(one.answer_by)}"))
    return 0


@app.command("complain", help=say("dsar.complain"))
def complain(
    request: Which,
    cause: Annotated[str, typer.Option("--cause", help=say("dsar.cause"))],
    received: Annotated[
        datetime | None, typer.Option("--received", help=say("dsar.received"))
    ] = None,
) -> int:
    """The complaint is on file and acknowledged; its day is our own target (APPI 40)."""
    from dsar.complaints import service
    from dsar.complaints.types import Cause
    from governance.cli.session import acting, opened
    from governance.core.clock import JST

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        arrived = received if received is None or received.tzinfo else received.replace(tzinfo=JST)
        why = chosen(Cause, cause, option="--cause")
        filed = wiring.database.write(
            lambda tx: service.complain(
                *(tx, wiring.ports, principal, wanted, why), at=wiring.clock(), received_at=arrived
            )
        )
    return _stands(filed)


@app.command("complaints", help=say("dsar.complaints"))
def complaints(
    request: Annotated[str | None, typer.Argument(metavar="ID", help=say("dsar.id"))] = None,
) -> int:
    """Complaints about a request, or all of them, oldest first."""
    from dsar.complaints import service
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal = acting(wiring)
        wanted = request_of(wiring, request) if request else None
        with wiring.database.read() as tx:
            found = service.list_complaints(tx, wiring.ports, principal, wanted)
    shape = [_shape(one) for one in found]
    names = ("id", "cause", "status", "received_at", "answer_by")
    columns = tuple(say(f"dsar.column.{name}") for name in names)
    rows = [tuple(str(one[name] or "-") for name in names) for one in shape]
    emit(shape, lambda: table("", columns, rows))
    return 0


@app.command("complaint", help=say("dsar.complaint"))
def complaint(
    which: Annotated[str, typer.Argument(metavar="COMPLAINT", help=say("dsar.complaint_id"))],
    event: Annotated[str, typer.Argument(metavar="EVENT", help=say("dsar.complaint_event"))],
    authority: Annotated[
        str | None, typer.Option("--authority", help=say("dsar.authority"))
    ] = None,
    number: Annotated[str | None, typer.Option("--number", help=say("dsar.number"))] = None,
    follow_up: Annotated[
        str | None, typer.Option("--follow-up", help=say("dsar.follow_up"))
    ] = None,
) -> int:
    """The complaint one step on; an unlawful one is refused with a sentence."""
    from dsar.complaints import service
    from dsar.complaints.rules import Given
    from dsar.complaints.types import Authority, ComplaintEvent
    from governance.cli.session import acting, opened
    from governance.core.terms import RowId

    with opened() as wiring:
        principal = acting(wiring)
        step = chosen(ComplaintEvent, event, option="EVENT")
        given = Given(
            authority=chosen(Authority, authority, option="--authority") if authority else None,
            authority_reference=number,
            follow_up=request_of(wiring, follow_up) if follow_up else None,
        )
        moved = wiring.database.write(
            lambda tx: service.take_step(
                *(tx, wiring.ports, principal, RowId(which), step), at=wiring.clock(), given=given
            )
        )
    return _stands(moved)
