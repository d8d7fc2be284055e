"""`sekisho law`: deadlines computed from the law as data, the entries themselves, own law files."""

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table, when

if TYPE_CHECKING:
    from policies.law.cases import DateCase
    from policies.law.types import LawBook

Day = Annotated[datetime | None, typer.Option("--at", formats=["%Y-%m-%d"], help=say("law.at"))]

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def law_book() -> "LawBook":
    """The law of the installation: shipped, its own files, its rule sets switched on."""
    from governance.core.settings_reading import load
    from policies.law.load import installed

    invocation = current()
    settings = load(
        config=invocation.config,
        environment=os.environ,
        overrides={"data_dir": invocation.data},
    )
    return installed(settings.law_folder, settings.law_rule_sets)


@app.command("due", help=say("law.due"))
def due(
    rule: Annotated[str, typer.Option("--rule", help=say("law.rule"))],
    event: Annotated[list[str] | None, typer.Option("--event", help=say("law.event"))] = None,
    calendar: Annotated[str | None, typer.Option("--calendar", help=say("law.calendar"))] = None,
) -> int:
    """The dates of one rule, with the sentence that explains them."""
    from governance.cli.errors import EventFormError
    from policies.law.answers import due_json

    events: dict[str, str] = {}
    for given in event or []:
        name, equals, when = given.partition("=")
        if not equals or not name or not when:
            raise EventFormError
        events[name] = when
    found = due_json(rule, events, calendar=calendar, book=law_book())

    def words() -> None:
        for key, value in found.items():
            if not key.startswith("reason_"):
                line(f"{key}: {value}")
        line(str(found[f"reason_{current().lang.value}"]))

    emit(found, words)
    return 0


@app.command("show", help=say("law.show"))
def show(
    entry: Annotated[str, typer.Argument(metavar="ID", help=say("law.id"))], at: Day = None
) -> int:
    """One rule, obligation, keeping period, amendment or rule set with its sources."""
    import yaml

    from policies.law.answers import law_show

    found = law_show(entry, at=at.date() if at else None, book=law_book())
    emit(found, lambda: line(yaml.safe_dump(found, allow_unicode=True, sort_keys=False).rstrip()))
    return 0


@app.command("list", help=say("law.list"))
def list_(
    law: Annotated[str | None, typer.Option("--law", help=say("law.law"))] = None, at: Day = None
) -> int:
    """The duties of a day, and which rule sets of amendments are on."""
    from policies.law.answers import obligation_json, switch_json
    from policies.law.load import rules_of

    book = law_book()
    rules = rules_of(book, at.date() if at else book.compiled)
    duties = [one for one in rules.obligations.values() if law in {None, one.law}]
    shape = {
        "version": rules.version,
        "at": rules.at.isoformat(),
        "files": list(book.files),
        "obligations": [obligation_json(one) for one in duties],
        "rule_sets": [switch_json(one, book) for one in book.switches.values()],
    }
    ja = current().lang.value == "ja"

    def words() -> None:
        columns = tuple(say(f"law.column.{name}") for name in ("id", "article", "duty", "rule"))
        rows = [(d.id, d.article, d.duty_ja if ja else d.duty_en, d.deadline_rule) for d in duties]
        table(f"{rules.version}  {when(rules.at)}", columns, rows)
        for switch in book.switches.values():
            on = say("law.on" if switch.id in book.switched_on else "law.off")
            line(f"{switch.id}  {on}  {switch.title_ja if ja else switch.title_en}")

    emit(shape, words)
    return 0


@app.command("check", help=say("law.check"))
def check(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE", help=say("law.file"))],
) -> int:
    """Whether law files can be added: their form, their names, their own date cases."""
    from policies.law.cases import date_cases
    from policies.law.errors import LawCasesError
    from policies.law.load import file_text, shipped, with_files

    book, base = with_files(paths), shipped()
    cases = {path: tuple(date_cases(path.name, file_text(path), book)) for path in paths}
    for path, found in cases.items():
        if wrong := [case for case in found if not case]:
            raise LawCasesError(
                file=path.name, count=len(wrong), cases="; ".join(map(_told, wrong))
            )
    shape = {
        "files": [path.name for path in paths],
        "version": book.version,
        "deadline_rules": len(book.rules) - len(base.rules),
        "obligations": len(book.obligations) - len(base.obligations),
        "retention_rules": len(book.retention_rules) - len(base.retention_rules),
        "date_cases": sum(len(found) for found in cases.values()),
    }

    def words() -> None:
        line(say("law.sound"))
        for key, value in shape.items():
            line(f"{key}: {value}")

    emit(shape, words)
    return 0


def _told(case: "DateCase") -> str:
    """What was expected and what came out, as the file writes it."""
    expected = ", ".join(f"{name}={value}" for name, value in case.expected.items())
    found = ", ".join(f"{name}={value}" for name, value in case.found.items())
    return f"{case.id}: {expected} != {found}"
