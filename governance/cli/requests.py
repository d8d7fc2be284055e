"""`sekisho dsar`: requests of persons, in the order of their days."""

from typing import Annotated

import typer

from governance.cli.output import emit, line, say, table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("list", help=say("dsar.list"))
def list_(
    every: Annotated[bool, typer.Option("--all", help=say("dsar.all"))] = False,
) -> int:
    """Open requests, the earliest day first; no word of a person."""
    from dsar.reading import list_requests
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal = acting(wiring)
        with wiring.database.read() as tx:
            found = list_requests(tx, wiring.ports, principal, is_open=None if every else True)
    shape = [
        {
            "id": item.id,
            "reference": item.reference,
            "received_at": item.received_at.isoformat(),
            "answer_by": item.answer_by.isoformat() if item.answer_by else None,
            "open": item.open,
            "tracks": [
                {"law": law.value, "kind": kind.value, "status": status.value}
                for law, kind, status in item.tracks
            ],
        }
        for item in found
    ]
    columns = tuple(say(f"dsar.column.{n}") for n in ("reference", "kind", "status", "answer_by"))
    rows = [
        (
            item.reference,
            ", ".join(kind.value for _, kind, _ in item.tracks),
            ", ".join(f"{law.value}: {status.value}" for law, _, status in item.tracks),
            item.answer_by.isoformat() if item.answer_by else "-",
        )
        for item in found
    ]
    emit(shape, lambda: table("", columns, rows))
    return 0


@app.command("show", help=say("dsar.show"))
def show(request: Annotated[str, typer.Argument(metavar="ID", help=say("dsar.id"))]) -> int:
    """One request with its dates and its history."""
    from dsar.reading import request_by_id, timeline
    from governance.cli.session import acting, opened
    from governance.core.terms import RequestId

    with opened() as wiring:
        principal = acting(wiring)
        with wiring.database.read() as tx:
            case = request_by_id(tx, wiring.ports, principal, RequestId(request))
            entries = timeline(tx, wiring.ports, principal, RequestId(request))
    shape = {
        "id": case.id,
        "reference": case.reference,
        "received_at": case.received_at.isoformat(),
        "rule_set_version": case.rule_set_version,
        "tracks": [
            {"law": t.law.value, "kind": t.kind.value, "status": t.status.value}
            for t in case.tracks
        ],
        "history": [
            {"at": e.at.isoformat(), "event": e.event, "actor": e.actor, "ground": e.ground}
            for e in entries
        ],
    }

    def words() -> None:
        line(f"{case.reference}  {case.received_at.isoformat()}  {case.rule_set_version}")
        columns = tuple(say(f"dsar.column.{n}") for n in ("at", "event", "actor", "ground"))
        rows = [(e.at.isoformat(), e.event, e.actor, e.ground or "") for e in entries]
        table("", columns, rows)

    emit(shape, words)
    return 0


@app.command("advance", help=say("dsar.advance"))
def advance(
    request: Annotated[str, typer.Argument(metavar="ID", help=say("dsar.id"))],
    event: Annotated[str, typer.Argument(metavar="EVENT", help=say("dsar.event"))],
    ground: Annotated[str | None, typer.Option("--ground", help=say("dsar.ground"))] = None,
) -> int:
    """The request one lawful step on; an unlawful one is refused with a sentence."""
    from dsar.service import advance as step
    from dsar.types import Event
    from governance.cli.errors import EventNameError
    from governance.cli.session import acting, opened
    from governance.core.terms import RequestId

    known = {item.value for item in Event}
    if event not in known:
        raise EventNameError(known=", ".join(sorted(known)))
    with opened() as wiring:
        principal = acting(wiring)
        case = wiring.database.write(
            lambda tx: step(
                tx,
                wiring.ports,
                principal,
                RequestId(request),
                Event(event),
                at=wiring.clock(),
                ground=ground,
            )
        )
    tracks = [{"law": t.law.value, "status": t.status.value} for t in case.tracks]
    shape = {"id": case.id, "reference": case.reference, "tracks": tracks}
    told = ", ".join(f"{t['law']}: {t['status']}" for t in tracks)
    emit(shape, lambda: line(f"{case.reference}  {told}"))
    return 0
