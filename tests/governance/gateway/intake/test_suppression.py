"""The suppression list knows a value again under keys that nothing else is made with."""

from pathlib import Path

import pytest
from sqlalchemy import insert, select

from governance.app.wiring import Wiring
from governance.core.ids import new_row_id
from governance.core.terms import FieldId, SubjectId
from governance.customers import store
from governance.customers.store import SUPPRESSION
from governance.customers.suppression import Listed, Marks, enlist, key_name, marks
from governance.customers.tokens import POSTING
from governance.gateway.intake.tokens import Indexer
from tests.installation import AT, customer, import_file, register, subjects, write_file

EMAIL, MOBILE = FieldId("person.email"), FieldId("person.mobile")


@pytest.fixture
def filled(installation: Wiring, tmp_path: Path) -> Wiring:
    path = write_file(tmp_path, register([customer(1), customer(2)]))
    import_file(installation, path)
    return installation


def listed(wiring: Wiring, who: SubjectId, *fields: FieldId) -> int:
    one = Listed(subject=who, fields=fields, rule="R", until=None)
    return wiring.database.write(lambda tx: enlist(tx, wiring.vault, [one], at=AT))


def known(wiring: Wiring, *fields: FieldId) -> Marks:
    with wiring.database.read() as tx:
        return marks(tx, wiring.vault, fields)


def test_an_empty_list_knows_nobody_and_makes_no_key(filled: Wiring) -> None:
    assert known(filled, EMAIL).of(EMAIL, "person1@example.com") == ()
    assert key_name(EMAIL) not in {name for name, _ in filled.vault.indexes.live_keys()}


def test_a_listed_value_is_known_by_its_field_alone(filled: Wiring) -> None:
    first, second = subjects(filled)
    assert listed(filled, first, EMAIL) == 1
    assert listed(filled, first, EMAIL) == 1  # twice is once
    found = known(filled, EMAIL, MOBILE)
    tokens = found.of(EMAIL, "person1@example.com")
    with filled.database.read() as tx:
        assert store.suppressed(tx, tokens, on=AT.date()) == set(tokens)
        assert not store.suppressed(tx, found.of(EMAIL, "person2@example.com"), on=AT.date())
        assert len(tx.execute(select(SUPPRESSION)).all()) == 1
    assert found.of(MOBILE, "+819000000001") == ()
    assert second != first


def test_the_index_tells_nothing_of_the_list(filled: Wiring) -> None:
    first, _ = subjects(filled)
    listed(filled, first, EMAIL, MOBILE)
    with filled.database.read() as tx:
        index = {bytes(one) for one in tx.execute(select(POSTING.c.token)).scalars()}
        held = tx.execute(select(SUPPRESSION.c.field, SUPPRESSION.c.token)).all()
    assert {field for field, _ in held} == {key_name(EMAIL), key_name(MOBILE)}
    assert not index & {bytes(token) for _, token in held}


def test_an_entry_from_before_is_known_by_the_key_that_it_names(filled: Wiring) -> None:
    first, _ = subjects(filled)
    ((version, token),) = Indexer(filled.vault, ["person"]).of(EMAIL, "old@example.com")
    row = {"id": new_row_id(), "field": EMAIL, "version": version, "token": token, "rule": "R"}
    old = insert(SUPPRESSION).values(**row, placed_at=AT)
    filled.database.write(lambda tx: tx.execute(old))
    assert known(filled, EMAIL).of(EMAIL, "old@example.com") == (token,)
    listed(filled, first, EMAIL)
    assert token in known(filled, EMAIL).of(EMAIL, "old@example.com")
    assert len(known(filled, EMAIL).of(EMAIL, "person1@example.com")) == 2  # under either key


def test_no_repr_shows_a_key(filled: Wiring) -> None:
    listed(filled, subjects(filled)[0], EMAIL)
    assert repr(known(filled, EMAIL)) == "Marks()"
