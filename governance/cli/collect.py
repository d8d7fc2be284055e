"""`sekisho collect`: points at which data comes in, declared from a file, opened and closed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table

if TYPE_CHECKING:
    from consent.collecting.types import KeptPoint

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Name = Annotated[str, typer.Argument(metavar="POINT", help=say("collect.point"))]


@app.command("list", help=say("collect.list"))
def listed() -> int:
    """Every version of every point, whether it is open, and how much came in."""
    from consent.collecting import store
    from governance.cli.session import acting, opened
    from governance.core.clock import JST
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        ensure(acting(wiring), Action.NOTICE_READ, wiring.policies.current)
        today = wiring.clock().astimezone(JST).date()
        with wiring.database.read() as tx:
            found, counts = store.every(tx), store.counts(tx)
    shape = [
        {
            **one.point.as_json(),
            "open": one.is_open(on=today),
            "collected": counts.get((one.point.id, one.point.version), 0),
        }
        for one in found
    ]

    def words() -> None:
        names = ("point", "version", "kind", "title", "open", "collected")
        table(
            "",
            [say(f"collect.column.{name}") for name in names],
            [
                (
                    one["id"],
                    str(one["version"]),
                    say(f"collect.kind.{one['kind']}"),
                    one["title"][current().lang.value],
                    say("collect.open" if one["open"] else "collect.closed"),
                    str(one["collected"]),
                )
                for one in shape
            ],
        )

    emit({"points": shape}, words)
    return 0


@app.command("show", help=say("collect.show"))
def show(name: Name) -> int:
    """The newest version of a point: items, purposes, consents."""
    from consent.collecting import store
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        ensure(acting(wiring), Action.NOTICE_READ, wiring.policies.current)
        with wiring.database.read() as tx:
            found = store.newest(tx, name)

    def words() -> None:
        point, lang = found.point, current().lang
        line(f"{point.id} {point.version}: {point.title[lang]} ({point.notice})")
        for one in point.fields:
            must = say("collect.must") if one.required else ""
            line(f"  {one.name}{must}: {', '.join(one.purposes)}")
        for ask in point.asks:
            line(f"  [ ] {ask.words[lang]} ({ask.purpose})")

    emit(_shape(found), words)
    return 0


@app.command("declare", help=say("collect.declare"))
def declare(file: Annotated[Path, typer.Argument(metavar="FILE", help=say("collect.file"))]) -> int:
    """Every point of the file is declared, closed; all of them or none."""
    from consent.collecting import service
    from consent.collecting.reading import read_points
    from governance.cli.reading import text_of_file
    from governance.cli.session import acting, opened

    points = read_points(text_of_file(file), file=file.name)
    with opened() as wiring:
        by, at = acting(wiring), wiring.clock()
        found = wiring.database.write(
            lambda tx: [service.declare(tx, wiring.ports, by, one, at=at) for one in points]
        )

    def words() -> None:
        for one in points:
            line(say("collect.declared", point=one.id, version=one.version))

    emit({"declared": [_shape(one) for one in found]}, words)
    return 0


@app.command("open", help=say("collect.open_help"))
def open_(name: Name) -> int:
    """The newest version takes data in from now on."""
    return _set(name, opened=True)


@app.command("close", help=say("collect.close_help"))
def close(name: Name) -> int:
    """The point takes nothing in any more."""
    return _set(name, opened=False)


@app.command("enter", help=say("collect.enter"))
def enter() -> int:
    """What a paper, a card or a call brought, as one JSON object on standard input."""
    from governance.cli.person import acting_on, given
    from governance.cli.session import opened
    from governance.gateway.api.bodies import parsed, read_as
    from governance.gateway.api.collect import CollectIn, received, told
    from policies.actions import Action

    body = read_as(CollectIn, parsed(given()))
    with opened() as wiring:
        found = received(acting_on(wiring, Action.PERSON_WRITE), body, once=None)
    emit(told(found), lambda: line(say("collect.entered", person=found.subject)))
    return 0


def _set(name: str, *, opened: bool) -> int:
    from consent.collecting import service
    from governance.cli.session import acting
    from governance.cli.session import opened as installation

    with installation() as wiring:
        by, at = acting(wiring), wiring.clock()
        found = wiring.database.write(
            lambda tx: service.set_open(tx, wiring.ports, by, name, opened=opened, at=at)
        )
        address = f"{wiring.settings.origin}/collect/{name}"
    point = found.point
    told = say(
        "collect.opened" if opened else "collect.was_closed", point=name, version=point.version
    )

    def words() -> None:
        line(told)
        if opened and point.hosted:
            line(address)

    emit(_shape(found), words)
    return 0


def _shape(found: "KeptPoint") -> dict[str, Any]:
    return {
        **found.point.as_json(),
        "digest": found.point.digest,
        "opened_at": found.opened_at.isoformat() if found.opened_at else None,
        "closed_at": found.closed_at.isoformat() if found.closed_at else None,
    }
