"""The search for the best tags beside the plain one, the words of a view, and what rules told."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.pii.document import Document
from governance.pii.engine import Analyzer, Finding
from governance.pii.learned.lattice import Lattice
from governance.pii.learned.tags import TAGS, legal
from governance.pii.learned.told import told_of
from governance.pii.learned.view import view_of
from governance.pii.recognisers.registry import ruled
from governance.pii.resolve import resolve
from governance.pii.sudachi import tokens_of
from governance.pii.types import Entity, Reason, Span

SIGNS = 4  # of a piece; the plain search tries every way


def name(start: int, end: int, score: float, reason: Reason) -> Span:
    return Span(start=start, end=end, entity=Entity.PERSON, score=score, reason=reason)


def finding(span: Span) -> Finding:
    return Finding("PERSON", span.start, span.end, span.score, recognition_metadata={"span": span})


@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(1, SIGNS), min_size=1, max_size=3),
)
def test_search_finds_the_best_way_and_its_probabilities(seed: int, sizes: list[int]) -> None:
    draw = np.random.default_rng(seed)
    tags = 5  # outside and two classes
    scores = draw.normal(size=(sum(sizes), TAGS)).astype(np.float32)
    scores[:, tags:] = -1e4
    moves = draw.normal(size=(TAGS, TAGS)).astype(np.float32)
    moves[~legal()] = -1e4
    begins = [sum(sizes[:place]) for place in range(len(sizes))]
    lattice = Lattice(scores, np.array((begins, sizes)))
    best = lattice.best(moves)
    marginals = lattice.marginals(moves, of=best)
    places = list(lattice.places())
    assert [(begin, size) for begin, _, size in places] == list(zip(begins, sizes, strict=True))
    for begin, at, size in places:
        ways = list(product(range(tags), repeat=size))
        sums = np.array([_sum(scores[begin : begin + size], moves, way) for way in ways])
        chosen = tuple(best[at : at + size].tolist())
        assert sums[ways.index(chosen)] == pytest.approx(sums.max(), abs=1e-3)
        share = np.exp(sums - sums.max())
        share /= share.sum()
        for place in range(size):
            agree = np.array([way[place] == best[at + place] for way in ways])
            assert marginals[at + place] == pytest.approx(share[agree].sum(), abs=1e-3)


def _sum(scores: np.ndarray, moves: np.ndarray, way: tuple[int, ...]) -> float:
    steps = [moves[a, b] for a, b in pairwise((0, *way, 0))]
    return float(sum(steps) + sum(scores[at, tag] for at, tag in enumerate(way)))


@pytest.mark.parametrize(
    "text",
    [
        "佐藤様\nﾀﾅｶ ﾊﾅｺ\n東京都北区に住む鈴木さん",
        "ﾔﾏﾀﾞ様\n氏 名 丸 山 清 美\n以上",
        "一行だけのｶﾞﾊﾟｵ",
        "前の行\n\nﾃｽﾄ\n\n後の行",
    ],
)
def test_words_of_a_view_are_those_of_its_text(text: str) -> None:
    view = view_of(text)
    assert view is not None
    assert [(w.start, w.end, w.pos) for w in view.tokens(tokens_of(text))] == [
        (w.start, w.end, w.pos) for w in tokens_of(view.text)
    ]


def test_rules_are_asked_once_for_a_text() -> None:
    document = Document("担当：田中 一郎 様 090-0000-0000", "ja")
    found = ruled(document)
    assert {span.entity for span in found} == {Entity.PERSON, Entity.PHONE}
    document.findings["person"] = ()
    assert {span.entity for span in ruled(document)} == {Entity.PHONE}


def test_signs_tell_what_the_rules_found_there() -> None:
    told = told_of(6, [name(1, 4, 0.9, Reason.LABEL)])
    assert told.coarse[0] == told.coarse[4] == 0
    assert told.coarse[1] != told.coarse[2] == told.coarse[3]
    other = told_of(6, [name(1, 4, 0.5, Reason.SURNAME)])
    assert (told.coarse == other.coarse).all()
    assert (told.fine != other.fine).any()


def test_bounds_of_the_tagger_stay_beside_a_wider_name_of_the_rules() -> None:
    rule, seen = name(0, 6, 0.9, Reason.FULL_NAME), name(2, 6, 0.7, Reason.LEARNED)
    assert not finding(seen).contained_in(finding(rule))
    inner = name(2, 6, 0.7, Reason.SURNAME)
    assert finding(inner).contained_in(finding(rule))


def test_a_doubtful_name_of_the_rules_needs_the_word_of_the_tagger() -> None:
    doubtful, sure = name(0, 2, 0.6, Reason.SURNAME), name(3, 5, 0.95, Reason.HONORIFIC)
    assert resolve([doubtful, sure], 6) == (doubtful, sure)
    assert resolve([doubtful, sure], 6, alone=0.9) == (sure,)
    seen = name(0, 2, 0.5, Reason.LEARNED)
    kept = resolve([doubtful, sure, seen], 6, alone=0.9)
    assert [(span.start, span.end) for span in kept] == [(0, 2), (3, 5)]


def test_rules_alone_need_nobodys_word(rules: Analyzer) -> None:
    assert rules.analyze("古川です。明日うかがいます。")
