"""Signing in: once, in time, by an account that may act now."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, select

from governance.core.ids import new_subject_id
from governance.core.terms import ActorId, Lang, Law, PurposeId
from governance.customers.store import NewSubject, add_subjects, set_state
from governance.customers.subjects import SubjectKind, SubjectState
from governance.db.engine import Database
from governance.http.principal import ANONYMOUS, Principal, PrincipalKind
from governance.identity import service, store
from governance.identity.clients.presenting import presented
from governance.identity.errors import (
    LoginFormError,
    LoginTakenError,
    RoleUnknownError,
    SignInRefusedError,
)
from governance.identity.rules import CODE_LIFE, KEY_PREFIX_LENGTH, digest, truncate_network
from governance.identity.types import AccountState, Session, Staff
from tests.installation import AT

ROLES = frozenset({"support", "privacy_officer", "shop"})
ADMIN = ActorId("u:admin")
DAY, NOW = timedelta(hours=8), timedelta()
TARO = ActorId("u:taro")


def invite(tx: Connection, login: str = "taro", role: str = "support") -> Staff:
    return service.invite_staff(
        tx, login=login, display_name="架空　太郎", roles=[role], known_roles=ROLES, by=ADMIN, at=AT
    )


@pytest.fixture
def taro(database: Database) -> Staff:
    return database.write(invite)


def code_for(database: Database, actor: ActorId = TARO) -> str:
    kind = PrincipalKind.PERSON if actor.startswith("p:") else PrincipalKind.STAFF
    return database.write(partial(service.issue_code, actor=actor, kind=kind, at=AT))


def enter(database: Database, secret: str, *, after: timedelta = NOW) -> tuple[Session, str]:
    return database.write(partial(service.sign_in, secret=secret, lasting=DAY, at=AT + after))


def who(database: Database, secret: str, *, after: timedelta = NOW) -> Principal:
    with database.read() as tx:
        return service.principal_by_session(tx, secret, at=AT + after, lang=Lang.JA)[0]


def test_a_code_opens_a_session_once(database: Database, taro: Staff) -> None:
    code = code_for(database)
    session, secret = enter(database, code)
    assert who(database, secret) == Principal(
        id=taro.id, kind=PrincipalKind.STAFF, roles=frozenset({"support"}), session=session.id
    )
    with pytest.raises(SignInRefusedError):
        enter(database, code)


def test_a_code_is_void_at_the_end_of_its_life(database: Database, taro: Staff) -> None:
    code = code_for(database)
    with pytest.raises(SignInRefusedError):
        enter(database, code, after=CODE_LIFE)
    enter(database, code, after=CODE_LIFE - timedelta(microseconds=1))


def test_of_eight_who_race_for_a_code_one_enters(database: Database, taro: Staff) -> None:
    code = code_for(database)

    def race(_n: int) -> bool:
        try:
            enter(database, code)
        except SignInRefusedError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(race, range(8))) == 1


def test_unknown_used_late_and_suspended_are_refused_alike(database: Database, taro: Staff) -> None:
    used, late, suspended = (code_for(database) for _ in range(3))
    enter(database, used)
    refusals = []
    for secret, after in (
        ("unknown", timedelta()),
        ("", timedelta()),
        ("架空", timedelta()),
        (used, timedelta()),
        (late, CODE_LIFE),
    ):
        with pytest.raises(SignInRefusedError) as error:
            enter(database, secret, after=after)
        refusals.append(error.value)
    database.write(partial(store.set_staff_state, actor=taro.id, state=AccountState.SUSPENDED))
    with pytest.raises(SignInRefusedError) as error:
        enter(database, suspended)
    refusals.append(error.value)
    assert {(str(e), e.status, tuple(e.params)) for e in refusals} == {
        ("sign_in_refused()", 401, ())
    }


def test_a_refused_code_is_not_used_up(database: Database, taro: Staff) -> None:
    code = code_for(database)
    database.write(partial(store.set_staff_state, actor=taro.id, state=AccountState.SUSPENDED))
    with pytest.raises(SignInRefusedError):
        enter(database, code)
    database.write(partial(store.set_staff_state, actor=taro.id, state=AccountState.ACTIVE))
    enter(database, code)


def test_the_sessions_of_a_suspended_account_die_at_once(database: Database, taro: Staff) -> None:
    _, secret = enter(database, code_for(database))
    database.write(partial(store.set_staff_state, actor=taro.id, state=AccountState.SUSPENDED))
    assert who(database, secret) == ANONYMOUS


def test_changed_roles_take_effect_at_the_next_request(database: Database, taro: Staff) -> None:
    _, secret = enter(database, code_for(database))
    database.write(
        partial(store.replace_roles, actor=taro.id, roles=["privacy_officer"], by=ADMIN, at=AT)
    )
    assert who(database, secret).roles == {"privacy_officer"}
    database.write(partial(store.replace_roles, actor=taro.id, roles=[], by=ADMIN, at=AT))
    assert who(database, secret).roles == frozenset()


def test_a_session_ends_by_time_and_by_revocation(database: Database, taro: Staff) -> None:
    first, secret = enter(database, code_for(database))
    _, other = enter(database, code_for(database))
    assert who(database, secret, after=DAY - timedelta(seconds=1)).id == taro.id
    assert who(database, secret, after=DAY) == ANONYMOUS
    ended = database.write(partial(store.revoke_sessions, actor=taro.id, at=AT, only=first.id))
    assert (ended, who(database, secret), who(database, other).id) == (1, ANONYMOUS, taro.id)
    assert database.write(partial(store.revoke_sessions, actor=taro.id, at=AT)) == 1
    assert who(database, other) == ANONYMOUS


def test_a_customer_signs_in_until_the_person_is_gone(database: Database) -> None:
    subject = new_subject_id()
    new = NewSubject(id=subject, kind=SubjectKind.CUSTOMER, laws={Law.APPI: "test"})
    database.write(lambda tx: add_subjects(tx, [new], at=AT))
    actor = ActorId(f"p:{subject}")
    later = code_for(database, actor)
    _, secret = enter(database, code_for(database, actor))
    assert who(database, secret).roles == {"customer"}
    database.write(lambda tx: set_state(tx, subject, SubjectState.ERASED, kept_by_law="RET-X"))
    assert who(database, secret).id == actor
    database.write(lambda tx: set_state(tx, subject, SubjectState.ERASED))
    assert who(database, secret) == ANONYMOUS
    with pytest.raises(SignInRefusedError):
        enter(database, later)


def test_nobody_signs_in_as_who_never_was(database: Database) -> None:
    for actor in (ActorId(f"p:{new_subject_id()}"), ActorId("u:nobody")):
        with pytest.raises(SignInRefusedError):
            enter(database, code_for(database, actor))


# --- accounts


@pytest.mark.parametrize(
    "login", ["", "T", "Taro", "ta ro", "太郎", "a" * 33, "1a", "u:taro", "a\n"]
)
def test_a_login_is_plain(database: Database, login: str) -> None:
    with pytest.raises(LoginFormError):
        database.write(partial(invite, login=login))


def test_a_login_is_taken_once_and_roles_are_those_of_the_policy(
    database: Database, taro: Staff
) -> None:
    with pytest.raises(LoginTakenError):
        database.write(invite)
    with pytest.raises(RoleUnknownError):
        database.write(partial(invite, login="jiro", role="king"))
    with database.read() as tx:
        assert store.all_staff(tx) == (taro,)


# --- keys


def client(database: Database, name: str = "shop") -> str:
    _, key = database.write(
        partial(
            service.register_client,
            name=name,
            role="shop",
            purposes=[PurposeId("mail_marketing")],
            known_roles=ROLES,
            at=AT,
        )
    )
    return key


def system_of(database: Database, key: str) -> Principal:
    with database.read() as tx:
        found = presented(tx, key, at=AT)
    return ANONYMOUS if found is None else found.principal


def test_a_key_opens_its_system_with_its_purposes(database: Database) -> None:
    first, second = client(database), client(database, "shop2")
    assert system_of(database, first) == Principal(
        id=ActorId("svc:shop"),
        kind=PrincipalKind.SYSTEM,
        roles=frozenset({"shop"}),
        purposes=frozenset({PurposeId("mail_marketing")}),
    )
    assert system_of(database, second).id == "svc:shop2"


@pytest.mark.parametrize("change", ["cut", "longer", "last", "first", "case", "empty", "japanese"])
def test_a_key_that_differs_anywhere_opens_nothing(database: Database, change: str) -> None:
    key = client(database)
    wrong = {
        "cut": key[:-1],
        "longer": key + "x",
        "last": key[:-1] + ("a" if key[-1] != "a" else "b"),
        "first": "x" + key[1:],
        "case": key.swapcase(),
        "empty": "",
        "japanese": key[:KEY_PREFIX_LENGTH] + "鍵",
    }[change]
    assert system_of(database, wrong) == ANONYMOUS


def test_keys_are_compared_by_digest_in_constant_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = client(database)
    compared: list[tuple[bytes, bytes]] = []

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return a == b

    monkeypatch.setattr("governance.identity.clients.keys.hmac.compare_digest", compare)
    assert system_of(database, key) != ANONYMOUS
    ((stored, presented),) = compared
    assert len(stored) == len(presented) == 32
    assert key.encode() not in (stored, presented)


def test_a_suspended_system_is_anonymous(database: Database) -> None:
    key = client(database)
    database.write(
        lambda tx: tx.execute(store.CLIENT.update().values(state=AccountState.SUSPENDED.value))
    )
    assert system_of(database, key) == ANONYMOUS


# --- secrets stay secret


def test_no_table_repr_or_log_holds_a_secret(
    database: Database, taro: Staff, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    code, key = code_for(database), client(database)
    session, secret = enter(database, code)
    with database.read() as tx:
        told = "".join(
            str(tuple(row))
            for table in (store.STAFF, store.CLIENT, store.SESSION, store.CODE)
            for row in tx.execute(select(table)).all()
        )
        told += repr(store.session_by_digest(tx, digest(secret)))
        told += repr(store.client_by_id(tx, ActorId("svc:shop")))
        told += repr(store.code_by_digest(tx, digest(code)))
    told += caplog.text + repr(session)
    for hidden in (code, key, secret):
        assert hidden not in told
        assert hidden[KEY_PREFIX_LENGTH:] not in told
    assert session.csrf not in repr(session)
    assert "架空" not in repr(taro)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("testclient", None),
        ("", None),
        (None, None),
    ],
)
def test_an_address_is_kept_as_its_network(address: str | None, network: str | None) -> None:
    assert truncate_network(address) == network
