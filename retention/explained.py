"""Schedules in words: rules, lines about rows, duties, and how a duty and a rule meet; pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

from governance.core.terms import FieldId, Lang
from governance.customers.catalogue import catalogue
from governance.customers.custom.types import is_custom
from governance.i18n.catalogue import domain, text
from governance.i18n.formats import long_day
from retention.duties import keep_of, row_keeps
from retention.parts.types import Met
from retention.periods import long
from retention.plans import KeepLine, keep_lines
from retention.types import (
    Condition,
    Decision,
    Due,
    Duty,
    GdprView,
    LawPeriod,
    Part,
    Period,
    PersonFacts,
    Purchase,
    Rule,
    Schedule,
    Since,
)
from retention.words import because

KEYS = frozenset({"id", "subject_id", "source_key", "recorded_at", "version"})
SHOWN = 6  # fields named in a sentence; the others by their number


@dataclass(frozen=True, slots=True, kw_only=True)
class LineWords:
    """One line of a schedule for people."""

    id: str
    label: str
    what: str  # persons, or rows and fields of a table
    who: str  # the condition
    starts: str
    period: str
    action: str
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyWords:
    """One statutory or company minimum for people."""

    id: str
    label: str
    basis: str
    fields: tuple[str, ...]
    period: str
    gdpr: str


def rule_words(rule: Rule, lang: Lang) -> LineWords:
    """A rule about persons."""
    suppress = rule.suppress
    action = text(f"retention.action.{rule.action.value}", lang)
    if rule.rows is not None:
        action += text("retention.action.rows", lang, long=long(rule.rows, lang))
    if suppress is not None:
        kept = long(suppress.period, lang)
        action += text("retention.action.suppress", lang, long=kept)
    return LineWords(
        id=rule.id,
        label=rule.label.of(lang),
        what=text("retention.what.person", lang),
        who=_who(rule.when, lang),
        starts=_starts(rule.since, lang),
        period="-" if rule.period is None else long(rule.period, lang),
        action=action,
        basis=rule.basis.of(lang),
    )


def part_words(part: Part, lang: Lang) -> LineWords:
    """A line about rows and fields of a table."""
    table = catalogue().table(part.table).label(lang)
    key = "fields" if part.fields else "rows"
    named = field_labels(part.fields, lang)
    action = text(f"retention.action.{part.action.value}", lang)
    if part.k:
        action += text("retention.action.k", lang, k=part.k)
    return LineWords(
        id=part.id,
        label=part.label.of(lang),
        what=text(f"retention.what.{key}", lang, table=table, fields=named),
        who=_who(part.when, lang),
        starts=_starts(part.since, lang),
        period=_period(part, lang),
        action=action,
        basis=part.basis.of(lang),
    )


def _period(part: Part, lang: Lang) -> str:
    if part.law is not None:
        return by_law(part.law, lang)
    return "-" if part.since is None else long(part.period, lang)


def by_law(rule: str, lang: Lang) -> str:
    """A period that a rule of the law file counts, by the rule's name."""
    named = domain("law", lang).get(f"law.rule.{rule}", rule)
    return text("retention.duty.by_law", lang, rule=named)


def duty_words(duty: Duty, lang: Lang) -> DutyWords:
    """A duty to keep, with the fields that it keeps."""
    match duty.until:
        case Period() as own:
            period = long(own, lang)
        case LawPeriod() as law:
            period = by_law(law.rule, lang)
    return DutyWords(
        id=duty.id,
        label=duty.label.of(lang),
        basis=duty.basis.of(lang),
        fields=tuple(labels(duty.fields, lang)),
        period=period,
        gdpr=text(f"retention.gdpr.{duty.gdpr.value}", lang),
    )


def conflict(
    facts: PersonFacts, decision: Decision, schedule: Schedule, lang: Lang, *, at: date
) -> tuple[str, ...]:
    """What becomes of the person, which duty keeps which fields until when, and that the rest goes.

    The longest duty wins, each for its own fields alone.
    """
    said = [because(decision, schedule, lang)]
    if not isinstance(decision, Due):
        return tuple(said)
    keeps = row_keeps(facts, schedule, at=at)
    for line in keep_lines(keeps):
        said.append(_kept(line, schedule, lang))
        duty = _duty(schedule, line.duty)
        if facts.gdpr and duty is not None and duty.gdpr is GdprView.CLAIMS:
            said.append(text("retention.conflict.gdpr", lang, label=duty.label.of(lang)))
    said += dict.fromkeys(_longer(facts.purchases, schedule, lang, at=at))
    said.append(text(f"retention.conflict.{'rest' if keeps else 'all'}", lang))
    return tuple(said)


def met_words(found: Met, lang: Lang) -> str:
    """What a line about rows takes of a person, and what keeps the others."""
    return text(
        "retention.conflict.rows",
        lang,
        label=found.part.label.of(lang),
        rows=len(found.rows),
        action=text(f"retention.action.{found.action.value}", lang),
        held=found.held,
        kept=found.kept,
        basis=found.part.basis.of(lang),
    )


def _kept(line: KeepLine, schedule: Schedule, lang: Lang) -> str:
    duty = _duty(schedule, line.duty)
    return text(
        "retention.conflict.kept" if duty is not None else "retention.conflict.held",
        lang,
        label=duty.label.of(lang) if duty is not None else line.duty.partition(":")[2],
        basis=duty.basis.of(lang) if duty is not None else "-",
        rows=line.rows,
        fields=field_labels(map(FieldId, line.fields), lang),
        until=long_day(line.until, lang),
    )


def _longer(
    purchases: Iterable[Purchase], schedule: Schedule, lang: Lang, *, at: date
) -> Iterator[str]:
    """Where two duties ask for the same field, which of them is the longer."""
    for purchase in purchases:
        day = purchase.last_on or purchase.recorded_on
        if day is None:
            continue
        ends = [(duty, keep_of(duty, day, schedule.overflow, at)) for duty in schedule.duties]
        standing = [(duty, keep) for duty, keep in ends if keep.free_from > at]
        for duty, keep in standing:
            for other, longer in standing:
                both = _own(duty.fields) & _own(other.fields)
                if both and keep.free_from < longer.free_from:
                    yield text(
                        "retention.conflict.longer",
                        lang,
                        short=duty.label.of(lang),
                        until=long_day(keep.until, lang),
                        long=other.label.of(lang),
                        last=long_day(longer.until, lang),
                        fields=field_labels(both, lang),
                    )


def _duty(schedule: Schedule, id_: str) -> Duty | None:
    return next((duty for duty in schedule.duties if duty.id == id_), None)


def _own(fields: Iterable[FieldId]) -> set[FieldId]:
    """The fields that say something; the keys of a row stay with every one."""
    return {name for name in fields if name.partition(".")[2] not in KEYS}


def labels(fields: Iterable[FieldId], lang: Lang) -> list[str]:
    """Fields by their names for people, the keys of a row left out."""
    known = catalogue().fields
    named = [known[name] for name in sorted(_own(fields)) if name in known]
    own = [name for name in sorted(fields) if is_custom(name) and name not in known]
    return [field.label(lang) for field in sorted(named, key=attrgetter("id"))] + own


def field_labels(fields: Iterable[FieldId], lang: Lang) -> str:
    """Some fields by name and how many more there are."""
    found = labels(fields, lang)
    shown = text("retention.fields.and", lang).join(found[:SHOWN])
    if len(found) > SHOWN:
        shown += text("retention.fields.more", lang, count=len(found) - SHOWN)
    return shown


def _who(when: Condition, lang: Lang) -> str:
    asked = [
        *(text(f"retention.kind.{kind.value}", lang) for kind in sorted(when.kinds)),
        *(text(f"retention.status.{status}", lang) for status in sorted(when.statuses)),
    ]
    for name in ("unpaid", "running_contract", "transactions"):
        wanted = getattr(when, name)
        if wanted is not None:
            asked.append(text(f"retention.when.{name}.{'yes' if wanted else 'no'}", lang))
    return " / ".join(asked) or text("retention.when.all", lang)


def _starts(since: Since | None, lang: Lang) -> str:
    if since is None:
        return "-"
    names = " / ".join(text(f"retention.trigger.{name.value}", lang) for name in since.triggers)
    return (
        text(f"retention.pick.{since.pick.value}", lang, events=names)
        if (len(since.triggers) > 1)
        else names
    )
