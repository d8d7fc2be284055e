"""Every refusal has one code, one owner, and a sentence in both languages."""

from importlib import import_module
from pkgutil import walk_packages

import pytest

import audit
import consent
import dsar
import governance
import policies
import retention
from governance.core.errors import GovernanceError, domain_of
from governance.core.terms import Lang
from governance.i18n.catalogue import text

SIX = (governance, policies, consent, retention, audit, dsar)
ENTRY = ("__main__", "worker_main", "migrations")


def errors() -> tuple[type[GovernanceError], ...]:
    """Every error class of every module."""
    for package in SIX:
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.split(".")[-1].startswith(ENTRY) and "migrations" not in module.name:
                import_module(module.name)
    packages = {package.__name__ for package in SIX}
    return tuple(
        owner
        for owner in GovernanceError.registry.values()
        if owner.__module__.partition(".")[0] in packages
    )


def test_every_error_has_a_sentence_in_both_languages() -> None:
    found = errors()
    assert len(found) > 100
    for owner in found:
        for lang in Lang:
            sentence = text(owner.__new__(owner).text_key, lang)
            assert len(sentence) > 8, (owner, lang)


def test_every_error_answers_with_a_status_and_leaves_with_a_code() -> None:
    for owner in errors():
        assert owner.__name__.endswith("Error"), owner
        assert 400 <= owner.status < 600, owner
        assert owner.exit_code in (1, 2, 3), owner
        assert owner.code == owner.code.lower(), owner
        assert owner.code.replace("_", "").isalnum(), owner
        for lang in Lang:
            assert text(f"http.status.{owner.status}", lang), owner


def test_a_code_has_one_owner() -> None:
    class FirstError(GovernanceError):
        """The owner."""

        code = "test_code_of_one_owner"

    try:
        with pytest.raises(TypeError):
            type("SecondError", (GovernanceError,), {"code": "test_code_of_one_owner"})
        assert GovernanceError.registry["test_code_of_one_owner"] is FirstError
    finally:
        del GovernanceError.registry["test_code_of_one_owner"]


def test_an_error_says_its_code_and_parameters() -> None:
    class RowError(GovernanceError):
        """One row."""

        code = "test_row_is_bad"

    try:
        error = RowError(row=3, column="name")
        assert str(error) == "test_row_is_bad(row=3, column=name)"
        assert error.args == ("test_row_is_bad",)
    finally:
        del GovernanceError.registry["test_row_is_bad"]


@pytest.mark.parametrize(
    ("module", "domain"),
    [
        ("governance.core.errors", "core"),
        ("governance.gateway.intake.types", "gateway"),
        ("governance", "governance"),
        ("consent.choices", "consent"),
        ("audit.verifier.errors", "audit"),
    ],
)
def test_the_domain_of_a_text_is_the_feature(module: str, domain: str) -> None:
    assert domain_of(module) == domain
