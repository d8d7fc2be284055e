"""A table's columns side by side: what one says of the others.

Beside a name or a number of a person everything is said of that person (APPI Art. 2(1), GDPR
Art. 4(1)), unless a column's name or values prove that it is not; beside none, age and town alone
are no personal data.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from governance.pii import column_proof as proof
from governance.pii.column_names import announced
from governance.pii.types import ColumnLabel, Entity, Tie

_MOST: Final = 0.7  # share of values that prove a column harmless
_NAMES_NOBODY: Final = frozenset({Entity.ADDRESS, Entity.POSTAL_CODE, Entity.PHONE})  # shops too


def side_by_side(
    names: Sequence[str], samples: Sequence[Sequence[str]], labels: Sequence[ColumnLabel]
) -> tuple[ColumnLabel, ...]:
    """The labels of one table's columns, each with the tie that the others give it."""
    named = any(one.entity is not None and one.entity not in _NAMES_NOBODY for one in labels)
    tied = named or any(one.tie is Tie.POINTS or one.entity is not None for one in labels)
    return tuple(
        replace(label, tie=_tie(name, sample, label.tie, named=named, tied=tied))
        for name, sample, label in zip(names, samples, labels, strict=True)
    )


def _tie(name: str, sample: Sequence[str], tie: Tie, *, named: bool, tied: bool) -> Tie:
    if tie is Tie.DESCRIBES and not tied:
        return Tie.NONE
    if tie is Tie.NONE and named and sample and not _harmless(name, sample):
        return Tie.BESIDE
    return tie


def _harmless(name: str, sample: Sequence[str]) -> bool:
    """Whether the column's name or its values prove that it tells nothing of a person."""
    said = announced(name)
    if said.known and said.tie is Tie.NONE and not said.vague:
        return True
    harmless = (proof.is_state, proof.is_date, proof.is_organisation, proof.is_amount)
    return any(sum(map(holds, sample)) >= _MOST * len(sample) for holds in harmless)
