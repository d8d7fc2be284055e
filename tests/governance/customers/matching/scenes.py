"""What happens to registers: a person entered again as life goes on, and people who look alike."""

from collections.abc import Callable
from datetime import date
from random import Random

import jaconv

from tests.governance.customers.matching.invented import FAMILIES, GIVENS

Row = dict[str, str | None]
Scene = Callable[[Random, Row], Row]


def person(draw: Random) -> Row:
    """Somebody invented (架空), with every field that a comparison looks at."""
    family, given = draw.choice(FAMILIES), draw.choice(GIVENS)
    day = date(draw.randint(1940, 2005), draw.randint(1, 12), draw.randint(1, 28))
    house = f"{draw.randint(1, 9)}-{draw.randint(1, 30)}-{draw.randint(1, 20)}"
    return {
        "customer_id": f"C{draw.randrange(10**6):06}",
        "name": f"{family[0]} {given[0]}",
        "kana": f"{family[1]} {given[1]}",
        "birth_date": day.isoformat(),
        "postal_code": f"{draw.randint(100, 999)}-{draw.randint(0, 9999):04}",
        "address": f"架空県北市{draw.choice('東西南北')}町{house}",
        "phone": f"+8145{draw.randint(1_000_000, 9_999_999)}",
        "mobile": f"+8190{draw.randint(10_000_000, 99_999_999)}",
        "email": f"u{draw.randint(10**5, 10**6)}@example.com",
        "sex": draw.choice(("male", "female")),
    }


def but(draw: Random, row: Row, *fresh: str, gone: tuple[str, ...] = (), **given: str) -> Row:
    """The row under another number: these fields new, these empty, these as given."""
    other = person(draw)
    return (
        row
        | {"customer_id": other["customer_id"]}
        | {name: other[name] for name in fresh}
        | dict.fromkeys(gone)
        | given
    )


def _words(row: Row, column: str) -> list[str]:
    return str(row[column]).split(" ")


def _turned(draw: Random, row: Row) -> Row:
    names = {c: " ".join(reversed(_words(row, c))) for c in ("name", "kana")}
    return but(draw, row, **names)


def _renamed(draw: Random, row: Row, part: int) -> Row:
    """Another family name (0) or given name (1)."""
    pool = FAMILIES if part == 0 else GIVENS
    new = draw.choice([entry for entry in pool if entry[0] != _words(row, "name")[part]])
    made = {}
    for column, word in (("name", new[0]), ("kana", new[1])):
        words = _words(row, column)
        words[part] = word
        made[column] = " ".join(words)
    return but(draw, row, **made)


def _slip(draw: Random, row: Row, column: str) -> Row:
    """One digit of the field is another one; a day stays a day."""
    text = str(row[column])
    while True:
        at = draw.choice([i for i, c in enumerate(text) if c.isdigit()])
        made = text[:at] + str((int(text[at]) + draw.randint(1, 9)) % 10) + text[at + 1 :]
        try:
            if column == "birth_date":
                date.fromisoformat(made)
        except ValueError:
            continue
        return but(draw, row, **{column: made})


def _namesake(draw: Random, row: Row, *fresh: str) -> Row:
    """The parent of one name in the same house (襲名)."""
    year = int(str(row["birth_date"])[:4]) - 28
    return but(draw, row, *fresh, birth_date=f"{year}-05-05")


def _romaji(draw: Random, row: Row) -> Row:
    """The name as a card or a passport writes it: given name first, no reading."""
    family, given = (jaconv.kata2alphabet(word).title() for word in _words(row, "kana"))
    return but(draw, row, name=f"{given} {family}", gone=("kana",))


def _in_kana(draw: Random, row: Row, *, given: str | None = None) -> Row:
    """The name in kana alone, as a person or as a twin whose name is one kana off writes it."""
    family, own = _words(row, "kana")
    name = f"{family} {given or own}"
    return but(draw, row, name=name, kana=name)


def _one_off(row: Row) -> str:
    """A given name of which one kana is another: ジロウ for タロウ, ハルナ for ハルカ."""
    own = _words(row, "kana")[1]
    return ("ジ" if own[0] != "ジ" else "タ") + own[1:]


MOVE = ("address", "postal_code", "phone")
AGAIN: dict[str, Scene] = {
    "entered again": but,
    "moved house": lambda d, r: but(d, r, *MOVE),
    "moved, no birth date": lambda d, r: but(d, r, *MOVE, gone=("birth_date",)),
    "moved, new e-mail": lambda d, r: but(d, r, *MOVE, "email"),
    "moved, new mobile": lambda d, r: but(d, r, *MOVE, "mobile"),
    "married": lambda d, r: _renamed(d, r, 0),
    "married and moved": lambda d, r: but(d, _renamed(d, r, 0), *MOVE),
    "married, moved, new e-mail": lambda d, r: but(d, _renamed(d, r, 0), *MOVE, "email"),
    "married, new e-mail": lambda d, r: but(d, _renamed(d, r, 0), "email"),
    "name turned": _turned,
    "name turned, new e-mail": lambda d, r: but(d, _turned(d, r), "email"),
    "slip in the birth date": lambda d, r: _slip(d, r, "birth_date"),
    "slip in the birth date, new e-mail": lambda d, r: but(d, _slip(d, r, "birth_date"), "email"),
    "slip in the mobile": lambda d, r: _slip(d, r, "mobile"),
    "slip in the e-mail": lambda d, r: _slip(d, r, "email"),
    "name and mobile alone": lambda d, r: but(
        d, r, gone=("birth_date", "email", "address", "postal_code", "phone", "kana", "sex")
    ),
    "name and e-mail alone": lambda d, r: but(
        d, r, gone=("birth_date", "mobile", "address", "postal_code", "phone", "kana")
    ),
    "in romaji": _romaji,
    "in romaji, moved": lambda d, r: but(d, _romaji(d, r), *MOVE),
    "name in kana alone": lambda d, r: but(d, r, name=str(r["kana"]), gone=("email", "phone")),
}
OTHERS: dict[str, Scene] = {
    "sibling": lambda d, r: but(d, _renamed(d, r, 1), "birth_date", "mobile", "email"),
    "sibling with the family's e-mail": lambda d, r: but(
        d, _renamed(d, r, 1), "birth_date", "mobile"
    ),
    "child with the mother's contacts": lambda d, r: but(d, _renamed(d, r, 1), "birth_date"),
    "twin": lambda d, r: but(d, _renamed(d, r, 1), "mobile", "email"),
    "twin with the family's contacts": lambda d, r: _renamed(d, r, 1),
    "spouse without birth date": lambda d, r: but(d, _renamed(d, r, 1), gone=("birth_date",)),
    "father of one name": lambda d, r: _namesake(d, r, "mobile", "email"),
    "father of one name, shared e-mail": lambda d, r: _namesake(d, r, "mobile"),
    "father of one name, shared contacts": _namesake,
    "homonym": lambda d, r: person(d) | {"name": r["name"], "kana": r["kana"]},
    "homonym of one birth date": lambda d, r: (
        person(d) | {name: r[name] for name in ("name", "kana", "birth_date")}
    ),
    "homonym of one birth date and town": lambda d, r: (
        person(d) | {name: r[name] for name in ("name", "kana", "birth_date", "postal_code")}
    ),
    "recycled mobile": lambda d, r: person(d) | {"mobile": r["mobile"]},
    "twin in romaji with the family's contacts": lambda d, r: _romaji(d, _renamed(d, r, 1)),
    "spouse in romaji without birth date": lambda d, r: but(
        d, _romaji(d, _renamed(d, r, 1)), gone=("birth_date",)
    ),
    "child in kana, mother in kanji, no reading": lambda d, r: but(
        d, _renamed(d, r, 1), "birth_date", name="カクウ コドモ", gone=("kana",)
    ),
    "colleagues of one office": lambda d, r: (
        person(d) | {name: r[name] for name in ("email", "phone", "address", "postal_code")}
    ),
}
UNSURE: dict[str, Scene] = {  # nobody can know from the rows: a person decides
    "homonym of one birth date, moved or another": lambda d, r: (
        person(d) | {name: r[name] for name in ("name", "kana", "birth_date")}
    ),
    "father and son of one name in one house": lambda d, r: but(
        d, r, "mobile", "email", gone=("birth_date",)
    ),
    "father of one name, another birth date, shared contacts": _namesake,
    "twin whose reading is one kana off": lambda d, r: _in_kana(d, r, given=_one_off(r)),
    "twin with the family's contacts": lambda d, r: _renamed(d, r, 1),
    "mother and child by the mother's contacts": lambda d, r: but(
        d, r, name="カクウ コドモ", gone=("kana", "birth_date")
    ),
}
