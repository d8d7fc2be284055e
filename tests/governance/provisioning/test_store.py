"""What a directory keeps here, as both engines keep it; each directory sees its own alone."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from governance.core.ids import new_row_id
from governance.core.terms import ActorId
from governance.crypto.providers.file import FileKeyProvider
from governance.db.engine import Database, sqlite_url
from governance.identity.service import invite_staff
from governance.keys.epochs import create_key_store
from governance.keys.vault import FieldVault
from governance.provisioning import store
from governance.provisioning.types import Circle, Person, Profile
from tests.installation import AT


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[FieldVault]:
    """Keys beside the data."""
    provider, keys = FileKeyProvider(tmp_path / "epochs"), Database.open(sqlite_url(tmp_path / "k"))
    create_key_store(keys, provider, day=AT.date(), at=AT)
    yield FieldVault.open(keys, provider, clock=lambda: AT)
    keys.close()


def person(database: Database, name: str, external: str | None = None) -> Person:
    hire = partial(
        invite_staff, login=name, display_name="架空", roles=["support"],
        known_roles=frozenset({"support"}), by=ActorId("u:admin"), at=AT,
    )  # fmt: skip
    return Person(
        id=new_row_id(),
        staff=database.write(hire).id,
        profile=Profile(user_name=f"{name}@example.com", external_id=external, given_name="花子"),
        active=True,
        version=1,
        created_at=AT,
        changed_at=AT,
    )


def test_people_are_found_by_what_their_own_directory_calls_them(
    database: Database, vault: FieldVault
) -> None:
    hanako, jiro = person(database, "hanako", "e-1"), person(database, "jiro")
    for one in (hanako, jiro):
        database.write(partial(store.add_person, vault=vault, provider="one", one=one))
    with database.read() as tx:
        found = partial(store.people, tx, vault)
        assert found("one", name="HANAKO@example.com") == (1, (hanako,))
        assert found("one", external="e-1") == (1, (hanako,))
        assert found("one", external="E-1") == (0, ())
        assert found("two") == (0, ())
        total, page = found("one", start=1, count=1)
        assert (total, len(page)) == (2, 1)
        assert store.person(tx, vault, "two", hanako.id) is None
        assert store.known_users(tx, "two", [hanako.id]) == frozenset()
    twin = replace(
        jiro, id=new_row_id(), profile=replace(jiro.profile, user_name="JIRO@example.com")
    )
    with pytest.raises(IntegrityError):
        database.write(partial(store.add_person, vault=vault, provider="one", one=twin))
    database.write(partial(store.add_person, vault=vault, provider="two", one=twin))


def test_a_change_of_an_older_version_or_another_directory_changes_nothing(
    database: Database, vault: FieldVault
) -> None:
    one = person(database, "hanako", "e-1")
    database.write(partial(store.add_person, vault=vault, provider="one", one=one))
    new = replace(one, profile=replace(one.profile, external_id=None), active=False, version=2)
    change = partial(store.change_person, vault=vault, provider="one", one=new)
    assert not database.write(partial(change, provider="two", was=1))
    assert [database.write(partial(change, was=1)) for _ in range(2)] == [True, False]
    with database.read() as tx:
        assert store.person(tx, vault, "one", one.id) == new
        assert store.people(tx, vault, "one", external="e-1") == (0, ())


def test_a_group_holds_whom_it_was_given_last(database: Database, vault: FieldVault) -> None:
    people = [person(database, name) for name in ("hanako", "jiro")]
    for one in people:
        database.write(partial(store.add_person, vault=vault, provider="one", one=one))
    ids = [one.id for one in people]
    made = Circle(
        id=new_row_id(), name="Help", external_id=None, members=frozenset(ids), version=1,
        created_at=AT, changed_at=AT,
    )  # fmt: skip
    database.write(partial(store.add_circle, provider="one", one=made))
    with database.read() as tx:
        assert store.groups_of(tx, ids[0]) == {"Help"}
        assert store.circles(tx, "one", name="Help") == (1, (made,))
        assert store.circles(tx, "one", name="help") == (0, ())
        assert store.circle(tx, "two", made.id) is None
    new = replace(made, members=frozenset(ids[:1]), version=2)
    change = partial(store.change_circle, provider="one", one=new)
    assert not database.write(partial(change, provider="two", was=1))
    assert [database.write(partial(change, was=1)) for _ in range(2)] == [True, False]
    database.write(partial(store.remove_person, provider="one", which=ids[0]))
    with database.read() as tx:
        assert store.circle(tx, "one", made.id) == replace(new, members=frozenset())
    again = replace(made, id=new_row_id(), members=frozenset())
    with pytest.raises(IntegrityError):  # a name is of one group
        database.write(partial(store.add_circle, provider="one", one=again))
    database.write(partial(store.remove_circle, provider="two", which=made.id))
    database.write(partial(store.remove_circle, provider="one", which=made.id))
    with database.read() as tx:
        assert store.circles(tx, "one") == (0, ())
