"""The form as facts: it counts only what is known, and speaks of the right that was chosen."""

import pytest

from dsar.intake.rules import Question, answer_faults, questions
from dsar.intake.types import StopGround
from dsar.types import Delivery, RequestKind
from governance.core.terms import Lang
from governance.portal.requests.asked import asked

EUROPE = {"home": "europe", "right": "portability", "delivery": "post"}
STOP = {"home": "japan", "right": "provision_stop", "ground": "other"}


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("who", ["self", "mandated_agent"])
@pytest.mark.parametrize("kind", RequestKind)
def test_a_total_that_was_shown_stays_and_no_place_goes_back(
    kind: RequestKind, who: str, *, known: bool
) -> None:
    answers, told = dict[str, str](), list[tuple[int, int | None]]()
    given = {"home": "europe", "right": kind.value, "who": who}
    while (page := questions(answers, known=known))[len(told)] is not Question.CHECK:
        name = page[len(told)]
        seen = asked(name, answers, Lang.JA, known=known, wrong=False)
        told.append((seen.place, seen.of))
        if name in given:
            answers[name] = given[name]
    places, totals = [place for place, _ in told], {of for _, of in told if of is not None}
    assert places == list(range(1, len(told) + 1))
    assert totals <= {len(questions(answers, known=known))}


@pytest.mark.parametrize("lang", Lang)
def test_data_to_take_elsewhere_go_on_a_medium_and_never_on_paper(lang: Lang) -> None:
    page = asked(Question.DELIVERY, EUROPE, lang, known=True, wrong=False)
    copy = asked(Question.DELIVERY, EUROPE | {"right": "access"}, lang, known=True, wrong=False)
    for here, there in zip(page.options, copy.options, strict=True):
        same = here.value == Delivery.DOWNLOAD
        assert (here.label == there.label, here.hint == there.hint) == (same, same)


def test_a_ground_in_ones_own_words_needs_them() -> None:
    answers = STOP | {"scope": "everything"}
    assert answer_faults(Question.DATA, answers) == (("words", "missing"),)
    assert answer_faults(Question.DATA, answers | {"ground": StopGround.LEAK}) == ()
    assert answer_faults(Question.DATA, answers | {"right": "disclosure"}) == ()
    assert asked(Question.DATA, answers, Lang.JA, known=True, wrong=False).words_needed
