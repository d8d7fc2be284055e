"""Coming back by number and code, letters, withdrawal: over HTTP, without script."""

import re
from time import sleep

import pytest

from tests.governance.portal.requests.conftest import OUTBOX, ROOT, Portal, Visitor
from tests.governance.portal.requests.test_form import DISCLOSURE, NOBODY, PERSON, stranger

RETURN, CODE = f"{ROOT}/return", f"{ROOT}/return/code"
NOBODYS = "R-2026-ZZZZZ-ZZZZZ"
REFERENCE = re.compile(r"R-\d{4}-\w{5}-\w{5}")


def number(visitor: Visitor, place: str) -> str:
    found = REFERENCE.search(visitor.get(place).text)
    assert found is not None
    return found[0]


def back(portal: Portal, reference: str) -> tuple[Visitor, str]:
    """Another browser, back by number and code."""
    visitor, before = portal.visitor(), portal.count(OUTBOX)
    assert visitor.post(RETURN, {"reference": reference, "kind": "email_code"}).status_code == 303
    while portal.count(OUTBOX) == before:  # the code is sent after the answer has left
        sleep(0.01)
    opened = visitor.post(CODE, {"code": portal.code()})
    assert opened.status_code == 303, opened.text
    return visitor, opened.headers["location"]


@pytest.mark.parametrize("person", [PERSON, NOBODY])
def test_another_browser_is_back_by_number_and_code_and_takes_it_back(
    portal: Portal, person: dict[str, str]
) -> None:
    first = portal.visitor()
    place = first.filed(*stranger(person))
    visitor, found = back(portal, number(first, place))
    assert found == place
    page = visitor.get(place).text
    assert "お知らせ・通知書" in page
    (letter,) = set(re.findall(rf"{place}/letters/[0-9a-f-]+", page))
    read = visitor.get(letter)
    assert read.headers["cache-control"] == "no-store"
    assert "個人情報に関するご請求を受け付けました" in read.text
    for value in person.values():
        assert not value or value not in read.text
    assert "いつでもあらためて" in visitor.get(f"{place}/withdraw").text
    done = visitor.post(f"{place}/withdraw", {})
    assert "取り下げました" in visitor.get(done.headers["location"]).text
    assert "取り下げられない" in visitor.get(f"{place}/withdraw").text
    again = visitor.post(f"{place}/withdraw", {})  # of another tab
    assert again.status_code == 409
    assert "取り下げられない" in again.text
    assert "sekisho" not in re.sub(r"<head.*?</head>", "", again.text, flags=re.DOTALL)
    assert 'id="closed"' in visitor.get(f"{place}/messages").text


def test_every_number_is_answered_alike(portal: Portal) -> None:
    first = portal.visitor()
    known = number(first, first.filed(*stranger(PERSON)))
    seen = []
    for typed in (known, NOBODYS):
        visitor = portal.visitor()
        sent = visitor.post(RETURN, {"reference": typed, "kind": "email_code"})
        wrong = visitor.post(CODE, {"code": "00000000"})
        shown = [sent.text, visitor.get(sent.headers["location"]).text, wrong.text]
        plain = [re.sub(r'value="[^"]*"', "", one) for one in shown]
        seen.append((sent.status_code, sent.headers["location"], wrong.status_code, plain))
    assert seen[0] == seen[1]
    for typed in ("", "<script>alert(1)</script>", "あ" * 3_000):  # no number: told at its field
        sent = portal.visitor().post(RETURN, {"reference": typed, "kind": "email_code"})
        assert sent.status_code == 422
        assert "受付番号の形ではありません" in sent.text
        assert 'href="#reference"' in sent.text
        assert "<script>alert" not in sent.text


def test_the_browser_that_filed_must_prove_itself_to_take_it_back(portal: Portal) -> None:
    visitor = portal.visitor()
    place = visitor.filed(*stranger(PERSON))
    for answer in (
        visitor.get(f"{place}/withdraw"),
        visitor.post(f"{place}/withdraw", {}),
        visitor.post(f"{place}/scope", {"scope_everything": "yes"}),
    ):
        assert (answer.status_code, answer.headers["location"]) == (303, RETURN)
    other = portal.visitor()
    for path in (f"{place}/withdraw", f"{place}/letters/{place.rpartition('/')[2]}"):
        assert other.get(path).headers["location"].startswith("/portal/sign-in?")
    assert other.post(f"{place}/withdraw", {}).status_code == 401


def test_the_person_who_is_signed_in_takes_it_back(portal: Portal) -> None:
    visitor = portal.customer("en")
    place = visitor.filed(*DISCLOSURE)
    before = visitor.get(place).text
    assert "Withdraw this request" in before
    assert "We answer" in before
    done = visitor.post(f"{place}/withdraw", {})
    page = visitor.get(done.headers["location"]).text
    assert "Your request was withdrawn" in page
    assert "Withdraw this request" not in page
    assert "This request is closed" in page
    assert "you can complain from this page" in page
    for promise in ("We answer", 'id="road"', 'id="proof"'):
        assert promise not in page, "nothing more is promised or asked for"


def test_the_person_who_is_signed_in_complains_from_the_page_of_any_request(portal: Portal) -> None:
    visitor = portal.customer("en")
    place = visitor.filed(*DISCLOSURE)
    assert f'href="{place}/execution#complaint"' in visitor.get(place).text
    complaint = visitor.get(f"{place}/execution").text
    for there in ('id="complaint"', 'id="authorities"', f'href="{place}/messages"'):
        assert there in complaint
    nobody = portal.visitor()
    assert "/execution" not in nobody.get(nobody.filed(*stranger(NOBODY))).text


def test_a_way_back_without_the_form_token_of_this_site_is_refused(portal: Portal) -> None:
    client = portal.visitor().client
    foreign = {"sec-fetch-site": "cross-site"}
    assert client.post(RETURN, data={"reference": NOBODYS}, headers=foreign).status_code == 403


def test_the_answer_is_for_whoever_is_back_and_no_page_tells_that_one_waits(portal: Portal) -> None:
    first = portal.visitor()
    place = first.filed(*stranger(PERSON))
    answer = f"{place}/answer"
    for shown in (first.get(answer), first.post(answer, {"form": "page"})):
        assert (shown.status_code, shown.headers["location"]) == (303, RETURN)
    visitor, _ = back(portal, number(first, place))
    page = visitor.get(answer)
    assert page.status_code == 200
    refused = visitor.post(answer, {"form": "page"})
    assert refused.status_code == 404
    assert "お渡しできる回答はありません" in page.text
    assert visitor.post(answer, {"form": "x"}).status_code == 404
    nowhere = f"{ROOT}/of/019ac000-0000-7000-8000-000000000000/answer"
    for path in (answer, nowhere):
        asked = portal.visitor().get(path)
        assert (asked.status_code, asked.headers["location"][:15]) == (303, "/portal/sign-in")
        assert portal.visitor().post(path, {"form": "page"}).status_code == 401
        assert portal.customer().get(path).status_code == 404
