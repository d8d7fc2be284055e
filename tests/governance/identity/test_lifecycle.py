"""Joiner, mover, leaver: what changes of an account holds from its next request on."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, select

from audit.models import EVENTS
from governance.app.wiring import Wiring
from governance.core.terms import ActorId, Lang
from governance.customers.post import BLOB
from governance.db.types import table_of
from governance.http.principal import Principal, PrincipalKind
from governance.identity import lifecycle, service, store
from governance.identity.accounts import (
    AccountEndedError,
    AccountUnknownError,
    DutiesApartError,
    NewStaff,
    RoleKindError,
    add_staff,
)
from governance.identity.credentials import store as credentials
from governance.identity.errors import SignInRefusedError
from governance.identity.rules import INVITATION_LIFE
from governance.jobs.models import OutboxRow
from policies.api import ActionForbiddenError
from tests.installation import AT, create, staff

OUTBOX = table_of(OutboxRow)
ORIGIN = "https://sekisho.example"
OPERATOR = staff("it_operator", name="operator")
SUPPORT = staff("support", name="jiro")


@pytest.fixture(scope="module")
def wiring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    made = create(tmp_path_factory.mktemp("lifecycle"))
    yield made
    made.close()


def do(
    wiring: Wiring, work: Callable[..., object], *args: object, by: Principal = OPERATOR
) -> object:
    def write(tx: Connection) -> object:
        return work(tx, wiring.ports, by, *args, at=AT)

    return wiring.database.write(write)


def hired(wiring: Wiring, login: str, *roles: str) -> Callable[[], Principal]:
    """Somebody signed in; the result looks again at who they are."""
    new = NewStaff(login=login, display_name="架空", roles=frozenset(roles or ("support",)))
    code = do(wiring, add_staff, new)
    _, secret = wiring.database.write(
        partial(service.sign_in, secret=str(code), lasting=INVITATION_LIFE, at=AT)
    )

    def who() -> Principal:
        with wiring.database.read() as tx:
            return service.principal_by_session(tx, secret, at=AT, lang=Lang.JA)[0]

    assert who().kind is PrincipalKind.STAFF
    return who


@pytest.mark.parametrize(
    "work",
    [
        partial(lifecycle.suspend, login="{}"),
        partial(lifecycle.reset, login="{}", seen=lifecycle.Seen.IN_PERSON),
        partial(lifecycle.end_sessions, login="{}"),
        partial(lifecycle.set_roles, login="{}", roles=["sales"]),
        partial(lifecycle.end_staff, login="{}"),
    ],
    ids=["suspend", "reset", "sign_out", "roles", "end"],
)
def test_the_next_request_is_refused(wiring: Wiring, work: partial[object]) -> None:
    login = work.func.__name__.replace("_", "-")
    who = hired(wiring, login)
    do(wiring, partial(work.func, **{**work.keywords, "login": login}))
    assert who().kind is PrincipalKind.ANONYMOUS


def test_a_suspended_account_signs_in_by_nothing_until_it_is_resumed(wiring: Wiring) -> None:
    hired(wiring, "hanako")
    code = service.issue_code
    kind = PrincipalKind.STAFF
    secret = wiring.database.write(partial(code, actor=ActorId("u:hanako"), kind=kind, at=AT))
    do(wiring, lifecycle.suspend, "hanako")
    enter = partial(service.sign_in, secret=secret, lasting=INVITATION_LIFE, at=AT)
    with pytest.raises(SignInRefusedError):
        wiring.database.write(enter)
    with pytest.raises(lifecycle.AccountStateError):
        do(wiring, lifecycle.suspend, "hanako")
    do(wiring, lifecycle.resume, "hanako")
    with pytest.raises(lifecycle.AccountStateError):
        do(wiring, lifecycle.resume, "hanako")
    fresh = wiring.database.write(partial(code, actor=ActorId("u:hanako"), kind=kind, at=AT))
    wiring.database.write(partial(service.sign_in, secret=fresh, lasting=INVITATION_LIFE, at=AT))


def test_roles_that_the_policy_keeps_apart_are_not_given_together(wiring: Wiring) -> None:
    hired(wiring, "saburo", "privacy_officer")
    for roles in (["privacy_officer", "privacy_approver"], ["auditor", "privacy_officer"]):
        with pytest.raises(DutiesApartError):
            do(wiring, lifecycle.set_roles, "saburo", roles)
    with pytest.raises(RoleKindError):
        do(wiring, lifecycle.set_roles, "saburo", ["shop"])
    with wiring.database.read() as tx:
        kept = store.staff_by_id(tx, ActorId("u:saburo"))
    assert kept is not None
    assert kept.roles == {"privacy_officer"}


def test_nobody_gives_rights_to_themselves_or_without_the_right_to(wiring: Wiring) -> None:
    hired(wiring, "operator2", "it_operator")
    own = staff("it_operator", name="operator2")
    for work in (
        partial(lifecycle.set_roles, login="operator2", roles=["privacy_officer"]),
        partial(lifecycle.suspend, login="operator2"),
        partial(lifecycle.reset, login="operator2", seen=lifecycle.Seen.IN_PERSON),
        partial(lifecycle.end_staff, login="operator2"),
    ):
        with pytest.raises(lifecycle.OwnAccountError):
            do(wiring, work, by=own)
        with pytest.raises(ActionForbiddenError):
            do(wiring, work, by=SUPPORT)


def test_an_invitation_goes_sealed_to_the_address_and_its_link_opens_once(wiring: Wiring) -> None:
    new = NewStaff(login="rokuro", display_name="架空", roles=frozenset({"support"}))
    address = "rokuro@example.com"
    do(wiring, partial(lifecycle.invite, new=new, address=address, origin=ORIGIN, lang=Lang.JA))
    with wiring.database.read() as tx:
        rows = tx.execute(select(OUTBOX)).all()
    payloads = [wiring.vault.open_blob(BLOB, row.idem_key, row.payload) for row in rows]
    mine = [(row, one) for row, one in zip(rows, payloads, strict=True) if b"rokuro@" in one]
    assert len(mine) == 1
    row, content = mine[0]
    assert b"rokuro" not in row.payload
    found = re.search(rb"sign-in\?code=([A-Za-z0-9_-]+)", content)
    assert found is not None
    enter = partial(service.sign_in, secret=found[1].decode(), lasting=INVITATION_LIFE)
    late = AT + INVITATION_LIFE
    with pytest.raises(SignInRefusedError):
        wiring.database.write(partial(enter, at=late))
    wiring.database.write(partial(enter, at=late - timedelta(seconds=1)))
    with pytest.raises(SignInRefusedError):
        wiring.database.write(partial(enter, at=AT))


def test_without_an_address_nothing_is_sent(wiring: Wiring) -> None:
    hired(wiring, "shichiro")
    send = partial(lifecycle.send_invitation, login="shichiro", origin=ORIGIN, lang=Lang.JA)
    with pytest.raises(lifecycle.NoAddressError):
        do(wiring, send)


def test_an_ended_account_keeps_nothing_to_prove_itself_with(wiring: Wiring) -> None:
    hired(wiring, "goro")
    actor = ActorId("u:goro")
    wiring.database.write(lambda tx: credentials.set_password(tx, actor, "hash", at=AT))
    do(wiring, lifecycle.end_staff, "goro")
    with wiring.database.read() as tx:
        assert credentials.password_of(tx, actor) is None
    with pytest.raises(AccountEndedError):
        do(wiring, partial(lifecycle.reset, seen=lifecycle.Seen.VIDEO), "goro")
    with pytest.raises(AccountUnknownError):
        do(wiring, partial(lifecycle.reset, seen=lifecycle.Seen.VIDEO), "nobody")


def test_who_lost_everything_is_let_in_again_only_by_whoever_knew_them_again(
    wiring: Wiring,
) -> None:
    who = hired(wiring, "shina")
    with pytest.raises(lifecycle.NotSeenError):
        do(wiring, partial(lifecycle.reset, seen=None), "shina")
    assert who().kind is PrincipalKind.STAFF  # nothing was changed
    do(wiring, partial(lifecycle.reset, seen=lifecycle.Seen.SUPERIOR), "shina")
    with wiring.database.read() as tx:
        mine = select(EVENTS.c.reasons).where(EVENTS.c.object_id == "u:shina")
        told = tx.execute(mine.order_by(EVENTS.c.id.desc()).limit(1)).scalar_one()
    assert "seen.superior" in told
