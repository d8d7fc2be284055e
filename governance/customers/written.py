"""Numbers and days of the register as people write them: 03-3581-8111, 2,780円, a day of birth."""

import re
from datetime import date
from typing import Final

from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, parse

from governance.core.terms import FieldId, Lang
from governance.i18n.catalogue import text
from governance.i18n.formats import plain_day

PHONES: Final = frozenset(
    {
        *("person.phone", "person.mobile", "person.fax", "company.phone", "company.fax"),
        *("deal.contact_phone", "contact.phone", "relation.phone"),
    }
)
YEN: Final = frozenset(
    {
        *("purchase.unit_price", "purchase.amount", "person.unpaid_balance"),
        *("deal.amount", "subscription.amount"),
    }
)
BIRTHS: Final = frozenset({"person.birth_date", "relation.birth_date"})
E164: Final = re.compile(r"\+[1-9][0-9]{7,14}")
JAPAN: Final = 81
WHOLE: Final = re.compile(r"-?[0-9]+")
DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def written(name: FieldId | str, value: str, lang: Lang, *, era: bool = False) -> str | None:
    """The value as people write it; None where its field is of no such kind, or it is none."""
    if name in PHONES and E164.fullmatch(value):
        return dialled(value)
    if name in YEN and WHOLE.fullmatch(value):
        return text("customers.yen", lang, amount=f"{int(value):,}")
    if name in BIRTHS and DAY.fullmatch(value):
        return _born(value, lang, era=era)
    return None


def dialled(number: str) -> str:
    """A number in E.164 as it is dialled: from within Japan, or with the code of its country."""
    try:
        known = parse(number)
    except NumberParseException:  # kept letter for letter
        return number
    if known.country_code != JAPAN:
        return format_number(known, PhoneNumberFormat.INTERNATIONAL)
    national = format_number(known, PhoneNumberFormat.NATIONAL)
    # a number that the plan does not know comes back without its zero
    return national if national.startswith("0") else f"0{number[len(f'+{JAPAN}') :]}"


def _born(value: str, lang: Lang, *, era: bool) -> str | None:
    try:
        return plain_day(date.fromisoformat(value), lang, era=era)
    except ValueError:  # looks like a day and is none
        return None
