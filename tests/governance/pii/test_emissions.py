"""Scores of signs: the sums of the weights of all features, whatever the table of forms holds."""

import numpy as np
import pytest
from numpy.typing import NDArray

from governance.pii.document import Document
from governance.pii.engine import Analyzer
from governance.pii.learned import emissions, forms
from governance.pii.learned.emissions import Emissions
from governance.pii.learned.features import FORMS, columns_of, features_of, together
from governance.pii.learned.shipped import chosen
from governance.pii.learned.tags import TAGS
from governance.pii.learned.told import told_of
from governance.pii.learned.weights import Weights
from governance.pii.types import OWN_MODEL

TEXTS = ("10:12 杉山様 折返し要", "担当：櫟本→楡課長", "Naomi rang.", "森")


@pytest.fixture(scope="module")
def weights() -> Weights:
    found = chosen(OWN_MODEL)
    assert found is not None
    return found


def summed(
    keys: NDArray[np.int32], rows: NDArray[np.int8], features: NDArray[np.int32]
) -> NDArray[np.int64]:
    known = {key: row.astype(np.int64) for key, row in zip(keys.tolist(), rows, strict=True)}
    nothing = np.zeros(rows.shape[1], dtype=np.int64)
    return np.array([sum((known.get(one, nothing) for one in row), nothing) for row in features])


def test_scores_are_the_sums_of_the_weights_of_all_features(weights: Weights) -> None:
    documents = [Document(text, "ja") for text in TEXTS]
    nothing = [told_of(len(text), ()) for text in TEXTS]
    read = [
        (document.text, document.tokens, told)
        for document, told in zip(documents, nothing, strict=True)
    ]
    scores = Emissions(weights).of(together([columns_of(*one) for one in read]))
    at = 0
    for one in read:
        found = features_of(*one)
        words = summed(weights.word_keys, weights.word_rows, found.words) * weights.word_step
        signs = summed(weights.sign_keys, weights.sign_rows, found.signs) * weights.sign_step
        expected = words.reshape(-1, TAGS)[2 * found.word_of + found.inside] + signs
        assert scores[at : at + len(signs)] == pytest.approx(expected, abs=1e-4)
        at += len(signs)
    assert at == len(scores)


def test_full_table_of_forms_begins_anew_with_the_same_answers(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = [analyzer.analyze(text) for text in TEXTS]
    begun = FORMS.begun
    for module in (forms, emissions):
        monkeypatch.setattr(module, "MAX_FORMS", 8)
    assert [analyzer.analyze(text) for text in TEXTS] == expected
    assert FORMS.begun > begun
