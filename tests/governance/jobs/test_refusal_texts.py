import ast
import string
from pathlib import Path

import pytest

from governance.approvals import errors as approvals_errors
from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from governance.documents import errors as documents_errors
from governance.i18n.catalogue import domain, text
from governance.jobs import errors as jobs_errors
from governance.outbound import errors as outbound_errors

ROOT = Path(__file__).parents[3]
DOMAINS = ("jobs", "outbound", "approvals", "documents")
REFUSALS = [
    found
    for module in (jobs_errors, outbound_errors, approvals_errors, documents_errors)
    for found in vars(module).values()
    if isinstance(found, type)
    and issubclass(found, GovernanceError)
    and found.__module__ == module.__name__
]


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def raised(name: str) -> list[set[str]]:
    """Parameter names at each place of our code that makes this refusal."""
    return [
        {keyword.arg for keyword in node.keywords if keyword.arg}
        for folder in DOMAINS
        for path in (ROOT / "governance" / folder).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_every_refusal_has_a_sentence_that_its_parameters_fill(
    refusal: type[GovernanceError],
) -> None:
    for lang in Lang:
        wanted = placeholders(text(refusal().text_key, lang))
        assert all(wanted <= given for given in raised(refusal.__name__))


@pytest.mark.parametrize("name", DOMAINS)
def test_both_languages_have_the_same_keys_and_placeholders(name: str) -> None:
    ja, en = domain(name, Lang.JA), domain(name, Lang.EN)
    assert {k: placeholders(v) for k, v in ja.items()} == {
        k: placeholders(v) for k, v in en.items()
    }
