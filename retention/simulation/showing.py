"""A simulation in words and as JSON: the same lines for the command and for the page."""

from dataclasses import dataclass
from datetime import date

from governance.core.terms import Lang
from governance.customers.catalogue import catalogue
from governance.i18n.catalogue import text
from retention.explained import part_words
from retention.parts.lines import lines
from retention.plans import Json
from retention.simulation.folding import forecast
from retention.simulation.reading import Look
from retention.simulation.types import (
    HELD,
    PERSONS,
    ROWS,
    Figures,
    Forecast,
    MonthLine,
    RowFate,
)
from retention.types import DecisionKind, Schedule
from retention.words import named


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """Persons with one decision by one rule or duty, and why."""

    decision: DecisionKind
    rule: str
    why: str
    basis: str
    persons: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLine:
    """Rows of one table of the persons who are due."""

    table: str
    name: str
    delete: int
    anonymise: int
    keep: int


def rule_lines(figures: Figures, schedule: Schedule, lang: Lang) -> tuple[RuleLine, ...]:
    """Every decision and rule with its reason; due first, then what is looked at, then kept."""
    order = [DecisionKind.DUE, DecisionKind.REVIEW, DecisionKind.KEPT]
    found = []
    for (decision, rule), persons in figures.counts.items():
        why, basis = why_of(rule, schedule, lang)
        found.append(RuleLine(decision=decision, rule=rule, why=why, basis=basis, persons=persons))
    return tuple(sorted(found, key=lambda one: (order.index(one.decision), -one.persons, one.rule)))


def why_of(rule: str, schedule: Schedule, lang: Lang) -> tuple[str, str]:
    """Why persons are decided by this rule or duty, and on what basis; no dates."""
    key, label, basis = named(rule, schedule, lang)
    return text(f"retention.why.{key}", lang, label=label), "" if basis == "-" else basis


def rule_name(rule: str, schedule: Schedule, lang: Lang) -> str:
    """The rule or duty by its label; one of the product's own by its reason."""
    label = named(rule, schedule, lang)[1]
    return why_of(rule, schedule, lang)[0] if label == "-" else label


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLine:
    """What one line about rows takes of persons who stay."""

    rule: str
    label: str
    action: str
    basis: str
    persons: int
    rows: int
    held: int


def part_lines(
    figures: Figures, schedule: Schedule, lang: Lang, *, on: date
) -> tuple[PartLine, ...]:
    """Lines about rows with what they take; one that takes and holds nothing is left out."""
    found = []
    for part in lines(schedule, at=on):
        units = {unit: figures.lines[part.id, unit] for unit in (PERSONS, ROWS, HELD)}
        if any(units.values()):
            words = part_words(part, lang)
            found.append(
                PartLine(
                    rule=part.id,
                    label=words.label,
                    action=f"{words.what} - {words.action}",
                    basis=words.basis,
                    **units,
                )
            )
    return tuple(found)


def table_lines(figures: Figures, lang: Lang) -> tuple[TableLine, ...]:
    """Rows by table; a table without a row is left out."""
    names = [name for name in catalogue().erase_order() if _rows(figures, name)]
    return tuple(
        TableLine(
            table=name,
            name=_label(name, lang),
            delete=figures.tables[name, RowFate.DELETE],
            anonymise=figures.tables[name, RowFate.ANONYMISE],
            keep=figures.tables[name, RowFate.KEEP],
        )
        for name in reversed(names)
    )


def _rows(figures: Figures, table: str) -> int:
    return sum(figures.tables[table, fate] for fate in RowFate)


def _label(table: str, lang: Lang) -> str:
    declared = catalogue().table(table)
    return declared.label_ja if lang is Lang.JA else declared.label_en


def as_json(look: Look, figures: Figures, *, months: int) -> dict[str, Json]:
    """What `sekisho retention simulate --json` prints."""
    schedule = look.schedule
    shape: dict[str, Json] = {
        "schedule": f"{schedule.name}/{schedule.version}",
        "sha256": schedule.digest,
        "on": look.on.isoformat(),
        "persons": figures.persons,
        **{kind.value: figures.count(kind) for kind in DecisionKind},
        **_lists(look, figures),
        "forecast": _forecast_json(forecast(figures, today=look.today, months=months)),
    }
    if look.against is not None:
        shape["against"] = f"{look.against.name}/{look.against.version}"
        shape["changes"] = [
            {"before": before, "after": after, "persons": persons}
            for (before, after), persons in sorted(figures.moves.items())
        ]
        shape |= {"sooner": figures.sooner, "later": figures.later}
    return shape


def _lists(look: Look, figures: Figures) -> dict[str, Json]:
    schedule = look.schedule
    return {
        "by_rule": [
            {
                "decision": one.decision.value,
                "rule": one.rule,
                "persons": one.persons,
                "reason_ja": one.why,
                "reason_en": why_of(one.rule, schedule, Lang.EN)[0],
            }
            for one in rule_lines(figures, schedule, Lang.JA)
        ],
        "by_table": [
            {
                "table": one.table,
                "delete": one.delete,
                "anonymise": one.anonymise,
                "keep": one.keep,
            }
            for one in table_lines(figures, Lang.EN)
        ],
        "by_line": [
            {"rule": one.rule, "persons": one.persons, "rows": one.rows, "held": one.held}
            for one in part_lines(figures, schedule, Lang.EN, on=look.on)
        ],
        "kept_by": [
            {
                "duty": duty,
                "persons": one.persons,
                "rows": one.rows,
                "until": one.until.isoformat(),
            }
            for duty, one in sorted(figures.kept.items())
        ],
    }


def _forecast_json(found: Forecast) -> dict[str, Json]:
    return {
        "overdue": _month_json(MonthLine(month="", rules=found.overdue)),
        "months": [{"month": one.month, **_month_json(one)} for one in found.months],
        "later": _month_json(MonthLine(month="", rules=found.later)),
    }


def _month_json(one: MonthLine) -> dict[str, Json]:
    return {"persons": one.total, "rules": dict(sorted(one.rules.items()))}
