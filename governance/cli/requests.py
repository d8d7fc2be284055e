"""`sekisho dsar`: requests of persons, in the order of their days, and their lawful steps."""

from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table, when
from governance.i18n.catalogue import domain, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dsar.case import Case
    from governance.app.wiring import Wiring
    from governance.core.terms import RequestId

Word = TypeVar("Word", bound=StrEnum)
Which = Annotated[str, typer.Argument(metavar="ID", help=say("dsar.id"))]
REFERENCE = "R-"

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def request_of(wiring: "Wiring", given: str) -> "RequestId":
    """The request of an id, or of the number that the person was told."""
    from dsar.errors import RequestUnknownError
    from dsar.listing import id_of
    from governance.core.terms import RequestId

    if not given.startswith(REFERENCE):
        return RequestId(given)
    with wiring.database.read() as tx:
        found = id_of(tx, given)
    if found is None:
        raise RequestUnknownError
    return found


def chosen(words: type[Word], given: str, *, option: str) -> Word:
    """The word of a closed list; raises ChoiceError with the whole list."""
    from governance.cli.errors import ChoiceError

    if given not in {word.value for word in words}:
        raise ChoiceError(option=option, known=", ".join(word.value for word in words))
    return words(given)


def stands(case: "Case") -> int:
    """Where the request stands now is the result of the command."""
    tracks = [
        {"law": track.law.value, "kind": track.kind.value, "status": track.status.value}
        for track in case.tracks
    ]
    shape = {"id": case.id, "reference": case.reference, "tracks": tracks}
    told = ", ".join(f"{track['law']}: {track['status']}" for track in tracks)
    emit(shape, lambda: line(f"{case.reference}  {told}"))
    return 0


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
    lang = current().lang
    columns = tuple(say(f"dsar.column.{n}") for n in ("reference", "kind", "status", "answer_by"))
    rows = [
        (
            item.reference,
            _each(text(f"dsar.right.{kind}", lang) for _, kind, _ in item.tracks),
            _each(text(f"dsar.status.{law}.{status}", lang) for law, _, status in item.tracks),
            when(item.answer_by),
        )
        for item in found
    ]
    emit(shape, lambda: table("", columns, rows))
    return 0


def _step(event: str) -> str:
    """What happened, in words; a step of the machine or a mark beside it."""
    named = domain("dsar", current().lang)
    return named.get(f"dsar.event.{event}") or named.get(f"dsar.mark.{event}", event)


def _each(words: "Iterable[str]") -> str:
    """One request may run under two laws; what both say alike is said once."""
    return " / ".join(dict.fromkeys(words))


@app.command("assign", help=say("dsar.assign"))
def assign(
    request: Which,
    login: Annotated[str, typer.Argument(metavar="LOGIN", help=say("dsar.assignee"))],
) -> int:
    """The request lies with this employee, who hears of it by mail."""
    from dsar.assigning import assign as give
    from governance.cli.session import acting, opened
    from governance.core.terms import ActorId

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        use = partial(
            give,
            ports=wiring.ports,
            principal=principal,
            request=wanted,
            assignee=ActorId(f"u:{login}"),
            at=wiring.clock(),
        )
        case = wiring.database.write(use)
    shape = {"id": case.id, "reference": case.reference, "assignee": case.assignee}
    emit(shape, lambda: line(say("dsar.assigned", **shape)))
    return 0


@app.command("show", help=say("dsar.show"))
def show(request: Which) -> int:
    """One request with its dates, the steps that its law knows next, and its history."""
    from dsar.machine import possible
    from dsar.reading import request_by_id, timeline
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        with wiring.database.read() as tx:
            case = request_by_id(tx, wiring.ports, principal, wanted)
            entries = timeline(tx, wiring.ports, principal, wanted)
    steps = {t.law: [s.event.value for s in possible(t.law, t.status)] for t in case.tracks}
    shape = {
        "id": case.id,
        "reference": case.reference,
        "received_at": case.received_at.isoformat(),
        "rule_set_version": case.rule_set_version,
        "on_hold_until": case.hold.until.isoformat() if case.hold else None,
        "tracks": [
            {
                "law": t.law.value,
                "kind": t.kind.value,
                "status": t.status.value,
                "next": steps[t.law],
            }
            for t in case.tracks
        ],
        "history": [
            {"at": e.at.isoformat(), "event": e.event, "actor": e.actor, "ground": e.ground}
            for e in entries
        ],
    }

    def words() -> None:
        line(f"{case.reference}  {when(case.received_at)}  {case.rule_set_version}")
        for track in case.tracks:
            stands = text(f"dsar.status.{track.law}.{track.status}", current().lang)
            line(f"{stands} -> {', '.join(steps[track.law]) or '-'}")
        columns = tuple(say(f"dsar.column.{n}") for n in ("at", "event", "actor", "ground"))
        rows = [(when(e.at), _step(e.event), e.actor, e.ground or "") for e in entries]
        table("", columns, rows)

    emit(shape, words)
    return 0


@app.command("recipients", help=say("dsar.recipients"))
def recipients(
    request: Which,
    tell: Annotated[list[str] | None, typer.Option("--tell", help=say("dsar.tell"))] = None,
    why: Annotated[str | None, typer.Option("--untold", help=say("dsar.untold"))] = None,
) -> int:
    """Companies that data goes to, and which of them heard of the change; --tell tells them."""
    from dsar.recipients import Untold, recipients_of, tell_recipients
    from governance.cli.session import acting, opened

    reason = chosen(Untold, why, option="--untold") if why is not None else None
    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        ports, at, origin = wiring.ports, wiring.clock(), wiring.settings.origin.rstrip("/")
        if tell:
            found = wiring.database.write(
                lambda tx: tell_recipients(
                    tx, ports, principal, wanted, tell, untold=reason, origin=origin, at=at
                )
            )
        else:
            with wiring.database.read() as tx:
                found = recipients_of(tx, ports, principal, wanted)
    shape = [told.as_json() for told in found]
    names = ("recipient", "name", "role", "told_at", "delivered_at", "confirmed_at", "untold")
    columns = tuple(say(f"dsar.column.{name}") for name in names)
    rows = [tuple(str(one[name] or "-") for name in names) for one in shape]
    emit(shape, lambda: table("", columns, rows))
    return 0


@app.command("advance", help=say("dsar.advance"))
def advance(
    request: Which,
    event: Annotated[str, typer.Argument(metavar="EVENT", help=say("dsar.event"))],
    ground: Annotated[str | None, typer.Option("--ground", help=say("dsar.ground"))] = None,
    until: Annotated[
        datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help=say("dsar.until"))
    ] = None,
) -> int:
    """The request one lawful step on; an unlawful one is refused with a sentence."""
    from dsar.stepping import advance as step
    from dsar.types import Event
    from governance.cli.errors import EventNameError
    from governance.cli.session import acting, opened

    known = {item.value for item in Event}
    if event not in known:
        raise EventNameError(known=", ".join(sorted(known)))
    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        case = wiring.database.write(
            lambda tx: step(
                tx,
                wiring.ports,
                principal,
                wanted,
                Event(event),
                at=wiring.clock(),
                ground=ground,
                until=until.date() if until else None,
            )
        )
    return stands(case)
