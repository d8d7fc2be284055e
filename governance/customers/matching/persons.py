"""What a comparison looks at: the keys of one person's row, folded once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from governance.customers.normalise.address import address_key
from governance.customers.normalise.chars import is_lossy
from governance.customers.normalise.companies import company_key
from governance.customers.normalise.kana import kana_key, normalise_kana
from governance.customers.normalise.names import is_kana_only, latin_key, name_key, name_parts
from governance.customers.normalise.romaji import readings
from governance.customers.normalise.sounds import passport
from governance.customers.types import NormalisedRow

_MOBILE = ("+8170", "+8180", "+8190", "+8160")
_JAPAN = "+81"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Keys of one row; two rows are compared by these alone. No key is ever shown."""

    row: int
    source: str = ""  # the file or table, when rows of several are compared
    full: str = field(default="", repr=False)  # written name without spaces
    family: str = field(default="", repr=False)  # empty when the written name has no space
    given: str = field(default="", repr=False)
    latin: str = field(default="", repr=False)  # parts of a Latin name, sorted
    romaji: tuple[frozenset[str], ...] = field(default=(), repr=False)  # each word's readings
    lossy: bool = False
    kana: str = field(default="", repr=False)
    kana_family: str = field(default="", repr=False)
    kana_given: str = field(default="", repr=False)
    kana_only: bool = False  # the written name is its own reading
    birth: str = field(default="", repr=False)
    birth_month: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    email_local: str = field(default="", repr=False)  # of an address that cannot be used
    mobiles: frozenset[str] = field(default=frozenset(), repr=False)
    landlines: frozenset[str] = field(default=frozenset(), repr=False)
    broken_mobile: str = field(default="", repr=False)
    postal: str = field(default="", repr=False)
    place: str = field(default="", repr=False)
    room: str = field(default="", repr=False)
    sns: str = field(default="", repr=False)
    sex: str = field(default="", repr=False)
    company: str = field(default="", repr=False)
    source_id: str = field(default="", repr=False)


def person_of(row: NormalisedRow, *, source: str = "") -> Person:
    """The keys of a normalised row of a register, a branch list or a web form."""
    return person_from(row.values, row=row.number, source=source, hints=row.hints)


def person_from(
    values: Mapping[str, str | None],
    *,
    row: int,
    source: str = "",
    hints: Mapping[str, str] | None = None,
) -> Person:
    """The keys of canonical values by column name, as stored or as just read."""
    known = {name: value for name, value in values.items() if value}
    hinted = hints or {}
    name, kana = known.get("name", ""), known.get("kana", "")
    kana_only = is_kana_only(name)
    family, given = name_parts(name) if " " in name else ("", "")
    phones = [known[c] for c in ("mobile", "phone") if c in known]
    address = address_key(known.get("address", ""))
    return Person(
        row=row,
        source=source,
        full=name_key(name),
        family=family,
        given=given,
        latin=latin_key(name) if _is_latin(name) else "",
        romaji=_romaji(name) if _is_latin(name) else (),
        lossy=is_lossy(name),
        **_reading(kana or (normalise_kana(name, name=name).value or "" if kana_only else "")),
        kana_only=kana_only,
        birth=known.get("birth_date", ""),
        birth_month=known.get("birth_date", "")[:7] or hinted.get("birth_date", ""),
        email=_undotted(known.get("email", "")),
        email_local=hinted.get("email", ""),
        mobiles=frozenset(p for p in phones if _is_mobile(p)),
        landlines=frozenset(p for p in phones if not _is_mobile(p)),
        broken_mobile=hinted.get("mobile", "") or _broken_mobile(hinted.get("phone", "")),
        postal=known.get("postal_code", ""),
        place=address.place if address.numbers else "",
        room=address.room,
        sns=_handle(known.get("sns", "")),
        sex=known.get("sex", ""),
        company=company_key(known.get("company_name", "")),
        source_id=known.get("customer_id", ""),
    )


def _reading(kana: str) -> dict[str, str]:
    """Keys of a reading: whole, family and given when a space tells them apart."""
    family, _, given = kana.partition(" ")
    return {
        "kana": kana_key(kana),
        "kana_family": kana_key(family) if given else "",
        "kana_given": kana_key(given),
    }


def _romaji(name: str) -> tuple[frozenset[str], ...]:
    """How each word of a Latin name can be read, without the long vowels that romaji leave out."""
    words = [readings(word) for word in name.split()]
    return tuple(frozenset(passport(way.kana) for way in ways if not way.begun) for ways in words)


def _is_latin(name: str) -> bool:
    return any(c.isalpha() for c in name) and all(ord(c) < 0x250 for c in name)  # noqa: PLR2004 -- end of Latin Extended-B


def _is_mobile(phone: str) -> bool:
    """A personal number: Japanese mobiles; abroad the plan does not tell."""
    return phone.startswith(_MOBILE) or not phone.startswith(_JAPAN)


def _broken_mobile(digits: str) -> str:
    return digits if digits.startswith(("070", "080", "090")) else ""


def _undotted(email: str) -> str:
    """An address without the dots that systems add or drop before the @."""
    local, at, host = email.partition("@")
    return re.sub(r"\.{2,}", ".", local).strip(".") + at + host


def _handle(account: str) -> str:
    """A social account without its sign; formulas are no accounts."""
    plain = name_key(account).lstrip("@")
    return plain if plain and not any(c in plain for c in '=("|') else ""
