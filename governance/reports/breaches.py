"""R08, the register of breaches (APPI 26; GDPR 33(5)): clocks, notices, remedy, what was decided.

A record is in the report when it was at work in the period: it was entered before its end and was
not closed before its begin. What people wrote of it stays sealed, since they write names: the
report tells which items were written and when.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, select

from audit.actions import EventCode
from audit.models import EVENTS, LEAVES
from governance.core.clock import JST
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.registers.breaches.rules import EUROPE_PERSONS, PERSONS
from governance.registers.breaches.service import Standing, standing
from governance.registers.breaches.store import NOTE, listed
from governance.registers.breaches.types import Breach, Duty, Ground, Outcome, Topic
from governance.reports.types import Document, Listing, Made, Period, ReportId, Section
from governance.reports.words import Words

LIST = "sekisho breach list --all"
SHOW = "sekisho breach show ID"
TO_PERSONS = frozenset({PERSONS.name, EUROPE_PERSONS.name})
REMEDY = (Topic.RESPONSE, Topic.PUBLISHED, Topic.PREVENTION)
LOGGED = {EventCode.BREACH_WEIGHED.value: "weighed", EventCode.BREACH_PAPER.value: "paper"}
STAGES = ("public", "draft")  # of a notice's paper
SHORT = 8  # letters of a record's number where its row names what it concerns, too


class State(StrEnum):
    """Where one report stands against its clock."""

    IN_TIME = "in_time"
    MADE = "made"  # the law names no number of days
    MADE_LATE = "made_late"
    OWED = "owed"
    OVERDUE = "overdue"
    IF_HIGH = "if_high"  # asked for only where the persons' risk is high (GDPR 34)
    DECIDED = "decided"  # closed without it


LATE = (State.MADE_LATE, State.OVERDUE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One moment of a record's life."""

    at: datetime
    what: str
    detail: tuple[str, ...]  # codes of an item, a report, grounds or an outcome
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One record with its reports, the items that were written, and its steps in order."""

    standing: Standing
    noted: Mapping[Topic, datetime]  # when an item was written last
    steps: tuple[Step, ...]

    @property
    def breach(self) -> Breach:
        """The record."""
        return self.standing.breach


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaches:
    """The facts of R08."""

    entries: tuple[Entry, ...]
    at: datetime


def collect(tx: Connection, *, period: Period, size: int, at: datetime) -> Breaches:
    """Every record that was at work in the period; of the log what the tree of this size holds."""
    found = [one for one in listed(tx, open_only=False) if _at_work(one, period)]
    found.sort(key=lambda one: (one.aware_at, one.id))
    logged = _logged(tx, size)
    entries = tuple(_entry(tx, standing(tx, one), logged[one.id]) for one in found)
    return Breaches(entries=entries, at=at)


def _at_work(one: Breach, period: Period) -> bool:
    ended = one.closed_at
    return one.recorded_at < period.until and (ended is None or ended >= period.since)


def _logged(tx: Connection, size: int) -> Mapping[str, list[Step]]:
    """What the log alone knows: which grounds stood when, which papers were made."""
    wanted = (
        select(EVENTS)
        .join(LEAVES, LEAVES.c.event_id == EVENTS.c.id)
        .where(EVENTS.c.action.in_(LOGGED), LEAVES.c.seq < size)
    )
    found: dict[str, list[Step]] = defaultdict(list)
    for row in tx.execute(wanted):
        codes = tuple(filter(None, (row.reasons or "").split(",")))
        step = Step(at=row.occurred_at, what=LOGGED[row.action], detail=codes, by=row.actor)
        found[row.object_id].append(step)
    return found


def _entry(tx: Connection, found: Standing, logged: list[Step]) -> Entry:
    mine = select(NOTE.c.topic, NOTE.c.noted_by, NOTE.c.noted_at).where(
        NOTE.c.breach_id == found.breach.id
    )
    notes: list[Row[Any]] = [*tx.execute(mine.order_by(NOTE.c.noted_at, NOTE.c.id))]
    steps = sorted((*_steps(found, notes), *logged), key=lambda one: one.at)
    return Entry(
        standing=found,
        noted={Topic(row.topic): row.noted_at for row in notes},
        steps=tuple(steps),
    )


def _steps(found: Standing, notes: Iterable[Row[Any]]) -> Iterator[Step]:
    one = found.breach
    yield Step(at=one.aware_at, what="aware", detail=(), by="")
    yield Step(at=one.recorded_at, what="recorded", detail=(one.kind.value,), by=one.recorded_by)
    for row in notes:
        yield Step(at=row.noted_at, what="noted", detail=(row.topic,), by=row.noted_by)
    for duty in found.duties:
        if duty.reported_at and duty.reported_by:
            yield Step(
                at=duty.reported_at, what="reported", detail=(duty.rule,), by=duty.reported_by
            )
    if one.closed_at and one.closed_by and one.outcome:
        yield Step(at=one.closed_at, what="closed", detail=(one.outcome.value,), by=one.closed_by)


def state_of(duty: Duty, breach: Breach, *, at: datetime) -> State:
    """Where the report stands; one that was made late stays late."""
    if duty.reported_at is not None:
        if duty.by is None:
            return State.MADE
        late = replace(duty, reported_at=None).overdue(at=duty.reported_at)
        return State.MADE_LATE if late else State.IN_TIME
    if breach.outcome is not None:
        return State.DECIDED
    if duty.overdue(at=at):
        return State.OVERDUE
    return State.OWED if duty.always else State.IF_HIGH


def write(facts: Breaches, made: Made, lang: Lang) -> Document:
    """The document of these facts; its listings hold every record, report and step."""
    words = Words(ReportId.R08, made, lang)
    late = sum(state in LATE for _, _, state in _duties(facts))
    count = {"count": f"{len(facts.entries):,}", "late": f"{late:,}"}
    return Document(
        id=ReportId.R08,
        lang=lang,
        title=words.say("title"),
        finding=words.say("finding.late" if late else "finding.in_time", **count),
        made=made,
        sections=(
            _register(facts, words),
            _reports(facts, words),
            _persons(facts, words),
            _remedy(facts, words),
            _unreported(facts, words),
            _timeline(facts, words),
        ),
        complete=True,
    )


def _duties(facts: Breaches) -> list[tuple[Entry, Duty, State]]:
    return [
        (one, duty, state_of(duty, one.breach, at=facts.at))
        for one in facts.entries
        for duty in one.standing.duties
    ]


def _register(facts: Breaches, words: Words) -> Section:
    every = facts.entries
    rows = tuple(_row(one, words) for one in every)
    ended = {one: sum(entry.breach.outcome is one for entry in every) for one in Outcome}
    return Section(
        key="register",
        title=words.say("section.register"),
        figures=(
            words.figure("breaches", len(every), LIST),
            words.figure("open", len(every) - sum(ended.values()), "breach.outcome"),
            *(words.figure(one.value, count, "breach.outcome") for one, count in ended.items()),
            words.figure("risky", sum(bool(one.breach.grounds) for one in every), "breach.grounds"),
        ),
        listing=_listing(
            words,
            (
                *("breach", "breach_about", "kind", "known_at", "recorded_at", "recorded_by"),
                *("breach_risk", "state", "breach_closed_by", "closed_at"),
            ),
            rows,
        ),
        remark=words.say("remark.sealed"),
    )


def _row(one: Entry, words: Words) -> tuple[str, ...]:
    breach, lang = one.breach, words.lang
    state = "open" if breach.outcome is None else breach.outcome.value
    return (
        breach.id,
        breach.about,
        text(f"cli.breach.kind.{breach.kind.value}", lang),
        _moment(breach.aware_at),
        _moment(breach.recorded_at),
        breach.recorded_by,
        _grounds(breach.grounds, lang) or words.say("no_ground"),
        text(f"breaches.state.{state}", lang),
        breach.closed_by or "-",
        _moment(breach.closed_at),
    )


def _reports(facts: Breaches, words: Words) -> Section:
    """Every report to an authority against its clock."""
    found = [one for one in _duties(facts) if one[1].rule not in TO_PERSONS]
    return _clocks(words, "reports", found)


def _persons(facts: Breaches, words: Words) -> Section:
    """Every notice to the persons (APPI 26(2); GDPR 34)."""
    found = [one for one in _duties(facts) if one[1].rule in TO_PERSONS]
    return _clocks(words, "persons", found)


def _clocks(words: Words, key: str, found: list[tuple[Entry, Duty, State]]) -> Section:
    states = [state for _, _, state in found]
    made = sum(duty.reported_at is not None for _, duty, _ in found)
    rows = tuple(
        (
            *_named(one),
            text(f"breaches.report.{duty.rule}", words.lang),
            words.say(f"basis.{duty.rule}"),
            _until(duty),
            _moment(duty.reported_at),
            duty.reported_by or "-",
            words.say(f"clock.{state.value}"),
        )
        for one, duty, state in found
    )
    columns = ("breach", "breach_about", "breach_report", "basis", "act_by")
    return Section(
        key=key,
        title=words.say(f"section.{key}"),
        figures=(
            words.figure(f"{key}_made", made, "breach_report"),
            words.figure(f"{key}_owed", states.count(State.OWED), SHOW),
            words.figure(f"{key}_late", sum(one in LATE for one in states), SHOW),
        ),
        listing=_listing(words, (*columns, "made_at", "by", "state"), rows, source=SHOW),
    )


def _remedy(facts: Breaches, words: Words) -> Section:
    """Which of the nine items were written, and when the measures were written last."""
    rows = tuple(
        (
            *_named(one),
            f"{len(one.noted)} / {len(Topic)}",
            *(_moment(one.noted.get(topic)) for topic in REMEDY),
        )
        for one in facts.entries
    )
    whole = sum(all(topic in one.noted for topic in REMEDY) for one in facts.entries)
    columns = ("breach", "breach_about", "items_written", "response", "published", "prevention")
    return Section(
        key="remedy",
        title=words.say("section.remedy"),
        figures=(words.figure("remedied", whole, "breach_note.topic"),),
        listing=_listing(words, columns, rows, source=SHOW),
    )


def _unreported(facts: Breaches, words: Words) -> Section:
    """Decisions that nothing was to be reported, with what they rest on and both persons."""
    ended = [one for one in facts.entries if one.breach.outcome is Outcome.NOT_REPORTABLE]
    rows = tuple(
        (
            *_named(one),
            words.say("unreported.ground"),
            _moment(one.noted.get(Topic.HARM)),
            one.breach.recorded_by,
            one.breach.closed_by or "-",
            _moment(one.breach.closed_at),
        )
        for one in ended
    )
    columns = ("breach", "breach_about", "ground", "weighed_at", "recorded_by", "breach_closed_by")
    return Section(
        key="unreported",
        title=words.say("section.unreported"),
        figures=(words.figure("unreported", len(ended), "breach.outcome"),),
        listing=_listing(words, (*columns, "closed_at"), rows, source=SHOW),
    )


def _timeline(facts: Breaches, words: Words) -> Section:
    rows = tuple(
        (
            _moment(step.at),
            *_named(one),
            words.say(f"step.{step.what}"),
            _detail(step, words) or "-",
            step.by or "-",
        )
        for one in facts.entries
        for step in one.steps
    )
    source = words.events("object_type=breach")
    columns = ("at", "breach", "breach_about", "step", "detail", "by")
    return Section(
        key="timeline",
        title=words.say("section.timeline"),
        figures=(words.figure("steps", len(rows), SHOW),),
        listing=_listing(words, columns, rows, source=source),
    )


def _detail(step: Step, words: Words) -> str:
    """What the step was about; of a paper its report, and how many items it lacked."""
    lang, codes = words.lang, step.detail
    match step.what:
        case "recorded":
            return text(f"cli.breach.kind.{codes[0]}", lang)
        case "noted":
            return text(f"breaches.item.{codes[0]}", lang)
        case "weighed":
            known = frozenset(map(Ground, codes))
            return _grounds(known, lang) or words.say("no_ground")
        case "paper":
            about = text(f"breaches.report.{codes[0]}", lang)
            told = tuple(words.say(f"paper.{code}") for code in codes[1:] if code in STAGES)
            return words.say("paper", report=about, stage=_joined(told, lang)) if told else about
        case "reported":
            return text(f"breaches.report.{codes[0]}", lang)
        case "closed":
            return text(f"breaches.outcome.{codes[0]}", lang)
    return ""


def _grounds(grounds: frozenset[Ground], lang: Lang) -> str:
    named = [text(f"breaches.ground.{one.value}", lang) for one in Ground if one in grounds]
    return _joined(named, lang)


def _joined(said: Iterable[str], lang: Lang) -> str:
    return ("、" if lang is Lang.JA else "; ").join(said)


def _named(one: Entry) -> tuple[str, str]:
    return f"…{one.breach.id[-SHORT:]}", one.breach.about


def _listing(
    words: Words, columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...], source: str = LIST
) -> Listing:
    return Listing(columns=words.columns(*columns), rows=rows, total=len(rows), source=source)


def _until(duty: Duty) -> str:
    if isinstance(duty.by, datetime):
        return _moment(duty.by)
    return "-" if duty.by is None else duty.by.isoformat()


def _moment(at: datetime | None) -> str:
    return "-" if at is None else at.astimezone(JST).strftime("%Y-%m-%d %H:%M")
