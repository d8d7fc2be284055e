"""The officers' pages of requests: enter, check, quote; each for whoever may, and no one else."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dsar.identity.documents import upload
from dsar.identity.types import UploadKind
from dsar.intake.service import file_request
from dsar.intake.types import Claim, Filing, Source
from dsar.store import case_by_id
from dsar.types import Intake, RequestKind
from governance.app.factory import create_app
from governance.app.wiring import Wiring
from governance.core.terms import RequestId
from governance.http.principal import ANONYMOUS
from tests.governance.console.test_policy_pages import Office
from tests.installation import AT, add_person, create
from tests.serving import served

HOME = "/console/requests"
PAPER = b"%PDF-1.7 " + b"x" * 500
ENTRY = {
    "channel": "post", "received_on": "2026-09-20", "right": "disclosure", "requester": "self",
    "name": "架空 花子", "delivery": "post", "answer_lang": "ja", "scope": "everything",
    "once": "one",
}  # fmt: skip


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    wiring = create(Path(tmp_path_factory.mktemp("desk")))
    with served(create_app(wiring)) as base:
        made = Office(wiring, base)
        yield made
        for browser in made.browsers.values():
            browser.close()
    wiring.close()


def sent(office: Office, path: str, data: dict[str, str], by: str = "support") -> httpx.Response:
    browser = office.browsers[by]
    token = re.search(r'name="csrf" value="([^"]+)"', browser.get("/console").text)
    assert token is not None
    answer: httpx.Response = browser.post(path, data={"csrf": token[1], **data})
    return answer


def filed(wiring: Wiring) -> RequestId:
    filing = Filing(
        kind=RequestKind.DISCLOSURE,
        intake=Intake.PORTAL,
        source=Source.PORTAL,
        claim=Claim(name="架空 花子", email="hanako@example.com"),
        policy_days=14,
    )
    return file_request(wiring.ports, ANONYMOUS, filing, at=AT).id


def test_an_officer_enters_a_letter_by_its_day_and_once(office: Office) -> None:
    assert "請求を入力する" in office.page(f"{HOME}/new", by="support")
    done = sent(office, f"{HOME}/new", ENTRY)
    assert done.status_code == 303
    assert sent(office, f"{HOME}/new", ENTRY).headers["location"] == done.headers["location"]
    page = office.page(done.headers["location"], by="support")
    assert "架空 花子" in page
    assert "郵送" in page
    listed = office.page(HOME, by="auditor")
    assert listed.count("2026年9月20日") >= 1
    wrong = sent(office, f"{HOME}/new", {**ENTRY, "once": "two", "right": "cessation", "name": ""})
    assert wrong.status_code == 422
    assert "入力または選択してください" in wrong.text


def test_a_paper_is_seen_judged_and_gone(office: Office) -> None:
    request = filed(office.wiring)
    ports = office.wiring.ports
    paper = upload(ports, ANONYMOUS, request, UploadKind.IDENTITY, PAPER, at=AT)
    place = f"{HOME}/{request}"
    seen = office.browsers["support"].get(f"{place}/papers/{paper}")
    assert (seen.content, seen.headers["cache-control"]) == (PAPER, "no-store")
    other = filed(office.wiring)
    assert office.browsers["support"].get(f"{HOME}/{other}/papers/{paper}").status_code == 404
    given = {"kind": "identity", "document": "passport", "verdict": "accepted", "paper": paper}
    assert sent(office, f"{place}/identity", given).status_code == 303
    assert office.browsers["support"].get(f"{place}/papers/{paper}").status_code == 404
    page = office.page(f"{place}/identity", by="support")
    assert "似ている請求" not in page or "同じ方とは確認されていない" in page
    with office.wiring.database.read() as tx:
        assert [proof.accepted for proof in case_by_id(tx, request).evidence] == [True]
    wrong = sent(office, f"{place}/identity", {**given, "document": "mandate", "paper": ""})
    assert wrong.status_code == 422


def test_who_may_not_write_requests_sees_no_claim_and_no_paper(office: Office) -> None:
    request = filed(office.wiring)
    for by, path in (("auditor", f"{HOME}/{request}/identity"), ("auditor", f"{HOME}/new")):
        answer = office.browsers[by].get(path)
        assert answer.status_code in (403, 404)
        assert "架空" not in answer.text
    assert sent(office, f"{HOME}/new", ENTRY, by="auditor").status_code == 403


def test_no_fee_is_quoted_where_none_is_published(office: Office) -> None:
    request = filed(office.wiring)
    answer = sent(office, f"{HOME}/{request}/fee", {"step": "quoted", "yen": "300"})
    assert answer.status_code == 409
    assert sent(office, f"{HOME}/{request}/fee", {"step": "free"}).status_code == 404


def test_a_request_is_linked_to_a_person_of_the_store_alone(office: Office) -> None:
    request, person = filed(office.wiring), add_person(office.wiring)
    place = f"{HOME}/{request}/match"
    nobody = sent(office, place, {"subject": "3b241101-e2bb-4255-8caf-4136c566a962"})
    assert nobody.status_code == 404
    assert sent(office, place, {"subject": person}).status_code == 303
    with office.wiring.database.read() as tx:
        assert case_by_id(tx, request).subject == person
    assert person in office.page(f"{HOME}/{request}/identity", by="support")
    assert sent(office, place, {"subject": add_person(office.wiring)}).status_code == 409
