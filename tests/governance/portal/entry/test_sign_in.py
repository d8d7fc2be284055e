"""A code to the e-mail address opens the portal; nobody learns who is on record."""

import hmac
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from governance.app.portal_entry import COOKIE, onward
from governance.core.terms import Lang
from governance.db.types import table_of
from governance.http.throttle import Throttle
from governance.identity.middleware import SESSION_COOKIE
from governance.identity.service import principal_by_session
from governance.signon.errors import AddressMovedError, MailCodeRefusedError
from governance.signon.mail_codes import begin, deliver, enter
from governance.signon.mail_rules import CODE_LIFE, CODE_TRIES, DAY, HOUR, Sent, may_send
from governance.signon.models import MailCodeRow
from tests.governance.portal.entry.conftest import (
    ALONE,
    CODE,
    NOBODY,
    PLACE,
    TWINS,
    Portal,
    token,
)
from tests.installation import AT, data_bytes

ROW = table_of(MailCodeRow)
LASTING = timedelta(hours=1)


def bare(answer: httpx.Response) -> tuple[object, ...]:
    """What a stranger can compare of an answer."""
    names = sorted(set(answer.headers) - {"date", "x-request-id"})
    kept = {name: answer.headers[name] for name in names if name != "set-cookie"}
    secret = answer.cookies.get(COOKIE, "")
    return answer.status_code, kept, answer.text, len(secret)


def test_an_address_opens_the_page_of_its_person(portal: Portal) -> None:
    client = portal.browser()
    asked = client.get("/portal/receipts")
    assert (asked.status_code, asked.headers["location"]) == (
        303,
        f"{PLACE}?next=%2Fportal%2Freceipts",
    )
    page = client.get(asked.headers["location"])
    assert 'value="/portal/receipts"' in page.text
    code = portal.asked(client, f" {ALONE.upper()} ", "/portal/receipts")
    page = client.get(f"{CODE}?next=/portal/receipts")
    assert 'autocomplete="one-time-code"' in page.text
    assert 'value="/portal/receipts"' in page.text
    typed = f" {code[:4]} - {code[4:]} "  # pasted with what a mail adds
    answer = client.post(CODE, data={"code": typed, "next": "/portal/receipts"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal/receipts")
    cookie = next(c for c in answer.headers.get_list("set-cookie") if SESSION_COOKIE in c).lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert list(client.cookies) == [SESSION_COOKIE], "one cookie, and the half-done one is gone"
    assert ALONE in client.get("/portal").text


def test_signing_out_ends_the_session_on_the_server(portal: Portal) -> None:
    client = portal.signed_in(ALONE)
    kept = client.cookies[SESSION_COOKIE]
    home = client.get("/portal").text
    gone = client.post("/sign-out", data={"csrf": token(home)})
    assert gone.headers["location"] == f"{PLACE}?out=yes", "customers stay at their own pages"
    assert 'id="out"' in client.get(gone.headers["location"]).text
    late = portal.browser()
    late.cookies.set(SESSION_COOKIE, kept)
    assert late.get("/portal").headers["location"] == PLACE


def test_every_address_is_answered_alike(portal: Portal) -> None:
    found = {}
    for address in (ALONE, NOBODY, TWINS):
        client = portal.browser()
        answer = client.post(PLACE, data={"address": address})
        page = client.get(answer.headers["location"])
        wrong = client.post(CODE, data={"code": "00000000"})
        found[address] = (bare(answer), bare(page), bare(wrong))
        assert wrong.status_code == 422
    assert found[ALONE] == found[NOBODY] == found[TWINS]
    assert NOBODY not in {one.to for one in portal.letters()}


@pytest.mark.parametrize("typed", ["", "x", "a@", "@example.com", "a b@example.com", "x" * 400])
def test_what_is_no_address_is_said_to_be_none(portal: Portal, typed: str) -> None:
    answer = portal.browser().post(PLACE, data={"address": typed})
    assert answer.status_code == 422
    assert 'id="address"' in answer.text
    assert COOKIE not in answer.cookies


def test_an_address_of_several_persons_opens_nobodys_page(portal: Portal) -> None:
    client = portal.browser()
    answer = client.post(CODE, data={"code": portal.asked(client, TWINS)})
    assert answer.status_code == 409
    assert SESSION_COOKIE not in client.cookies
    assert portal.happened("identity.sign_in_failed")[-1] == ("anonymous", None, "shared_address")


def test_a_code_opens_once_in_its_own_browser_and_for_few_tries(portal: Portal) -> None:
    ports = portal.wiring.ports
    asked = begin(ports, ALONE, None, at=AT)
    assert deliver(ports, asked, Lang.JA, at=AT)
    other = begin(ports, ALONE, None, at=AT)
    late = AT + CODE_LIFE
    for secret, code, at in (
        (other.secret, asked.code, AT),  # another browser
        ("", asked.code, AT),
        (asked.secret, asked.code, late),
        (asked.secret, "", AT),
    ):
        with pytest.raises(MailCodeRefusedError):
            enter(ports, secret, code, lasting=LASTING, network=None, at=at)
    session, secret = enter(ports, asked.secret, asked.code, lasting=LASTING, network=None, at=AT)
    with pytest.raises(MailCodeRefusedError):
        enter(ports, asked.secret, asked.code, lasting=LASTING, network=None, at=AT)
    with portal.wiring.database.read() as tx:
        found, _ = principal_by_session(tx, secret, at=AT, lang=Lang.JA)
    assert (found.id, found.mailed) == (session.actor, True)
    assert deliver(ports, other, Lang.JA, at=AT)
    for _ in range(CODE_TRIES):
        with pytest.raises(MailCodeRefusedError):
            enter(ports, other.secret, "1", lasting=LASTING, network=None, at=AT)
    with pytest.raises(MailCodeRefusedError):
        enter(ports, other.secret, other.code, lasting=LASTING, network=None, at=AT)


def test_a_code_that_no_mail_carried_opens_nothing(portal: Portal) -> None:
    ports = portal.wiring.ports
    for address in (NOBODY, ALONE):
        asked = begin(ports, address, None, at=AT)
        with pytest.raises(MailCodeRefusedError):
            enter(ports, asked.secret, asked.code, lasting=LASTING, network=None, at=AT)
    assert not deliver(ports, begin(ports, NOBODY, None, at=AT), Lang.JA, at=AT)


def test_neither_code_nor_address_can_be_read_at_rest(portal: Portal) -> None:
    asked = begin(portal.wiring.ports, "unique.reader@example.com", None, at=AT)
    content = data_bytes(portal.wiring)
    for hidden in (asked.code, asked.secret, "unique.reader@example.com"):
        assert hidden.encode() not in content
    with portal.wiring.database.read() as tx:
        row = tx.execute(select(ROW).where(ROW.c.id == asked.row)).one()
    # the key of the hash is the browser's secret, which is nowhere here
    assert row.code == hmac.digest(asked.secret.encode(), asked.code.encode(), "sha256")


def test_asking_in_somebodys_name_spends_nothing_of_theirs() -> None:
    ours, theirs = "192.0.2.0/24", "198.51.100.0/24"
    flood = [Sent(at=AT, network=ours)] * 5
    assert not may_send(flood, ours, familiar=False, at=AT)
    assert may_send(flood, theirs, familiar=False, at=AT)
    many = [Sent(at=AT, network=f"203.0.{n}.0/24") for n in range(30)]
    assert not may_send(many, theirs, familiar=False, at=AT), "the mail-box is not flooded"
    assert may_send(many, theirs, familiar=True, at=AT), "who was here before is not locked out"
    assert may_send(many, theirs, familiar=False, at=AT + DAY)
    assert not may_send(many, theirs, familiar=False, at=AT + HOUR), "thirty are enough for a day"


def test_one_network_asks_so_often_and_no_other_waits_for_it(portal: Portal) -> None:
    ports = portal.wiring.ports

    def asks(network: str | None) -> bool:
        return deliver(ports, begin(ports, ALONE, network, at=AT), Lang.JA, at=AT)

    portal.signed_in(ALONE)  # from this machine's network
    familiar = "127.0.0.0/24"
    assert [asks("192.0.2.0/24") for _ in range(6)] == [True] * 5 + [False]
    assert asks("198.51.100.0/24")
    for number in range(20):
        asks(f"203.0.{number}.0/24")
    assert not asks("233.252.0.0/24"), "new networks have spent the hour"
    assert asks(familiar), "a network from which the person came before has its own count"


def test_too_many_sendings_of_a_network_are_refused(portal: Portal) -> None:
    portal.app.state.portal_throttle = Throttle(1)
    try:
        client = portal.browser()
        client.post(CODE, data={"code": "1"})
        for place, form in ((PLACE, {"address": ALONE}), (CODE, {"code": "1"})):
            assert client.post(place, data=form).status_code == 429
    finally:
        portal.app.state.portal_throttle = Throttle(10_000)


def test_another_sites_form_sends_and_opens_nothing(portal: Portal) -> None:
    before = len(portal.letters())
    foreign = {"sec-fetch-site": "cross-site"}
    for place, form in ((PLACE, {"address": ALONE}), (CODE, {"code": "1"})):
        assert portal.browser().post(place, data=form, headers=foreign).status_code == 403
    assert len(portal.letters()) == before


def test_a_session_by_mail_names_a_person_alone(portal: Portal) -> None:
    client = portal.signed_in(ALONE)
    assert client.get("/console").status_code == 403
    assert client.get(PLACE).headers["location"] == "/portal"
    assert portal.happened("identity.signed_in")[-1][0] == f"p:{portal.person(1)}"


def test_the_old_mail_box_is_outside_once_the_address_on_record_is_another(
    portal: Portal,
) -> None:
    old, new, subject = "person7@example.com", "moved@example.com", portal.person(7)
    inside, neighbour, linked = (
        portal.signed_in(old),
        portal.signed_in(ALONE),
        portal.by_link(subject),
    )
    ports, half = portal.wiring.ports, begin(portal.wiring.ports, old, "1.2.3.0", at=AT)
    assert deliver(ports, half, Lang.JA, at=AT)
    portal.corrected(subject, email=new)
    assert inside.get("/portal").headers["location"] == PLACE
    assert neighbour.get("/portal").status_code == 200
    assert linked.get("/portal").status_code == 200, "a link of the desk rests on no address"
    with pytest.raises(AddressMovedError):  # the code was right; it is nobody's address now
        enter(ports, half.secret, half.code, lasting=LASTING, network=None, at=AT)
    fresh = portal.signed_in(new)
    assert new in fresh.get("/portal").text
    portal.corrected(subject, address="東京都千代田区丸の内1-2")
    assert fresh.get("/portal").status_code == 200, (
        "what is no address to sign in with ends nothing"
    )


@pytest.mark.parametrize(
    ("said", "there"),
    [
        ("/portal/receipts", "/portal/receipts"),
        ("/console", "/portal"),
        ("//example.com/portal/x", "/portal"),
        ("https://example.com/portal/x", "/portal"),
        ("/portal/sign-in/code", "/portal"),
        ("/portal/\\example.com", "/portal"),
        ("", "/portal"),
    ],
)
def test_signing_in_leads_to_a_page_of_the_portal_alone(said: str, there: str) -> None:
    assert onward(said) == there
