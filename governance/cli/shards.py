"""`sekisho audit shards`, `expire`, `hold`, `release`: the months of the log and their end."""

from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table
from governance.i18n.catalogue import text

if TYPE_CHECKING:
    from audit.expiry.rules import Standing
    from audit.shards.claims import Shard

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Month = Annotated[str, typer.Argument(metavar="YYYY-MM", help=say("shards.month"))]


@app.command("shards", help=say("shards.list"))
def shards() -> int:
    """Every month of the log: its places, what is there, from when it may go, what stops it."""
    from audit.shards.store import shards as found_in
    from governance.app.log_life import period_of
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.api import ensure
    from retention import log_expiry

    with opened() as wiring:
        ensure(acting(wiring), Action.AUDIT_VERIFY, wiring.policies.current)
        with wiring.database.read() as tx:
            found = found_in(tx)
            standing = {
                one.shard.name: one
                for one in log_expiry.standings(tx, period_of(wiring), at=wiring.clock())
            }
    shape = [_shape(one, standing.get(one.name)) for one in found]

    def words() -> None:
        columns = [say(f"shards.{name}") for name in ("month", "places", "events", "due", "state")]
        rows = [
            (
                one.name,
                f"{one.first}-{one.below - 1}",
                str(one.there),
                str(row["due_on"] or "-"),
                _state(one, standing.get(one.name)),
            )
            for one, row in zip(found, shape, strict=True)
        ]
        table("", columns, rows)

    emit(shape, words)
    return 0


def _shape(shard: "Shard", standing: "Standing | None") -> dict[str, object]:
    due = None if standing is None else standing.due_on
    stop = None if standing is None else standing.stop
    return {
        "shard": shard.name,
        "first": shard.first,
        "below": shard.below,
        "events": shard.there,
        "expired_by": shard.expired_by,
        "due_on": None if due is None else due.isoformat(),
        "stop": None if stop is None else stop.value,
    }


def _state(shard: "Shard", standing: "Standing | None") -> str:
    if standing is None:
        return say("shards.gone", event=shard.expired_by)
    if standing.stop is None:
        return say("shards.may_go")
    return text(f"audit.stop.{standing.stop.value}", current().lang)


@app.command("expire", help=say("shards.expire"))
def expire(
    through: Annotated[str, typer.Option("--through", metavar="YYYY-MM", help=say("shards.last"))],
) -> int:
    """The oldest months up to this one end once a second person agreed."""
    from governance.app.approvals import approvals_of
    from governance.app.log_life import period_of
    from governance.approvals.errors import ApprovalRequiredError
    from governance.cli.session import acting, opened
    from retention import log_expiry

    with opened() as wiring:
        principal, desk, period = acting(wiring), approvals_of(wiring), period_of(wiring)
        asked = wiring.database.write(
            lambda tx: log_expiry.ask(
                tx, wiring.ports, desk, principal, period, through=through, at=wiring.clock()
            )
        )
    raise ApprovalRequiredError(approval=asked.id)


@app.command("hold", help=say("shards.hold"))
def hold(
    month: Month,
    matter: Annotated[str, typer.Option("--matter", help=say("shards.matter"))],
) -> int:
    """The month stays, and every younger one with it, until the hold is released."""
    from governance.cli.session import acting, opened
    from retention import log_expiry

    with opened() as wiring:
        principal = acting(wiring)
        wiring.database.write(
            lambda tx: log_expiry.hold(
                tx, wiring.ports, principal, month, matter=matter, at=wiring.clock()
            )
        )
    emit({"shard": month, "held": True}, lambda: line(say("shards.held", month=month)))
    return 0


@app.command("release", help=say("shards.release"))
def release(month: Month) -> int:
    """The holds on the month end once a second person agreed."""
    from governance.app.approvals import approvals_of
    from governance.approvals.errors import ApprovalRequiredError
    from governance.cli.session import acting, opened
    from retention import log_expiry

    with opened() as wiring:
        principal, desk = acting(wiring), approvals_of(wiring)
        asked = wiring.database.write(
            lambda tx: log_expiry.ask_release(
                tx, wiring.ports, desk, principal, month, at=wiring.clock()
            )
        )
    raise ApprovalRequiredError(approval=asked.id)
