"""A person's page: every field clear, masked or withheld, each with its reason."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from governance.core.terms import FieldId, Lang, Treatment
from governance.customers.catalogue import Storage, catalogue
from governance.customers.master.words import said
from governance.customers.written import written
from governance.gateway.glass.types import LIFTED
from governance.gateway.types import FieldView, ReadAnswer
from governance.gateway.writing.types import AcquiredFrom, AcquisitionMethod
from governance.i18n.catalogue import text
from governance.i18n.countries import country_name
from governance.i18n.formats import long_day
from governance.ui.parts import TreatedField
from policies.reasons import Audience, reason_text

HIDDEN = frozenset({"id", "subject_id", "version", "source_file", "source_row", "recorded_at"})
FLAGS = frozenset({"contact.is_primary", "relation.until_majority"})
ACQUIRED = {
    FieldId("person.acquired_from"): frozenset(one.value for one in AcquiredFrom),
    FieldId("person.acquisition_method"): frozenset(one.value for one in AcquisitionMethod),
}
COUNTRIES = frozenset({"person.origin"})
DAY = re.compile(r"\d{4}-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])")


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatedRow:
    """One row of the store as the reader may see it."""

    title: str
    fields: tuple[TreatedField, ...]
    empty: tuple[str, ...]  # labels of fields that may be seen and hold nothing

    @property
    def closed(self) -> str:
        """The one reason for which nothing of the row is shown; empty when something is."""
        reasons = {one.reason for one in self.fields if one.treatment is Treatment.WITHHELD}
        whole = all(one.treatment is Treatment.WITHHELD for one in self.fields)
        return min(reasons) if self.fields and whole and len(reasons) == 1 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatedTable:
    """The rows of one table."""

    title: str
    rows: tuple[TreatedRow, ...]

    @property
    def closed(self) -> str:
        """The one reason for which nothing of any row is shown; empty when something is."""
        reasons = {row.closed for row in self.rows}
        return min(reasons) if len(reasons) == 1 else ""

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of all fields of its rows."""
        return tuple(dict.fromkeys(one.label for row in self.rows for one in row.fields))


def in_tables(rows: Iterable[TreatedRow]) -> tuple[TreatedTable, ...]:
    """The rows by their table, in the order in which they come."""
    found: dict[str, list[TreatedRow]] = {}
    for row in rows:
        found.setdefault(row.title, []).append(row)
    return tuple(TreatedTable(title=title, rows=tuple(held)) for title, held in found.items())


def treated_rows(answer: ReadAnswer, lang: Lang) -> tuple[TreatedRow, ...]:
    """The rows of an answer in words; a withheld field has a reason and no value."""
    return tuple(
        TreatedRow(
            title=catalogue().table(row.table).label(lang),
            fields=tuple(_treated(fields, lang)),
            empty=tuple(
                catalogue().fields[view.field].label(lang) for view in fields if _is_empty(view)
            ),
        )
        for row in answer.rows
        for fields in (_in_order(row.fields),)
    )


def _in_order(views: Iterable[FieldView]) -> list[FieldView]:
    """Who the person is comes first: what is sealed, then what stands in clear."""
    fields = catalogue().fields
    return sorted(views, key=lambda view: fields[view.field].storage is not Storage.SEALED)


def _treated(views: Iterable[FieldView], lang: Lang) -> Iterable[TreatedField]:
    for view in views:
        if view.field.partition(".")[2] in HIDDEN or _is_empty(view):
            continue
        decision = view.decision
        yield TreatedField(
            label=catalogue().fields[view.field].label(lang),
            treatment=decision.treatment,
            reason=_reason(view, lang),
            value=in_words(view, lang),
            extent=text(f"console.mask.{decision.method.value}", lang) if decision.method else "",
        )


def _is_empty(view: FieldView) -> bool:
    """Whether the reader may see the field and there is nothing to see."""
    if view.field.partition(".")[2] in HIDDEN:
        return False
    return view.decision.treatment is not Treatment.WITHHELD and not view.shown.value


def in_words(view: FieldView, lang: Lang) -> str:
    """The shown value as people write it; a withheld field has none."""
    value = view.shown.value or ""
    if view.decision.treatment is not Treatment.CLEAR or not value:
        return value if view.decision.treatment is Treatment.MASKED else ""
    if (number := written(view.field, value, lang)) is not None:
        return number
    if value in ACQUIRED.get(view.field, ()):
        return text(f"console.acquired.{value}", lang)
    if view.field in COUNTRIES:
        return country_name(value, lang)
    if DAY.fullmatch(value):
        return long_day(date.fromisoformat(value), lang)
    if view.field in FLAGS:
        return text(f"console.flag.{value.lower()}", lang)
    return said(catalogue(), view.field, value, lang)


def _reason(view: FieldView, lang: Lang) -> str:
    """The rule's own words; without a rule the words of the reason code."""
    if (view.decision.rule_id or "").startswith(LIFTED):
        return text("console.glass.lifted", lang)
    because = view.decision.because
    if because is not None:
        return f"{because[lang]} ({view.decision.rule_id})"
    return reason_text(view.decision.code, Audience.OFFICER, lang)


def name_of(answer: ReadAnswer) -> str:
    """The person's name, where the reader sees it in clear; else empty."""
    for row in answer.rows:
        view = row.get("name") if row.table == "person" else None
        if view is not None and view.decision.treatment is Treatment.CLEAR:
            return view.shown.value or ""
    return ""
