"""A parent whom an officer verified acts for a child in their own name, until it may not be."""

from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import update

from dsar.listing import list_requests
from dsar.store import case_by_id
from dsar.types import EvidenceKind, Requester
from governance.core.errors import NotFoundError
from governance.core.terms import ActorId, Lang, RowId, SubjectId
from governance.customers.master.guardians import acting_by, children_of
from governance.gateway.around.types import Entry
from governance.gateway.around.writing import put
from governance.http.principal import Principal, PrincipalKind
from governance.i18n.catalogue import text
from governance.identity.middleware import SESSION_COOKIE
from governance.identity.service import principal_by_session
from governance.identity.store import SESSION
from governance.signon import acting
from tests.governance.portal.entry.conftest import PARENT, SUPPORT, Portal, token
from tests.installation import AT

SWITCH = "/portal/choices/mail_marketing"
FORM = (
    ("home", {"home": "japan"}),
    ("right", {"right": "disclosure"}),
    ("data", {"scope_everything": "yes"}),
    ("delivery", {"delivery": "download"}),
)


@pytest.fixture(scope="module")
def small(portal: Portal) -> RowId:
    """The relation to a child of eight who has the parent's address."""
    return portal.relation(3, 2)


def start(portal: Portal, client: httpx.Client, relation: RowId) -> str:
    """The child's home, when the parent turned to it."""
    home = client.get("/portal").text
    answer = client.post(f"/portal/acting/{relation}", data={"csrf": token(home)})
    assert answer.status_code == 303, answer.text
    return client.get("/portal").text


def test_a_parent_comes_in_as_themself_though_the_child_has_the_same_address(
    portal: Portal, small: RowId
) -> None:
    client = portal.signed_in(PARENT)
    home = client.get("/portal").text
    assert "架空 花子三" in home  # themself: customer 2
    assert f"/portal/acting/{small}" in home
    assert "架空 花子四 さん（8歳）" in home


def test_what_is_done_for_a_child_names_both_and_touches_the_child_alone(
    portal: Portal, small: RowId
) -> None:
    parent, child = portal.person(2), portal.person(3)
    client = portal.signed_in(PARENT)
    own = token(client.get("/portal").text)
    page = start(portal, client, small)
    assert 'id="acting-end"' in page
    assert token(page) != own
    stale = client.post(SWITCH, data={"choice": "on", "csrf": own})
    assert stale.status_code == 403, "the form of another tab changes nothing for the child"
    assert client.post(SWITCH, data={"choice": "on", "csrf": token(page)}).status_code == 303
    both = (f"p:{parent}", child)
    for action in ("consent.given", "person.read", "identity.acting_begun"):
        assert portal.happened(action)[-1][:2] == both, action
    assert 'aria-checked="true"' in client.get("/portal").text
    page = client.get("/portal").text
    assert client.post(SWITCH, data={"choice": "off", "csrf": token(page)}).status_code == 303
    page = client.get("/portal").text
    assert client.post("/portal/acting/end", data={"csrf": token(page)}).status_code == 303
    home = client.get("/portal").text
    assert 'id="acting-end"' not in home
    for action in ("consent.withdrawn", "identity.acting_ended"):
        assert portal.happened(action)[-1][:2] == both, action


def test_a_request_for_a_child_is_a_guardians_and_brings_its_proofs(
    portal: Portal, small: RowId
) -> None:
    client = portal.signed_in(PARENT)
    start(portal, client, small)
    page = client.get("/portal/requests").text
    answer = client.post("/portal/requests/new", data={"csrf": token(page)})
    for name, given in FORM:
        form = {"csrf": token(page), **given}
        answer = client.post(f"/portal/requests/new/{name}", data=form)
        assert answer.status_code == 303, answer.text
    assert answer.headers["location"].endswith("/check"), "nobody is asked who they are"
    answer = client.post("/portal/requests/new/check", data={"csrf": token(page)})
    request = answer.headers["location"].partition("?")[0].rpartition("/")[2]
    with portal.wiring.database.read() as tx:
        case = case_by_id(tx, request)
        mine = list_requests(tx, subject=portal.person(2))
    assert (case.subject, case.requester) == (portal.person(3), Requester.STATUTORY_AGENT)
    assert mine == (), "it is not the parent's own"
    proofs = {one.kind for one in case.evidence if one.accepted}
    # a session by a mail code proves the mail-box, and the register the authority
    assert proofs == {EvidenceKind.EMAIL_CODE, EvidenceKind.AGENT_AUTHORITY}
    shown = client.get(f"/portal/requests/of/{request}")
    assert shown.status_code == 200
    assert 'value="authority"' not in shown.text, "what the register proves is not asked for"
    stranger = portal.by_link(portal.person(1))
    assert stranger.get(f"/portal/requests/of/{request}").status_code == 404


def test_what_a_child_asked_alone_is_not_the_parents_to_see(portal: Portal) -> None:
    relation = portal.relation(4, 2)
    child = portal.by_link(portal.person(4))
    page = child.get("/portal/requests").text
    child.post("/portal/requests/new", data={"csrf": token(page)})
    for name, given in FORM:
        child.post(f"/portal/requests/new/{name}", data={"csrf": token(page), **given})
    filed = child.post("/portal/requests/new/check", data={"csrf": token(page)})
    where = filed.headers["location"].partition("?")[0]
    assert child.get(where).status_code == 200
    client = portal.signed_in(PARENT)
    start(portal, client, relation)
    assert client.get(where).status_code == 404
    assert where not in client.get("/portal/requests").text
    assert where not in client.get("/portal").text


def test_a_child_who_can_choose_is_told_and_nobody_agrees_for_them(portal: Portal) -> None:
    relation = portal.relation(4, 2)  # 17 years old, with an address of their own
    before = len(portal.letters("portal/acting/"))
    client = portal.signed_in(PARENT)
    page = start(portal, client, relation)
    start(portal, client, relation)
    told = portal.letters("portal/acting/")[before:]
    assert [one.to for one in told] == ["person4@example.com"], "once a day, and not the parent"
    assert 'id="own-choice"' in page
    refused = client.post(SWITCH, data={"choice": "on", "csrf": token(page)})
    assert refused.status_code == 409
    assert client.post(SWITCH, data={"choice": "off", "csrf": token(page)}).status_code == 303
    own = portal.by_link(portal.person(4)).get("/portal").text
    assert 'id="guardians"' in own


def test_a_small_childs_yes_is_told_to_wait_for_a_guardian(portal: Portal) -> None:
    child = portal.by_link(portal.person(3))
    page = child.get("/portal").text
    answer = child.post(SWITCH, data={"choice": "on", "csrf": token(page)})
    told = child.get(answer.headers["location"]).text
    for key in ("portal.changed.waits", "portal.answer.waits"):
        assert text(key, Lang.JA) in told
    assert text("portal.changed.off", Lang.JA) not in told, "nobody said no"


@pytest.mark.parametrize(
    "values",
    [
        {"verified_how": "declared"},
        {"kind": "agent", "verified_how": "power_of_attorney", "until_majority": False},
        {"valid_to": "2026-09-30"},
        {"valid_from": "2026-10-02"},
    ],
)
def test_what_was_not_verified_or_does_not_stand_opens_no_child(
    portal: Portal, values: dict[str, str]
) -> None:
    relation = portal.relation(3, 1, **values)
    client = portal.by_link(portal.person(1))
    home = client.get("/portal").text
    assert str(relation) not in home
    answer = client.post(f"/portal/acting/{relation}", data={"csrf": token(home)})
    assert answer.status_code == 404


def test_a_strangers_relation_and_none_are_answered_alike(portal: Portal, small: RowId) -> None:
    client = portal.by_link(portal.person(1))
    home = client.get("/portal").text
    nobodys = "01a21a3e-0000-7000-8000-000000000000"
    found = [
        client.post(f"/portal/acting/{one}", data={"csrf": token(home)}) for one in (small, nobodys)
    ]
    assert [one.status_code for one in found] == [404, 404]
    assert len({_bare(one, str(small), nobodys) for one in found}) == 1


def _bare(answer: httpx.Response, *ids: str) -> str:
    """The page without what names the request."""
    text = answer.text
    for one in (*ids, answer.headers["x-request-id"]):
        text = text.replace(one, "")
    return text


def test_the_officers_end_shows_the_own_page_at_the_next_click(portal: Portal) -> None:
    relation = portal.relation(3, 2)
    client = portal.signed_in(PARENT)
    assert 'id="acting-end"' in start(portal, client, relation)
    ended = Entry(
        table="relation", subject=portal.person(3), values={"valid_to": "2026-09-30"},
        purpose="order_support", row=relation, version=1,
    )  # fmt: skip
    put(portal.wiring.ports, SUPPORT, ended, at=AT)
    assert 'id="acting-end"' not in client.get("/portal").text


def test_majority_ends_it_on_the_birthday_and_midnight_ends_what_began_before(
    portal: Portal,
) -> None:
    relation, ports = portal.relation(7, 2), portal.wiring.ports  # born on 2008-10-02
    grown = AT + timedelta(days=1)
    with portal.wiring.database.read() as tx:
        assert acting_by(tx, ports.vault, relation, at=AT) is not None
        assert acting_by(tx, ports.vault, relation, at=grown) is None, "18 on this very day"
        theirs = children_of(tx, ports.vault, portal.person(2), at=grown)
        assert portal.person(7) not in {one.child for one in theirs}
    client = portal.signed_in(PARENT)
    secret = client.cookies[SESSION_COOKIE]
    me = _principal(portal, secret, at=AT)
    portal.wiring.database.write(lambda tx: acting.begin(tx, ports, me, relation, at=AT))
    assert _principal(portal, secret, at=AT).acts_for == portal.person(7)
    portal.wiring.database.write(
        lambda tx: tx.execute(update(SESSION).values(expires_at=grown + timedelta(days=1)))
    )
    night = _principal(portal, secret, at=AT.replace(hour=15))  # midnight in Japan
    assert (night.id, night.acts_for) == (me.id, None), "a new day looks anew"
    with pytest.raises(NotFoundError):
        portal.wiring.database.write(lambda tx: acting.begin(tx, ports, me, relation, at=grown))


def _principal(portal: Portal, secret: str, *, at: datetime) -> Principal:
    with portal.wiring.database.read() as tx:
        found, _ = principal_by_session(tx, secret, at=at, lang=Lang.JA)
    return found


def test_whose_pages_these_are() -> None:
    own = Principal(id=ActorId("p:a"), kind=PrincipalKind.PERSON)
    assert own.person == "a"
    child = Principal(id=ActorId("p:a"), kind=PrincipalKind.PERSON, acts_for=SubjectId("b"))
    assert child.person == "b"
    for other in (
        Principal(id=ActorId("u:a"), kind=PrincipalKind.STAFF, acts_for=SubjectId("b")),
        Principal(id=ActorId("p:"), kind=PrincipalKind.PERSON),
        Principal(id=ActorId("u:a"), kind=PrincipalKind.PERSON),
    ):
        assert other.person is None
