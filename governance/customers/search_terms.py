"""Search forms of values: what of a value is indexed, what of a query is looked for, what is true.

Pure. An index token says "perhaps", so each form also says whether an opened value really is
what was asked (`level`). A form folds what people write differently (width, kana, variant kanji,
丁目, +81), and the version of an index key pins the folding that its tokens were made under.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final

from governance.core.terms import FieldId
from governance.crypto.index import (
    GRAM,
    PREFIX_MOST,
    TermKind,
    exact_terms,
    gram_terms,
    prefix_query,
    prefix_terms,
    suffix_query,
    term,
)
from governance.customers.normalise.chars import fold_width, hyphenated, no_spaces
from governance.customers.normalise.companies import company_key, normalise_corporate_number
from governance.customers.normalise.email import normalise_email
from governance.customers.normalise.kana import kana_key
from governance.customers.normalise.names import latin_key, name_key
from governance.customers.normalise.phone import normalise_phone
from governance.customers.normalise.romaji import Reading, is_romaji, readings
from governance.customers.normalise.sounds import large_kana, long_vowels, passport, sound
from governance.customers.search_addresses import address_keys

LAST_DIGITS: Final = 4  # of a telephone number
POSTAL_AREA: Final = 3  # digits of a postal code's area
GRAM_LEAST: Final = GRAM  # characters; one alone says nothing
LATIN_END: Final = "\u0250"  # the first character after Latin Extended-B


class Form(StrEnum):
    """How the values of a field are written and compared."""

    NAME = "name"
    READING = "reading"
    PHONE = "phone"
    EMAIL = "email"
    POSTAL = "postal"
    ADDRESS = "address"
    COMPANY = "company"  # with or without its legal form
    CORPORATE = "corporate"  # 法人番号
    WORD = "word"  # an id, or anything without rules of its own


class Level(IntEnum):
    """How much of a value a query is; the smaller, the higher its row stands."""

    EXACT = 0
    EDGE = 1  # begins with it; a telephone number ends with it
    PART = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Terms of one kind that a row must have, all of them, to be looked at on this level."""

    level: Level
    kind: TermKind
    terms: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query in the form of a field: where to look, and what is true of an opened value."""

    lookups: tuple[Lookup, ...]
    level: Callable[[str], Level | None] = field(repr=False)


FORM_OF: Final[Mapping[str, Form]] = {  # by column, where no field of its own is named
    "company.name": Form.COMPANY, "company.corporate_number": Form.CORPORATE,
    "name": Form.NAME, "representative": Form.NAME, "contact_name": Form.NAME,
    "guardian_name": Form.NAME, "recipient_name": Form.NAME, "company_name": Form.NAME,
    "kana": Form.READING,
    "phone": Form.PHONE, "mobile": Form.PHONE, "fax": Form.PHONE, "contact_phone": Form.PHONE,
    "email": Form.EMAIL, "contact_email": Form.EMAIL,
    "postal_code": Form.POSTAL,
    "address": Form.ADDRESS, "recipient_address": Form.ADDRESS,
}  # fmt: skip
_PREFIX_LEAST: Final[Mapping[Form, int]] = {  # characters; below, a prefix names half the table
    Form.NAME: 1, Form.COMPANY: 1, Form.READING: 2, Form.EMAIL: 3, Form.WORD: 2,
}  # fmt: skip


def form_of(field_id: FieldId) -> Form:
    """The form of a catalogue field."""
    return FORM_OF.get(field_id) or FORM_OF.get(field_id.partition(".")[2], Form.WORD)


# What is stored


def stored_pieces(
    form: Form, value: str, kinds: Iterable[TermKind]
) -> Iterator[tuple[TermKind, Iterable[str]]]:
    """The pieces of a value that are indexed, kind by kind; a piece may come twice."""
    keys = stored_keys(form, value)
    for kind in kinds:
        yield kind, _pieces(form, kind, keys)


def stored_terms(form: Form, value: str, kinds: Iterable[TermKind]) -> dict[TermKind, list[bytes]]:
    """The terms of a value by kind, each once; a kind without a term has no key."""
    found = {
        kind: [term(kind, piece) for piece in dict.fromkeys(pieces)]
        for kind, pieces in stored_pieces(form, value, kinds)
    }
    return {kind: terms for kind, terms in found.items() if terms}


def stored_keys(form: Form, value: str) -> tuple[str, ...]:
    """The forms under which a value is indexed; the first is its own."""
    match form:
        case Form.NAME:
            return _distinct(name_key(value), _turned(value))
        case Form.READING:
            key = kana_key(value)
            return _distinct(key, sound(value))
        case Form.ADDRESS:
            return _distinct(*address_keys(value))
        case Form.COMPANY:
            return _distinct(_company(value))
        case Form.PHONE | Form.EMAIL | Form.POSTAL | Form.CORPORATE | Form.WORD:
            return (value.casefold(),)


def _pieces(form: Form, kind: TermKind, keys: tuple[str, ...]) -> Iterable[str]:
    if kind is TermKind.EXACT:
        return keys
    if form is Form.NAME:
        keys = keys[:1]  # a Latin name turned around is found whole
    if kind is TermKind.GRAM:
        last = GRAM_LEAST - 1
        return [key[at : at + GRAM_LEAST] for key in keys for at in range(len(key) - last)]
    if kind is TermKind.SUFFIX:
        return [key[-LAST_DIGITS:] for key in keys if len(key) > LAST_DIGITS]
    if form is Form.POSTAL:
        return [key[:POSTAL_AREA] for key in keys if key[:POSTAL_AREA].isdecimal()]
    least = _PREFIX_LEAST.get(form, 1)
    return [key[:end] for key in keys for end in range(least, min(len(key), PREFIX_MOST + 1))]


def _distinct(*keys: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for key in keys if key))


def _turned(name: str) -> str:
    """A Latin name whichever of its words comes first; nothing for other names."""
    words = fold_width(name).split()
    return latin_key(name) if len(words) > 1 and all(c < LATIN_END for c in name) else ""


def _company(name: str) -> str:
    """A company's name without 株式会社, ㈱ or Inc., marks and width, in one kind of kana."""
    return name_key(company_key(name)) or name_key(name)


# What is asked


def asked(form: Form, query: str) -> Asked | None:
    """The query in the form of a field; None when it cannot be a value of it, or part of one."""
    return _ASKED[form](query)


def _asked_name(query: str) -> Asked | None:
    key, turned = name_key(query), _turned(query)
    if not key:
        return None

    def level(value: str) -> Level | None:
        if turned and turned == _turned(value):
            return Level.EXACT
        return _relation(key, name_key(value))

    whole = [*exact_terms(key), *(exact_terms(turned) if turned else ())]
    return Asked(lookups=(*_whole(whole), *_edge(key, Form.NAME), *_parts([key])), level=level)


def _asked_company(query: str) -> Asked | None:
    key = _company(query)
    if not key:
        return None
    return Asked(
        lookups=_everywhere((key,), Form.COMPANY),
        level=lambda value: _relation(key, _company(value)),
    )


def _asked_corporate(query: str) -> Asked | None:
    return _asked_number(normalise_corporate_number(query.upper().removeprefix("T")).value)


def _asked_number(number: str | None) -> Asked | None:
    """A number that is looked for whole or not at all."""
    if number is None:
        return None
    return Asked(
        lookups=_whole(exact_terms(number)),
        level=lambda value: Level.EXACT if value == number else None,
    )


def _asked_reading(query: str) -> Asked | None:
    return _asked_romaji(query) if is_romaji(query) else _asked_kana(query)


def _asked_kana(query: str) -> Asked | None:
    key, heard = kana_key(query), sound(query)
    plain, drawn = large_kana(query), long_vowels(query)
    if not key or not all("ァ" <= c <= "ヿ" for c in key):
        return None

    def level(value: str) -> Level | None:
        found = (_relation(plain, large_kana(value)), _relation(drawn, long_vowels(value)))
        return min((one for one in found if one is not None), default=None)

    keys = _distinct(key, heard)
    return Asked(lookups=_everywhere(keys, Form.READING), level=level)


def _asked_romaji(query: str) -> Asked | None:
    words = query.split()
    orders = (query, " ".join(reversed(words))) if len(words) == 2 else (query,)  # noqa: PLR2004 -- family and given name
    found = [reading for order in orders for reading in readings(order)]
    if not found:
        return None

    def level(value: str) -> Level | None:
        levels = [_spoken(reading, value) for reading in found]
        return min((one for one in levels if one is not None), default=None)

    whole = _keys_of(reading.kana for reading in found if not reading.begun)
    begun = _keys_of(r.kana + first for r in found if r.begun for first in sorted(r.begun))
    exact = [one for key in whole for one in exact_terms(key)]
    keys = (*whole, *begun)
    edges = [lookup for key in keys for lookup in _edge(key, Form.READING)]
    ends = [
        Lookup(level=Level.EDGE, kind=TermKind.EXACT, terms=(one,))
        for key in begun
        for one in exact_terms(key)
    ]
    lookups = (*_whole(exact), *edges, *ends, *_parts(keys))
    return Asked(lookups=lookups, level=level) if lookups else None


def _keys_of(kana: Iterable[str]) -> tuple[str, ...]:
    return _distinct(*(key for one in kana for key in (kana_key(one), sound(one))))


def _spoken(reading: Reading, value: str) -> Level | None:
    """How a reading spelled in Latin letters is in a value: long vowels do not tell (旅券)."""
    levels = []
    for key, heard in (
        (kana_key(reading.kana), kana_key(value)),
        (passport(reading.kana), passport(value)),
    ):
        found = _relation(key, heard)
        if found is None or not reading.begun:
            levels.append(found)
            continue
        follows = {heard[at : at + 1] for at in range(len(key), len(heard) + 1)
                   if heard.endswith(key, 0, at)}  # fmt: skip
        if heard.startswith(key) and heard[len(key) : len(key) + 1] in reading.begun:
            levels.append(Level.EDGE)
        elif follows & reading.begun:
            levels.append(Level.PART)
    return min((one for one in levels if one is not None), default=None)


def _asked_phone(query: str) -> Asked | None:
    plain = no_spaces(hyphenated(query))
    if plain.isdecimal() and len(plain) == LAST_DIGITS:
        lookup = Lookup(level=Level.EDGE, kind=TermKind.SUFFIX, terms=suffix_query(plain))
        return Asked(
            lookups=(lookup,),
            level=lambda value: Level.EDGE if value.endswith(plain) else None,
        )
    return _asked_number(normalise_phone(query).value)


def _asked_email(query: str) -> Asked | None:
    address = normalise_email(query).value
    key = address or no_spaces(hyphenated(query)).casefold()
    if not key.isascii():
        return None
    edge = _edge(key, Form.EMAIL)
    if address is None and not edge:
        return None

    def level(value: str) -> Level | None:
        found = _relation(key, value.casefold())
        return None if found is Level.PART else found

    return Asked(lookups=(*_whole(exact_terms(key)), *edge), level=level)


def _asked_postal(query: str) -> Asked | None:
    digits = no_spaces(hyphenated(query)).lstrip("〒〶").replace("-", "")
    if not digits.isdecimal() or not POSTAL_AREA <= len(digits) <= 7:  # noqa: PLR2004 -- of a whole code
        return None
    if len(digits) == 7:  # noqa: PLR2004 -- of a whole code
        lookups = _whole(exact_terms(f"{digits[:3]}-{digits[3:]}"))
    else:
        area = prefix_query(digits[:POSTAL_AREA])
        lookups = (Lookup(level=Level.EDGE, kind=TermKind.PREFIX, terms=area),)

    def level(value: str) -> Level | None:
        found = _relation(digits, value.replace("-", ""))
        return None if found is Level.PART else found

    return Asked(lookups=lookups, level=level)


def _asked_address(query: str) -> Asked | None:
    keys = _distinct(*address_keys(query))
    lookups = _parts([key.strip("-") for key in keys])

    def level(value: str) -> Level | None:
        held = address_keys(value)
        found = (_relation(key.strip("-"), other) for key in keys for other in held)
        return Level.PART if any(one is not None for one in found) else None

    return Asked(lookups=lookups, level=level) if lookups else None


def _asked_word(query: str) -> Asked | None:
    keys = _distinct(query.strip().casefold(), no_spaces(hyphenated(query)).casefold())
    if not keys:
        return None

    def level(value: str) -> Level | None:
        found = (_relation(key, value.casefold()) for key in keys)
        return min((one for one in found if one is not None), default=None)

    return Asked(lookups=_everywhere(keys, Form.WORD), level=level)


_ASKED: Final[Mapping[Form, Callable[[str], Asked | None]]] = {
    Form.NAME: _asked_name,
    Form.READING: _asked_reading,
    Form.PHONE: _asked_phone,
    Form.EMAIL: _asked_email,
    Form.POSTAL: _asked_postal,
    Form.ADDRESS: _asked_address,
    Form.COMPANY: _asked_company,
    Form.CORPORATE: _asked_corporate,
    Form.WORD: _asked_word,
}


def _everywhere(keys: tuple[str, ...], form: Form) -> tuple[Lookup, ...]:
    whole = [one for key in keys for one in exact_terms(key)]
    edges = [lookup for key in keys for lookup in _edge(key, form)]
    return (*_whole(whole), *edges, *_parts(keys))


def _whole(terms: Iterable[bytes]) -> tuple[Lookup, ...]:
    return tuple(
        Lookup(level=Level.EXACT, kind=TermKind.EXACT, terms=(one,)) for one in dict.fromkeys(terms)
    )


def _edge(key: str, form: Form) -> tuple[Lookup, ...]:
    """Rows whose value begins with the key and goes on.

    They have the shorter beginnings, too: few rows share a cut token of each by chance.
    """
    terms = prefix_terms(key, least=_PREFIX_LEAST.get(form, 1))[::-1]
    return (Lookup(level=Level.EDGE, kind=TermKind.PREFIX, terms=terms),) if terms else ()


def _parts(keys: Iterable[str]) -> tuple[Lookup, ...]:
    """Rows with all pairs of a key; one pair alone is looked up only where no key has more."""
    wanted = [key for key in dict.fromkeys(keys) if len(key) >= GRAM_LEAST]
    longer = [key for key in wanted if len(key) > GRAM_LEAST]
    return tuple(
        Lookup(level=Level.PART, kind=TermKind.GRAM, terms=gram_terms(key))
        for key in longer or wanted
    )


def _relation(key: str, value: str) -> Level | None:
    if not key or key not in value:
        return None
    if key == value:
        return Level.EXACT
    return Level.EDGE if value.startswith(key) else Level.PART
