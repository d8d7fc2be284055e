"""Texts of detection: every word of its enums and every error, in both languages."""

import pytest

from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from governance.i18n.catalogue import domain, text
from governance.pii import errors
from governance.pii.types import Entity, Reason, Role, SensitiveKind

KEYS = (
    [f"pii.placeholder.{entity.value.lower()}" for entity in Entity]
    + [f"pii.entity.{entity.value.lower()}" for entity in Entity]
    + [f"pii.kind.{kind.value.lower()}" for kind in SensitiveKind]
    + [f"pii.role.{role.value}" for role in Role]
    + [f"pii.reason.{reason.value}" for reason in Reason]
)


@pytest.mark.parametrize("lang", list(Lang))
def test_every_word_has_a_text(lang: Lang) -> None:
    assert all(text(key, lang) for key in KEYS)


def test_both_languages_have_the_same_keys() -> None:
    assert domain("pii", Lang.JA).keys() == domain("pii", Lang.EN).keys()


@pytest.mark.parametrize("lang", list(Lang))
def test_every_error_has_a_text(lang: Lang) -> None:
    ours = [
        error
        for error in vars(errors).values()
        if isinstance(error, type)
        and issubclass(error, GovernanceError)
        and error.__module__ == errors.__name__
    ]
    assert ours
    for error in ours:
        assert error().text_key in domain("pii", lang)
