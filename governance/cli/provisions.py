"""`sekisho provision`: records of what third parties got from us, and what we got from them."""

import sys
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.output import emit, line, say, table

if TYPE_CHECKING:
    from governance.registers.provisions.service import ShownProvision
    from governance.registers.provisions.types import Provision

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
DAYS = ["%Y-%m-%d"]
SHOWN = 1_000  # records of one listing
PEOPLE = 1_000  # persons of one page
Which = Annotated[str, typer.Argument(metavar="ID", help=say("provision.id"))]


@app.command("list", help=say("provision.list"))
def list_(
    recipient: Annotated[str | None, typer.Option("--recipient", help=say("provision.key"))] = None,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=DAYS, help=say("provision.from"))
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=DAYS, help=say("provision.to"))
    ] = None,
) -> int:
    """Records, the newest first; nobody in them is named."""
    from governance.cli.session import acting, opened
    from governance.gateway.api.provisions import provision_json
    from governance.registers.provisions import service

    with opened() as wiring:
        principal = acting(wiring)
        with wiring.database.read() as tx:
            found = service.listing(
                tx,
                wiring.ports,
                principal,
                recipient=recipient,
                since=first.date() if first else None,
                until=last.date() if last else None,
                limit=SHOWN,
            )
    emit([provision_json(one) for one in found], lambda: _table(found))
    return 0


@app.command("show", help=say("provision.show"))
def show(
    which: Which,
    people: Annotated[bool, typer.Option("--persons", help=say("provision.persons"))] = False,
) -> int:
    """One record with the other side; its persons are named with --persons, on record."""
    from governance.cli.session import acting, opened
    from governance.gateway.api.provisions import provision_json
    from governance.registers.provisions import service

    with opened() as wiring:
        principal = acting(wiring)
        with wiring.database.read() as tx:
            found = service.show(tx, wiring.ports, principal, which)
        named = []
        if people:
            page = partial(
                service.people,
                ports=wiring.ports,
                principal=principal,
                provision=which,
                limit=PEOPLE,
                at=wiring.clock(),
            )
            named = [
                {"person": one.person.subject, **one.identity}
                for one in wiring.database.write(page)
            ]
    party = found.party
    shape = {
        **provision_json(found.provision),
        "party": {
            "name": party.name,
            "address": party.address,
            "representative": party.representative,
        },
        "acquisition": found.acquisition or None,
        **({"items": named} if people else {}),
    }
    emit(shape, lambda: _told(found, named))
    return 0


@app.command("received", help=say("provision.received"))
def received(
    recipient: Annotated[str, typer.Option("--from", help=say("provision.source"))],
    on: Annotated[datetime, typer.Option("--on", formats=DAYS, help=say("provision.on"))],
    categories: Annotated[list[str], typer.Option("--category", help=say("provision.names"))],
    fields: Annotated[list[str], typer.Option("--field", help=say("provision.names"))],
    subjects: Annotated[list[str], typer.Option("--subject", help=say("provision.subjects"))],
    ground: Annotated[str, typer.Option("--ground", help=say("provision.ground"))] = "consent",
) -> int:
    """A receipt is confirmed on record; how the data was acquired comes from standard input."""
    from governance.cli.choices import one_of
    from governance.cli.session import acting, opened
    from governance.core.terms import SubjectId
    from governance.registers.provisions import service
    from governance.registers.provisions.service import ReceivedRecord
    from governance.registers.provisions.types import ProvisionGround

    said = str(typer.prompt(say("provision.acquisition"), err=True)) if sys.stdin.isatty() else ""
    new = ReceivedRecord(
        recipient=recipient,
        received_on=on.date(),
        acquisition=said or sys.stdin.read().strip(),
        ground=one_of(ProvisionGround, ground, "--ground"),
        categories=tuple(categories),
        fields=tuple(fields),
        subjects=tuple(SubjectId(name) for name in subjects),
    )
    with opened() as wiring:
        work = partial(
            service.note_received,
            ports=wiring.ports,
            principal=acting(wiring),
            new=new,
            at=wiring.clock(),
        )
        row = wiring.database.write(work)
    emit({"provision": row}, lambda: line(say("provision.noted", id=row)))
    return 0


def _table(found: "tuple[Provision, ...]") -> None:
    names = ("id", "direction", "on", "persons", "ground", "until")
    rows = [
        (
            one.id,
            say(f"provision.direction.{one.direction.value}"),
            f"{one.first_on}" if one.first_on == one.last_on else f"{one.first_on} - {one.last_on}",
            f"{one.persons:,}",
            say(f"provision.ground.{one.recorded.ground.value}"),
            f"{one.keeping.until}",
        )
        for one in found
    ]
    table("", tuple(say(f"provision.column.{name}") for name in names), rows)


def _told(found: "ShownProvision", named: list[dict[str, str]]) -> None:
    _table((found.provision,))
    line(f"{found.party.name}  {found.party.address}  {found.party.representative}")
    line(", ".join(found.provision.fields))
    if found.acquisition:
        line(found.acquisition)
    for one in named:
        line("  ".join(one.values()))
