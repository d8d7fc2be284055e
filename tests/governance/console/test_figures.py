"""Kinds of problems are told without the places that only one row has."""

import re

import pytest

from governance.console.pages import PLACES_OF_PROBLEMS
from governance.core.terms import Lang
from governance.i18n.catalogue import domain, text

SHOWN = "customers.problem."


@pytest.mark.parametrize("lang", list(Lang))
def test_no_kind_of_problem_shows_an_empty_place(lang: Lang) -> None:
    unsaid = dict.fromkeys(PLACES_OF_PROBLEMS, "…")
    keys = [key for key in domain("customers", lang) if key.startswith(SHOWN)]
    assert len(keys) > 10
    assert [key for key in keys if re.search(r"[{}]", text(key, lang, **unsaid))] == []
