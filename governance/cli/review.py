"""`sekisho audit events`, `counts`, `timeline`, `filters`: the log as officers look at it.

Conditions are words, `NAME=VALUE` (audit/reviewing/conditions.py). Every look is on record.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table
from governance.i18n.catalogue import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audit.decisions.types import DecisionRecord
    from audit.review import EventQuery, RecordedEvent
    from audit.reviewing.decided import DecisionPage
    from audit.reviewing.service import KeptFilter, Page, Reviewer, Timeline
    from governance.app.wiring import Wiring
    from governance.core.terms import ActorId

app = typer.Typer()
filters = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(filters, name="filters", help=say("review.filters"))

PAGE, MOST = 50, 1000
Conditions = Annotated[
    list[str] | None, typer.Argument(metavar="NAME=VALUE", help=say("review.conditions"))
]
Kept = Annotated[str | None, typer.Option("--filter", metavar="ID", help=say("review.filter"))]
Before = Annotated[int | None, typer.Option("--before", min=0, help=say("review.before"))]
Limit = Annotated[int, typer.Option("--limit", min=1, max=MOST, help=say("review.limit"))]


@app.command("events", help=say("review.events"))
def events(
    conditions: Conditions = None,
    kept: Kept = None,
    before: Before = None,
    limit: Limit = PAGE,
    count: Annotated[bool, typer.Option("--count", help=say("review.count"))] = False,
) -> int:
    """A page of matching events, the newest first, with the cursor of the next page."""
    from audit.reviewing.service import look
    from audit.reviewing.shapes import page_shape
    from governance.cli.session import opened

    with opened() as wiring:
        by = _reviewer(wiring)
        query = asked(wiring, by.id, conditions, kept)
        page = wiring.database.write(
            lambda tx: look(tx, wiring.audit, query, by, before=before, limit=limit, counted=count)
        )
    emit(page_shape(page), lambda: _told(page))
    return 0


@app.command("counts", help=say("review.counts"))
def counts(
    conditions: Conditions = None,
    by: Annotated[str, typer.Option("--by", help=say("review.by"))] = "action",
    kept: Kept = None,
) -> int:
    """How many matching events each group has."""
    from audit.review import Grouping
    from audit.reviewing.service import tally
    from governance.cli.choices import one_of
    from governance.cli.session import opened

    group = one_of(Grouping, by, "--by")
    with opened() as wiring:
        reviewer = _reviewer(wiring)
        query = asked(wiring, reviewer.id, conditions, kept)
        found = wiring.database.write(
            lambda tx: tally(tx, wiring.audit, query, reviewer, group=group)
        )
    shape = [{group.value: name, "events": number} for name, number in found]

    def words() -> None:
        rows = [(_group(group.value, name), f"{number:,}") for name, number in found]
        table("", (say(f"review.group.{group.value}"), say("review.column.events")), rows)

    emit(shape, words)
    return 0


@app.command("timeline", help=say("review.timeline"))
def timeline(
    person: Annotated[str | None, typer.Option("--person", help=say("review.person"))] = None,
    actor: Annotated[str | None, typer.Option("--actor", help=say("review.actor"))] = None,
    before: Before = None,
    limit: Limit = PAGE,
) -> int:
    """What happened to one person's data, and which event erased it; or what one actor did."""
    from audit.review import EventFilter, EventQuery
    from audit.reviewing.service import look, person_timeline
    from audit.reviewing.shapes import page_shape, timeline_shape
    from governance.cli.errors import OptionsTogetherError
    from governance.cli.session import opened
    from governance.core.terms import ActorId, SubjectId

    if (person is None) == (actor is None):
        raise OptionsTogetherError(options="--person | --actor")
    with opened() as wiring:
        by = _reviewer(wiring)
        if person is not None:
            subject = SubjectId(person)
            found = wiring.database.write(
                lambda tx: person_timeline(
                    tx, wiring.audit, subject, by, before=before, limit=limit
                )
            )
            emit(timeline_shape(found), lambda: _told_of_person(found))
            return 0
        query = EventQuery(any_of=(EventFilter(actor=ActorId(actor or "")),))
        page = wiring.database.write(
            lambda tx: look(tx, wiring.audit, query, by, before=before, limit=limit)
        )
    emit(page_shape(page), lambda: _told(page))
    return 0


@app.command("decisions", help=say("review.decisions"))
def decisions(
    conditions: Conditions = None,
    kept: Kept = None,
    before: Annotated[
        str | None, typer.Option("--before", metavar="ID", help=say("review.before"))
    ] = None,
    limit: Limit = PAGE,
) -> int:
    """A page of decisions about uses, which stand in batches beside the events."""
    from audit.reviewing.decided import decision_shape, look_at_decisions
    from governance.cli.session import opened
    from governance.core.terms import EventId

    with opened() as wiring:
        by = _reviewer(wiring)
        query = asked(wiring, by.id, conditions, kept)
        cursor = None if before is None else EventId(before)
        page = wiring.database.write(
            lambda tx: look_at_decisions(tx, wiring.audit, query, by, before=cursor, limit=limit)
        )
    rows = [decision_shape(one) for one in page.decisions]
    emit({"decisions": rows, "next": page.next}, lambda: _told_decisions(page))
    return 0


@filters.command("list", help=say("review.filters_list"))
def listed() -> int:
    """The caller's kept filters."""
    from audit.reviewing.service import kept_filters
    from audit.reviewing.shapes import filter_shape
    from governance.cli.session import opened

    with opened() as wiring:
        by = _reviewer(wiring)
        with wiring.database.read() as tx:
            found = kept_filters(tx, wiring.vault, by.id)
    heads = (say("review.column.filter"), say("review.column.name"))
    emit(
        [filter_shape(one) for one in found],
        lambda: table("", heads, [(one.id, one.name) for one in found]),
    )
    return 0


@filters.command("add", help=say("review.filters_add"))
def added(
    name: Annotated[str, typer.Option("--name", help=say("review.filter_name"))],
    conditions: Conditions = None,
) -> int:
    """The filter is kept for the caller alone; its name and terms are sealed."""
    from audit.reviewing.conditions import query_of
    from audit.reviewing.service import keep_filter
    from audit.reviewing.shapes import filter_shape
    from governance.cli.session import opened

    query = query_of(conditions or ())
    with opened() as wiring:
        by = _reviewer(wiring)
        kept = wiring.database.write(
            lambda tx: keep_filter(tx, wiring.vault, by, name=name, query=query)
        )
    emit(filter_shape(kept), lambda: line(say("review.filter_kept", id=kept.id)))
    return 0


@filters.command("drop", help=say("review.filters_drop"))
def dropped(row: Annotated[str, typer.Argument(metavar="ID", help=say("review.filter"))]) -> int:
    """The kept filter is gone."""
    from audit.reviewing.service import drop_filter
    from governance.cli.session import opened
    from governance.core.terms import RowId

    with opened() as wiring:
        by = _reviewer(wiring)
        wiring.database.write(lambda tx: drop_filter(tx, by.id, RowId(row)))
    emit({"dropped": row}, lambda: line(say("review.filter_dropped")))
    return 0


def _reviewer(wiring: "Wiring") -> "Reviewer":
    """Who looks, and that they may read the log."""
    from governance.cli.session import reviewing
    from policies.actions import Action

    return reviewing(wiring, Action.AUDIT_READ)


def asked(
    wiring: "Wiring", owner: "ActorId", conditions: list[str] | None, kept: str | None
) -> "EventQuery":
    """The query of the words, within a kept filter where one is named."""
    from audit.reviewing.conditions import both, query_of
    from audit.reviewing.service import kept_filter
    from governance.core.terms import RowId

    query = query_of(conditions or ())
    if kept is None:
        return query
    with wiring.database.read() as tx:
        found: KeptFilter = kept_filter(tx, wiring.vault, owner, RowId(kept))
    return both(found.query, query)


def _told(page: "Page") -> None:
    """Three lines an event at most: no id is cut, and a row fits 80 columns."""
    if not page.events:
        line(say("review.nothing"))
        return
    heads = ("seq", "at", "what", "who")
    rows = [_row(event) for event in page.events]
    table("", [say(f"review.column.{name}") for name in heads], rows, tight=True)
    if page.total is not None:
        line(say("review.total", total=f"{page.total:,}"))
    if page.next is not None:
        line(say("review.more", before=page.next))


def _told_decisions(page: "DecisionPage") -> None:
    from audit.reviewing.decided import decided_at

    if not page.decisions:
        line(say("review.nothing"))
        return
    rows = [
        (
            _clock(decided_at(one)),
            "\n".join(_decided(one)),
            "\n".join(str(v) for n in ("actor", "purpose", "channel") if (v := one.column(n))),
        )
        for one in page.decisions
    ]
    heads = ("at", "decided", "who")
    table("", [say(f"review.column.{name}") for name in heads], rows, tight=True)
    if page.next is not None:
        line(say("review.more", before=page.next))


def _decided(one: "DecisionRecord") -> "Iterator[str]":
    """Outcome, person, reasons and the decision's id; an erased person is told as such."""
    yield text("audit.outcome." + str(one.column("outcome")), current().lang)
    if one.link is not None:
        yield one.link.subject
    elif one.destroyed_by is not None:
        yield say("review.person_erased", event=one.destroyed_by)
    yield str(one.column("reasons"))
    yield str(one.column("id"))


def _row(event: "RecordedEvent") -> tuple[str, ...]:
    lang = current().lang
    about = event.subject or f"{event.object_type}\n{event.object_id}"
    outcome = text(f"audit.outcome.{event.outcome}", lang)
    done = f"{text(f'audit.event.{event.action}', lang)}: {outcome}"
    what = (done, about, event.reasons or "")
    who = (event.actor, event.purpose or "", event.network or "")
    return (
        str(event.seq),
        _clock(event.recorded_at),
        "\n".join(filter(None, what)),
        "\n".join(filter(None, who)),
    )


def _told_of_person(found: "Timeline") -> None:
    """The erasure first: it explains why nothing else can be opened any more."""
    lang = current().lang
    for one in found.erased:
        line(
            say(
                "review.erased" if one.recorded_at else "review.erased_waiting",
                what=text(f"audit.event.{one.action}", lang),
                at="" if one.recorded_at is None else _clock(one.recorded_at).replace("\n", " "),
                seq="-" if one.seq is None else one.seq,
                event=one.event_id,
            )
        )
        if one.parts:
            line(say("review.erased_parts", parts=one.parts))
    _told(found.page)


def _clock(moment: datetime) -> str:
    """Day and time in Japan, one under the other."""
    from governance.core.clock import JST

    return moment.astimezone(JST).strftime("%Y-%m-%d\n%H:%M:%S")


def _group(by: str, name: str) -> str:
    """A group as people read it."""
    if not name:
        return say("review.group.none")
    if by in {"action", "outcome"}:
        kind = "event" if by == "action" else "outcome"
        return f"{text(f'audit.{kind}.{name}', current().lang)} ({name})"
    return name
