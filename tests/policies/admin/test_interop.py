"""Policies of other systems' subjects are put in force as any other, and taken back."""

from pathlib import Path

import pytest

from policies.admin.documents import read_documents
from tests.policies.admin.office import Office

FOLDER = Path(__file__).parents[2] / "conformance" / "authzen" / "policies"


@pytest.mark.parametrize("name", sorted(one.name for one in FOLDER.iterdir()))
def test_an_interop_policy_is_applied_and_rolled_back(office: Office, name: str) -> None:
    documents = read_documents(FOLDER / name)
    assert office.agreed(office.asked(documents)) == "policy:2"
    policy = office.holder.current.policy
    assert policy is not None
    assert policy.entity_rules
    assert office.agreed(office.rolled_back()) == "policy:3"
    assert office.holder.current.version == "1"
