"""The watch at work: each hour is looked at once, and what a rule says is an event of the log."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from audit.actions import EventCode
from audit.alarms.counting import actor_hours, hour_of, log_hours, past_reads
from audit.alarms.models import ALARMS, HONEY, WATCH
from audit.alarms.rules import actor_alarms, log_alarms, raised
from audit.alarms.types import DEFAULTS, Alarm, Rule, RuleSettings, Watching
from audit.errors import AlarmFileError
from audit.log import AuditLog
from audit.types import EventDraft, Outcome
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, SubjectId
from governance.db.engine import Database
from governance.db.types import insert_ignore

HISTORY: Final = timedelta(days=28)
WATCHER: Final = ActorId("svc:watch")
WEEK: Final = timedelta(weeks=1)
ONLY: Final = 1
HOURS_KEYS: Final = frozenset({"opens", "closes", "weekend", "holidays"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How often a rule would have spoken in the past, before it is switched on."""

    rule: Rule
    on: bool
    limit: int
    alarms: int
    weeks: float

    @property
    def a_week(self) -> float:
        """Alarms a week."""
        return self.alarms / self.weeks if self.weeks else 0.0


def load_watching(path: Path | None) -> Watching:
    """The rules of the file over the defaults; raises AlarmFileError with the wrong key."""
    if path is None:
        return Watching()
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise AlarmFileError(key="-") from error
    rules = dict(DEFAULTS)
    hours: Any = found.pop("hours", {})
    for name, given in found.items():
        rules[_rule(name)] = _settings(name, given, DEFAULTS[_rule(name)])
    if not isinstance(hours, dict) or not hours.keys() <= HOURS_KEYS:
        raise AlarmFileError(key="hours")
    kinds = {"opens": time, "closes": time, "weekend": bool, "holidays": bool}
    for key, value in hours.items():
        if not isinstance(value, kinds[key]):
            raise AlarmFileError(key=f"hours.{key}")
    return Watching(rules=MappingProxyType(rules), **hours)


def _rule(name: str) -> Rule:
    try:
        return Rule(name)
    except ValueError as error:
        raise AlarmFileError(key=name) from error


def _settings(name: str, given: object, before: RuleSettings) -> RuleSettings:
    if not isinstance(given, dict) or not given.keys() <= {"on", "limit"}:
        raise AlarmFileError(key=name)
    on, limit = given.get("on", before.on), given.get("limit", before.limit)
    if not isinstance(on, bool) or type(limit) is not int or limit < 1:
        raise AlarmFileError(key=name)
    return RuleSettings(on=on, limit=limit)


def watch_once(db: Database, log: AuditLog, watching: Watching, *, at: datetime) -> int:
    """How many alarms were raised for whole hours that nobody had looked at.

    Counting only reads, so that nobody's write waits for it. The hours looked at, the alarms and
    their events are one transaction, which changes nothing where another process was quicker.
    """
    until = hour_of(at)
    with db.read() as tx:
        since = tx.execute(select(WATCH.c.until).where(WATCH.c.id == ONLY)).scalar()
        span = (since or until, until)
        found = tuple(raised(_alarms(tx, watching, since=span[0], until=until, at=at), watching))

    def write(tx: Connection) -> int:
        if _unwatched(tx, at) != span[0] or span[0] >= until:
            return 0
        count = sum(raise_alarm(tx, log, alarm, at=at) for alarm in found)
        tx.execute(update(WATCH).where(WATCH.c.id == ONLY).values(until=until))
        return count

    return db.write(write, batch=True)


def would_be(
    tx: Connection, watching: Watching, *, since: datetime, at: datetime
) -> tuple[Alarm, ...]:
    """The alarms that every rule would have raised since then, switched on or not."""
    return tuple(_alarms(tx, watching, since=since, until=hour_of(at), at=at))


def tried(
    found: Iterable[Alarm], watching: Watching, *, since: datetime, at: datetime
) -> tuple[Tried, ...]:
    """How often each rule would have spoken, and how often a week."""
    counted = Counter(alarm.rule for alarm in found)
    weeks = (hour_of(at) - since) / WEEK
    return tuple(
        Tried(
            rule=rule,
            on=watching.on(rule),
            limit=watching.limit(rule),
            alarms=counted[rule],
            weeks=weeks,
        )
        for rule in Rule
    )


def with_limit(watching: Watching, rule: Rule, limit: int) -> Watching:
    """The same watch with another limit of one rule, to be tried."""
    changed = replace(watching.rules[rule], limit=limit)
    return replace(watching, rules=MappingProxyType({**watching.rules, rule: changed}))


def alarms(tx: Connection, *, limit: int) -> tuple[Alarm, ...]:
    """The newest alarms."""
    rows = tx.execute(
        select(ALARMS).order_by(ALARMS.c.start.desc(), ALARMS.c.id.desc()).limit(limit)
    )
    return tuple(
        Alarm(
            rule=Rule(row.rule),
            actor=ActorId(row.actor) if row.actor else None,
            start=row.start,
            number=row.value,
            limit=row.limit,
            usual=row.usual,
        )
        for row in rows
    )


def place_honey(tx: Connection, subject: SubjectId, *, by: ActorId, at: datetime) -> None:
    """The person is a decoy from now on; twice equals once."""
    row = {"subject": subject, "placed_by": by, "placed_at": at}
    tx.execute(insert_ignore(HONEY, tx.dialect.name).values(row))


def lift_honey(tx: Connection, subject: SubjectId) -> bool:
    """Whether the person was a decoy, who is none any more."""
    return tx.execute(delete(HONEY).where(HONEY.c.subject == subject)).rowcount == 1


def _unwatched(tx: Connection, at: datetime) -> datetime:
    """The first hour that nobody has looked at; the watch begins with the hour at hand."""
    first = {"id": ONLY, "until": hour_of(at)}
    tx.execute(insert_ignore(WATCH, tx.dialect.name).values(first))
    statement = select(WATCH.c.until).where(WATCH.c.id == ONLY)
    if tx.dialect.name != "sqlite":
        statement = statement.with_for_update()
    found: datetime = tx.execute(statement).scalar_one()
    return found


def _alarms(
    tx: Connection, watching: Watching, *, since: datetime, until: datetime, at: datetime
) -> Iterator[Alarm]:
    if since >= until:
        return
    history = past_reads(tx, since=since - HISTORY, until=since)
    for hour in actor_hours(tx, since=since, until=until):
        own = history[hour.actor]
        yield from actor_alarms(hour, own, watching)
        if hour.reads:
            own.append(hour.reads)
    for log_hour in log_hours(tx, since=since, until=until, at=at):
        yield from log_alarms(log_hour, watching)


def raise_alarm(tx: Connection, log: AuditLog, alarm: Alarm, *, at: datetime) -> int:
    """One alarm and its event, unless the same stands already."""
    same = (
        ALARMS.c.rule == alarm.rule.value,
        ALARMS.c.actor == (alarm.actor or ""),
        ALARMS.c.start == alarm.start,
    )
    if tx.execute(select(ALARMS.c.id).where(*same)).first() is not None:
        return 0
    event = log.append(
        tx,
        EventDraft(
            action=EventCode.LOG_ALERT,
            occurred_at=at,
            actor=WATCHER,
            object_type="actor" if alarm.actor else "log",
            object_id=alarm.actor or "log",
            outcome=Outcome.DONE,
            reasons=(alarm.rule.value,),
            counts=(("value", alarm.number), ("limit", alarm.limit), ("usual", alarm.usual)),
            refs=(f"hour:{alarm.start.strftime('%Y-%m-%dT%HZ')}",),
        ),
    )
    row = {
        "id": new_row_id(),
        "rule": alarm.rule.value,
        "actor": alarm.actor or "",
        "start": alarm.start,
        "value": alarm.number,
        "limit": alarm.limit,
        "usual": alarm.usual,
        "event_id": event,
        "raised_at": at,
    }
    tx.execute(insert(ALARMS).values(row))
    return 1
