"""What a legal hold covers, in words."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from governance.core.terms import FieldId, Lang
from governance.customers.catalogue import catalogue
from governance.customers.holds.reading import standing_scopes
from governance.customers.holds.types import CATEGORY, Condition, What
from governance.i18n.catalogue import text
from retention.holds.asked import text_of


def what_words(whats: Iterable[What], lang: Lang) -> str:
    """What is held, in words."""
    return text("console.holds.and", lang).join(_word(what, lang) for what in whats)


def scope_words(conditions: Iterable[Condition], what: What, lang: Lang) -> str:
    """Whom a standing scope catches, and what of them."""
    between = text("console.person.comma", lang)
    words = between.join(_condition(one, lang) for one in conditions)
    who = words or text("console.holds.everyone", lang)
    return f"{who}: {what_words((what,), lang)}"


def _condition(one: Condition, lang: Lang) -> str:
    """A condition in words, its field by its name; as it was written where nobody knows it."""
    known = catalogue().fields.get(one.field)
    if known is None:
        return text_of(one)
    table = catalogue().tables.get(known.table)
    name = known.label(lang) if table is None else f"{table.label(lang)}.{known.label(lang)}"
    return text(f"console.holds.test.{one.test.value}", lang, field=name, value=one.value)


def standing_words(tx: Connection, number: str, lang: Lang) -> Iterator[str]:
    """The standing scopes of a matter."""
    for scope in standing_scopes(tx, matter=number):
        yield scope_words(scope.conditions, scope.what, lang)


def _word(what: What, lang: Lang) -> str:
    declared = catalogue()
    table = declared.tables.get(what.table or "")
    if what.table is None:
        return text("console.holds.whole", lang)
    label = what.table if table is None else table.label(lang)
    if what.row is not None:
        return text("console.holds.row", lang, table=label)
    if what.field is None:
        return text("console.holds.table", lang, table=label)
    if what.field.startswith(CATEGORY):
        name = what.field.removeprefix(CATEGORY)
        return text("console.holds.category", lang, table=label, category=name)
    known = declared.fields.get(FieldId(what.field))
    return text(
        "console.holds.field",
        lang,
        table=label,
        field=what.field if known is None else known.label(lang),
    )
