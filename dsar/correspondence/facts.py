"""What a case says to a letter: days, grounds and remedies in words, no value of the person.

Grounds stand with their article in words, remedies with the duty of the law book on which they
rest, and a day with the sentence that explains it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from dsar.case import Case, WithheldItem
from dsar.clocks import dates_of
from dsar.correspondence.articles import articles
from dsar.correspondence.rules import CORRECTING, REMEDIES, STOPPING, lines
from dsar.correspondence.types import Slot, Template
from dsar.execution.words import field_words
from dsar.identity.rules import required_proofs
from dsar.types import THIRD_PERSON, Ground, Requester
from governance.core.clock import JST
from governance.core.controller import Controller
from governance.core.terms import Lang, Law
from governance.customers.catalogue import catalogue
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day
from policies.law.in_force import rule_set

Given = Mapping[Slot, str]
NONE: Given = {}
NOTHING = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """A case in one language at one moment, for the house that answers."""

    case: Case
    controller: Controller
    lang: Lang
    at: datetime
    template: Template | None = None  # which letter it is for


def facts_of(about: About, slots: Iterable[Slot], given: Given = NONE) -> Mapping[Slot, str]:
    """These slots of this case; what the step itself brought goes before what the case says."""
    told = {slot: given.get(slot, NOTHING) for slot in slots}
    found = {slot: SAID[slot](about) if one == NOTHING else one for slot, one in told.items()}
    return {slot: _in_words(slot, value, about.lang) for slot, value in found.items()}


def _in_words(slot: Slot, value: str, lang: Lang) -> str:
    """What the letter says; a day that is not set and a list of nothing are said, not dashed."""
    if value != NOTHING:
        return value
    return text("dsar.letter.nothing.due" if slot is Slot.DUE else "dsar.letter.nothing", lang)


def _nothing(_about: About) -> str:
    """What only the step can say."""
    return NOTHING


def _right(about: About) -> str:
    return " / ".join(text(f"dsar.right.{track.kind}", about.lang) for track in about.case.tracks)


def _received(about: About) -> str:
    return long_day(about.case.received_at, about.lang)


def _outcome(about: About) -> str:
    decision = about.case.decision
    return text(f"dsar.letter.outcome.{decision.outcome}", about.lang) if decision else NOTHING


def _grounds(about: About) -> str:
    decision = about.case.decision
    return grounds_in_words(decision.grounds, about.lang) if decision else NOTHING


def grounds_in_words(grounds: Iterable[Ground], lang: Lang) -> str:
    """A line a ground, with its article (APPI 36; GDPR 12(4))."""
    return lines(text(f"dsar.ground.{ground}", lang) for ground in grounds)


def _withheld(about: About) -> str:
    """A line a field with its grounds; the value stays where it is."""
    lang, decision = about.lang, about.case.decision
    items: tuple[WithheldItem, ...] = decision.items if decision else ()
    return lines(
        dict.fromkeys(_left(_name(item, lang), item.grounds, lang) for item in items)
        or _others(about)
    )


def _left(field: str, grounds: Iterable[Ground], lang: Lang) -> str:
    between = "、" if lang is Lang.JA else ", "
    lawful = between.join(text(f"dsar.ground.{ground}", lang) for ground in grounds)
    return text("dsar.letter.withheld_line", lang, field=field, grounds=lawful)


def _name(item: WithheldItem, lang: Lang) -> str:
    """The field as the catalogue names it, else as its source does; never a column's name."""
    known = catalogue().fields.get(item.field)
    if known is not None:
        return known.label(lang)
    return item.label[lang] if item.label else field_words(item.field, lang)


def _others(about: About) -> Iterable[str]:
    """What the review left out though no field is excepted: places about other persons."""
    case = about.case
    if case.reviewed is None or not case.reviewed.left_out:
        return
    grounds = [THIRD_PERSON[law] for law in sorted(case.laws) if law in THIRD_PERSON]
    yield _left(text("dsar.letter.withheld_others", about.lang), grounds, about.lang)


def _need(about: About) -> str:
    case = about.case
    needs = [required_proofs(track.kind, requester=case.requester) for track in case.tracks]
    many = "two" if max(need.families for need in needs) > 1 else "one"
    who = "self" if case.requester is Requester.SELF else "agent"
    return text(f"dsar.letter.need.{who}.{many}", about.lang)


def _answer_by(about: About) -> str:
    """The day under each law: by law, or by our own target where the law names no number."""
    return lines(_day(about, track.law) for track in about.case.tracks)


def _day(about: About, law: Law) -> str:
    track = about.case.track(law)
    dates = dates_of(about.case, track, at=about.at) if track else None
    if dates is None or dates.act_by is None:
        key = "after_complete"
        return text(f"dsar.letter.day.{key}", about.lang, days=about.case.policy_days)
    why = dates.reason_ja if about.lang is Lang.JA else dates.reason_en
    day = long_day(dates.act_by, about.lang)
    return text(f"dsar.letter.day.{law}", about.lang, day=day, why=why).strip()


def _articles(about: About) -> str:
    named = articles(about.case, about.template, about.lang) if about.template else ""
    return named or NOTHING


def remedies(about: About) -> str:
    """Where the person can turn, under each law of the case (APPI 39, 40; GDPR 12(4), 77, 79)."""
    return lines(line for track in about.case.tracks for line in _remedies_of(about, track.law))


def _remedies_of(about: About, law: Law) -> Iterable[str]:
    lang, house = about.lang, about.controller
    duties = rule_set(about.case.received_at.astimezone(JST).date()).obligations
    for id_ in REMEDIES.get(law, ()):
        article = duties[id_].article if id_ in duties else ""
        yield text(
            f"dsar.letter.remedy.{id_.lower().replace('-', '_')}",
            lang,
            contact=house.contact_mail,
            article=article,
            day=_suit_from(about, law),
        )
        if id_ == "APPI-40":
            body = house.accredited_body_ja if lang is Lang.JA else house.accredited_body_en
            if body:
                yield text("dsar.letter.remedy.accredited", lang, body=body)
            yield text("dsar.letter.remedy.ppc", lang)


def _done(about: About) -> str:
    """What is handed over; what was changed, the step that changed it says."""
    answered = any(track.kind not in CORRECTING | STOPPING for track in about.case.tracks)
    return text("dsar.letter.done.handed", about.lang) if answered else NOTHING


def _suit_from(about: About, law: Law) -> str:
    track = about.case.track(law)
    dates = dates_of(about.case, track, at=about.at) if track else None
    day = dates.suit_from if dates else None
    return long_day(day, about.lang) if day else NOTHING


SAID: Mapping[Slot, Callable[[About], str]] = {
    Slot.REFERENCE: lambda about: about.case.reference,
    Slot.RECEIVED: _received,
    Slot.RIGHT: _right,
    Slot.COMPANY: lambda about: about.controller.company(about.lang),
    Slot.CONTACT: lambda about: about.controller.contact_mail,
    Slot.ANSWER_BY: _answer_by,
    Slot.DUE: _nothing,
    Slot.REASON: _nothing,
    Slot.NEED: _need,
    Slot.TERM: lambda about: str(about.controller.dsar_incomplete_days),
    Slot.FEE: _nothing,
    Slot.OUTCOME: _outcome,
    Slot.GROUNDS: _grounds,
    Slot.WITHHELD: _withheld,
    Slot.DONE: _done,
    Slot.RECIPIENTS: _nothing,
    Slot.REMEDIES: remedies,
    Slot.ARTICLES: _articles,
}
