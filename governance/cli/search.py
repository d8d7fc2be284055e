"""`sekisho search`: customers, or companies, by what is typed at a prompt or on standard input.

Never from the command line: other users of the machine see the arguments of every process.
"""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table

if TYPE_CHECKING:
    from governance.gateway.search_registers import Register
    from governance.gateway.search_types import SearchAnswer

COLUMNS = {
    "person": ("customer_id", "name", "kana", "phone", "mobile", "email", "postal_code"),
    "company": ("source_key", "name", "corporate_number", "representative", "phone", "address"),
}


def register(app: typer.Typer) -> None:
    """The commands of this module stand in the tree."""
    app.command("search", help=say("search.help"))(search)


def search(
    purpose: Annotated[str, typer.Option("--purpose", help=say("check.purpose"))],
    limit: Annotated[int, typer.Option("--limit", min=1, max=100, help=say("search.limit"))] = 20,
    cursor: Annotated[str | None, typer.Option("--cursor", help=say("search.cursor"))] = None,
    *,
    companies: Annotated[bool, typer.Option("--companies", help=say("search.companies"))] = False,
    count: Annotated[bool, typer.Option("--count", help=say("search.count"))] = False,
) -> int:
    """Who answers the words, best first; 1 when nobody does."""
    from governance.cli.session import acting, opened
    from governance.gateway.api.searches import answer_json
    from governance.gateway.search_registers import COMPANIES, PERSONS
    from governance.gateway.search_types import SearchRequest
    from governance.gateway.searching import search as find
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        principal = ensure(acting(wiring), Action.PERSON_SEARCH, wiring.policies.current)
        register = COMPANIES if companies else PERSONS
        request = SearchRequest(
            register=register,
            purpose=purpose,
            text=_typed(),
            limit=limit,
            cursor=cursor,
            count=count,
        )
        answer = find(wiring.ports, principal, request, at=wiring.clock())
    emit(answer_json(answer, register, current().lang), lambda: _words(answer, register))
    return 0 if answer.hits else 1


def _typed() -> str:
    """One line of standard input; a person is asked for it."""
    if sys.stdin.isatty():
        return str(typer.prompt(say("search.prompt"), err=True))
    return sys.stdin.readline().strip()


def _words(answer: "SearchAnswer", register: "Register") -> None:
    from governance.customers.catalogue import catalogue
    from governance.i18n.catalogue import text

    lang = current().lang
    shown = COLUMNS[register.table]
    fields = [f for f in catalogue().table(register.table).fields if f.column in shown]
    rows = [
        (
            hit.row if register.beside else hit.subject,
            text(f"gateway.search.level.{hit.level.name.lower()}", lang),
            *(_cell(hit.view.get(field.column)) for field in fields),
        )
        for hit in answer.hits
    ]
    columns = (
        say(f"search.{register.table}"),
        say("search.level"),
        *(field.label(lang) for field in fields),
    )
    table("", columns, rows)
    line(say("search.total" if answer.total_exact else "search.at_least", count=answer.total))
    if answer.cursor is not None:
        line(say("search.more", cursor=answer.cursor))
    if answer.index_behind:
        line(say("search.behind", count=answer.index_behind))


def _cell(view: object) -> str:
    value = getattr(getattr(view, "shown", None), "value", None)
    return "" if value is None else str(value)
