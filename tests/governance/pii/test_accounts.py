"""Insurance cards and bank accounts in the notations that people and forms use: floors.

The texts were written for these two kinds; the rules were mended on them, so that they guard
against loss and say little about other texts.
"""

from pathlib import Path
from typing import Final

import pytest

from governance.pii.corpus.reading import read_part
from governance.pii.corpus.scoring import Scores
from governance.pii.engine import Analyzer
from governance.pii.types import Entity

KINDS: Final = frozenset({Entity.HEALTH_INSURANCE, Entity.BANK_ACCOUNT})
FLOOR: Final = 0.95


@pytest.fixture(scope="module")
def scores(rules: Analyzer) -> Scores:
    scores = Scores(entities=KINDS)
    for text in read_part(Path(__file__).parent / "data" / "accounts"):
        scores.add(text, rules.analyze(text.text))
    return scores


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_numbers_of_cards_and_accounts_reach_their_floor(scores: Scores, kind: Entity) -> None:
    assert (scores.strict[kind].f1 or 0) >= FLOOR


@pytest.mark.parametrize(
    "text",
    [
        "製品記号 AX-3、番号 4021 の部品を3個。",
        "口座開設キャンペーン番号 2026031、先着5000名。",
        "口座振替日は毎月27日、初回は20260427。",
        "国債 記号 第370回 番号 00124 は満期。",
        "雇用保険被保険者番号 1301-234567-8 は会社で管理。",
    ],
)
def test_numbers_of_other_things_are_neither(rules: Analyzer, text: str) -> None:
    assert not [span for span in rules.analyze(text) if span.entity in KINDS]
