"""The lists of the law of one day: duties, deadline rules, rule sets of amendments."""

from datetime import date
from typing import Final

from sqlalchemy import Connection

from governance.console.law_words import (
    HOME,
    article_words,
    file_words,
    item_labels,
    law_name,
    rule_words,
)
from governance.console.lists.cells import every, row, words, yes_no
from governance.console.lists.source import Asked, Source
from governance.core.terms import Lang
from governance.i18n.catalogue import domain, text
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from governance.ui.lists.views import day_of
from policies.actions import Action
from policies.law.in_force import law_in_force
from policies.law.load import RuleSet, rules_of
from policies.law.types import DeadlineRule, LawBook, Obligation, Switch

DUTIES: Final = ListOf(
    id="law-duties",
    path=HOME,
    title="console.law.duties",
    keeps=("on",),
    size=100,
    none="console.law.none",
    columns=(
        ListColumn(key="article", label="console.law.article"),
        ListColumn(key="law", label="console.law.law", kind=Kind.CHOICE, filters=True, shown=False),
        ListColumn(key="duty", label="console.law.duty"),
        ListColumn(key="rule", label="console.law.rule", kind=Kind.CHOICE, filters=True),
        ListColumn(key="binds", label="console.law.binds"),
        ListColumn(key="seen", label="console.law.seen", kind=Kind.CHOICE, filters=True),
    ),
)
RULES: Final = ListOf(
    id="law-rules",
    path=HOME,
    title="console.law.rules",
    keeps=("on",),
    prefix="rule-",
    columns=(
        ListColumn(key="title", label="console.law.rule"),
        ListColumn(key="length", label="console.law.length"),
        ListColumn(key="first_day", label="console.law.first_day"),
        ListColumn(
            key="closed_days", label="console.law.closed_days", kind=Kind.CHOICE, filters=True
        ),
        ListColumn(key="pauses", label="console.law.pauses"),
        ListColumn(key="duties", label="console.law.duties", kind=Kind.NUMBER, filters=True),
    ),
)
SETS: Final = ListOf(
    id="law-sets",
    path=HOME,
    title="console.law.amendments",
    keeps=("on",),
    prefix="set-",
    columns=(
        ListColumn(key="title", label="console.law.set"),
        ListColumn(key="state", label="console.law.state", kind=Kind.CHOICE, filters=True),
        ListColumn(key="collects", label="console.law.collects"),
    ),
)


def _day(asked: Asked) -> date:
    return day_of(asked.given.get("on", "")) or asked.today


def _duties(tx: Connection, asked: Asked) -> Found:
    del tx  # the law stands in files
    rules = rules_of(law_in_force(), _day(asked))
    return every(_duty(one, rules, asked.lang) for one in rules.obligations.values())


def _duty(one: Obligation, rules: RuleSet, lang: Lang) -> Row:
    seen = one.verification.name.lower()
    rule = rule_words(one.deadline_rule, rules, lang)
    return row(
        one.id,
        article=Cell(value=article_words(one.law, one.article, lang)),
        law=Cell(value=law_name(one.law, lang), code=one.law),
        duty=Cell(value=one.duty_ja if lang is Lang.JA else one.duty_en, href=f"{HOME}/{one.id}"),
        rule=Cell(
            value=rule, code=one.deadline_rule, href=f"{HOME}/{one.deadline_rule}", aside=True
        ),
        binds=words(file_words(one.software, lang) if one.software else None),
        seen=Cell(value=text(f"console.law.seen.{seen}", lang), code=seen),
    )


def _rules(tx: Connection, asked: Asked) -> Found:
    del tx
    rules = rules_of(law_in_force(), _day(asked))
    return every(_rule(one, rules, asked.lang) for one in rules.rules.values())


def _rule(one: DeadlineRule, rules: RuleSet, lang: Lang) -> Row:
    known = domain("law", lang)
    between = "、" if lang is Lang.JA else ", "
    first = one.day_one.name.lower() if one.day_one else ""
    closed = one.roll.value
    return row(
        one.id,
        title=Cell(value=rule_words(one.id, rules, lang), href=f"{HOME}/{one.id}"),
        length=_length(one, lang),
        first_day=words(text(f"console.law.first_day.{first}", lang) if first else None),
        closed_days=Cell(value=text(f"console.law.closed.{closed}", lang), code=closed),
        pauses=words(between.join(known.get(f"law.ground.{g}", str(g)) for g in one.pauses)),
        duties=Cell(value=sum(duty.deadline_rule == one.id for duty in rules.obligations.values())),
    )


DAYS: Final = {"days": 1, "weeks": 7, "months": 30, "years": 365}  # about, for an order


def _length(one: DeadlineRule, lang: Lang) -> Cell:
    amount = one.amount or one.policy_days
    own = one.amount is None and bool(one.policy_days)
    if not amount:
        return Cell()
    unit = "days" if own else one.unit.value
    said = text(f"law.unit.{unit}.{'one' if amount == 1 else 'many'}", lang, n=amount)
    shown = text("console.law.policy", lang, length=said) if own else said
    return Cell(value=shown, order=amount * DAYS.get(unit, 1))


def _sets(tx: Connection, asked: Asked) -> Found:
    del tx
    book = law_in_force()
    return every(_set(one, book, asked.lang) for one in book.switches.values())


def _set(one: Switch, book: LawBook, lang: Lang) -> Row:
    return row(
        one.id,
        title=Cell(
            value=one.title_ja if lang is Lang.JA else one.title_en, href=f"{HOME}/{one.id}"
        ),
        state=yes_no(
            holds=one.id in book.switched_on,
            yes=text("console.law.is_on", lang),
            no=text("console.law.is_off", lang),
            tone="good",
            off="plain",
        ),
        collects=words(item_labels(one.collects, lang)),
    )


READERS: Final = (Action.POLICY_READ,)
LAW_DUTIES: Final = Source(declared=DUTIES, any_of=READERS, rows=_duties)
LAW_RULES: Final = Source(declared=RULES, any_of=READERS, rows=_rules)
LAW_SETS: Final = Source(declared=SETS, any_of=READERS, rows=_sets)
