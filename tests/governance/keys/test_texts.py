"""Every refusal and word of crypto and keys has its sentence in both languages."""

import re
from enum import StrEnum
from importlib import import_module
from pkgutil import walk_packages

import pytest

import governance.crypto
import governance.keys
from governance.core.errors import GovernanceError
from governance.core.terms import KeyClass, Lang
from governance.crypto.index_plan import IndexRefusal, IndexRefused
from governance.i18n.catalogue import domain, text
from governance.keys.types import EpochStage, IndexState, KeyState

MINE = ("governance.crypto.", "governance.keys.")
for package in (governance.crypto, governance.keys):
    for module in walk_packages(package.__path__, f"{package.__name__}."):
        import_module(module.name)
ERRORS = [error for error in GovernanceError.registry.values() if error.__module__.startswith(MINE)]
WORDS: dict[str, type[StrEnum]] = {
    "keys.class": KeyClass,
    "keys.state": KeyState,
    "keys.index_state": IndexState,
    "keys.epoch_stage": EpochStage,
}


@pytest.mark.parametrize("lang", list(Lang))
def test_every_refusal_and_word_has_a_text(lang: Lang) -> None:
    for error in ERRORS:
        assert text(error().text_key, lang)
    for prefix, words in WORDS.items():
        for word in words:
            assert text(f"{prefix}.{word.value}", lang)
    for reason in IndexRefusal:
        assert text(IndexRefused(reason=reason).text_key, lang)


@pytest.mark.parametrize("name", ["crypto", "keys"])
def test_both_languages_name_the_same_facts(name: str) -> None:
    japanese, english = domain(name, Lang.JA), domain(name, Lang.EN)
    assert japanese.keys() == english.keys()
    for key, sentence in japanese.items():
        assert set(re.findall(r"{\w+}", sentence)) == set(re.findall(r"{\w+}", english[key])), key
