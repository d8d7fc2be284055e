"""`sekisho dsar figures`, `forecast`: how requests go, and which of them will come late."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.output import emit, line, say, table, when

if TYPE_CHECKING:
    from dsar.measures.rules import RightFigures
    from dsar.measures.service import Figures

DAYS = ["%Y-%m-%d"]
YEAR, AHEAD = 365, 14  # days back and ahead when nothing is said

app = typer.Typer(rich_markup_mode=None)


@app.command("figures", help=say("dsar.figures"))
def figures(
    since: Annotated[
        datetime | None, typer.Option("--from", formats=DAYS, help=say("dsar.since"))
    ] = None,
) -> int:
    """Ageing, median days, answers in time and grounds of refusals, by law and right."""
    from dsar.measures.service import figures as measured
    from governance.cli.session import acting, opened
    from governance.core.clock import JST

    with opened() as wiring:
        principal, at = acting(wiring), wiring.clock()
        start = since.replace(tzinfo=JST) if since else at - timedelta(days=YEAR)
        with wiring.database.read() as tx:
            found = measured(tx, wiring.ports, principal, since=start, at=at)
    names = (
        *("law", "kind", "received", "open", "overdue", "answered", "refused", "partial"),
        *("withdrawn", "extended", "median_days", "in_time", "late"),
    )

    def words() -> None:
        columns = tuple(say(f"dsar.figure.{name}") for name in names)
        rows = [tuple(str(_shape(one)[name]) for name in names) for one in found.rights]
        table("", columns, rows)
        for age, count in found.ageing.items():
            line(f"{say(f'dsar.age.{age.value}')}: {count}")
        for ground, count in found.refusals.items():
            line(f"{ground.value}: {count}")

    emit(_figures(found), words)
    return 0


def _figures(found: "Figures") -> dict[str, object]:
    return {
        "on": found.on.isoformat(),
        "rights": [_shape(one) for one in found.rights],
        "ageing": {age.value: count for age, count in found.ageing.items()},
        "refusals": {ground.value: count for ground, count in found.refusals.items()},
        "answered_in_time": None if found.kept is None else round(float(found.kept), 4),
    }


def _shape(one: "RightFigures") -> dict[str, object]:
    return {
        "law": one.law.value,
        "kind": one.kind.value,
        "received": one.received,
        "open": one.open,
        "overdue": one.overdue,
        "answered": one.answered,
        "refused": one.refused,
        "partial": one.partial,
        "withdrawn": one.withdrawn,
        "extended": one.extended,
        "median_days": one.median_days,
        "in_time": one.in_time,
        "late": one.late,
    }


@app.command("forecast", help=say("dsar.forecast"))
def forecast(
    by: Annotated[datetime | None, typer.Option("--by", formats=DAYS, help=say("dsar.by"))] = None,
) -> int:
    """Which requests will be overdue by a day if work goes on at the pace of four weeks."""
    from dsar.measures.service import overdue_by
    from governance.cli.session import acting, opened
    from governance.core.clock import JST

    with opened() as wiring:
        principal, at = acting(wiring), wiring.clock()
        day = by.date() if by else at.astimezone(JST).date() + timedelta(days=AHEAD)
        with wiring.database.read() as tx:
            found = overdue_by(tx, wiring.ports, principal, day, at=at)
    late = [*((life, None) for life in found.now), *((one.life, one.on) for one in found.coming)]
    shape = {
        "today": found.today.isoformat(),
        "by": found.by.isoformat(),
        "open": found.open,
        "ended_per_day": round(float(found.pace), 3),
        "overdue": [
            {
                "reference": life.reference,
                "law": life.law.value,
                "kind": life.kind.value,
                "act_by": life.act_by.isoformat() if life.act_by else None,
                "expected": expected.isoformat() if expected else None,
                "already": life.overdue(on=found.today),
            }
            for life, expected in late
        ],
    }

    def words() -> None:
        line(say("dsar.forecast_head", by=when(found.by), open=found.open, late=len(late)))
        names = ("reference", "kind", "answer_by", "expected")
        columns = tuple(say(f"dsar.column.{name}") for name in names)
        rows = [
            (life.reference, life.kind.value, when(life.act_by), when(expected))
            for life, expected in late
        ]
        table("", columns, rows)

    emit(shape, words)
    return 0
