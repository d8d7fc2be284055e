"""`sekisho person`: one person shown, taken in or corrected; values come as JSON on standard input.

Never from the command line: other users of the machine see the arguments of every process.
"""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table

if TYPE_CHECKING:
    from governance.app.wiring import Wiring
    from governance.gateway.api.asking import Asking
    from governance.gateway.types import ReadAnswer
    from governance.gateway.writing.service import Outcomes
    from policies.actions import Action

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Person = Annotated[str, typer.Argument(metavar="ID", help=say("person.id"))]
Purpose = Annotated[str, typer.Option("--purpose", help=say("check.purpose"))]
Fields = Annotated[str | None, typer.Option("--fields", help=say("person.fields"))]


@app.command("show", help=say("person.show"))
def show(person: Person, purpose: Purpose, fields: Fields = None) -> int:
    """The person as the gates show them to who is signed in; the reading is recorded."""
    from governance.cli.session import opened
    from governance.gateway.api.asking import fields_of, listed, person_id, purpose_of
    from governance.gateway.api.present import answer_json
    from policies.actions import Action

    with opened() as wiring:
        asked = acting_on(wiring, Action.PERSON_READ)
        subject = person_id(person)
        answer = asked.read_one(
            asked.wanted(
                "person",
                subject=subject,
                purpose=purpose_of(asked, purpose),
                fields=fields_of("person", listed(fields)),
            )
        )
    emit(answer_json(answer, subject), lambda: _shown(answer))
    return 0


@app.command("create", help=say("person.create"))
def create(purpose: Purpose) -> int:
    """A new person from a JSON object with `fields` and `acquisition`."""
    from governance.cli.session import opened
    from governance.gateway.api.asking import purpose_of
    from governance.gateway.api.bodies import parsed
    from governance.gateway.api.writes import new_person
    from policies.actions import Action

    item = new_person(parsed(given()))
    with opened() as wiring:
        asked = acting_on(wiring, Action.PERSON_WRITE)
        done = asked.write([item], purpose=purpose_of(asked, purpose), once=None)
    return _told(done)


@app.command("correct", help=say("person.correct"))
def correct(
    person: Person,
    purpose: Purpose,
    reason: Annotated[str, typer.Option("--reason", help=say("person.reason"))],
    etag: Annotated[str, typer.Option("--etag", help=say("person.etag"))],
) -> int:
    """New values from a JSON object (RFC 7396); null empties a field."""
    from governance.cli.session import opened
    from governance.gateway.api.asking import person_id, purpose_of
    from governance.gateway.api.bodies import parsed, read_as, tags_in
    from governance.gateway.api.shapes import CorrectionQuery
    from governance.gateway.api.writes import scalars
    from governance.gateway.writing.types import Correction
    from policies.actions import Action

    said = read_as(CorrectionQuery, {"reason": reason})
    item = Correction(
        table="person",
        members=scalars(parsed(given())),
        match=tags_in(etag if etag.startswith('"') else f'"{etag}"'),
        reason=said.reason,
        subject=person_id(person),
    )
    with opened() as wiring:
        asked = acting_on(wiring, Action.PERSON_WRITE)
        done = asked.write([item], purpose=purpose_of(asked, purpose), once=None)
    return _told(done)


def acting_on(wiring: "Wiring", action: "Action") -> "Asking":
    """Who is signed in asks, in the language of this run."""
    from dataclasses import replace

    from governance.cli.session import acting
    from governance.gateway.api.asking import Asking
    from policies.api import ensure

    principal = ensure(acting(wiring), action, wiring.policies.current)
    return Asking(
        ports=wiring.ports,
        principal=replace(principal, lang=current().lang),
        lang=current().lang,
        request_id=None,
        at=wiring.clock(),
    )


def given() -> bytes:
    """What stands on standard input; a person is told what is waited for."""
    if sys.stdin.isatty():
        print(say("person.waiting"), file=sys.stderr)  # noqa: T201 # the way to ask
    raw = getattr(sys.stdin, "buffer", None)
    return bytes(raw.read()) if raw is not None else sys.stdin.read().encode()


def _told(done: "Outcomes") -> int:
    """What was stored; raises what refused it."""
    from governance.core.errors import GovernanceError
    from governance.gateway.api.present import written_json

    (result,) = done.results
    if isinstance(result, GovernanceError):
        raise result
    shape = written_json(result, current().lang, company=False)
    emit(shape, lambda: _words(shape))
    return 0


def _words(shape: dict[str, Any]) -> None:
    line(say("person.written", person=shape["id"], etag=str(shape["etag"]).strip('"')))
    for name, value in shape["normalised"].items():
        line(f"  {name}: {value or '-'}")
    if shape["masked"]:
        line(say("person.masked", fields=", ".join(shape["masked"])))
    for notice in shape["notices"]:
        line(f"  {notice['field']}: {notice['detail']}")


def _shown(answer: "ReadAnswer") -> None:
    from governance.customers.catalogue import catalogue

    lang, fields = current().lang, catalogue().fields
    rows = [
        (
            fields[view.field].label(lang),
            view.shown.value or "",
            view.decision.treatment.value,
            view.decision.code.value,
        )
        for row in answer.rows
        for view in row.fields
    ]
    columns = ("person.field", "person.value", "person.treatment", "person.code")
    table("", [say(name) for name in columns], rows)
    for row in answer.rows:
        line(say("person.version", etag=f"{row.row}.{row.version}"))
