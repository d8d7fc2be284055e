"""`sekisho dsar medium`, `paper`, `dispatch`: answers that leave on a medium or on paper."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance.cli.output import emit, line, say
from governance.cli.requests import Which, chosen, request_of

if TYPE_CHECKING:
    from datetime import date

    from dsar.dispatch.types import Dispatch

app = typer.Typer(rich_markup_mode=None)
Output = Annotated[Path, typer.Option("--output", help=say("dsar.output"))]


@app.command("medium", help=say("dsar.medium"))
def medium(
    request: Which,
    output: Output,
    to: Annotated[str | None, typer.Option("--to", help=say("dsar.medium_to"))] = None,
) -> int:
    """The age file stands in a new file; its passphrase is shown this once."""
    from dsar import media
    from governance.cli.session import acting, opened
    from governance.cli.writing import new_file

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        with new_file(output) as stream:
            made = media.on_medium(wiring.ports, principal, wanted, at=wiring.clock(), recipient=to)
            stream.write(made.content)
    shape = {"path": str(output), "bytes": len(made.content), "passphrase": made.passphrase}

    def words() -> None:
        line(say("dsar.medium_made", path=output, size=len(made.content)))
        if made.passphrase is not None:
            line(say("dsar.passphrase"))
            line(f"  {made.passphrase}")

    emit(shape, words)
    return 0


@app.command("paper", help=say("dsar.paper"))
def paper(request: Which, output: Output) -> int:
    """The answer for printing stands in a new file: PDF, or HTML without the typesetter."""
    from dsar import media
    from governance.cli.session import acting, opened
    from governance.cli.writing import new_file

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        with new_file(output) as stream:
            made = media.on_paper(wiring.ports, principal, wanted, at=wiring.clock())
            stream.write(made.content)
    shape = {"path": str(output), "bytes": len(made.content), "media": made.media}
    key = "dsar.paper_made" if made.media == "application/pdf" else "dsar.paper_html"
    emit(shape, lambda: line(say(key, path=output)))
    return 0


@app.command("dispatch", help=say("dsar.dispatch"))
def dispatch(
    request: Which,
    carrier: Annotated[str, typer.Option("--carrier", help=say("dsar.carrier"))],
    sent_on: Annotated[str, typer.Option("--sent-on", help=say("dsar.sent_on"))],
    tracking: Annotated[str | None, typer.Option("--tracking", help=say("dsar.tracking"))] = None,
) -> int:
    """What left is written down: how, when, under which number."""
    from dsar.dispatch import service
    from dsar.dispatch.types import Carrier, Item
    from dsar.errors import PackageMissingError
    from dsar.results import newest_package
    from governance.cli.session import acting, opened

    way, day = chosen(Carrier, carrier, option="--carrier"), _day(sent_on, "sent_on")
    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        with wiring.database.read() as tx:
            package = newest_package(tx, wanted)
        if package is None:
            raise PackageMissingError(request=wanted)
        sent = service.Sent(
            item=Item.PACKAGE, item_id=package.id, sent_on=day, carrier=way, tracking=tracking
        )
        made = wiring.database.write(
            lambda tx: service.dispatch(
                tx, wiring.ports, principal, wanted, sent, at=wiring.clock()
            )
        )
    return _told(made)


@app.command("dispatched", help=say("dsar.dispatched"))
def dispatched(
    number: Annotated[str, typer.Argument(metavar="DISPATCH", help=say("dsar.dispatch_id"))],
    on: Annotated[str, typer.Option("--on", help=say("dsar.ended_on"))],
    returned: Annotated[str | None, typer.Option("--returned", help=say("dsar.returned"))] = None,
) -> int:
    """It arrived, or came back for a reason."""
    from dsar.dispatch import service
    from dsar.dispatch.types import Ending, ReturnReason
    from governance.cli.session import acting, opened
    from governance.core.terms import RowId

    why = None if returned is None else chosen(ReturnReason, returned, option="--returned")
    day = _day(on, "ended_on")
    with opened() as wiring:
        principal = acting(wiring)
        made = wiring.database.write(
            lambda tx: service.end(
                *(tx, wiring.ports, principal, RowId(number)),
                Ending.DELIVERED if why is None else Ending.RETURNED,
                on=day,
                at=wiring.clock(),
                reason=why,
            )
        )
    return _told(made)


def _day(given: str, item: str) -> "date":
    from datetime import date

    from dsar.dispatch.errors import DispatchRefusedError

    try:
        return date.fromisoformat(given)
    except ValueError:
        raise DispatchRefusedError(item=item) from None


def _told(made: "Dispatch") -> int:
    shape: dict[str, Any] = {
        "id": made.id,
        "request": made.request,
        "item": made.item.value,
        "carrier": made.carrier.value,
        "sent_on": made.sent_on.isoformat(),
        "ending": made.ending.value if made.ending else None,
        "return_reason": made.return_reason.value if made.return_reason else None,
    }
    emit(shape, lambda: line(say("dsar.dispatch_noted", id=made.id)))
    return 0
