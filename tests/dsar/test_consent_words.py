"""Every state and every grade of a choice has its words, so that no disclosure fails for one."""

import pytest

from consent.types import EventKind, EvidenceGrade
from governance.core.terms import Lang
from governance.i18n.catalogue import text


@pytest.mark.parametrize("lang", list(Lang))
@pytest.mark.parametrize("coded", [*EventKind, *EvidenceGrade], ids=lambda one: one.value)
def test_a_disclosure_can_say_it(coded: EventKind | EvidenceGrade, lang: Lang) -> None:
    column = "kind" if isinstance(coded, EventKind) else "evidence"
    assert text(f"dsar.consent.{column}.{coded.value}", lang)
