"""Every refusal and word of work on keys has its sentence in both languages."""

import pytest

import governance.custody.errors  # noqa: F401 # registers the refusals
from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from governance.custody.types import Phase, TaskKind, TaskState
from governance.i18n.catalogue import text

ERRORS = [
    error
    for error in GovernanceError.registry.values()
    if error.__module__.startswith("governance.custody.")
]
WORDS = {"custody.kind": TaskKind, "custody.state": TaskState, "custody.phase": Phase}


@pytest.mark.parametrize("lang", list(Lang))
def test_every_refusal_and_word_has_a_text(lang: Lang) -> None:
    assert len(ERRORS) > 5
    for error in ERRORS:
        assert text(error().text_key, lang)
    for prefix, words in WORDS.items():
        for word in words:
            assert text(f"{prefix}.{word.value}", lang)
