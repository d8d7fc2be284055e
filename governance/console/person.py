"""A person's page: every field clear, masked or withheld, each with its reason."""

from collections.abc import Iterable
from dataclasses import dataclass

from governance.core.terms import Lang, Treatment
from governance.customers.catalogue import catalogue
from governance.gateway.types import FieldView, ReadAnswer
from governance.i18n.catalogue import text
from governance.ui.parts import TreatedField
from policies.reasons import Audience, reason_text

HIDDEN = frozenset({"id", "subject_id", "version", "source_file", "source_row", "recorded_at"})
EMPTY = "—"


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatedRow:
    """One row of the store as the reader may see it."""

    title: str
    fields: tuple[TreatedField, ...]


def treated_rows(answer: ReadAnswer, lang: Lang) -> tuple[TreatedRow, ...]:
    """The rows of an answer in words; a withheld field has a reason and no value."""
    return tuple(
        TreatedRow(
            title=catalogue().table(row.table).label(lang),
            fields=tuple(_treated(row.fields, lang)),
        )
        for row in answer.rows
    )


def _treated(views: Iterable[FieldView], lang: Lang) -> Iterable[TreatedField]:
    for view in views:
        if view.field.partition(".")[2] in HIDDEN:
            continue
        decision = view.decision
        yield TreatedField(
            label=catalogue().fields[view.field].label(lang),
            treatment=decision.treatment,
            reason=_reason(view, lang),
            value="" if decision.treatment is Treatment.WITHHELD else view.shown.value or EMPTY,
            extent=text(f"console.mask.{decision.method.value}", lang) if decision.method else "",
        )


def _reason(view: FieldView, lang: Lang) -> str:
    """The rule's own words; without a rule the words of the reason code."""
    because = view.decision.because
    if because is not None:
        return f"{because[lang]} ({view.decision.rule_id})"
    return reason_text(view.decision.code, Audience.OFFICER, lang)
