"""How long data is kept, and the traces that outlive it (GDPR 13(2)(a); APPI 22, 32, 35)."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection

from governance.core.terms import Lang
from governance.i18n.catalogue import text
from retention.store import in_force
from retention.types import Action, Duty, Part, Period, Rule

Line = tuple[str, str, str]  # of whom or what, how long, why
UNITS: Final = ("years", "months", "days")


def periods(tx: Connection, lang: Lang, *, opted_out: int) -> Iterator[Line]:
    """Every line of the schedule in force, then what stays of those who are gone or said no.

    `opted_out` is how many months a no is recognised.
    """
    schedule = in_force(tx)
    lines: tuple[Rule | Duty | Part, ...] = (*schedule.rules, *schedule.duties, *schedule.parts)
    for line in lines:
        yield line.label.of(lang), _how_long(line, lang), line.basis.of(lang)
    yield _trace("erased", _words(schedule.ledger, lang), lang)
    asked = {rule.suppress.period: None for rule in schedule.rules if rule.suppress is not None}
    for period in asked:
        yield _trace("suppressed", _words(period, lang), lang)
    yield _trace("opted_out", _words(Period(months=opted_out), lang), lang)


def _how_long(line: Rule | Duty | Part, lang: Lang) -> str:
    period = line.until if isinstance(line, Duty) else line.period
    if isinstance(period, Period) and _words(period, lang):
        return _words(period, lang)
    if isinstance(line, Duty) or (isinstance(line, Part) and line.action is Action.KEEP):
        return text("portal.notices.by_law", lang)
    key = "at_once" if isinstance(line, Part) else "while_it_lasts"
    return text(f"portal.notices.{key}", lang)


def _words(period: Period, lang: Lang) -> str:
    named = zip(UNITS, (period.years, period.months, period.days), strict=True)
    return " ".join(text(f"portal.notices.{unit}", lang, n=n) for unit, n in named if n)


def _trace(name: str, how_long: str, lang: Lang) -> Line:
    """A pseudonymous trace with its own basis and end."""
    what = text(f"portal.notices.trace_{name}", lang)
    return what, how_long, text(f"portal.notices.trace_{name}_why", lang)
