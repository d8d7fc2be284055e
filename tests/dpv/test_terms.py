"""Every DPV term that is written anywhere stands in the vocabulary's own tables (terms.yaml)."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from consent.receipts.iso27560 import CONTEXT, ROLES, STATUS
from consent.types import EventKind
from governance.customers.catalogue import catalogue
from governance.customers.dpv import vocabulary
from governance.registers.types import RecipientRole

ROOT = Path(__file__).parents[2]
LISTED: Mapping[str, Any] = yaml.safe_load(
    Path(__file__).with_name("terms.yaml").read_text("utf-8")
)
NAMESPACES: Mapping[str, str] = LISTED["namespaces"]
OURS = {"dpv": "dpv", "dpv-pd": "pd", "eu-gdpr": "eu-gdpr", "justifications": "justifications"}
WRITTEN = re.compile(r"\b(dpv-pd|dpv|eu-gdpr|justifications):([A-Za-z][\w-]*)")
ADDRESS = re.compile(r"https://w3id\.org/dpv[\w/.-]*#[\w-]+")


def _named(namespace: str) -> set[str]:
    return {
        term
        for table in LISTED["tables"]
        if table["namespace"] == namespace
        for term in table["terms"]
    }


def _sources() -> Iterator[Path]:
    for folder in ("consent", "governance", "policies", "dsar"):
        for suffix in ("py", "yaml", "json", "j2"):
            yield from (ROOT / folder).rglob(f"*.{suffix}")


def _former() -> set[str]:
    return set(vocabulary().former)


def test_every_term_that_is_written_exists() -> None:
    written = {found for path in _sources() for found in WRITTEN.findall(path.read_text("utf-8"))}
    assert len(written) > 100
    unknown = {f"{prefix}:{name}" for prefix, name in written if name not in _named(OURS[prefix])}
    assert unknown - _former() == set()


def test_addresses_in_the_law_exist() -> None:
    text = (ROOT / "policies/law/data/law.yaml").read_text("utf-8")
    addresses = {one for one in ADDRESS.findall(text) if "/schema/" not in one}
    listed = {NAMESPACES[space] + term for space in NAMESPACES for term in _named(space)}
    assert len(addresses) > 20
    assert addresses <= listed


@pytest.mark.parametrize("group", ["purposes", "consent_status"])
def test_lists_in_the_law_name_terms_that_exist(group: str) -> None:
    names = yaml.safe_load((ROOT / "policies/law/data/law.yaml").read_text("utf-8"))["standards"]
    assert set(names["dpv"][group]) <= _named("dpv")


def test_receipts_resolve_to_the_addresses_of_the_vocabulary() -> None:
    assert CONTEXT["dpv"] == NAMESPACES["dpv"]
    assert CONTEXT["dpv-pd"] == NAMESPACES["pd"]
    assert set(STATUS) == set(EventKind)
    assert set(ROLES) == {role.value for role in RecipientRole}


def test_fields_are_mapped_to_the_vocabulary_as_it_is() -> None:
    shipped = vocabulary()
    data = {f"dpv-pd:{name}" for name in _named("pd")}
    assert {term for term in shipped.terms if term.startswith("dpv-pd:")} == data
    assert shipped.special == {f"dpv-pd:{name}" for name in LISTED["special"]}
    assert shipped.terms - data <= {f"dpv:{name}" for name in _named("dpv")}
    assert set(shipped.former.values()) <= shipped.terms
    assert not shipped.terms.intersection(shipped.former)
    mapped = {term for term in catalogue().terms.values() if term is not None}
    assert mapped | set(shipped.fields.values()) <= shipped.terms
