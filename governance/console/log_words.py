"""What an event of the log names by codes and field ids, in words for people."""

from itertools import groupby
from operator import itemgetter
from typing import Final

from governance.core.terms import FieldId, Lang
from governance.customers.catalogue import catalogue
from governance.i18n.catalogue import domain, text
from policies.reasons import Audience, ReasonCode, reason_text

GATES: Final = frozenset(code.value for code in ReasonCode)
OF_REQUESTS: Final = "request."  # events whose codes are words of the life of a request
WORDS: Final = tuple(
    f"dsar.{kind}."
    for kind in (
        *("event", "mark", "outcome", "ground", "evidence"),
        *("right", "requester", "intake", "hold", "extension"),
    )
)
MISSING: Final = "missing."  # before what an answer had to say and no register said
FEW: Final = 24  # fields that a line names; of more it tells how many of which table


def reasons_in_words(listed: str, lang: Lang, *, action: str = "") -> str:
    """Reasons of the gates and steps of a request in their words; what neither says stays."""
    known = domain("dsar", lang) if action.startswith(OF_REQUESTS) else {}
    return ", ".join(_reason(one, known, lang) for one in listed.split(",") if one)


def _reason(one: str, known: dict[str, str], lang: Lang) -> str:
    if one in GATES:
        return reason_text(ReasonCode(one), Audience.OFFICER, lang)
    kind, _, about = one.removeprefix(MISSING).partition(":")
    if one.startswith(MISSING) and f"dsar.gap.{kind}" in known:
        return text(f"dsar.gap.{kind}", lang, about=about)
    return next((known[word + one] for word in WORDS if word + one in known), one)


def fields_in_words(fields: str | None, lang: Lang) -> str:
    """The fields of an event by their names for people; a technical name where there is none.

    Fields of several tables stand under the name of their table.
    """
    told = _by_table(fields, lang)
    if len(told) == 1:
        return next(iter(told.values()))
    between = "　" if lang is Lang.JA else "; "
    return between.join(
        text("console.log.of_table", lang, table=table, fields=names)
        for table, names in told.items()
    )


def fields_in_short(fields: str | None, lang: Lang) -> str:
    """The same for a line among others: of many fields, how many of which table."""
    listed = _listed(fields)
    if len(listed) <= FEW:
        return fields_in_words(fields, lang)
    between = text("console.person.comma", lang)
    return between.join(
        text("console.log.fields_of_table", lang, table=_table(name, lang), n=len(list(group)))
        for name, group in groupby(sorted(map(_table_of, listed)))
    )


def _by_table(fields: str | None, lang: Lang) -> dict[str, str]:
    known, between = catalogue().fields, text("console.person.comma", lang)
    named = [
        (_table_of(name), known[name].label(lang) if name in known else str(name))
        for name in _listed(fields)
    ]
    groups = groupby(sorted(named, key=itemgetter(0)), key=itemgetter(0))
    return {
        _table(table, lang): between.join(name for _, name in members) for table, members in groups
    }


def _listed(fields: str | None) -> tuple[FieldId, ...]:
    return tuple(FieldId(name) for name in (fields or "").split(",") if name)


def _table_of(name: FieldId) -> str:
    known = catalogue().fields
    return known[name].table if name in known else name.partition(".")[0]


def _table(name: str, lang: Lang) -> str:
    tables = catalogue().tables
    return tables[name].label(lang) if name in tables else name
