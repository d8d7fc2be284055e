"""`sekisho retention schedule`, `explain` and `due`: schedules in words, and what follows."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.output import emit, line, say, table, when

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from governance.core.terms import Lang
    from retention.differences import Affected
    from retention.types import Schedule

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
looks = typer.Typer(rich_markup_mode=None)  # beside `retention plan`
FILE = typer.Argument(metavar="FILE", help=say("schedule.file"))


def _read(path: Path) -> "Schedule":
    """The schedule of a file."""
    from governance.cli.reading import text_of_file
    from retention.schedules import read_schedule

    return read_schedule(text_of_file(path), file=path.name)


def _of(tx: "Connection", version: int | None) -> "Schedule":
    """A version, or the schedule in force."""
    from retention import adoption, store

    return store.in_force(tx) if version is None else adoption.version_text(tx, version)


@app.command("show", help=say("schedule.show"))
def show(
    version: Annotated[int | None, typer.Option("--version", help=say("schedule.version"))] = None,
) -> int:
    """Every line of a schedule in words."""
    from governance.cli.invocation import current
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        ensure(acting(wiring), Action.RETENTION_PLAN, wiring.policies.current)
        with wiring.database.read() as tx:
            found = _of(tx, version)
        _tell(found, current().lang)
    return 0


@app.command("check", help=say("schedule.check"))
def check(file: Annotated[Path, FILE]) -> int:
    """The schedule of a file is read strictly and told in words; nothing is changed."""
    from governance.cli.invocation import current
    from governance.cli.session import opened

    with opened():  # the fields of this installation
        _tell(_read(file), current().lang)
    return 0


def _tell(schedule: "Schedule", lang: "Lang") -> None:
    from governance.core.clock import JST, utc_now
    from retention.explained import duty_words, part_words, rule_words
    from retention.gaps import gaps

    missing = gaps(schedule, at=utc_now().astimezone(JST).date())
    lines = [rule_words(rule, lang) for rule in schedule.rules]
    lines += [part_words(part, lang) for part in schedule.parts]
    duties = [duty_words(duty, lang) for duty in schedule.duties]

    def words() -> None:
        line(say("schedule.title", name=schedule.name, version=schedule.version))
        line(f"SHA-256 {schedule.digest}")
        for one in lines:
            line(f"\n{one.id}  {one.label}")
            said = one.what, one.who, one.starts, one.period, one.action, one.basis
            _fields(("what", "who", "starts", "period", "action", "basis"), said)
        for duty in duties:
            line(f"\n{duty.id}  {duty.label}")
            named = ", ".join(duty.fields)
            _fields(
                ("fields", "period", "basis", "gdpr"), (named, duty.period, duty.basis, duty.gdpr)
            )
        for gap in missing:
            line(f"\n! {gap.words(lang)}")

    shape = {
        "name": schedule.name,
        "version": schedule.version,
        "sha256": schedule.digest,
        "lines": [asdict(one) for one in lines],
        "duties": [asdict(one) for one in duties],
        "gaps": [asdict(one) for one in missing],
    }
    emit(shape, words)


def _fields(names: Sequence[str], values: Sequence[str]) -> None:
    for name, value in zip(names, values, strict=True):
        line(f"  {say(f'schedule.field.{name}')}: {value}")


@app.command("diff", help=say("schedule.diff"))
def diff(
    file: Annotated[Path | None, FILE] = None,
    against: Annotated[int | None, typer.Option("--against", help=say("schedule.against"))] = None,
    version: Annotated[int | None, typer.Option("--version", help=say("schedule.version"))] = None,
    affected: Annotated[bool, typer.Option("--affected", help=say("schedule.affected"))] = False,
) -> int:
    """What a file or version changes of another, and with --affected of whom."""
    from governance.cli.invocation import current
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.api import ensure
    from retention.access import today
    from retention.differences import affected as count
    from retention.differences import change_words, differences

    lang = current().lang
    with opened() as wiring:
        ensure(acting(wiring), Action.RETENTION_PLAN, wiring.policies.current)
        with wiring.database.read() as tx:
            old = _of(tx, against)
            new = _read(file) if file is not None else _of(tx, version)
            found = count(tx, old, new, at=today(wiring.clock())) if affected else None
    changes = differences(old, new)
    said = [change_words(change, old, new, lang) for change in changes]
    shape = {
        "from": old.digest,
        "to": new.digest,
        "changes": [
            {"id": change.id, "what": change.what.value, "parts": list(change.parts), "said": words}
            for change, words in zip(changes, said, strict=True)
        ],
        "affected": None if found is None else _numbers(found),
    }

    def words() -> None:
        for sentence in said or [say("schedule.same")]:
            line(sentence)
        if found is not None:
            _tell_affected(found)

    emit(shape, words)
    return 0


def _numbers(found: "Affected") -> dict[str, object]:
    return {
        "persons": found.persons,
        "newly_due": found.newly_due,
        "no_longer_due": found.no_longer_due,
        "moved": found.moved,
        "same": found.same,
        "by": [
            {"change": kind.value, "before": before, "after": after, "month": month, "lines": n}
            for kind, before, after, month, n in found.by
        ],
    }


def _tell_affected(found: "Affected") -> None:
    line(
        say(
            "schedule.numbers",
            persons=found.persons,
            newly=found.newly_due,
            no_longer=found.no_longer_due,
            moved=found.moved,
        )
    )
    columns = [say(f"schedule.{name}") for name in ("change", "before", "after", "month", "lines")]
    rows = [
        (say(f"schedule.change.{kind.value}"), before, after, month, str(n))
        for kind, before, after, month, n in found.by
    ]
    table("", columns, rows)


@app.command("versions", help=say("schedule.versions"))
def versions() -> int:
    """Every schedule that two persons adopted, the newest first."""
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.api import ensure
    from retention import adoption

    with opened() as wiring:
        ensure(acting(wiring), Action.RETENTION_PLAN, wiring.policies.current)
        with wiring.database.read() as tx:
            found = adoption.versions(tx)
    shape = [
        {
            "version": one.version,
            "name": one.name,
            "sha256": one.digest,
            "proposed_by": one.proposed_by,
            "approved_by": one.approved_by,
            "adopted_at": one.adopted_at.isoformat(),
        }
        for one in found
    ]
    columns = [say(f"schedule.column.{name}") for name in ("version", "name", "two", "at")]
    rows = [
        (str(one.version), one.name, f"{one.proposed_by}, {one.approved_by}", when(one.adopted_at))
        for one in found
    ]
    emit(shape, lambda: table(say("schedule.versions"), columns, rows))
    return 0


@looks.command("explain", help=say("retention.explain"))
def explain(
    subject: Annotated[str, typer.Option("--subject", help=say("check.subject"))],
    at: Annotated[
        datetime | None, typer.Option("--at", formats=["%Y-%m-%d"], help=say("retention.at"))
    ] = None,
) -> int:
    """Why the person is due or kept, which duty keeps what, and what rows go meanwhile."""
    from governance.cli.invocation import current
    from governance.cli.session import acting, opened
    from governance.core.terms import SubjectId
    from retention.access import today
    from retention.explaining import explain as explained

    with opened() as wiring:
        principal = acting(wiring)
        on = today(wiring.clock()) if at is None else at.date()
        with wiring.database.read() as tx:
            said = explained(
                tx, wiring.ports, principal, SubjectId(subject), on=on, lang=current().lang
            )

    def words() -> None:
        for sentence in said:
            line(sentence)

    emit({"subject": subject, "on": on.isoformat(), "said": list(said)}, words)
    return 0


@looks.command("due", help=say("retention.due"))
def due() -> int:
    """What is due by month and rule as the calendar of due dates has it, and how it stands."""
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.api import ensure
    from retention.calendar import store

    with opened() as wiring:
        ensure(acting(wiring), Action.RETENTION_PLAN, wiring.policies.current)
        with wiring.database.read() as tx:
            known, coming = store.calendar(tx), store.coming(tx)
            made = store.recomputes(tx, limit=1)
    whole = known is not None and known.whole
    shape = {
        "whole": whole,
        "computed_on": known.computed_on.isoformat() if known is not None else None,
        "recomputed": made[0].persons if made else 0,
        "months": [{"month": m, "rule": r, "lines": n} for (m, r), n in sorted(coming.items())],
    }

    def words() -> None:
        line(say("retention.calendar.whole" if whole else "retention.calendar.being_made"))
        columns = [say(f"schedule.{name}") for name in ("month", "after", "lines")]
        table("", columns, [(month, rule, str(n)) for (month, rule), n in sorted(coming.items())])

    emit(shape, words)
    return 0 if whole else 1
