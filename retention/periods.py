"""How long each class of fields is kept, in words, from the schedule in force (GDPR 15(1)(d))."""

from collections.abc import Mapping

from governance.core.terms import Lang
from governance.customers.catalogue import catalogue
from governance.i18n.catalogue import text
from policies.types import Label
from retention.types import Duty, Part, Period, Rule, Schedule

RULES_OF: Mapping[str, tuple[str, ...]] = {  # retention class -> lines of the default schedule
    "customer_master": ("WITHDRAWN", "PROSPECT", "INACTIVE", "DELIVERY", "INTERESTS"),
    "inquiry": ("WITHDRAWN", "INACTIVE", "INQUIRER", "INQUIRY_TEXTS"),
    "business_contact": ("BUSINESS_CONTACT", "DEAL_NOTES"),
    "accounting": ("TAX_BOOKS",),
}


def periods(schedule: Schedule) -> Mapping[str, Label]:
    """Words for every retention class of the catalogue that the schedule has a rule for."""
    classes = sorted({field.retention for field in catalogue().fields.values()})
    found = ((name, _words(name, schedule)) for name in classes)
    return {name: words for name, words in found if words is not None}


def lines_for(name: str, schedule: Schedule) -> tuple[Rule | Part | Duty, ...]:
    """The lines of a schedule that can be about a retention class.

    Ours are known by their ids; of a schedule that has none of them, every rule about persons can
    be, and what it says of the tables that hold the class.
    """
    lines: tuple[Rule | Part | Duty, ...] = (*schedule.rules, *schedule.parts, *schedule.duties)
    if known := tuple(line for line in lines if line.id in RULES_OF.get(name, ())):
        return known
    tables = {field.table for field in catalogue().fields.values() if field.retention == name}
    return tuple(line for line in lines if isinstance(line, Rule) or line.table in tables)


def _words(name: str, schedule: Schedule) -> Label | None:
    found_lines = lines_for(name, schedule)
    rules = [
        line
        for line in found_lines
        if not isinstance(line, Duty) and line.period not in (None, Period())
    ]
    duties = [line for line in found_lines if isinstance(line, Duty)]
    if not rules and not duties:
        return None
    found = {}
    for lang in Lang:
        parts = [_rule(rule, lang) for rule in rules]
        parts += [
            text("app.period.duty", lang, what=duty.label.of(lang), basis=duty.basis.of(lang))
            for duty in duties
        ]
        found[lang] = text("app.period.and", lang).join(parts)
    return Label(ja=found[Lang.JA], en=found[Lang.EN])


def _rule(rule: Rule | Part, lang: Lang) -> str:
    return text(
        "app.period.rule",
        lang,
        what=rule.label.of(lang),
        long=long(rule.period or Period(), lang),
        basis=rule.basis.of(lang),
    )


def long(period: Period, lang: Lang) -> str:
    """The length in words; at once where it is none."""
    parts = [
        text(f"app.period.{unit}{'.one' if count == 1 else ''}", lang, count=count)
        for unit in ("years", "months", "days")
        if (count := getattr(period, unit))
    ]
    if not parts:
        return text("app.period.at_once", lang)
    return "".join(parts) if lang is Lang.JA else " ".join(parts)
