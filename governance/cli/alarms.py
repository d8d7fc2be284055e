"""`sekisho audit alarms`: what the watch over the log said, and what its rules would say."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from audit.alarms.types import Alarm
    from audit.alarms.watching import Tried
    from governance.core.terms import ActorId, SubjectId

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
honey = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(honey, name="honey", help=say("alarms.honey"))

Subject = Annotated[str, typer.Argument(metavar="SUBJECT", help=say("alarms.subject"))]
NEWEST = 50


@app.command("list", help=say("alarms.list"))
def listed(
    limit: Annotated[int, typer.Option("--limit", min=1, help=say("alarms.limit"))] = NEWEST,
) -> int:
    """The newest alarms with their reasons; 1 when there are any."""
    from audit.alarms.watching import alarms
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        ensure(acting(wiring), Action.AUDIT_READ, wiring.policies.current)
        with wiring.database.read() as tx:
            found = alarms(tx, limit=limit)
    shape = [_shape(one) for one in found]

    def words() -> None:
        for one in shape:
            line(one["text"])
        if not found:
            line(say("alarms.none"))

    emit(shape, words)
    return 1 if found else 0


@app.command("try", help=say("alarms.try"))
def tried(
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help=say("alarms.days"))] = 28,
    rule: Annotated[str | None, typer.Option("--rule", help=say("alarms.rule"))] = None,
    at_limit: Annotated[
        int | None, typer.Option("--limit", min=1, help=say("alarms.at_limit"))
    ] = None,
) -> int:
    """How often each rule would have spoken in the past days, switched on or not.

    With --rule every single alarm with its reason, so that false ones are told apart; with
    --limit at another threshold than the settings'.
    """
    from audit.alarms import watching
    from audit.alarms.counting import hour_of
    from audit.alarms.types import Rule
    from governance.cli.choices import one_of
    from governance.cli.errors import OptionsTogetherError
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.api import ensure

    chosen = one_of(Rule, rule, "--rule")
    if at_limit is not None and chosen is None:
        raise OptionsTogetherError(options="--limit --rule")
    with opened() as wiring:
        ensure(acting(wiring), Action.AUDIT_READ, wiring.policies.current)
        rules = watching.load_watching(wiring.settings.alarm_file)
        if chosen is not None and at_limit is not None:
            rules = watching.with_limit(rules, chosen, at_limit)
        at = wiring.clock()
        since = hour_of(at - timedelta(days=days))
        with wiring.database.read() as tx:
            alarms = watching.would_be(tx, rules, since=since, at=at)
        found = watching.tried(alarms, rules, since=since, at=at)
    if chosen is not None:
        alarms = tuple(one for one in alarms if one.rule is chosen)
        found = tuple(one for one in found if one.rule is chosen)
    _told(found, alarms if chosen is not None else ())
    return 0


def _told(found: "tuple[Tried, ...]", alarms: "tuple[Alarm, ...]") -> None:
    """The rules with their alarms a week; of one rule each alarm too."""
    shape = [
        {
            "rule": one.rule.value,
            "on": one.on,
            "limit": one.limit,
            "alarms": one.alarms,
            "a_week": round(one.a_week, 2),
        }
        | ({"each": [_shape(alarm) for alarm in alarms]} if alarms else {})
        for one in found
    ]
    rows = [
        (
            say(f"alarms.rule.{one.rule.value}"),
            say("alarms.on") if one.on else say("alarms.off"),
            f"{one.limit:,}",
            f"{one.alarms:,}",
            f"{one.a_week:.2f}",
        )
        for one in found
    ]

    def words() -> None:
        heads = ("rule", "state", "from", "count", "a_week")
        table("", [say(f"alarms.column.{name}") for name in heads], rows)
        for alarm in alarms:
            line(_shape(alarm)["text"])

    emit(shape, words)


def _shape(alarm: "Alarm") -> dict[str, Any]:
    """An alarm with its reason in words."""
    from audit.alarms.wording import in_words

    return {
        "rule": alarm.rule.value,
        "actor": alarm.actor,
        "hour": alarm.start.isoformat(),
        "value": alarm.number,
        "limit": alarm.limit,
        "usual": alarm.usual,
        "text": in_words(alarm, current().lang),
    }


@honey.command("place", help=say("alarms.honey_place"))
def place(subject: Subject) -> int:
    """The person is a decoy: whoever touches the record raises an alarm."""
    from audit.alarms.watching import place_honey

    return _decoy(subject, lambda tx, person, by, at: place_honey(tx, person, by=by, at=at))


@honey.command("lift", help=say("alarms.honey_lift"))
def lift(subject: Subject) -> int:
    """The person is no decoy any more."""
    from audit.alarms.watching import lift_honey

    return _decoy(subject, lambda tx, person, _by, _at: lift_honey(tx, person))


def _decoy(
    subject: str, act: "Callable[[Connection, SubjectId, ActorId, datetime], object]"
) -> int:
    """One change of the decoys, on record without naming which person it is about."""
    from audit.actions import EventCode
    from audit.types import EventDraft, Outcome
    from governance.cli.session import acting, opened
    from governance.core.clock import JST
    from governance.core.errors import NotFoundError
    from governance.core.terms import SubjectId
    from governance.customers.store import subject_by_id
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        principal = ensure(acting(wiring), Action.AUDIT_REVIEW, wiring.policies.current)
        at, person = wiring.clock(), SubjectId(subject)
        draft = EventDraft(
            action=EventCode.SETTINGS_CHANGED,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="decoy",
            object_id="decoys",  # whoever reads the log must not learn whom to avoid
            outcome=Outcome.DONE,
        )

        def write(tx: "Connection") -> None:
            if subject_by_id(tx, person, on=at.astimezone(JST).date()) is None:
                raise NotFoundError
            act(tx, person, principal.id, at)
            wiring.audit.append(tx, draft)

        wiring.database.write(write)
    emit({"done": True}, lambda: line(say("alarms.decoys_changed")))
    return 0
