"""Decisions in words, for the plan's list and the certificate; one sentence each."""

from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day
from retention.key_ends import shredded_by
from retention.plans import Item
from retention.types import (
    NO_RULE,
    REQUEST,
    RESTORED,
    RESTRICTED,
    Decision,
    Duty,
    Ending,
    Rule,
    Schedule,
)


def because(found: Decision | Item, schedule: Schedule, lang: Lang) -> str:
    """Why the person is due, kept or to be looked at."""
    kind = found.decision if isinstance(found, Item) else found.kind
    own, label, basis = named(found.rule, schedule, lang)
    return text(
        f"retention.because.{own}",
        lang,
        decision=text(f"retention.decision.{kind.value}", lang).lower(),
        label=label,
        basis=basis,
        start=long_day(found.basis, lang) if found.basis is not None else "-",
        due=long_day(found.due_on, lang) if found.due_on is not None else "-",
    )


def named(id_: str, schedule: Schedule, lang: Lang) -> tuple[str, str, str]:
    """The key of the sentence, the label and the basis of a rule id as decisions carry it."""
    if id_ == schedule.hold:
        return "hold", schedule.hold_label.of(lang), "-"
    if id_ in OWN:
        return OWN[id_], "-", "-"
    if (rule := shredded_by(id_)) is not None:  # done again by a restore, whatever is in force now
        return "restored_key", rule, "-"
    own, key = bare(id_)
    line = _line(own, schedule)
    if line is None:
        return OWN[NO_RULE], "-", "-"
    if key == "ended" and isinstance(line, Rule):
        key = "rows_ended"
    if key == "":
        key = "rule" if isinstance(line, Rule) and line.since is not None else "keep"
    return key, line.label.of(lang), line.basis.of(lang)


OWN = {
    RESTRICTED: "restricted",
    NO_RULE: "no_rule",
    NO_RULE + Ending.ENDED: "ended",
    REQUEST: "request",
    RESTORED: "restored",
}


def bare(id_: str) -> tuple[str, str]:
    """The rule or duty that a decision names, and what it says of it; empty: its own effect."""
    for ending in Ending:
        if id_.endswith(ending.value):
            return id_.removesuffix(ending.value), ending.name.lower()
    return id_, ""


def _line(id_: str, schedule: Schedule) -> Rule | Duty | None:
    lines: tuple[Rule | Duty, ...] = (*schedule.rules, *schedule.duties)
    return next((line for line in lines if line.id == id_), None)
