"""JSON-ready answers about the law, as `sekisho law due` and `sekisho law show` print them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from governance.core.terms import Lang
from policies.law.calendars import NO_CALENDAR, calendar_of
from policies.law.dates import Due
from policies.law.due import default_calendar, due
from policies.law.errors import (
    DuplicateEventError,
    ImpossibleDateError,
    MissingEventError,
    NaiveInstantError,
    UnknownEventError,
    UnknownLawIdError,
)
from policies.law.events import day_of, event_names
from policies.law.in_force import law_in_force
from policies.law.keeping import retention
from policies.law.load import RuleSet, rules_of
from policies.law.reasons import shown, title
from policies.law.types import (
    Amendment,
    DeadlineRule,
    LawBook,
    Obligation,
    RetentionRule,
    Switch,
    Validity,
    When,
)

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?")
DATES = (
    *("nominal_no_pause", "nominal", "legal", "due", "soft", "hard", "internal_target"),
    *("extension_valid", "notice_by", "work_to", "keep_until", "purge_from", "policy_due"),
    *("paused_days", "paused_since"),
)


def due_json(
    rule_id: str,
    events: Mapping[str, str],
    *,
    calendar: str | None = None,
    at: datetime | None = None,
    book: LawBook | None = None,
) -> dict[str, Json]:
    """Every date that the rule gives for these NAME=WHEN events, with its reasons.

    The law is that of the day of the first event. A keeping duty (RET-...) takes `start`.
    """
    book = book or law_in_force()
    parsed = {name: parse_when(text, name=name) for name, text in events.items()}
    given_calendar = None if calendar is None else calendar_of(calendar)
    day = min((day_of(w, given_calendar or NO_CALENDAR) for w in parsed.values()), default=None)
    rules = rules_of(book, day or book.compiled)
    if rule_id in rules.retention_rules:
        result = keeping_dates(rules.retention_rule(rule_id), parsed)
    else:
        rule = rules.rule(rule_id)
        used = given_calendar or default_calendar(rule)
        result = due(rule, parsed, calendar=used, at=at)
    return as_json(result, rules)


def keeping_dates(rule: RetentionRule, events: Mapping[str, When]) -> Due:
    """Dates of a statutory keeping duty from its one event."""
    names = ("start", "start_longer")  # the second asks for the longer period
    for name in events:
        if name not in names:
            raise UnknownEventError(event=name, rule=rule.id, allowed=", ".join(names))
    if not events:
        raise MissingEventError(event=names[0], rule=rule.id)
    if len(events) > 1:
        raise DuplicateEventError(event=names[0], other=names[1])
    ((name, when),) = events.items()
    return retention(rule, day_of(when, NO_CALENDAR), longer=name == "start_longer")


def parse_when(text: str, *, name: str) -> When:
    """A day, or an instant with its offset; anything else is a typed error without the text."""
    try:
        if DAY.fullmatch(text):
            return date.fromisoformat(text)
        if (found := INSTANT.fullmatch(text)) is not None:
            instant = datetime.fromisoformat(text)
        else:
            raise ImpossibleDateError(event=name)
    except ValueError:
        raise ImpossibleDateError(event=name) from None
    if found[3] is None:
        raise NaiveInstantError(event=name)
    return instant


def as_json(result: Due, rules: RuleSet) -> dict[str, Json]:
    """The result with only the keys that the rule gives."""
    answer: dict[str, Json] = {"rule": result.rule, "calendar": result.calendar}
    for name in DATES:
        value = getattr(result, name)
        if value is not None:
            answer[name] = plain(value)
    answer["reason_ja"] = result.reason_ja
    answer["reason_en"] = result.reason_en
    answer["version"] = rules.version
    return answer


def plain(value: When | int) -> str | int:
    """A day as YYYY-MM-DD, an instant with its offset, to the minute where it is whole."""
    match value:
        case datetime():
            whole = not value.second and not value.microsecond
            return value.isoformat(timespec="minutes" if whole else "auto")
        case date():
            return value.isoformat()
        case int():
            return value


def law_show(id_: str, *, at: date | None = None, book: LawBook | None = None) -> dict[str, Json]:
    """What the law files say under this id: rule, obligation, keeping duty or amendment."""
    book = book or law_in_force()
    rules = rules_of(book, at or book.compiled)
    if id_ in rules.rules:
        answer = rule_json(rules.rule(id_), rules)
    elif id_ in rules.obligations:
        answer = obligation_json(rules.obligation(id_))
    elif id_ in rules.retention_rules:
        answer = retention_json(rules.retention_rule(id_))
    elif id_ in book.amendments:
        answer = amendment_json(book.amendments[id_], book)
    elif id_ in book.switches:
        answer = switch_json(book.switches[id_], book)
    elif (prepared := prepared_entry(book, id_)) is not None:
        answer = prepared
    else:
        raise UnknownLawIdError(id=id_)
    return answer | {"version": rules.version, "disclaimer": book.disclaimer}


def rule_json(rule: DeadlineRule, rules: RuleSet) -> dict[str, Json]:
    """A deadline rule, the events it takes and the duties that use it."""
    return present(
        {
            "type": "deadline_rule",
            "id": rule.id,
            "title_ja": shown(title(rule), Lang.JA),
            "title_en": shown(title(rule), Lang.EN),
            "amount": rule.amount,
            "soft_amount": rule.soft_amount,
            "policy_days": rule.policy_days,
            "unit": rule.unit.value,
            "start": rule.start,
            "day_one": rule.day_one.value if rule.day_one else None,
            "roll": rule.roll.value,
            "roll_calendar": rule.closed_days,
            "pausable": texts(rule.pauses),
            "extends": rule.extends_id,
            "extension": rule.extension_id,
            "kind": rule.kind.value,
            "condition": rule.condition,
            "also": texts(rule.also),
            "events": texts(event_names(rule).all),
            "obligations": texts(
                duty.id for duty in rules.obligations.values() if duty.deadline_rule == rule.id
            ),
            "note": rule.note,
            **evidence(rule.verification.value, rule.sources, rule.validity),
        }
    )


def obligation_json(duty: Obligation) -> dict[str, Json]:
    """An obligation."""
    return present(
        {
            "type": "obligation",
            "id": duty.id,
            "law": duty.law,
            "article": duty.article,
            "duty_ja": duty.duty_ja,
            "duty_en": duty.duty_en,
            "scope": duty.scope,
            "trigger": duty.trigger,
            "deadline_rule": duty.deadline_rule,
            "record_fields": texts(duty.record_fields),
            "exceptions": texts(duty.exceptions),
            "software": duty.software,
            "publish": duty.publish,
            "notice_to_person": duty.notice_to_person,
            "fee": duty.fee,
            "identity": duty.identity,
            "in_force": duty.in_force,
            "rule_set": duty.rule_set,
            **evidence(duty.verification.value, duty.sources, duty.validity),
        }
    )


def retention_json(rule: RetentionRule) -> dict[str, Json]:
    """A keeping duty, its lengths in months."""
    return present(
        {
            "type": "retention_rule",
            "id": rule.id,
            "law": rule.law,
            "what": rule.what,
            "months": rule.months,
            "current_months": rule.current_months,
            "long_months": rule.long_months,
            "long_when": rule.long_when,
            "start": rule.start,
            "alt": rule.alt,
            "applies": rule.applies,
            "kind": rule.kind.value,
            "note": rule.note,
            **evidence(rule.verification.value, rule.sources, rule.validity),
        }
    )


def prepared_entry(book: LawBook, id_: str) -> dict[str, Json] | None:
    """An entry of a rule set that is switched off, marked so; None where there is none."""
    for duty in book.obligations:
        if duty.id == id_ and duty.rule_set is not None:
            return obligation_json(duty) | {"switched_on": False}
    for rule in book.rules:
        if rule.id == id_ and rule.rule_set is not None:
            on = replace(book, switched_on=book.switched_on | {rule.rule_set})
            return rule_json(rule, rules_of(on, book.compiled)) | {"switched_on": False}
    return None


def switch_json(switch: Switch, book: LawBook) -> dict[str, Json]:
    """A rule set of an amendment, and whether it is on."""
    return present(
        {
            "type": "rule_set",
            "id": switch.id,
            "amendment": switch.amendment,
            "title_ja": switch.title_ja,
            "title_en": switch.title_en,
            "switched_on": switch.id in book.switched_on,
            "collects": texts(switch.collects),
            "entries": texts(one.id for one in book.entries if one.rule_set == switch.id),
        }
    )


def amendment_json(change: Amendment, book: LawBook) -> dict[str, Json]:
    """An amendment with its dates and its rule sets."""
    return present(
        {
            "type": "amendment",
            "id": change.id,
            "law": change.law,
            "in_force": change.in_force,
            "enacted": iso(change.enacted),
            "promulgated": iso(change.promulgated),
            "steps": [{"date": step.when, "state": step.state} for step in change.steps],
            "items": texts(change.items),
            "rule_sets": texts(
                switch.id for switch in book.switches.values() if switch.amendment == change.id
            ),
            "next": change.next,
            "note": change.note,
            "verification": change.verification.value,
            "sources": texts(change.sources),
        }
    )


def evidence(verification: str, sources: Iterable[str], validity: Validity) -> dict[str, Json]:
    """How far an entry was verified, where, and when it is law."""
    return {
        "verification": verification,
        "sources": texts(sources),
        "valid_from": iso(validity.valid_from),
        "valid_to": iso(validity.valid_to),
    }


def present(entry: dict[str, Json]) -> dict[str, Json]:
    """The entry without what it does not say."""
    return {name: value for name, value in entry.items() if value is not None and value != []}


def texts(values: Iterable[str]) -> list[Json]:
    """A list for JSON."""
    return list(values)


def iso(day: date | None) -> str | None:
    """The day as text."""
    return day.isoformat() if day else None
