"""`sekisho law`: deadlines computed from the law as data, and the entries themselves."""

from typing import Annotated

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


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
    found = due_json(rule, events, calendar=calendar)

    def words() -> None:
        for key, value in found.items():
            if not key.startswith("reason_"):
                line(f"{key}: {value}")
        line(str(found[f"reason_{current().lang.value}"]))

    emit(found, words)
    return 0


@app.command("show", help=say("law.show"))
def show(entry: Annotated[str, typer.Argument(metavar="ID", help=say("law.id"))]) -> int:
    """One rule, obligation, keeping period or amendment with its sources."""
    import yaml

    from policies.law.answers import law_show

    found = law_show(entry)
    emit(found, lambda: line(yaml.safe_dump(found, allow_unicode=True, sort_keys=False).rstrip()))
    return 0
