"""What the page of one breach shows: its facts, each clock with its article, what was written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from governance.console.law_words import duty_term
from governance.console.naming import names_for
from governance.core.clock import JST
from governance.core.terms import Lang
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day, moment
from governance.registers.breaches import service
from governance.registers.breaches.notice import TO_THEM
from governance.registers.breaches.paper import TO_COMMISSION
from governance.registers.breaches.rules import TO_PERSONS
from governance.registers.breaches.service import Standing
from governance.registers.breaches.types import Breach, Duty, Ground, Note, Topic
from governance.ui.parts import Choice, Occurrence, Term, Tone
from policies.law.reasons import paragraph


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One report: what asks for it, until when, how that was counted, and where it stands."""

    rule: str
    label: str
    basis: Term
    until: str
    aim: str
    counted: str
    state: str
    tone: Tone
    made: str
    may_note: bool
    has_paper: bool  # of the reports to the commission
    tells: bool  # of the notices to the persons concerned


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of the report with what was written last."""

    topic: str
    label: str
    hint: str
    words: str = field(repr=False)
    said: str  # by whom and when; empty for nothing written
    to_persons: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachShown:
    """One record as its page shows it."""

    breach: Breach
    terms: tuple[Term, ...]
    grounds: tuple[Choice, ...]
    clocks: tuple[Clock, ...]
    items: tuple[Item, ...] = field(repr=False)
    missing: int  # items without words
    owed: int  # reports that are not on record
    history: tuple[Occurrence, ...]
    own: bool  # the reader recorded it: another person closes it


def breach_shown(
    tx: Connection, ports: Ports, principal: Principal, breach: str, lang: Lang, *, at: datetime
) -> BreachShown:
    """The record in words, at this moment."""
    found = service.look(tx, ports, principal, breach)
    notes = service.notes(tx, ports, principal, breach)
    names = names_for(tx, _actors(found, notes), lang)
    items = tuple(_items(notes, names, lang))
    return BreachShown(
        breach=found.breach,
        terms=tuple(_terms(found.breach, names, lang)),
        grounds=ground_choices(lang),
        clocks=tuple(_clock(one, found.breach, names, lang, at=at) for one in found.duties),
        items=items,
        missing=sum(not one.words for one in items),
        owed=sum(one.owed for one in found.duties),
        history=tuple(_history(found, notes, names, lang)),
        own=found.breach.recorded_by == principal.id,
    )


def _actors(found: Standing, notes: tuple[Note, ...]) -> Iterator[str]:
    one = found.breach
    yield one.recorded_by
    yield from filter(None, (one.closed_by, *(duty.reported_by for duty in found.duties)))
    yield from (note.noted_by for note in notes)


def ground_choices(lang: Lang) -> tuple[Choice, ...]:
    """The four grounds of Rule 7."""
    return tuple(
        Choice(value=one.value, label=text(f"breaches.ground.{one.value}", lang)) for one in Ground
    )


def _terms(one: Breach, names: Mapping[str, str], lang: Lang) -> Iterator[Term]:
    state = "open" if one.outcome is None else one.outcome.value
    said = [
        ("state", text(f"breaches.state.{state}", lang), ""),
        ("kind", text(f"cli.breach.kind.{one.kind.value}", lang), ""),
        ("aware", moment(one.aware_at, lang), ""),
        ("recorded", names[one.recorded_by], moment(one.recorded_at, lang)),
    ]
    if one.closed_by and one.closed_at:
        said.append(("closed", names[one.closed_by], moment(one.closed_at, lang)))
    for name, words, note in said:
        yield Term(term=text(f"breaches.{name}", lang), text=words, note=note)
    grounds = [
        text(f"breaches.ground.{name.value}", lang) for name in Ground if name in one.grounds
    ]
    between = "、" if lang is Lang.JA else "; "
    words = between.join(grounds) or text("breaches.no_ground", lang)
    yield Term(term=text("breaches.grounds", lang), text=words)


def _clock(
    duty: Duty, breach: Breach, names: Mapping[str, str], lang: Lang, *, at: datetime
) -> Clock:
    known = breach.aware_at.astimezone(JST).date()
    state, tone = _state(duty, at=at)
    return Clock(
        rule=duty.rule,
        label=text(f"breaches.report.{duty.rule}", lang),
        basis=duty_term(text("breaches.basis", lang), duty.obligation, lang, on=known),
        until=_until(duty, lang),
        aim="" if duty.aim is None else long_day(duty.aim, lang),
        counted=paragraph(duty.counted, lang),
        state=text(f"breaches.clock.{state}", lang),
        tone=tone,
        made=_made(duty.reported_at, duty.reported_by, names, lang),
        may_note=duty.reported_at is None and breach.outcome is None,
        has_paper=duty.rule in TO_COMMISSION,
        tells=duty.rule in TO_THEM,
    )


def _until(duty: Duty, lang: Lang) -> str:
    match duty.by:
        case None:
            return text("breaches.soon" if duty.always else "breaches.if_high", lang)
        case datetime():
            return moment(duty.by, lang)
        case _:
            return long_day(duty.by, lang)


def _state(duty: Duty, *, at: datetime) -> tuple[str, Tone]:
    if duty.reported_at is not None:
        return "made", Tone.GOOD
    if duty.overdue(at=at):
        return "late", Tone.REFUSED
    return ("owed", Tone.ATTENTION) if duty.always else ("maybe", Tone.PLAIN)


def _items(notes: tuple[Note, ...], names: Mapping[str, str], lang: Lang) -> Iterator[Item]:
    newest = {one.topic: one for one in notes}
    for topic in Topic:
        found = newest.get(topic)
        yield Item(
            topic=topic.value,
            label=text(f"breaches.item.{topic.value}", lang),
            hint=text(f"breaches.item_hint.{topic.value}", lang),
            words="" if found is None else found.words,
            said="" if found is None else _made(found.noted_at, found.noted_by, names, lang),
            to_persons=topic in TO_PERSONS,
        )


def _made(at: datetime | None, by: str | None, names: Mapping[str, str], lang: Lang) -> str:
    """When and by whom; empty for what was not done."""
    if at is None or by is None:
        return ""
    return text("breaches.made_by", lang, at=moment(at, lang), by=names[by])


def _history(
    found: Standing, notes: tuple[Note, ...], names: Mapping[str, str], lang: Lang
) -> list[Occurrence]:
    one = found.breach
    lines = [_line(one.recorded_at, "recorded", names[one.recorded_by], lang)]
    for note in notes:
        item = text(f"breaches.item.{note.topic.value}", lang)
        lines.append(_line(note.noted_at, "noted", names[note.noted_by], lang, item=item))
    for duty in found.duties:
        if duty.reported_at and duty.reported_by:
            report = text(f"breaches.report.{duty.rule}", lang)
            by = names[duty.reported_by]
            lines.append(_line(duty.reported_at, "reported", by, lang, item=report))
    if one.closed_at and one.closed_by:
        lines.append(_line(one.closed_at, "closed", names[one.closed_by], lang))
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _line(at: datetime, what: str, by: str, lang: Lang, *, item: str = "") -> Occurrence:
    sentence = text("breaches.by", lang, item=item, by=by) if item else by
    return Occurrence(at=at, kind=text(f"breaches.event.{what}", lang), sentence=sentence)
