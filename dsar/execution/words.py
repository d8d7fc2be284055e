"""Plans of erasure in words: the name of a field, what becomes of it, why and until when."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from dsar.types import Ground
from governance.core.terms import FieldId, KeyClass, Lang
from governance.customers.catalogue import catalogue
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day
from retention.fates import Fate, FieldFate

BESIDE: Final = frozenset(
    {
        *("search_row", "text_finding", "custom_value", "duplicate_candidate", "import_row"),
        *("collection", "feed_subject", "audit_part", "consent_event", "provision_person"),
    }
)  # what stands beside the register; texts under `dsar.beside.<table>`


KEEP: Final = Fate.KEEP.value


def field_words(field: str, lang: Lang) -> str:
    """The name of a field for people, with its table; never a column's name alone."""
    known = catalogue().fields.get(FieldId(field))
    table = field.partition(".")[0]
    if known is not None:
        return f"{table_words(table, lang)}: {known.label(lang)}"
    return text(f"dsar.beside.{table if table in BESIDE else 'other'}", lang, table=table)


def parts_of(field: str, lang: Lang) -> tuple[str, str]:
    """The name of the table and of the field; what stands beside the register has one name."""
    known = catalogue().fields.get(FieldId(field))
    if known is None:
        return field_words(field, lang), ""
    return table_words(field.partition(".")[0], lang), known.label(lang)


def grouped(
    lines: Iterable[tuple[str, int, str]], lang: Lang
) -> tuple[tuple[str, str, int, str], ...]:
    """Table, its fields, rows and fate: fields of one table that share a fate are one line."""
    found: dict[tuple[str, int, str], list[str]] = {}
    for field, rows, fate in lines:
        table, name = parts_of(field, lang)
        names = found.setdefault((table, rows, fate), [])
        if name and name not in names:
            names.append(name)
    between = "、" if lang is Lang.JA else ", "
    return tuple(
        (table, between.join(names), rows, fate) for (table, rows, fate), names in found.items()
    )


def kept_why(line: Mapping[str, Any], lang: Lang) -> str:
    """Why a field stays and until when, from its line in a plan as it was carried out."""
    basis, until = line.get(f"basis_{lang.value}", "-"), line.get("until")
    if until is None:
        said = "kept_record" if line.get("law") == KeyClass.RECORD.value else "kept_while"
        return text(f"dsar.certificate.{said}", lang, basis=basis)
    return text(
        "dsar.certificate.kept_until",
        lang,
        basis=basis,
        until=long_day(date.fromisoformat(until), lang),
    )


def erased_words(fates: Iterable[Mapping[str, Any]], lang: Lang) -> tuple[str, ...]:
    """What an erasure took away: a line a table, with its fields."""
    lines = ((str(one["field"]), int(one["rows"]), "") for one in fates if one["fate"] != KEEP)
    return tuple(
        text(_named("dsar.certificate.line", names), lang, table=table, fields=names, rows=rows)
        for table, names, rows, _ in grouped(lines, lang)
    )


def _named(key: str, names: str) -> str:
    """The text for fields that have names, else the one for a table that goes or stays whole."""
    return key if names else f"{key}_whole"


def kept_words(
    fates: Iterable[Mapping[str, Any]], grounds: Iterable[Ground], lang: Lang
) -> tuple[str, ...]:
    """What it left: a line for fields of a table that stay for one reason, with the grounds."""
    between = "、" if lang is Lang.JA else ", "
    lawful = between.join(text(f"dsar.ground.{ground}", lang) for ground in grounds)
    lines = (
        (str(one["field"]), int(one["rows"]), kept_why(one, lang))
        for one in fates
        if one["fate"] == KEEP
    )
    return tuple(
        text(
            _named("dsar.letter.kept_line", names),
            lang,
            table=table,
            fields=names,
            rows=rows,
            why=why,
            grounds=lawful,
        )
        for table, names, rows, why in grouped(lines, lang)
    )


def table_words(table: str, lang: Lang) -> str:
    """The name of a table of the register."""
    declared = catalogue().table(table)
    return declared.label_ja if lang is Lang.JA else declared.label_en


def fate_words(fate: FieldFate, lang: Lang) -> str:
    """What becomes of a field, in one sentence with ground and day."""
    if fate.fate is not Fate.KEEP:
        return text(f"dsar.fate.{fate.fate.value}", lang)
    basis = (fate.basis_ja if lang is Lang.JA else fate.basis_en) or "-"
    if fate.until is None:
        said = "keep_record" if fate.duty == KeyClass.RECORD.value else "keep_while"
        return text(f"dsar.fate.{said}", lang, basis=basis)
    key = "dsar.fate.keep_review" if fate.gdpr == "review" else "dsar.fate.keep"
    return text(key, lang, basis=basis, until=long_day(fate.until, lang))
