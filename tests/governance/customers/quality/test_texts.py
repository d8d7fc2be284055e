"""Every word that this feature can show has a Japanese and an English text."""

import pytest

from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from governance.customers import encodings, tables, workbooks
from governance.customers.matching.evidence import EvidenceKind
from governance.customers.normalise import files
from governance.customers.quality import Kpi
from governance.customers.types import ProblemKind, SourceKind
from governance.i18n.catalogue import domain

WORDS = {
    "problem": [k.value.lower() for k in ProblemKind],
    "kind": [k.value for k in SourceKind],
    "evidence": [k.value for k in EvidenceKind],
    "kpi": [k.value for k in Kpi],
}


@pytest.mark.parametrize("lang", list(Lang))
def test_every_word_has_its_text(lang: Lang) -> None:
    texts = domain("customers", lang)
    missing = [f"{group}.{word}" for group, words in WORDS.items() for word in words
               if f"customers.{group}.{word}" not in texts]  # fmt: skip
    assert not missing


@pytest.mark.parametrize("lang", list(Lang))
@pytest.mark.parametrize("module", [encodings, tables, workbooks, files])
def test_every_error_of_a_source_has_its_sentence(lang: Lang, module: object) -> None:
    name = getattr(module, "__name__", "")
    errors = [e for e in GovernanceError.registry.values() if e.__module__ == name]
    assert errors
    assert not [
        e.code for e in errors if f"customers.error.{e.code}" not in domain("customers", lang)
    ]
