"""What the pages of duplicates show: clusters of pairs, two rows side by side, merges."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from governance.console.person import HIDDEN, in_words
from governance.core.terms import FieldId, Lang, RowId, Treatment
from governance.customers.catalogue import catalogue
from governance.gateway.pairs import Pair, PairView, mergeable_fields
from governance.gateway.types import FieldView, RowView
from governance.http.principal import Principal
from governance.i18n.catalogue import text
from policies.snapshot import PolicySnapshot

HOME: Final = "/console/duplicates"


@dataclass(frozen=True, slots=True, kw_only=True)
class SideLine:
    """One field of both rows."""

    name: str
    label: str
    left: str = field(repr=False)
    right: str = field(repr=False)
    hidden: bool  # at least one of the two may not be seen
    same: bool
    choose: bool  # whose value stands can be said here


SHORT: Final = 6  # of a row's id, whose first part is a time


def clusters(pairs: Iterable[Pair]) -> Mapping[str, tuple[str, int]]:
    """For each pair the rows that hang together with it: a short name, and how many they are."""
    found = tuple(pairs)
    home: dict[str, str] = {}

    def root(row: str) -> str:
        while home.setdefault(row, row) != row:
            home[row] = home[home[row]]
            row = home[row]
        return row

    for pair in found:
        left, right = sorted((root(pair.left), root(pair.right)))
        home[right] = left
    sizes: dict[str, int] = {}
    for row in tuple(home):
        sizes[root(row)] = sizes.get(root(row), 0) + 1
    return {pair.id: (root(pair.left)[-SHORT:], sizes[root(pair.left)]) for pair in found}


def evidence_words(pair: Pair, lang: Lang) -> str:
    """What speaks for and against, the heaviest first."""
    return text("persons.and", lang).join(
        text(
            "upkeep.dup.for" if seen.weight >= 0 else "upkeep.dup.against",
            lang,
            what=text(seen.kind.text_key, lang),
        )
        for seen in pair.evidence
    )


def side_lines(
    view: PairView, principal: Principal, policy: PolicySnapshot, lang: Lang
) -> tuple[SideLine, ...]:
    """The two rows field by field; what differs first."""
    sides = _views(view.left), _views(view.right)
    able = mergeable_fields(principal, policy, view.pair.kind)
    lines = [
        _line(name, sides[0].get(name), sides[1].get(name), able, lang)
        for name in dict.fromkeys((*sides[0], *sides[1]))
    ]
    told = [one for one in lines if one.left or one.right or one.hidden]
    return tuple(sorted(told, key=lambda one: one.same))


def _views(row: RowView | None) -> dict[FieldId, FieldView]:
    shown = () if row is None else row.fields
    return {view.field: view for view in shown if view.field.partition(".")[2] not in HIDDEN}


def _line(
    name: FieldId,
    left: FieldView | None,
    right: FieldView | None,
    able: frozenset[FieldId],
    lang: Lang,
) -> SideLine:
    words = [in_words(one, lang) if one is not None else "" for one in (left, right)]
    kinds = {one.decision.treatment for one in (left, right) if one is not None}
    hidden = Treatment.WITHHELD in kinds
    same = words[0] == words[1] and not hidden and Treatment.MASKED not in kinds
    return SideLine(
        name=name,
        label=catalogue().fields[name].label(lang),
        left=words[0],
        right=words[1],
        hidden=hidden,
        same=same,
        choose=name in able and not same,
    )


def chosen_rows(sent: Mapping[str, str], pair: Pair) -> dict[FieldId, RowId]:
    """Whose value of which field stands, of a form's radios named `take.FIELD`."""
    rows = {"left": pair.left, "right": pair.right}
    return {
        FieldId(name.removeprefix("take.")): rows[value]
        for name, value in sent.items()
        if name.startswith("take.") and value in rows
    }
