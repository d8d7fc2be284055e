"""What a collection point may ask, and whether what was sent is what it asks; pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from consent.collecting.types import (
    HOSTED,
    AgeQuestion,
    Ask,
    AskForm,
    Point,
    PointKind,
)
from consent.types import NoticeVersion
from governance.core.terms import FieldId, Lang, Law, NoticeId, PurposeId
from governance.customers.catalogue import Catalogue
from policies.purposes import Channel, Minors, PurposeRecord, consent_gated
from policies.types import Label

ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
TABLE = "person"
NEVER = frozenset(  # of the register's own bookkeeping, or set by rules and staff
    {"record_keeping", "identifier", "acquisition", "membership", "transaction", "financial"}
)
LONGEST = 2_000  # characters of one text of a form
MOST_FIELDS, MOST_ASKS = 40, 20

Fault = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What came in at a point: values by item, answers by purpose, what had been shown."""

    lang: Lang
    values: Mapping[str, str] = field(repr=False)
    consents: Mapping[PurposeId, bool] = field(default_factory=lambda: MappingProxyType({}))
    notices: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    adult: bool = False


def faults_of(
    point: Point,
    purposes: Mapping[PurposeId, PurposeRecord],
    register: Catalogue,
    notices: Iterable[NoticeVersion],
) -> tuple[Fault, ...]:
    """Everything that keeps the point from taking data in."""
    known = frozenset(one.notice for one in notices)
    found = [
        *_form(point, known),
        *_fields(point, purposes, register),
        *_asks(point, purposes, known),
        *_age(point, purposes),
    ]
    return tuple(dict.fromkeys(found))


def _form(point: Point, notices: frozenset[NoticeId]) -> Iterator[Fault]:
    if not ID.fullmatch(point.id):
        yield "id", "bad_id"
    if point.notice not in notices:
        yield "notice", "unknown_notice"
    if point.hosted and point.kind not in HOSTED:
        yield "hosted", "not_hosted"
    if not point.source.strip():
        yield "source", "source_needed"
    if not point.langs or len(set(point.langs)) != len(point.langs):
        yield "langs", "bad_langs"
    if point.valid_from and point.valid_to and point.valid_to < point.valid_from:
        yield "valid_to", "ends_before"
    if not point.fields or len(point.fields) > MOST_FIELDS or len(point.asks) > MOST_ASKS:
        yield "fields", "too_many_or_none"
    yield from _words(point)


def _words(point: Point) -> Iterator[Fault]:
    for name, label in _labels(point):
        if not (label.ja.strip() and label.en.strip()):
            yield name, "both_languages"
        elif max(len(label.ja), len(label.en)) > LONGEST:
            yield name, "too_long"


def _labels(point: Point) -> Iterator[tuple[str, Label]]:
    yield "title", point.title
    yield "lead", point.lead
    yield from ((f"fields.{f.name}.hint", f.hint) for f in point.fields if f.hint is not None)
    yield from ((f"asks.{ask.purpose}.words", ask.words) for ask in point.asks)


def _fields(
    point: Point, purposes: Mapping[PurposeId, PurposeRecord], register: Catalogue
) -> Iterator[Fault]:
    """Each item is of the register, and each of its purposes covers it (APPI 17, 18)."""
    names = [one.name for one in point.fields]
    if len(set(names)) != len(names):
        yield "fields", "named_twice"
    if not any(one.name == "name" and one.required for one in point.fields):
        yield "fields.name", "name_needed"
    for one in point.fields:
        place = f"fields.{one.name}"
        entry = register.fields.get(FieldId(f"{TABLE}.{one.name}"))
        if entry is None or entry.category in NEVER or entry.free_text:
            yield place, "not_to_be_asked"
            continue
        if not one.purposes:
            yield place, "purpose_needed"
        for name in one.purposes:
            purpose = purposes.get(name)
            if purpose is None:
                yield place, "unknown_purpose"
            elif entry.category not in purpose.categories or not register.serves(
                entry.id, purpose.id
            ):
                yield place, "purpose_does_not_cover"


def _asks(
    point: Point, purposes: Mapping[PurposeId, PurposeRecord], notices: frozenset[NoticeId]
) -> Iterator[Fault]:
    """A consent is asked only where consent decides, on a notice that is in force."""
    seen = set()
    for ask in point.asks:
        place = f"asks.{ask.purpose}"
        purpose = purposes.get(ask.purpose)
        if purpose is None:
            yield place, "unknown_purpose"
            continue
        if not consent_gated(purpose, tuple(Law)):
            yield place, "no_consent_needed"
        if purpose.notice is None or purpose.notice not in notices:
            yield place, "unknown_notice"
        if ask.channel is not None and ask.channel not in purpose.channels & {*Channel}:
            yield place, "unknown_channel"
        if ask.purpose in seen:
            yield place, "named_twice"
        seen.add(ask.purpose)


def _age(point: Point, purposes: Mapping[PurposeId, PurposeRecord]) -> Iterator[Fault]:
    """Where a minor's yes does not count alone, the point learns the age first."""
    asked = [purposes[ask.purpose] for ask in point.asks if ask.purpose in purposes]
    matters = any(purpose.minors is not Minors.ALLOWED for purpose in asked)
    if matters and point.age is AgeQuestion.NONE:
        yield "age", "age_needed"
    has_birth = any(one.name == "birth_date" and one.required for one in point.fields)
    if point.age is AgeQuestion.BIRTH_DATE and not has_birth:
        yield "age", "birth_date_needed"


def needed_notices(point: Point, purposes: Mapping[PurposeId, PurposeRecord]) -> tuple[str, ...]:
    """Every notice that is shown at the point: its own, and those of what it asks."""
    asked = [purposes[ask.purpose].notice for ask in point.asks if ask.purpose in purposes]
    return tuple(dict.fromkeys([point.notice, *(name for name in asked if name)]))


def in_force(notices: Sequence[NoticeVersion], name: str, *, on: date) -> NoticeVersion | None:
    """The version of a notice that was in force on a day."""
    mine = [one for one in notices if one.notice == name and one.published_on <= on]
    return mine[-1] if mine else None


def stale_notices(
    point: Point,
    purposes: Mapping[PurposeId, PurposeRecord],
    notices: Sequence[NoticeVersion],
    shown: Mapping[str, str],
    *,
    on: date,
) -> tuple[str, ...]:
    """Notices that were not shown in the version that was in force on the day of showing."""
    found = []
    for name in needed_notices(point, purposes):
        current = in_force(notices, name, on=on)
        if current is None or shown.get(name) != current.version:
            found.append(name)
    return tuple(found)


def check_answers(point: Point, answers: Answers) -> tuple[Fault, ...]:
    """What is wrong with what was sent; an item that the point does not declare is refused."""
    return tuple(dict.fromkeys([*_sent(point, answers), *_said(point, answers)]))


def _sent(point: Point, answers: Answers) -> Iterator[Fault]:
    declared = {one.name: one for one in point.fields}
    for name in answers.values:
        if name not in declared:
            shown = name if ID.fullmatch(name) else "?"  # somebody's name, perhaps
            yield shown, "undeclared_field"
    for one in point.fields:
        if one.required and not answers.values.get(one.name, "").strip():
            yield one.name, "answer_needed"
    if answers.lang not in point.langs:
        yield "lang", "bad_langs"


def _said(point: Point, answers: Answers) -> Iterator[Fault]:
    asked = {ask.purpose for ask in point.asks}
    for purpose in answers.consents:
        if purpose not in asked:
            yield f"consents.{purpose if ID.fullmatch(purpose) else '?'}", "undeclared_consent"
    for ask in point.asks:
        if ask.form is AskForm.YES_NO and ask.purpose not in answers.consents:
            yield f"consents.{ask.purpose}", "answer_needed"
    agreed = any(answers.consents.get(ask.purpose) for ask in point.asks)
    if point.age is AgeQuestion.ADULT and agreed and not answers.adult:
        yield "adult", "adult_needed"


def action_of(point: Point, ask: Ask) -> str:
    """By what act a yes was said here, for the proof."""
    match point.kind:
        case PointKind.PAPER:
            return "signature"
        case PointKind.PHONE:
            return "spoken"
        case PointKind.CARD:
            return "card_handed"
        case PointKind.FORM | PointKind.SURVEY | PointKind.EVENT:
            return "unticked_box" if ask.form is AskForm.BOX else "answered_question"
