"""Terms of the statutes are explained on the pages where they occur, in both languages."""

import pytest

from governance.console.glossary import TERMS, every_term, terms_of
from governance.console.menu import MENU
from governance.core.terms import Lang
from governance.i18n.catalogue import domain

PARTS = ("", ".text", ".article")


@pytest.mark.parametrize("lang", list(Lang))
def test_every_term_has_its_words_its_meaning_and_its_article_and_is_used(lang: Lang) -> None:
    told = {key for key in domain("terms", lang) if key != "terms.here"}
    assert told == {f"terms.{name}{part}" for name in every_term() for part in PARTS}


def test_each_place_is_one_of_the_menu_and_its_pages_have_its_terms() -> None:
    places = {place.href for _, places in MENU for place in places}
    assert set(TERMS) <= places
    assert terms_of("/console/holds/2026-A") == TERMS["/console/holds"]
    assert terms_of("/console/holdsomething") == ()
