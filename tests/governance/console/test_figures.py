"""Kinds of problems are told without the places that only one row has."""

import pytest

from governance.console.import_facts import problem_name
from governance.core.terms import Lang
from governance.i18n.catalogue import domain

SHOWN = "customers.problem."


@pytest.mark.parametrize("lang", list(Lang))
def test_no_kind_of_problem_shows_an_empty_place(lang: Lang) -> None:
    kinds = [key.removeprefix(SHOWN) for key in domain("customers", lang) if key.startswith(SHOWN)]
    assert len(kinds) > 10
    said = {kind: problem_name(kind, lang) for kind in kinds}
    assert {kind: words for kind, words in said.items() if set("{}…") & set(words)} == {}
