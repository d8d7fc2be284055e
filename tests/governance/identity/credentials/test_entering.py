"""Signing in by password and second factor: one answer for every failure, waits, and no lock."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import pyotp
import pytest
from sqlalchemy import func, select

from audit.actions import EventCode
from audit.models import EVENTS
from governance.app.staff import add_staff
from governance.app.wiring import Wiring
from governance.core.terms import ActorId, Lang
from governance.http.principal import Principal, PrincipalKind
from governance.identity import service
from governance.identity import store as accounts
from governance.identity.credentials import keeping, second, sessions, store
from governance.identity.credentials.backoff import FREE
from governance.identity.credentials.entering import (
    enter_by_code,
    enter_by_passkey,
    enter_by_password,
    enter_by_second,
    passkey_asked,
)
from governance.identity.credentials.errors import (
    FactorRefusedError,
    LastFactorError,
    PasswordRefusedError,
    TooSoonError,
)
from governance.identity.credentials.hashing import Cost, Hasher
from governance.identity.credentials.terms import STEP_TRIES, Terms, limits_of, terms_of
from governance.identity.credentials.totp import secret_of
from governance.identity.credentials.types import Caller, Opened, Pending, StepKind
from governance.identity.errors import SignInRefusedError
from governance.identity.persons.service import enter
from governance.identity.rules import digest
from governance.identity.types import AccountState, Level
from policies.actions import Action
from policies.api import StepUpNeededError, ensure
from tests.installation import AT, create

PASSWORD = "mizu to tetsu no uta"
HOME = Caller(network="192.0.2.0/24")
AWAY = Caller(network="198.51.100.0/24")
STEP = timedelta(seconds=30)


@dataclass
class Door:
    """An installation, and one employee who may sign in."""

    wiring: Wiring
    terms: Terms
    hasher: Hasher
    login: str = ""
    made: int = 0

    @property
    def actor(self) -> ActorId:
        return ActorId(f"u:{self.login}")

    def hire(self) -> "Door":
        self.made += 1
        self.login = f"staff{self.made}"
        work = partial(
            add_staff,
            wiring=self.wiring,
            login=self.login,
            display_name="架空 花子",
            roles=["privacy_officer"],
            at=AT,
        )
        self.wiring.database.write(work)
        return self

    def code(self) -> str:
        work = partial(service.issue_code, actor=self.actor, kind=PrincipalKind.STAFF, at=AT)
        return self.wiring.database.write(work)

    def by_code(self, *, mfa: bool = False, at: datetime = AT) -> Opened | Pending:
        terms = replace(self.terms, mfa=mfa)
        return enter_by_code(self.wiring.ports, terms, self.code(), HOME, at=at)

    def who(self, opened: Opened, *, at: datetime = AT) -> Principal:
        limits = limits_of(self.wiring.settings)
        with self.wiring.database.read() as tx:
            return service.principal_by_session(
                tx, opened.secret, at=at, lang=Lang.JA, limits=limits
            )[0]

    def settled(self) -> Principal:
        """Signed in by code, with a password set."""
        found = self.by_code()
        assert isinstance(found, Opened)
        who = self.who(found)
        keeping.set_password(self.wiring.ports, self.hasher, self.terms, who, PASSWORD, at=AT)
        return who

    def with_totp(self, who: Principal) -> pyotp.TOTP:
        second.offer_totp(self.wiring.ports, who)
        with self.wiring.database.read() as tx:
            address = second.offered_totp(tx, self.wiring.ports, self.terms, who)
        assert address is not None
        made = pyotp.TOTP(secret_of(address).replace(" ", ""))
        code = made.at(AT)
        second.confirm_totp(self.wiring.ports, self.terms, who, code, at=AT)
        return made

    def enter(
        self,
        password: str = PASSWORD,
        *,
        login: str | None = None,
        caller: Caller = HOME,
        at: datetime = AT,
    ) -> Opened | Pending:
        return enter_by_password(
            self.wiring.ports,
            self.hasher,
            self.terms,
            self.login if login is None else login,
            password,
            caller,
            at=at,
        )

    def logged(self, code: EventCode, whose: str = "") -> int:
        with self.wiring.database.read() as tx:
            mine = (EVENTS.c.action == code.value) & (EVENTS.c.object_id == (whose or self.actor))
            return tx.execute(select(func.count()).select_from(EVENTS).where(mine)).scalar_one()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    wiring = create(tmp_path_factory.mktemp("door"))
    terms = terms_of(wiring.settings, wiring.settings.origin)
    yield Door(wiring=wiring, terms=terms, hasher=Hasher(Cost(memory_kib=64, passes=1)))
    wiring.close()


@pytest.fixture
def door(place: Door) -> Door:
    place.wiring.database.write(lambda tx: tx.execute(store.FAILURE.delete()))
    return place.hire()


def test_a_password_alone_opens_where_no_second_factor_is_demanded(door: Door) -> None:
    door.settled()
    found = door.enter(login=f"  {door.login.upper()} ")
    assert isinstance(found, Opened)
    assert found.session.level is Level.PASSWORD
    assert door.who(found).roles == {"privacy_officer"}


def test_unknown_wrong_and_suspended_are_one_answer(door: Door) -> None:
    door.settled()
    told = set()
    for login, password in (
        ("nobody", PASSWORD),
        ("お名前", PASSWORD),
        ("", ""),
        (door.login, "wrong"),
        (door.login, PASSWORD * 40),
    ):
        with pytest.raises(SignInRefusedError) as refused:
            door.enter(password, login=login)
        told.add((refused.value.code, tuple(refused.value.params.items())))
    door.wiring.database.write(
        lambda tx: accounts.set_staff_state(tx, door.actor, AccountState.ENDED)
    )
    with pytest.raises(SignInRefusedError) as refused:
        door.enter()
    told.add((refused.value.code, tuple(refused.value.params.items())))
    assert len(told) == 1
    assert door.logged(EventCode.SIGN_IN_FAILED) == 3


def test_refused_codes_and_passkeys_are_on_record_and_stop_no_code_that_fits(door: Door) -> None:
    ports, terms = door.wiring.ports, door.terms
    before = door.logged(EventCode.SIGN_IN_FAILED, "unknown")
    door.settled()
    for number in range(FREE["network"] + 3):
        secret = f"made up {number}"
        with pytest.raises(SignInRefusedError):
            enter_by_code(ports, terms, secret, HOME, at=AT)
        with pytest.raises(SignInRefusedError):
            enter(ports, terms.site, secret, "{}", HOME, lasting=terms.lasting, at=AT)
    assert door.logged(EventCode.SIGN_IN_FAILED, "unknown") == before + FREE["network"]
    assert isinstance(door.enter(), Opened)  # customers of a network make no staff wait
    for _ in range(FREE["network"] + 3):
        with pytest.raises(SignInRefusedError):
            enter_by_passkey(ports, terms, "made up", "{}", HOME, at=AT)
    assert door.logged(EventCode.SIGN_IN_FAILED, "unknown") == before + 2 * FREE["network"]
    with pytest.raises(TooSoonError):  # who fails at the staff's own door waits there
        door.enter()
    assert isinstance(door.by_code(), Opened)


def test_a_challenge_is_answered_once_even_if_wrongly(door: Door) -> None:
    ports, terms = door.wiring.ports, door.terms
    _, secret = passkey_asked(ports, terms, at=AT)
    for _ in range(2):
        with pytest.raises((SignInRefusedError, FactorRefusedError)):
            enter_by_passkey(ports, terms, secret, "no answer", HOME, at=AT)
    with door.wiring.database.read() as tx:
        step = store.step_by_digest(tx, digest(secret), StepKind.PASSKEY)
    assert step is None or step.used_at is not None


def test_failures_make_the_next_try_wait_and_never_lock(door: Door) -> None:
    door.settled()
    for _ in range(FREE["account"]):
        with pytest.raises(SignInRefusedError):
            door.enter("wrong")
    for _ in range(3):  # a try that comes too early changes nothing
        with pytest.raises(TooSoonError):
            door.enter()
    assert door.logged(EventCode.LOCKED_OUT) == 1
    found = door.enter(at=AT + timedelta(seconds=1))
    assert isinstance(found, Opened)
    for _ in range(FREE["account"]):  # a success begins the count anew
        with pytest.raises(SignInRefusedError):
            door.enter("wrong", at=AT + timedelta(seconds=2))


def test_unknown_logins_wait_like_known_ones(door: Door) -> None:
    def refused(login: str, network: str) -> list[str]:
        told = []
        for _ in range(FREE["account"] + 2):
            try:
                door.enter("wrong", login=login, caller=Caller(network=network))
            except (SignInRefusedError, TooSoonError) as error:
                told.append(f"{error}")
        return told

    door.settled()
    known = refused(door.login, "203.0.113.0/24")
    assert known == refused("nobody-here", "198.51.100.0/24")


def test_nobody_locks_another_out_of_a_known_browser(door: Door) -> None:
    door.settled()
    first = door.enter()
    assert isinstance(first, Opened)
    assert first.device is not None
    for network in ("203.0.113.0/24", "198.51.100.0/24"):
        for _ in range(FREE["account"] + 1):
            with pytest.raises((SignInRefusedError, TooSoonError)):
                door.enter("wrong", caller=Caller(network=network))
    with pytest.raises(TooSoonError):
        door.enter(caller=AWAY)
    known = Caller(network=AWAY.network, device=first.device)
    assert isinstance(door.enter(caller=known), Opened)
    for _ in range(FREE["device"]):  # a stolen device does not guess at will either
        with pytest.raises(SignInRefusedError):
            door.enter("wrong", caller=known)
    with pytest.raises(TooSoonError):
        door.enter(caller=known)


def test_many_guesses_at_once_are_not_one_guess(door: Door) -> None:
    door.settled()
    door.hasher = Hasher(Cost(memory_kib=64, passes=1, at_once=2, waiting=30))

    def guess(_n: int) -> str:
        try:
            door.enter("wrong")
        except (SignInRefusedError, TooSoonError) as error:
            return error.code
        return "opened"

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(guess, range(16)))
    assert found.count("sign_in_refused") == FREE["account"]
    assert found.count("opened") == 0


def test_a_second_factor_is_asked_for_once_it_stands(door: Door) -> None:
    made = door.with_totp(door.settled())
    for found in (door.enter(), door.by_code()):
        assert isinstance(found, Pending)
        with pytest.raises(FactorRefusedError):
            enter_by_second(door.wiring.ports, door.terms, found.secret, "000000", HOME, at=AT)
    at = AT + STEP
    found = door.enter(at=at)
    assert isinstance(found, Pending)
    work = partial(enter_by_second, door.wiring.ports, door.terms, found.secret, at=at)
    opened = work(made.at(at), HOME)
    assert opened.session.level is Level.MFA
    with pytest.raises(SignInRefusedError):
        work(made.at(at), HOME)  # the step is over


def test_a_code_of_the_application_opens_once(door: Door) -> None:
    made = door.with_totp(door.settled())
    at = AT + STEP
    answers = []
    for _ in range(2):
        found = door.enter(at=at)
        assert isinstance(found, Pending)
        try:
            enter_by_second(door.wiring.ports, door.terms, found.secret, made.at(at), HOME, at=at)
            answers.append("opened")
        except FactorRefusedError:
            answers.append("refused")
    assert answers == ["opened", "refused"]


def test_a_half_done_sign_in_takes_few_codes(door: Door) -> None:
    made = door.with_totp(door.settled())
    found = door.enter()
    assert isinstance(found, Pending)
    enter = partial(enter_by_second, door.wiring.ports, door.terms, found.secret, caller=HOME)
    for n in range(STEP_TRIES):
        with pytest.raises(FactorRefusedError):
            enter(typed="123123", at=AT + n * timedelta(minutes=1))
    later = AT + timedelta(minutes=STEP_TRIES)
    with pytest.raises(SignInRefusedError):
        enter(typed=made.at(later), at=later)


def test_recovery_codes_work_once_however_they_are_typed(door: Door) -> None:
    who = door.settled()
    with pytest.raises(FactorRefusedError):
        keeping.renew_recovery(door.wiring.ports, who, at=AT)
    door.with_totp(who)
    codes = keeping.renew_recovery(door.wiring.ports, who, at=AT)
    assert len(set(codes)) == 10
    typed = codes[3].upper().replace("-", " ").replace("0", "O").replace("1", "l")
    answers = []
    for _ in range(2):
        found = door.enter()
        assert isinstance(found, Pending)
        try:
            enter_by_second(door.wiring.ports, door.terms, found.secret, typed, HOME, at=AT)
            answers.append("opened")
        except FactorRefusedError:
            answers.append("refused")
    assert answers == ["opened", "refused"]


def test_where_a_second_factor_is_demanded_a_code_opens_its_set_up_alone(door: Door) -> None:
    found = door.by_code(mfa=True)
    assert isinstance(found, Opened)
    assert found.session.level is Level.ENROLLING
    who = door.who(found)
    assert who.roles == frozenset()
    terms = replace(door.terms, mfa=True)
    second.offer_totp(door.wiring.ports, who)
    with door.wiring.database.read() as tx:
        address = second.offered_totp(tx, door.wiring.ports, terms, who)
    code = pyotp.TOTP(secret_of(address or "").replace(" ", "")).at(AT)
    renewed = second.confirm_totp(door.wiring.ports, terms, who, code, at=AT)
    assert renewed is not None
    whole = Opened(session=renewed.session, secret=renewed.secret)
    assert door.who(whole).roles == {"privacy_officer"}
    assert door.who(found).kind is PrincipalKind.ANONYMOUS
    with pytest.raises(LastFactorError):
        second.remove_totp(door.wiring.ports, terms, door.who(whole), at=AT)


def test_a_new_password_ends_every_other_session(door: Door) -> None:
    who = door.settled()
    other = door.enter()
    mine = door.enter()
    assert isinstance(other, Opened)
    assert isinstance(mine, Opened)
    change = partial(
        keeping.set_password, door.wiring.ports, door.hasher, door.terms, door.who(mine), at=AT
    )
    for before in ("", "wrong"):
        with pytest.raises(FactorRefusedError):
            change("ame no hi no kaeru mo", before=before)
    with pytest.raises(PasswordRefusedError):
        change(f"{door.login}{door.login}{door.login}", before=PASSWORD)
    change("ame no hi no kaeru mo", before=PASSWORD)
    assert door.who(other).kind is PrincipalKind.ANONYMOUS
    assert door.who(mine).kind is PrincipalKind.STAFF
    del who
    with pytest.raises(SignInRefusedError):
        door.enter()


def test_a_grave_act_needs_a_fresh_proof(door: Door) -> None:
    made = door.with_totp(door.settled())
    begun = AT + STEP
    found = door.enter(at=begun)
    assert isinstance(found, Pending)
    ports = door.wiring.ports
    opened = enter_by_second(ports, door.terms, found.secret, made.at(begun), HOME, at=begun)
    policy = door.wiring.policies.current
    ensure(door.who(opened, at=begun), Action.APPROVAL_DECIDE, policy)
    late = begun + timedelta(minutes=16)
    stale = door.who(opened, at=late)
    ensure(stale, Action.APPROVAL_READ, policy)
    with pytest.raises(StepUpNeededError):
        ensure(stale, Action.APPROVAL_DECIDE, policy)
    with pytest.raises(StepUpNeededError):
        second.offer_totp(ports, stale)
    prove = partial(sessions.prove_again, ports, door.hasher, stale, password="", at=late)
    with pytest.raises(FactorRefusedError):
        prove(typed=made.at(begun))
    prove(typed=made.at(late))
    ensure(door.who(opened, at=late), Action.APPROVAL_DECIDE, policy)


def test_a_session_that_nobody_uses_has_ended(door: Door) -> None:
    door.settled()
    found = door.enter()
    assert isinstance(found, Opened)
    idle = limits_of(door.wiring.settings).idle
    assert idle is not None
    last = AT + idle - timedelta(seconds=1)
    assert door.who(found, at=last).kind is PrincipalKind.STAFF
    door.wiring.database.write(lambda tx: accounts.note_life(tx, found.session.id, at=last))
    assert door.who(found, at=last + idle - STEP).kind is PrincipalKind.STAFF
    assert door.who(found, at=last + idle).kind is PrincipalKind.ANONYMOUS


def test_own_sessions_end_and_those_of_others_are_not_found(door: Door) -> None:
    door.settled()
    mine, other = door.enter(), door.enter()
    assert isinstance(mine, Opened)
    assert isinstance(other, Opened)
    who = door.who(mine)
    door.hire().settled()
    foreign = door.enter()
    assert isinstance(foreign, Opened)
    for name in (foreign.session.id, "nothing"):
        with pytest.raises(sessions.SessionUnknownError):
            sessions.end_session(door.wiring.ports, who, name, at=AT)
    sessions.end_session(door.wiring.ports, who, other.session.id, at=AT)
    assert door.who(other).kind is PrincipalKind.ANONYMOUS
    assert door.who(foreign).kind is PrincipalKind.STAFF
