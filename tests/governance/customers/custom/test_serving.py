"""A field serves the purposes that the catalogue declares, those of a duty, and no other."""

from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from governance.core.terms import FieldId, PurposeId
from governance.customers.catalogue import catalogue, install, shipped_catalogue
from governance.customers.custom.declaration import (
    NOTHING,
    Declaration,
    check_against,
    read_declaration,
)
from governance.customers.custom.sources import CatalogueRefusedError
from policies.snapshot import default_snapshot

EMAIL, SUPPORT = FieldId("person.email"), PurposeId("order_support")
UNDECLARED = PurposeId("location_use")


@pytest.fixture(autouse=True)
def _shipped() -> Iterator[None]:
    yield
    install(NOTHING.catalogue())


def checked(folder: Path, text: str) -> Declaration:
    """What is declared, held against the shipped policy as the start does."""
    (folder / "own.yaml").write_text(dedent(text), encoding="utf-8")
    found, snapshot = read_declaration(folder), default_snapshot()
    assert snapshot.policy is not None
    check_against(found, snapshot.policy.categories, snapshot.purposes.values())
    return found


def test_a_field_serves_what_is_declared_and_what_a_law_sets() -> None:
    declared = shipped_catalogue()
    assert declared.serves(EMAIL, SUPPORT)
    assert not declared.serves(EMAIL, UNDECLARED)
    assert all(declared.serves(EMAIL, purpose) for purpose in declared.duties)
    assert not declared.serves(FieldId("person.unheard_of"), PurposeId("dsar_fulfilment"))
    assert declared.duties <= default_snapshot().purposes.keys()


def test_the_shipped_policy_opens_no_field_for_a_purpose_that_is_not_declared() -> None:
    snapshot, declared = default_snapshot(), shipped_catalogue()
    assert snapshot.policy is not None
    open_ = {
        (field, purpose)
        for rule in snapshot.policy.rules
        if rule.effect.value == "allow"
        for field in rule.fields
        for purpose in rule.purposes
        if field in declared.fields
        and purpose in snapshot.purposes
        and snapshot.categories[field] in snapshot.purposes[purpose].categories
    }
    assert len(open_) > 500
    assert [pair for pair in sorted(open_) if not declared.serves(*pair)] == []


def test_an_installation_adds_purposes_to_shipped_fields(tmp_path: Path) -> None:
    found = checked(
        tmp_path,
        """\
        serves:
          purchase_analysis: [person.rank, person.sex]
          health_consultation: inquiry_message.body
        """,
    )
    install(found.catalogue())
    for name in ("person.rank", "person.sex"):
        assert catalogue().serves(FieldId(name), PurposeId("purchase_analysis"))
        assert FieldId(name) in {field.id for field in catalogue().table("person").fields}
    fields = catalogue().table("person").fields
    assert all(field is catalogue().fields[field.id] for field in fields)
    assert not catalogue().serves(EMAIL, UNDECLARED)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("order_support: [person.unheard_of]", "undeclared_field"),
        ("order_support: [person.rank, person.rank]", "listed_twice"),
        ("order_support: []", "empty_list"),
        ("unheard_of: [person.rank]", "unknown_purpose"),
        ("location_use: [person.email]", "purpose_without_category"),
    ],
)
def test_a_faulty_purpose_of_a_field_is_refused_with_its_place(
    tmp_path: Path, line: str, code: str
) -> None:
    with pytest.raises(CatalogueRefusedError) as error:
        checked(tmp_path, f"serves:\n  {line}\n")
    (fault,) = error.value.faults
    assert (fault.code, fault.place.file, fault.place.line) == (code, "own.yaml", 2)
