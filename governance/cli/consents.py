"""`sekisho consent`: how choices stand, their history and proof, counts, what is due."""

from datetime import datetime
from typing import Annotated, Any

import typer

from governance.cli.output import emit, line, say, table, when
from governance.core.terms import RowId, SubjectId

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Person = Annotated[str, typer.Argument(metavar="PERSON", help=say("consents.person"))]
About = Annotated[str | None, typer.Option("--purpose", help=say("consents.purpose"))]
PAGE = 200


@app.command("list", help=say("consents.list"))
def list_(person: Person, purpose: About = None) -> int:
    """Each cell of the person's choices with its answer now and why."""
    from governance.cli.invocation import current
    from governance.cli.session import acting, opened
    from governance.gateway.choices import look, shown_code
    from policies.actions import Action
    from policies.api import ensure
    from policies.reasons import Audience, reason_text

    with opened() as wiring:
        principal = ensure(acting(wiring), Action.CONSENT_READ, wiring.policies.current)
        found = look(wiring.ports, principal, SubjectId(person), purpose, at=wiring.clock())
    shapes = [
        {
            "purpose": one.cell.purpose,
            "channel": one.cell.channel,
            "recipient_class": one.cell.recipient_class,
            "decision": bool(one.decision),
            "code": shown_code(found, one).value,
            "valid_until": _moment(one.decision.valid_until),
        }
        for one in found.cells
    ]

    def words() -> None:
        lang = current().lang
        rows = [
            (
                one.cell.purpose,
                one.cell.channel,
                one.cell.recipient_class,
                say("consents.yes" if one.decision else "consents.no"),
                reason_text(shown_code(found, one), Audience.OFFICER, lang),
                when(one.decision.valid_until),
            )
            for one in found.cells
        ]
        names = ("purpose", "channel", "recipients", "answer", "why", "until")
        table("", [say(f"consents.column.{name}") for name in names], rows)

    emit({"person": found.subject, "seq": found.seq, "cells": shapes}, words)
    return 0


@app.command("history", help=say("consents.history"))
def history(person: Person, purpose: About = None) -> int:
    """Everything that the ledger holds of the person, in its order; read on record."""
    from governance.cli.session import acting, opened
    from governance.gateway.choices import history as page_of
    from policies.actions import Action
    from policies.api import ensure

    found: list[Any] = []
    with opened() as wiring:
        principal = ensure(acting(wiring), Action.CONSENT_READ, wiring.policies.current)
        while True:
            page = page_of(
                wiring.ports,
                principal,
                SubjectId(person),
                purpose,
                after=found[-1].event.seq if found else 0,
                limit=PAGE,
                at=wiring.clock(),
            )
            found += page
            if len(page) < PAGE:
                break
    shapes = [one.as_json() for one in found]
    names = ("seq", "occurred_at", "purpose", "channel", "kind", "acted_by", "evidence", "id")

    def words() -> None:
        rows = [tuple(str(shape[name] or "") for name in names) for shape in shapes]
        table("", [say(f"consents.column.{name}") for name in names], rows)

    emit(shapes, words)
    return 0


@app.command("proof", help=say("consents.proof"))
def proof(
    entry: Annotated[str, typer.Argument(metavar="ENTRY", help=say("consents.entry"))],
) -> int:
    """What the person saw and did, put together again from ledger and notices; on record."""
    from consent.proofs import proof_view
    from governance.cli.session import acting, opened

    with opened() as wiring:
        view = proof_view(wiring.ports, acting(wiring), RowId(entry), at=wiring.clock())
    shape = view.as_json()

    def words() -> None:
        said = {name: value for name, value in shape.items() if name not in ("notice", "proof")}
        shown = {**said, **view.proof.as_json()}
        for name, value in shown.items():
            if value not in (None, "", False):
                line(f"{name}: {value}")
        line(f"notice: {view.event.notice} {view.event.notice_version} ({view.lang.value})")
        if view.text_is_the_one_shown is not None:
            line(say(f"consents.text_{'same' if view.text_is_the_one_shown else 'other'}"))
        line()
        line(view.notice_text or say("consents.no_text"))

    emit(shape, words)
    return 0


@app.command("counts", help=say("consents.counts"))
def counts(
    purpose: About = None,
    monthly: Annotated[bool, typer.Option("--monthly", help=say("consents.monthly"))] = False,
    since: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help=say("consents.from"))
    ] = None,
) -> int:
    """Events and persons per purpose, kind and notice version; months one by one on demand."""
    from consent.rules import start_of
    from consent.standing import tallies
    from governance.cli.session import acting, opened
    from governance.gateway.choices import chosen_among
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        policy = wiring.policies.current
        principal = ensure(acting(wiring), Action.CONSENT_READ, policy)
        wanted = [one.id for one in chosen_among(policy, principal, purpose)]
        with wiring.database.read() as tx:
            found = tallies(
                tx,
                purposes=wanted,
                since=start_of(since.date()) if since else None,
                monthly=monthly,
            )
    shapes = [one.as_json() for one in found]
    names = ("purpose", *(("month",) if monthly else ()), "kind", "notice_version", "events",
             "persons")  # fmt: skip

    def words() -> None:
        rows = [tuple(str(shape[name] or "") for name in names) for shape in shapes]
        table("", [say(f"consents.column.{name}") for name in names], rows)

    emit(shapes, words)
    return 0


@app.command("due", help=say("consents.due"))
def due() -> int:
    """Persons who have come of age and have to confirm what a guardian agreed to."""
    from consent.growing import due as waiting
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        ensure(acting(wiring), Action.CONSENT_READ, wiring.policies.current)
        with wiring.database.read() as tx:
            found = waiting(tx, wiring.policies.current)
    shapes = [
        {
            "person": one.subject,
            "purpose": one.purpose,
            "given_at": _moment(one.given_at),
            "ends_at": _moment(one.ends_at),
        }
        for one in found
    ]
    names = ("person", "purpose", "given_at", "ends_at")

    def words() -> None:
        if not shapes:
            line(say("consents.none_due"))
            return
        rows = [tuple(str(shape[name]) for name in names) for shape in shapes]
        table("", [say(f"consents.column.{name}") for name in names], rows)

    emit(shapes, words)
    return 0


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
