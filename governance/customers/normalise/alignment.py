"""Rows with a wrong number of cells: cut at the end, run over at the end, or shifted inside."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from enum import StrEnum

from governance.customers.normalise.chars import hyphenated, is_absent
from governance.customers.normalise.dates import normalise_date
from governance.customers.normalise.values import (
    normalise_boolean,
    normalise_money,
    normalise_number,
    normalise_sex,
)
from governance.customers.types import FieldKind, ProblemKind

PROOF = 2  # cells that must fit better elsewhere; one may be dirt


class Alignment(StrEnum):
    """What a wrong count of cells means for the cells that are there."""

    WHOLE = "whole"  # the count is right
    OVERFLOW = "overflow"  # the last, free column was split; all others stand in their place
    TRUNCATED = "truncated"  # the row ends early; what is there stands in its place
    SHIFTED = "shifted"  # a cell in the middle was split or lost: the row cannot be read


def alignment(cells: Sequence[str], kinds: Sequence[FieldKind]) -> Alignment:
    """Where the surplus or missing cells are, judged by what typed columns hold."""
    extra = len(cells) - len(kinds)
    if extra == 0:
        return Alignment.WHOLE
    straight = misfits(cells, kinds)
    if extra > 0:
        best = min(
            (misfits((*cells[:k], *cells[k + extra :]), kinds) for k in range(len(kinds))),
            default=straight,
        )
        return Alignment.SHIFTED if straight - best >= PROOF else Alignment.OVERFLOW
    gap = ("",) * -extra
    best = min(misfits((*cells[:k], *gap, *cells[k:]), kinds) for k in range(len(cells) + 1))
    return Alignment.SHIFTED if straight - best >= PROOF else Alignment.TRUNCATED


def misfits(cells: Sequence[str], kinds: Sequence[FieldKind]) -> int:
    """How many written cells cannot belong to the column that they stand in."""
    return sum(
        not _fits(cell, kind)
        for cell, kind in zip(cells, kinds, strict=False)
        if not is_absent(cell)
    )


def _fits(cell: str, kind: FieldKind) -> bool:
    """True unless the cell plainly is something else than its column."""
    judge = _JUDGES.get(kind)
    return judge is None or judge(hyphenated(cell).strip())


def _mostly_digits(plain: str) -> bool:
    """Digits and the signs between them are at least half of the cell."""
    return sum(c.isdigit() or c in "+-(). " for c in plain) * 2 >= len(plain)


def _like_address(plain: str) -> bool:
    """Something that could stand before or behind an @."""
    return "@" in plain or (plain.isascii() and not _mostly_digits(plain))


def _like_date(plain: str) -> bool:
    """Read as a date, possible or not."""
    return ProblemKind.DATE_UNPARSEABLE not in normalise_date(plain, at=date.max).problems


def _like_words(plain: str) -> bool:
    """Neither an address of mail nor a number."""
    return "@" not in plain[1:] and not _mostly_digits(plain)


_JUDGES: Mapping[FieldKind, Callable[[str], bool]] = {
    FieldKind.PHONE: _mostly_digits,
    FieldKind.POSTAL: _mostly_digits,
    FieldKind.EMAIL: _like_address,
    FieldKind.DATE: _like_date,
    FieldKind.BIRTH_DATE: _like_date,
    FieldKind.NAME: _like_words,
    FieldKind.KANA: _like_words,
    FieldKind.ADDRESS: _like_words,
    FieldKind.COMPANY_NAME: _like_words,
    FieldKind.SEX: lambda plain: normalise_sex(plain).value is not None,
    FieldKind.BOOLEAN: lambda plain: normalise_boolean(plain).value is not None,
    FieldKind.MONEY: lambda plain: normalise_money(plain).value is not None,
    FieldKind.NUMBER: lambda plain: normalise_number(plain).value is not None,
}
