"""What is used once is used once on both engines; failures at once are all counted."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest

from governance.core.ids import new_row_id
from governance.core.terms import ActorId
from governance.db.engine import Database
from governance.identity.credentials import store
from governance.identity.credentials.backoff import FORGOTTEN, Counted, key_of
from governance.identity.credentials.types import Passkey
from governance.identity.service import invite_staff
from tests.installation import AT

TARO = ActorId("u:taro")
KEY = key_of(Counted.ACCOUNT, TARO)


@pytest.fixture
def taro(database: Database) -> ActorId:
    hire = partial(
        invite_staff,
        login="taro",
        display_name="架空",
        roles=["support"],
        known_roles=frozenset({"support"}),
        by=ActorId("u:admin"),
        at=AT,
    )
    return database.write(hire).id


def test_failures_at_once_are_all_counted_and_forgotten_after_a_day(database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        work = partial(database.write, partial(store.count_failure, key=KEY, at=AT))
        found = sorted(pool.map(lambda _: work(), range(8)))
    assert found == list(range(1, 9))
    later = partial(store.count_failure, key=KEY, at=AT + FORGOTTEN + timedelta(seconds=1))
    assert database.write(later) == 1


def test_a_step_a_passkey_and_a_recovery_code_are_used_once(
    database: Database, taro: ActorId
) -> None:
    database.write(partial(store.offer_totp, actor=taro, sealed=b"sealed"))
    step = partial(store.use_step, actor=taro, step=7)
    assert [database.write(step) for _ in range(2)] == [True, False]
    database.write(partial(store.set_recovery, actor=taro, digests=[b"a", b"b"]))
    code = partial(store.use_recovery, actor=taro, digest=b"a", at=AT)
    assert [database.write(code) for _ in range(2)] == [True, False]
    made = Passkey(
        id=new_row_id(),
        actor=taro,
        credential_id=b"credential",
        public_key=b"key",
        sign_count=2**32 - 5,
        name="架空",
        added_at=AT,
        used_at=None,
    )
    add = partial(store.add_passkey, passkey=made)
    assert [database.write(add) for _ in range(2)] == [True, False]
    use = partial(store.use_passkey, passkey=made, count=2**32 - 1, at=AT)
    assert [database.write(use) for _ in range(2)] == [True, False]
    with database.read() as tx:
        factors = store.factors_of(tx, taro)
    assert (factors.passkeys, factors.recovery_left, factors.totp) == (1, 1, False)
    database.write(partial(store.drop_all, actor=taro))
    with database.read() as tx:
        assert not store.factors_of(tx, taro).second
