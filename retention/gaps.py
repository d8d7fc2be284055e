"""What an officer should know of a schedule before two persons adopt it; pure, refuses nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from governance.core.terms import Lang
from governance.customers.catalogue import catalogue
from governance.i18n.catalogue import text
from policies.law.in_force import rule_set
from retention.types import Action, LawPeriod, Period, Schedule

TAX = "RET-HOJINZEI"  # 法人税法126条・150条の2: the least that a company's books are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One thing that is missing, or shorter than a law has it; `about` names line or field."""

    code: str  # no_tax_duty, short_duty, kind_without_rule, field_unknown
    about: str

    def words(self, lang: Lang) -> str:
        """The gap in one sentence."""
        return text(f"retention.gap.{self.code}", lang, about=self.about)


def gaps(schedule: Schedule, *, at: date) -> tuple[Gap, ...]:
    """Every gap of the schedule, under the law of this day."""
    return (*_duties(schedule, at), *_kinds(schedule), *_fields(schedule))


def _duties(schedule: Schedule, at: date) -> Iterator[Gap]:
    """Books need a statutory minimum (law book, RET-HOJINZEI); a company's own may be too short."""
    if not any(isinstance(duty.until, LawPeriod) for duty in schedule.duties):
        yield Gap(code="no_tax_duty", about="purchase")
    rule = rule_set(at).retention_rules.get(TAX)
    least = 0 if rule is None else rule.minimum_months
    for duty in schedule.duties:
        if isinstance(duty.until, Period) and _months(duty.until) < least:
            yield Gap(code="short_duty", about=duty.id)


def _months(period: Period) -> int:
    return period.years * 12 + period.months + period.days // 30


def _kinds(schedule: Schedule) -> Iterator[Gap]:
    """Persons whom no rule ever ends are kept for good."""
    ending = [rule for rule in schedule.rules if rule.action is not Action.KEEP]
    for kind in sorted(schedule.covers):
        if not any(not rule.when.kinds or kind in rule.when.kinds for rule in ending):
            yield Gap(code="kind_without_rule", about=kind.value)


def _fields(schedule: Schedule) -> Iterator[Gap]:
    """Fields of the installation that are not declared, or no more."""
    known = catalogue().fields
    named = dict.fromkeys(name for part in schedule.parts for name in part.fields)
    yield from (Gap(code="field_unknown", about=name) for name in named if name not in known)
