"""Letters to the person about their own request: which one a step calls for, and what it brings.

A word about a person's own request is part of answering it (APPI 32 to 39, GDPR 12) and asks for
no consent. What a letter says stands in `correspondence`; of a correction it names the fields.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection, select

from audit.actions import EventCode
from audit.models import EVENTS
from dsar.case import Case, Transition
from dsar.clocks import dates_of
from dsar.correspondence.going import answered_by_letter, issue, settle
from dsar.correspondence.rules import lines, template_of
from dsar.correspondence.types import Slot
from dsar.execution.rules import kept_grounds
from dsar.execution.store import execution_of
from dsar.execution.words import erased_words, kept_words
from dsar.intake.store import fees_of
from dsar.types import ClockKind, Event, Letter, Status
from governance.core.terms import FieldId, Lang, Law
from governance.customers.catalogue import catalogue
from governance.customers.ports import Ports
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day

PROOF: Final = "event:"
NOTHING: Final[Mapping[Slot, str]] = MappingProxyType({})


def tell(
    tx: Connection,
    ports: Ports,
    case: Case,
    letter: Letter,
    *,
    lang: Lang,
    at: datetime,
    given: Mapping[Slot, str] = NOTHING,
    last: date | None = None,
) -> tuple[str, ...]:
    """References of the letter and of the mail that says that it waits, gone with this change.

    `last` is the day on which it must have gone, for a letter that may wait for an officer.
    """
    template, waits = template_of(case, letter), letter is not Letter.READY
    return issue(
        *(tx, ports, case, template), lang=lang, at=at, given=given, last=last, waits=waits
    )


def tell_outcome(
    tx: Connection,
    ports: Ports,
    case: Case,
    *,
    recipients: Iterable[str],
    lang: Lang,
    at: datetime,
    alternative: bool = False,
) -> tuple[str, ...]:
    """The letter that says what was decided, on which ground, what was changed and who was told."""
    if answered_by_letter(tx, case):
        return ()
    given = {
        Slot.DONE: listed(changed_fields(tx, case), lang),
        Slot.RECIPIENTS: lines(recipients),
        **_erased(tx, case, lang),
    }
    template = template_of(case, Letter.OUTCOME, alternative=alternative)
    last = _last_day(case, at=at)
    return issue(tx, ports, case, template, lang=lang, at=at, given=given, last=last)


def _erased(tx: Connection, case: Case, lang: Lang) -> Mapping[Slot, str]:
    """What an erasure took away and what a law keeps, as it was carried out."""
    found = execution_of(tx, case.id)
    if found is None or not found.fates:
        return NOTHING
    kept = kept_words(found.fates, kept_grounds(case.laws), lang)
    return {Slot.DONE: lines(erased_words(found.fates, lang)), Slot.WITHHELD: lines(kept)}


def tell_step(
    tx: Connection, ports: Ports, case: Case, step: Transition, *, lang: Lang, at: datetime
) -> tuple[str, ...]:
    """The letters that the table names for this step; the answer itself is told by others.

    With the end of a case nothing stays open: what waits goes before the case is closed.
    """
    refs: tuple[str, ...] = ()
    if step.event in {Event.WITHDRAW, Event.CLOSE}:
        refs = settle(tx, ports, case, send=step.event is Event.CLOSE, at=at)
    wanted = {move.letter for move in step.moves if move.letter is not None} - {Letter.OUTCOME}
    for letter in sorted(wanted):
        given = _given(tx, case, step, letter, lang)
        last = _first_month(case, at=at) if letter is Letter.EXTENDED else None
        refs += tell(tx, ports, case, letter, lang=lang, at=at, given=given, last=last)
    return refs


def _given(
    tx: Connection, case: Case, step: Transition, letter: Letter, lang: Lang
) -> Mapping[Slot, str]:
    """What the step brings to its letter: days, reasons, an amount; nothing of the person."""
    match letter:
        case Letter.EXTENDED:
            track = case.track(Law.GDPR)
            dates = dates_of(case, track, at=step.at) if track is not None else None
            day = dates.legal or dates.nominal if dates is not None else None
            reason = text(f"dsar.extension.{step.ground}", lang)
            return {Slot.DUE: long_day(day, lang) if day else "-", Slot.REASON: reason}
        case Letter.HELD:
            until = long_day(step.until, lang) if step.until else "-"
            return {Slot.DUE: until, Slot.REASON: text(f"dsar.hold.{step.ground}", lang)}
        case Letter.FEE_QUOTED:
            told = fees_of(tx, case.id)
            yen = f"{told[-1].yen:,}" if told else "-"
            return {Slot.FEE: text("dsar.letter.fee_yen", lang, yen=yen)}
        case _:
            return NOTHING


def _last_day(case: Case, *, at: datetime) -> date | None:
    """The earliest day of the case's laws, answered or not: no letter goes after it."""
    days = (dates_of(case, track, at=at).act_by for track in case.tracks)
    return min((day for day in days if day is not None), default=None)


def _first_month(case: Case, *, at: datetime) -> date | None:
    """The last day on which an extension may be told: that of the month that it extends."""
    track = case.track(Law.GDPR)
    if track is None:
        return None
    before = tuple(entry for entry in track.clocks if entry.kind is not ClockKind.EXTENSION)
    return dates_of(case, replace(track, clocks=before), at=at).act_by


def by_alternative(step: Transition) -> bool:
    """Whether the answer tells of another measure than was asked for (APPI 35(2), (4), (6))."""
    return any(move.source is Status.ALTERNATIVE for move in step.moves)


def listed(fields: Iterable[FieldId], lang: Lang) -> str:
    """A line a field, by its name for people."""
    return lines(catalogue().fields[name].label(lang) for name in fields)


def changed_fields(tx: Connection, case: Case) -> tuple[FieldId, ...]:
    """Fields that the events changed by which the request was carried out."""
    told = select(EVENTS.c.refs).where(
        EVENTS.c.object_id == case.id, EVENTS.c.action == EventCode.REQUEST_CHANGED.value
    )
    refs = [ref for line in tx.execute(told).scalars() for ref in (line or "").split(",")]
    proofs = [ref.removeprefix(PROOF) for ref in refs if ref.startswith(PROOF)]
    made = select(EVENTS.c.fields).where(EVENTS.c.id.in_(proofs), EVENTS.c.subject == case.subject)
    found = {name for line in tx.execute(made).scalars() for name in (line or "").split(",")}
    return tuple(FieldId(name) for name in sorted(found) if name in catalogue().fields)
