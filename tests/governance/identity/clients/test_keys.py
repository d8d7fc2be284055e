"""Keys and tokens of systems: two at most, ended at once, looked up by digest."""

from datetime import timedelta

from sqlalchemy import Connection

from governance.core.terms import ActorId, PurposeId
from governance.db.engine import Database
from governance.identity import store
from governance.identity.clients import keys, tokens
from governance.identity.clients.presenting import presented
from governance.identity.service import register_client
from governance.identity.types import AccountState
from tests.installation import AT

SHOP, MAIL = ActorId("svc:shop"), PurposeId("mail_marketing")
SOON = timedelta(minutes=10)


def shop(tx: Connection) -> str:
    return register_client(
        tx, name="shop", role="shop", purposes=[MAIL], known_roles=frozenset({"shop"}), at=AT
    )[1]


def opens(database: Database, secret: str, *, after: timedelta = timedelta()) -> bool:
    with database.read() as tx:
        return presented(tx, secret, at=AT + after) is not None


def test_a_key_opens_until_it_ends_and_the_next_one_beside_it(database: Database) -> None:
    first = database.write(shop)
    second = database.write(lambda tx: keys.add_key(tx, SHOP, at=AT))
    assert opens(database, first)
    assert opens(database, second)
    with database.read() as tx:
        found = {one.prefix: one.id for one in keys.keys_of(tx, SHOP)}
    database.write(lambda tx: keys.expire_keys(tx, [found[first[:12]]], until=AT + SOON))
    assert opens(database, first)
    assert not opens(database, first, after=SOON)
    database.write(lambda tx: keys.end_keys(tx, found.values(), at=AT))
    assert not opens(database, first)
    assert not opens(database, second)


def test_a_key_is_noted_as_used_on_its_last_day(database: Database) -> None:
    database.write(shop)
    with database.read() as tx:
        (key,) = keys.keys_of(tx, SHOP)
    day = AT.date()
    for used in (day, day - timedelta(days=1)):
        database.write(lambda tx, used=used: keys.note_used(tx, [key.id], day=used))  # type: ignore[misc] # bound now
    with database.read() as tx:
        assert [one.last_used_on for one in keys.keys_of(tx, SHOP)] == [day]
        assert [one.id for one in keys.open_keys(tx, at=AT)] == [key.id]


def test_a_token_opens_what_it_names_until_its_end(database: Database) -> None:
    database.write(shop)
    made = database.write(
        lambda tx: tokens.add_token(
            tx, SHOP, {"consent:check", f"purpose:{MAIL}"}, until=AT + SOON, at=AT
        )
    )
    with database.read() as tx:
        found = presented(tx, made, at=AT)
    assert found is not None
    assert found.principal.scopes == {"consent:check"}
    assert found.principal.purposes == {MAIL}
    assert not opens(database, made, after=SOON)
    assert not opens(database, made[:-1] + "~")
    bare = database.write(
        lambda tx: tokens.add_token(tx, SHOP, {"person:read"}, until=AT + SOON, at=AT)
    )
    with database.read() as tx:
        narrow = presented(tx, bare, at=AT)
    assert narrow is not None
    assert narrow.principal.purposes == frozenset()


def test_an_ended_system_opens_nothing_by_any_credential(database: Database) -> None:
    key = database.write(shop)
    token = database.write(lambda tx: tokens.add_token(tx, SHOP, {"x"}, until=AT + SOON, at=AT))
    database.write(lambda tx: store.set_client_state(tx, SHOP, AccountState.ENDED))
    assert not opens(database, key)
    assert not opens(database, token)


def test_an_assertion_is_used_once(database: Database) -> None:
    def use(tx: Connection, jti: str = "one", by: ActorId = SHOP) -> bool:
        return tokens.use_assertion(tx, by, jti, until=AT + SOON, at=AT)

    assert database.write(use)
    assert not database.write(use)
    assert database.write(lambda tx: use(tx, by=ActorId("svc:other")))
    assert database.write(lambda tx: use(tx, "two"))


def test_only_its_own_system_ends_a_token(database: Database) -> None:
    database.write(shop)
    token = database.write(lambda tx: tokens.add_token(tx, SHOP, {"x"}, until=AT + SOON, at=AT))
    assert not database.write(lambda tx: tokens.end_token(tx, ActorId("svc:other"), token))
    assert opens(database, token)
    assert database.write(lambda tx: tokens.end_token(tx, SHOP, token))
    assert not opens(database, token)
