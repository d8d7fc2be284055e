"""`sekisho access-review`: the quarterly review of who holds which access right."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance.cli.accounts import written
from governance.cli.output import emit, line, say, table, when

if TYPE_CHECKING:
    from governance.app.wiring import Wiring
    from governance.identity.access.types import Review, Sheet, Standing

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Which = Annotated[str, typer.Argument(metavar="QUARTER", help=say("access.which"))]


@app.command("start", help=say("access.start"))
def start() -> int:
    """The review of this quarter is open."""
    from governance.identity.access import service

    review, _ = written(
        lambda tx, wiring, by: service.start(
            tx,
            wiring.ports,
            by,
            _limits(wiring),
            within=wiring.settings.access_review_days,
            idle=wiring.settings.access_idle_days,
            at=wiring.clock(),
        )
    )
    words = say("access.started", quarter=review.quarter, due=review.due_on)
    emit(_shape(review), lambda: line(words))
    return 0


def _limits(wiring: "Wiring") -> Any:
    from governance.identity.credentials.terms import limits_of

    return limits_of(wiring.settings)


def _shape(review: "Review") -> dict[str, object]:
    return {
        "id": review.id,
        "quarter": review.quarter,
        "started_at": review.started_at.isoformat(),
        "started_by": review.started_by,
        "due_on": review.due_on.isoformat(),
        "closed_at": None if review.closed_at is None else review.closed_at.isoformat(),
        "closed_by": review.closed_by,
        "digest": review.digest,
    }


@app.command("list", help=say("access.list"))
def list_() -> int:
    """Every review, the newest first; 1 when one is overdue."""
    from governance.cli.session import acting, opened
    from governance.core.clock import JST
    from governance.identity.access import service

    with opened() as wiring:
        on = wiring.clock().astimezone(JST).date()
        with wiring.database.read() as tx:
            found = service.standings(tx, wiring.ports, acting(wiring))
    late = any(one.review.overdue(on=on) for one in found)
    shape = [{**_shape(one.review), "rows": one.rows, "waiting": one.waiting} for one in found]
    emit(shape, lambda: _reviews(found))
    return 1 if late else 0


def _reviews(found: "tuple[Standing, ...]") -> None:
    names = ("quarter", "due", "rows", "waiting", "closed", "closer")
    rows = [
        (
            one.review.quarter,
            when(one.review.due_on),
            str(one.rows),
            str(one.waiting),
            when(one.review.closed_at),
            (one.review.closed_by or "-").removeprefix("u:"),
        )
        for one in found
    ]
    table("", tuple(say(f"access.column.{name}") for name in names), rows)


@app.command("show", help=say("access.show"))
def show(
    which: Which,
    waiting: Annotated[bool, typer.Option("--waiting", help=say("access.only_waiting"))] = False,
) -> int:
    """The rows of a review, those that wait first; with --waiting, 1 when one does."""
    from governance.cli.session import acting, opened
    from governance.identity.access import service

    with opened() as wiring:
        at = wiring.clock()
        with wiring.database.read() as tx:
            limits, by = _limits(wiring), acting(wiring)
            found = service.sheet(tx, wiring.ports, by, limits, which, at=at)
    shown = [one for one in found.lines if not waiting or not one.settled]
    shape = {
        **_shape(found.review),
        "waiting": found.waiting,
        "joined": list(found.joined),
        "rows": [
            {
                **one.holding.as_json(),
                "seen": one.holding.fingerprint,
                "verdict": None if one.row.verdict is None else one.row.verdict.value,
                "taken": list(one.row.taken),
                "reason": one.reason or None,
                "decided_by": one.row.decided_by,
            }
            for one in shown
        ],
    }
    emit(shape, lambda: _rows(found, waiting=waiting))
    return 1 if waiting and found.waiting else 0


def _rows(found: "Sheet", *, waiting: bool) -> None:
    from governance.cli.invocation import current
    from governance.i18n.catalogue import text

    lang = current().lang
    names = ("account", "rights", "used", "marks", "seen", "decision", "reviewer")
    rows = [
        (
            one.row.account,
            " ".join(sorted(one.holding.rights)) or "-",
            when(one.holding.used_on),
            ", ".join(text(f"identity.mark.{mark}", lang) for mark in one.holding.marks) or "-",
            "-" if one.settled else one.holding.fingerprint,
            say("access.waits")
            if not one.settled
            else text(f"identity.verdict.{one.row.verdict or 'gone'}", lang),
            (one.row.decided_by or "-").removeprefix("u:"),
        )
        for one in found.lines
        if not waiting or not one.settled
    ]
    table("", tuple(say(f"access.column.{name}") for name in names), rows)
    line(say("access.waiting", count=found.waiting))


@app.command("decide", help=say("access.decide"))
def decide(
    which: Which,
    account: Annotated[list[str], typer.Argument(metavar="ACCOUNT", help=say("access.account"))],
    keep: Annotated[bool, typer.Option("--keep", help=say("access.keep"))] = False,
    remove: Annotated[list[str] | None, typer.Option("--remove", help=say("access.remove"))] = None,
    end: Annotated[bool, typer.Option("--end", help=say("access.end"))] = False,
    seen: Annotated[str | None, typer.Option("--seen", help=say("access.seen"))] = None,
) -> int:
    """The decision stands, and what it takes away is gone; the reason is read from the input."""
    from governance.cli.errors import OptionsTogetherError
    from governance.core.terms import ActorId
    from governance.identity.access import service
    from governance.identity.access.types import Decision, Verdict

    if [keep, bool(remove), end].count(True) != 1 or (seen and len(account) > 1):
        raise OptionsTogetherError(options="--keep | --remove | --end, --seen")
    verdict = Verdict.KEEP if keep else Verdict.END if end else Verdict.REMOVE
    reason = _reason()

    def work(tx: Any, wiring: "Wiring", by: Any) -> int:
        limits, at = _limits(wiring), wiring.clock()
        shown = service.sheet(tx, wiring.ports, by, limits, which, at=at)
        now = {one.row.account: one.holding.fingerprint for one in shown.lines}
        decisions = [
            Decision(
                account=ActorId(one),
                verdict=verdict,
                seen=seen or now.get(ActorId(one), ""),
                taken=frozenset(remove or ()),
                reason=reason,
            )
            for one in account
        ]
        return service.decide(tx, wiring.ports, by, limits, which, decisions, at=at)

    done, _ = written(work)
    shape = {"quarter": which, "decided": done, "verdict": verdict.value}
    emit(shape, lambda: line(say("access.decided", count=done)))
    return 0


def _reason() -> str:
    """Words that no other user of the machine sees among the arguments of a process."""
    if sys.stdin.isatty():
        return str(typer.prompt(say("access.reason"), err=True, default="", show_default=False))
    return sys.stdin.read().strip()


@app.command("close", help=say("access.close"))
def close(which: Which) -> int:
    """The review is closed; its digest stands in the log."""
    from governance.identity.access import service

    review, _ = written(
        lambda tx, wiring, by: service.close(
            tx, wiring.ports, by, _limits(wiring), which, at=wiring.clock()
        )
    )
    words = say("access.closed", quarter=review.quarter, digest=review.digest)
    emit(_shape(review), lambda: line(words))
    return 0
