"""The form for requests over HTTP, without script: both languages, known and unknown alike."""

import http.client
import re
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import select

from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.identity.middleware import SESSION_COOKIE
from governance.portal.requests.asking import COOKIE
from tests.governance.portal.requests.conftest import REQUEST, ROOT, UPLOAD, Portal

PERSON = {"name": "架空 太郎", "email": "person1@example.com", "phone": ""}
NOBODY = {"name": "架空 知子", "email": "nobody@example.org", "phone": ""}
DISCLOSURE = (
    ("home", {"home": "japan"}),
    ("right", {"right": "disclosure"}),
    ("data", {"scope_everything": "yes"}),
    ("delivery", {"delivery": "download"}),
)
PAPER = b"\xff\xd8\xff" + b"\0" * 4000


def stranger(person: dict[str, str]) -> tuple[tuple[str, dict[str, str]], ...]:
    return (*DISCLOSURE, ("who", {"who": "self"}), ("person", person))


@pytest.mark.parametrize(
    ("lang", "words"),
    [("ja", ("どちらにお住まい", "受付番号", "コードを確認しました")),
     ("en", ("Where do you live?", "Reference", "The code was right"))],
)  # fmt: skip
def test_a_customer_files_a_disclosure_and_proves_it_without_script(
    portal: Portal, lang: str, words: tuple[str, ...]
) -> None:
    visitor = portal.customer(lang)
    assert f'{ROOT}?right=correction"' in visitor.get("/portal").text
    assert 'name="right" value="correction"' in visitor.get(f"{ROOT}?right=correction").text
    assert 'name="right"' not in visitor.get(f"{ROOT}?right=everything").text
    visitor.post(f"{ROOT}/new", {"right": "correction"})
    assert words[0] in visitor.get(f"{ROOT}/new/home").text
    visitor.post(f"{ROOT}/new/home", {"home": "japan"})
    chosen = re.search(
        r'<input[^>]*value="correction"[^>]*>', visitor.get(f"{ROOT}/new/right").text
    )
    assert chosen is not None
    assert "checked" in chosen[0], "what was chosen on the first page"
    place = visitor.filed(*DISCLOSURE)
    asked = visitor.get(place).text
    assert words[1] in asked
    for key in ("counts.contact", "how.email_code.on_record"):
        assert text(f"portal.request.{key}", Lang(lang)) in asked, "where a code goes, what counts"
    had = text("portal.request.family.session", Lang(lang))
    assert text("portal.request.left", Lang(lang), had=had, n=1) in asked, "what is still to come"
    assert visitor.post(f"{place}/codes", {"kind": "email_code"}).status_code == 303
    done = visitor.post(f"{place}/code", {"kind": "email_code", "code": portal.code()})
    assert words[2] in visitor.get(done.headers["location"]).text
    assert "nobody" not in visitor.get(place).text


def _shape(html: str) -> str:
    """The page without what differs by request."""
    return re.sub(r"R-\d{4}-\w{5}-\w{5}|[0-9a-f]{8}-[0-9a-f-]{27}", "-", html)


def test_pages_of_a_known_and_an_unknown_person_say_the_same(portal: Portal) -> None:
    seen = []
    for person in (PERSON, NOBODY):
        visitor = portal.visitor()
        place = visitor.filed(*stranger(person))
        pages = [visitor.get(f"{place}?filed=yes").text]
        sent = visitor.post(f"{place}/codes", {"kind": "email_code"})
        pages.append(visitor.get(sent.headers["location"]).text)
        code = portal.code()
        wrong = f"{(int(code) + 1) % 10**8:08}"
        refused = visitor.post(f"{place}/code", {"kind": "email_code", "code": wrong})
        assert refused.status_code == 422
        pages.append(refused.text)
        right = visitor.post(f"{place}/code", {"kind": "email_code", "code": code})
        pages.append(visitor.get(right.headers["location"]).text)
        seen.append([_shape(page) for page in pages])
    assert seen[0] == seen[1]


def test_another_browser_sees_nothing_of_a_request(portal: Portal) -> None:
    place = portal.visitor().filed(*stranger(PERSON))
    other = portal.visitor()
    nowhere = f"{ROOT}/of/019ac000-0000-7000-8000-000000000000"
    for path in (place, nowhere):
        assert other.get(path).headers["location"].startswith("/portal/sign-in?")
        for act in ("codes", "code", "papers", "fee"):
            answer = other.post(f"{path}/{act}", {"kind": "email_code", "code": "1"})
            assert answer.status_code == 401, act
    told = [_shape(other.post(f"{path}/fee", {}).text) for path in (place, nowhere)]
    assert told[0] == told[1]
    assert portal.customer().get(place).status_code == 404  # not proved: not shown to the person


def test_sending_twice_files_once_and_back_shows_what_was_said(portal: Portal) -> None:
    before = portal.count(REQUEST)
    visitor = portal.visitor()
    place = visitor.filed(*stranger(PERSON))
    again = visitor.post(f"{ROOT}/new/check", {})
    assert again.headers["location"].startswith(place)
    assert portal.count(REQUEST) == before + 1
    assert visitor.get(f"{ROOT}/new/home").headers["location"].startswith(place)
    other = portal.visitor()
    other.filled(*stranger(NOBODY))
    assert 'value="disclosure" checked' in other.get(f"{ROOT}/new/right").text
    assert NOBODY["email"] in other.get(f"{ROOT}/new/person?then=check").text
    changed = other.post(f"{ROOT}/new/right", {"right": "cessation", "then": "check"})
    assert changed.headers["location"] == f"{ROOT}/new/ground"  # a question that comes up by it


def test_a_mistake_stands_beside_its_item_and_keeps_what_was_written(portal: Portal) -> None:
    visitor = portal.visitor()
    visitor.filled(*DISCLOSURE, ("who", {"who": "self"}))
    answer = visitor.post(
        f"{ROOT}/new/person", {"name": "架空 太郎", "email": "taro@", "phone": ""}
    )
    assert answer.status_code == 422
    assert 'id="email-wrong"' in answer.text
    assert 'href="#email"' in answer.text
    assert "架空 太郎" in answer.text
    assert "taro@" in answer.text
    for page in ("home", "right", "data"):
        assert visitor.post(f"{ROOT}/new/{page}", {}).status_code == 422


WILD = '<script>alert(1)</script>"><b>=1+1'


def test_markup_is_shown_as_text_whichever_field_it_stands_in(portal: Portal) -> None:
    visitor = portal.visitor()
    texts = {"name": WILD, "customer_number": WILD, "email": "taro@example.com", "phone": ""}
    visitor.filled(
        *DISCLOSURE[:2],
        ("data", {"scope_everything": "yes", "words": WILD}),
        DISCLOSURE[3],
        ("who", {"who": "mandated_agent"}),
        ("agent", {"agent_name": WILD}),
        ("person", texts),
    )
    for page in ("data", "agent", "person", "check"):
        shown = visitor.get(f"{ROOT}/new/{page}").text
        assert "<script>alert(1)" not in shown, page
        assert "&lt;script&gt;" in shown, page


@pytest.mark.parametrize("name", ["email", "phone"])
def test_markup_for_a_contact_is_refused_and_shown_as_text(portal: Portal, name: str) -> None:
    visitor = portal.visitor()
    visitor.filled(*DISCLOSURE, ("who", {"who": "self"}))
    answer = visitor.post(f"{ROOT}/new/person", {**PERSON, name: WILD})
    assert answer.status_code == 422
    assert "<script>alert(1)" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_a_paper_is_stored_sealed_and_what_is_no_paper_nowhere(portal: Portal) -> None:
    visitor = portal.visitor()
    place = visitor.filed(*stranger(PERSON))
    for name, content in (("a.jpg", b"MZ\x90"), ("a.jpg", b""), ("a.pdf", b"%PDF" + b"-")):
        sent = visitor.post(
            f"{place}/papers", {"kind": "identity", "keep": "yes"}, files={"paper": (name, content)}
        )
        assert sent.status_code == (303 if content.startswith(b"%PDF-") else 422)
    big = visitor.post(
        f"{place}/papers",
        {"kind": "identity"},
        files={"paper": ("a.jpg", b"\xff\xd8\xff" + bytes(8 * 1024 * 1024))},
    )
    assert big.status_code == 422
    before = portal.count(UPLOAD)
    sent = visitor.post(f"{place}/papers", {"kind": "identity", "keep": "yes"},
                        files={"paper": ("a.jpg", PAPER)})  # fmt: skip
    assert sent.status_code == 303
    with portal.wiring.database.read() as tx:
        kept = tx.execute(select(UPLOAD).order_by(UPLOAD.c.id.desc()).limit(1)).one()
    assert portal.count(UPLOAD) == before + 1
    assert PAPER[:100] not in kept.content
    assert kept.media == "image/jpeg"


def test_two_hundred_megabytes_are_refused_before_they_are_read(portal: Portal) -> None:
    visitor = portal.visitor()
    place = visitor.filed(*stranger(PERSON))
    before = portal.count(UPLOAD)

    def endless() -> Iterator[bytes]:
        for _ in range(200):
            yield bytes(1024 * 1024)

    kind = {"content-type": "multipart/form-data; boundary=x"}
    try:
        answer = visitor.client.post(f"{place}/papers", content=endless(), headers=kind)
        assert answer.status_code in (413, 422)
    except httpx.TransportError:
        pass  # the server may hang up on a sender that does not stop
    host = portal.base.removeprefix("http://")
    with closing(http.client.HTTPConnection(host, timeout=60)) as announced:
        announced.putrequest("POST", f"{place}/papers")
        announced.putheader("content-length", str(200 * 1024 * 1024))
        announced.endheaders()
        assert announced.getresponse().status == 413
    assert portal.count(UPLOAD) == before


def test_a_form_of_another_site_or_without_its_token_is_refused(portal: Portal) -> None:
    visitor = portal.visitor()
    foreign = visitor.client.post(f"{ROOT}/new", headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 403
    assert portal.customer().client.post(f"{ROOT}/new", data={"csrf": "x"}).status_code == 403


def test_an_answer_outlives_the_session_and_a_form_that_is_over_is_said_to_be(
    portal: Portal,
) -> None:
    me = portal.customer()
    me.filled(("home", {"home": "japan"}), ("right", {"right": "correction"}))
    place = f"{ROOT}/new/data"
    given = {"scope_everything": "yes", "words": "架空の長い説明です"}
    sent = {"headers": {"sec-fetch-site": "same-origin"}}
    session = me.client.cookies.pop(SESSION_COOKIE)
    asked = me.get(place)
    assert asked.headers["location"] == f"/portal/sign-in?{urlencode({'next': place})}"
    late = me.post(place, given, **sent)
    assert late.status_code == 401
    assert 'name="words" value="架空の長い説明です"' in late.text
    assert 'href="/portal/sign-in"' in late.text
    me.client.cookies.set(SESSION_COOKIE, session)
    assert me.post(place, given, **sent).headers["location"] == f"{ROOT}/new/check"
    other = portal.visitor()
    other.filled(("home", {"home": "japan"}))
    other.client.cookies.set(COOKIE, "of-a-form-long-over")
    over = other.get(f"{ROOT}/new/right")
    assert over.headers["location"] == f"{ROOT}?over=yes"
    assert 'id="over"' in other.get(f"{ROOT}?over=yes").text
    assert portal.visitor().get(f"{ROOT}/new/right").headers["location"] == ROOT


def test_an_agent_is_told_whose_contact_is_asked_for_and_who_gets_the_code(portal: Portal) -> None:
    visitor = portal.visitor("en")
    visitor.post(f"{ROOT}/new", {})
    agent = (("who", {"who": "mandated_agent"}), ("agent", {"agent_name": "架空 次郎"}))
    for page, answers in (*DISCLOSURE, *agent):
        visitor.post(f"{ROOT}/new/{page}", answers)
    assert "The registered one of the person, not yours" in visitor.get(f"{ROOT}/new/person").text
    place = visitor.filed(*DISCLOSURE, *agent, ("person", NOBODY))
    asked = visitor.get(place).text
    assert "Please show us whom you act for" in asked
    assert "Enter the code that the person gets" in asked
    assert "We answer by" in asked, "the law that may apply names a day"
    assert "under the APPI we answer without delay" in asked
