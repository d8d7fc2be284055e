"""`sekisho breach`: the register of breaches with the clocks of the law (漏えい等の記録)."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.accounts import written
from governance.cli.output import emit, line, say, table, when

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from governance.app.wiring import Wiring
    from governance.http.principal import Principal
    from governance.registers.breaches.notice import NoticePaper
    from governance.registers.breaches.paper import ReportPaper
    from governance.registers.breaches.service import Standing
    from governance.registers.breaches.types import Duty

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Which = Annotated[str, typer.Argument(metavar="ID", help=say("breach.id"))]


@app.command("record", help=say("breach.record"))
def record(
    kind: Annotated[str, typer.Option("--kind", help=say("breach.kind"))],
    about: Annotated[str, typer.Option("--about", help=say("breach.about"))],
    ground: Annotated[list[str] | None, typer.Option("--ground", help=say("breach.ground"))] = None,
    aware: Annotated[datetime | None, typer.Option("--aware", help=say("breach.aware"))] = None,
) -> int:
    """The breach is in the register and its clocks run."""
    from governance.cli.choices import one_of
    from governance.core.clock import JST
    from governance.registers.breaches import service
    from governance.registers.breaches.types import BreachKind, Ground

    wanted = one_of(BreachKind, kind, "--kind")
    grounds = [one_of(Ground, name, "--ground") for name in ground or ()]
    known = aware.replace(tzinfo=aware.tzinfo or JST) if aware else None

    def act(tx: "Connection", wiring: "Wiring", by: "Principal") -> "Standing":
        at = wiring.clock()
        mine = (tx, wiring.ports, by, wanted, about)
        made = service.record(*mine, grounds=grounds, aware_at=known or at, at=at)
        return service.standing(tx, made)

    made, _ = written(act)
    emit(spelled(made), lambda: told(made))
    return 0


@app.command("list", help=say("breach.list"))
def list_(
    every: Annotated[bool, typer.Option("--all", help=say("breach.all"))] = False,
) -> int:
    """Open records with what is due; 1 when a report is overdue."""
    from governance.cli.session import acting, opened
    from governance.registers.breaches import service

    with opened() as wiring:
        at, by = wiring.clock(), acting(wiring)
        with wiring.database.read() as tx:
            found = service.every(tx, wiring.ports, by, open_only=not every)

    def words() -> None:
        names = ("id", "kind", "about", "aware_at", "state", "next")
        columns = [say(f"breach.column.{name}") for name in names]
        table("", columns, [_row(one) for one in found])

    emit([spelled(one) for one in found], words)
    late = [one for one in found if one.breach.outcome is None and _late(one, at)]
    return 1 if late else 0


@app.command("show", help=say("breach.show"))
def show(which: Which) -> int:
    """One record with its reports."""
    from governance.cli.session import acting, opened
    from governance.registers.breaches import service

    with opened() as wiring:
        by = acting(wiring)
        with wiring.database.read() as tx:
            found = service.look(tx, wiring.ports, by, which)
    emit(spelled(found), lambda: told(found))
    return 0


@app.command("weigh", help=say("breach.weigh"))
def weigh(
    which: Which,
    ground: Annotated[list[str] | None, typer.Option("--ground", help=say("breach.ground"))] = None,
) -> int:
    """These grounds make it reportable, and the clocks follow; none: it is not."""
    from governance.cli.choices import one_of
    from governance.registers.breaches import service
    from governance.registers.breaches.types import Ground

    grounds = [one_of(Ground, name, "--ground") for name in ground or ()]
    found, _ = written(
        lambda tx, wiring, by: service.weigh(
            tx, wiring.ports, by, which, grounds, at=wiring.clock()
        )
    )
    emit(spelled(found), lambda: told(found))
    return 0


@app.command("note", help=say("breach.note"))
def note(
    which: Which,
    item: Annotated[str, typer.Option("--item", help=say("breach.item"))],
    words: Annotated[str, typer.Option("--text", help=say("breach.text"))],
) -> int:
    """The words stand as this item of the report; earlier ones are kept."""
    from governance.cli.choices import one_of
    from governance.registers.breaches import service
    from governance.registers.breaches.types import Topic

    topic = one_of(Topic, item, "--item")
    made, _ = written(
        lambda tx, wiring, by: service.note(
            tx, wiring.ports, by, which, topic, words, at=wiring.clock()
        )
    )
    emit({"id": made.id, "item": topic.value}, lambda: line(say("breach.noted")))
    return 0


@app.command("paper", help=say("breach.paper"))
def paper(
    which: Which,
    rule: Annotated[str, typer.Option("--rule", help=say("breach.rule"))],
    output: Annotated[
        Path | None, typer.Option("--output", help=say("breach.paper_output"))
    ] = None,
    english: Annotated[bool, typer.Option("--english", help=say("breach.paper_english"))] = False,
) -> int:
    """The report to the commission as a paper: into a PDF file, or in words; 1: items lack."""
    from governance.cli.session import acting, opened
    from governance.core.terms import Lang
    from governance.documents.typesetting import Template, pdf
    from governance.registers.breaches.paper import naming, report_paper

    lang = Lang.EN if english else Lang.JA
    with opened() as wiring:
        at, by = wiring.clock(), acting(wiring)
        made = wiring.database.write(
            lambda tx: report_paper(tx, wiring.ports, by, which, rule, lang, at=at)
        )
        names = [topic.value for topic in naming(wiring.ports, by, which)]
    if output is not None:
        output.write_bytes(pdf(Template.PAPER, made.paper.as_json(), lang, at=at))
    missing = [topic.value for topic in made.missing]
    shape = {"file": output and str(output), "missing": missing, "naming": names}
    emit(
        {**shape, "digest": made.digest, "paper": made.paper.as_json()},
        lambda: _told_paper(made, output, names),
    )
    return 1 if missing else 0


def _told_paper(made: "ReportPaper | NoticePaper", output: Path | None, names: list[str]) -> None:
    """The paper in words where it went into no file, what it lacks, and what it may tell of."""
    if output is None:
        for words in made.paper.lines():
            line(words)
    else:
        line(say("breach.paper_made", file=output.name))
    if missing := [topic.value for topic in made.missing]:
        line(say("breach.paper_missing", count=len(missing), items=", ".join(missing)))
    if names:
        line(say("breach.paper_naming", items=", ".join(names)))


@app.command("notice", help=say("breach.notice"))
def notice(
    which: Which,
    rule: Annotated[str, typer.Option("--rule", help=say("breach.notice_rule"))] = "appi_persons",
    public: Annotated[bool, typer.Option("--public", help=say("breach.notice_public"))] = False,
    to: Annotated[list[str] | None, typer.Option("--to", help=say("breach.notice_to"))] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help=say("breach.paper_output"))
    ] = None,
    english: Annotated[bool, typer.Option("--english", help=say("breach.notice_english"))] = False,
) -> int:
    """The notice to the persons concerned: a PDF file, or in words; 1: a draft, or items lack."""
    from governance.cli.session import acting, opened
    from governance.core.terms import Lang
    from governance.documents.typesetting import Template, pdf
    from governance.registers.breaches.notice import TOLD, Reach, notice_paper
    from governance.registers.breaches.paper import naming

    lang, reach = Lang.EN if english else Lang.JA, Reach.PUBLIC if public else Reach.PERSON
    with opened() as wiring:
        at, by, lines = wiring.clock(), acting(wiring), "\n".join(to or ())
        made = wiring.database.write(
            lambda tx: notice_paper(tx, wiring.ports, by, which, rule, reach, lang, to=lines, at=at)
        )
        names = [one.value for one in naming(wiring.ports, by, which) if one in TOLD]
    if output is not None:
        output.write_bytes(pdf(Template.PAPER, made.paper.as_json(), lang, at=at))
    missing = [topic.value for topic in made.missing]
    shape = {"file": output and str(output), "missing": missing, "naming": names}
    emit(
        {**shape, "draft": made.draft, "digest": made.digest, "paper": made.paper.as_json()},
        lambda: _told_notice(made, output, names),
    )
    return 1 if missing or made.draft else 0


def _told_notice(made: "NoticePaper", output: Path | None, names: list[str]) -> None:
    _told_paper(made, output, names)
    if made.draft:
        line(say("breach.notice_draft"))


@app.command("reported", help=say("breach.reported"))
def reported(
    which: Which,
    rule: Annotated[str, typer.Option("--rule", help=say("breach.rule"))],
) -> int:
    """That this report was made is on record."""
    from governance.registers.breaches import service

    found, _ = written(
        lambda tx, wiring, by: service.report(tx, wiring.ports, by, which, rule, at=wiring.clock())
    )
    emit(spelled(found), lambda: told(found))
    return 0


@app.command("close", help=say("breach.close"))
def close(
    which: Which,
    outcome: Annotated[str, typer.Option("--outcome", help=say("breach.outcome"))],
) -> int:
    """The record has ended, by another person than who recorded it."""
    from governance.cli.choices import one_of
    from governance.registers.breaches import service
    from governance.registers.breaches.types import Outcome

    ended = one_of(Outcome, outcome, "--outcome")
    found, _ = written(
        lambda tx, wiring, by: service.standing(
            tx, service.close(tx, wiring.ports, by, which, ended, at=wiring.clock())
        )
    )
    emit(spelled(found), lambda: told(found))
    return 0


def spelled(found: "Standing") -> dict[str, object]:
    """The record and its reports as JSON, as `/v1/breaches` says it."""
    from governance.core.clock import utc_now
    from governance.registers.breaches.shapes import breach_shape

    return breach_shape(found, at=utc_now())


def told(found: "Standing") -> None:
    """The record and its reports in words."""
    one = found.breach
    line(say("breach.stands", id=one.id, about=one.about, state=_state(found)))
    for duty in found.duties:
        line(f"  - {_duty(duty)}")


def _duty(duty: "Duty") -> str:
    name = say(f"breach.report.{duty.rule}")
    if duty.reported_at is not None:
        return say("breach.report_made", report=name, at=when(duty.reported_at))
    if duty.by is None:
        return say("breach.report_soon", report=name)
    return say("breach.report_due", report=name, by=when(duty.by))


def _state(found: "Standing") -> str:
    outcome = found.breach.outcome
    return say("breach.open" if outcome is None else f"breach.outcome.{outcome.value}")


def _row(found: "Standing") -> tuple[str, ...]:
    one = found.breach
    owed = [duty for duty in found.duties if duty.owed]
    waits = owed and one.outcome is None
    return (
        one.id,
        say(f"breach.kind.{one.kind.value}"),
        one.about,
        when(one.aware_at),
        _state(found),
        _duty(owed[0]) if waits else "-",
    )


def _late(found: "Standing", at: datetime) -> bool:
    return any(duty.overdue(at=at) for duty in found.duties)
