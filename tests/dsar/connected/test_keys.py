"""By what a person is known outside: opened for the question alone, never two persons' value."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dsar.connected.keys import keys_by, person_keys
from governance.app.wiring import Wiring
from governance.connectors.knowing import from_bytes
from governance.connectors.types import KeyKind, PersonKeys
from governance.core.terms import SubjectId
from tests.installation import create, customer, import_file, register, subjects, write_file


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    folder: Path = tmp_path_factory.mktemp("keys")
    wiring = create(folder)
    rows = [
        customer(1),
        customer(2, メールアドレス="Person2@Example.com"),
        customer(3, メールアドレス="person2@example.com"),
        customer(4, 携帯番号="090-0000-0005"),
        customer(5),
    ]
    import_file(wiring, write_file(folder, register(rows)))
    yield wiring
    wiring.close()


@pytest.fixture(scope="module")
def people(shop: Wiring) -> tuple[SubjectId, ...]:
    return subjects(shop)


def keys(shop: Wiring, who: SubjectId) -> PersonKeys:
    return person_keys(shop.ports, who)


def test_person_is_known_by_number_address_and_telephone(
    shop: Wiring, people: tuple[SubjectId, ...]
) -> None:
    found = keys(shop, people[0])
    assert found.customers == ("C000001",)
    assert found.emails == ("person1@example.com",)
    assert [phone.replace("+81", "0").replace("-", "") for phone in found.phones] == ["09000000001"]
    assert found.shared == frozenset()


def test_value_that_two_persons_have_is_marked_as_shared(
    shop: Wiring, people: tuple[SubjectId, ...]
) -> None:
    for who in people[1:3]:
        assert keys(shop, who).shared == {KeyKind.EMAIL}
    for who in people[3:]:
        assert keys(shop, who).shared == {KeyKind.PHONE}


def test_whoever_has_a_value_of_somebody_who_is_gone_is_another_person(
    shop: Wiring, people: tuple[SubjectId, ...]
) -> None:
    gone = SubjectId("7c9e6679-7425-40de-944b-e07fc1f90ae8")
    said = {"email": ["person1@example.com"], "phone": ["090-0000-9999"]}
    found = keys_by(shop.ports, gone, from_bytes(json.dumps(said).encode()))
    assert (found.subject, found.customers, found.shared) == (gone, (), {KeyKind.EMAIL})
    assert keys(shop, people[0]).shared == frozenset()


def test_nothing_of_the_person_is_printed(shop: Wiring, people: tuple[SubjectId, ...]) -> None:
    said = repr(keys(shop, people[0]))
    for value in ("C000001", "person1", "0001", "9000"):
        assert value not in said.replace(people[0], "")


def test_person_without_a_row_is_known_by_nothing(shop: Wiring) -> None:
    nobody = SubjectId("7c9e6679-7425-40de-944b-e07fc1f90ae7")
    assert keys(shop, nobody) == PersonKeys(subject=nobody)
