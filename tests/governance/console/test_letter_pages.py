"""The officers' pages of letters: write, look, send once, print, record; texts by two persons."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from dsar.correspondence.store import LETTER
from dsar.dispatch.store import DISPATCH
from dsar.intake.service import file_request
from dsar.intake.types import Claim, Filing, Source
from dsar.types import Intake, RequestKind
from governance.documents.typesetting import can_typeset
from governance.http.principal import ANONYMOUS
from tests.installation import AT, create
from tests.office import Office, opened

HOME, TEXTS = "/console/requests", "/console/letter-texts"
OFFICER = "privacy_officer"
EVIL = '<script>alert(1)</script> =1+1 #read("/etc/passwd") $x$ *a* @b'


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with opened(create(tmp_path_factory.mktemp("letters"))) as found:
        yield found


@pytest.fixture
def place(office: Office) -> str:
    filing = Filing(
        kind=RequestKind.DISCLOSURE,
        intake=Intake.PORTAL,
        source=Source.PORTAL,
        claim=Claim(name="架空 花子", email="hanako@example.com"),
        policy_days=14,
    )
    case = file_request(office.wiring.ports, ANONYMOUS, filing, at=AT)
    return f"{HOME}/{case.id}/letters"


def composed(office: Office, place: str, template: str = "method_impossible") -> str:
    made = office.send(place, by=OFFICER, form={"template": template})
    assert made.status_code == 303, made.text
    return str(made.headers["location"])


def form_of(page: str) -> dict[str, str]:
    """What the form of the page holds."""
    title = re.search(r'id="title"[^>]*value="([^"]*)"', page)
    body = re.search(r"<textarea[^>]*id=\"body\"[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    version = re.search(r'name="version" value="(\d+)"', page)
    assert title
    assert body
    assert version
    return {"title": title[1], "body": body[1], "version": version[1]}


def test_an_officer_writes_looks_sends_once_and_the_text_stays_inert(
    office: Office, place: str
) -> None:
    assert "受付" in office.page(place, by=OFFICER)
    letter = composed(office, place)
    given = form_of(office.page(letter, by=OFFICER))
    blank = office.send(letter, by=OFFICER, form={**given, "step": "send"})
    assert blank.status_code == 422
    given = form_of(blank.text) | {"version": form_of(office.page(letter, by=OFFICER))["version"]}
    given["body"] = given["body"].replace("＿＿＿", EVIL)
    looked = office.send(letter, by=OFFICER, form={**given, "step": "look"})
    assert "&lt;script&gt;alert(1)" in looked.text
    assert "<script>alert" not in looked.text
    wrong = office.send(letter, by=OFFICER, form={**given, "body": "{name}", "step": "save"})
    assert wrong.status_code == 422
    assert "{name}" in wrong.text
    for status in (303, 409):
        sent = office.send(letter, by=OFFICER, form={**given, "step": "send"})
        assert sent.status_code == status, sent.text
    page = office.page(letter, by="auditor")
    assert "送付済み" in page
    assert "&lt;script&gt;alert(1)" in page
    assert 'name="step"' not in page


def test_a_printed_letter_is_typeset_as_data_and_its_dispatch_is_on_record(
    office: Office, place: str
) -> None:
    letter = composed(office, place)
    given = form_of(office.page(letter, by=OFFICER))
    given["body"] = given["body"].replace("＿＿＿", EVIL)
    assert office.send(letter, by=OFFICER, form={**given, "step": "send"}).status_code == 303
    if can_typeset():
        made = office.send(f"{letter}/paper", by=OFFICER, form={"to": f"架空 花子 様\n{EVIL}"})
        assert made.content.startswith(b"%PDF-")
        assert made.headers["cache-control"] == "no-store"
        assert b"root:" not in made.content
        long = office.send(f"{letter}/paper", by=OFFICER, form={"to": "あ\n" * 50})
        assert long.status_code == 422
    sent = {"carrier": "registered", "sent_on": "2026-10-01", "address": "東京都架空区1-1"}
    assert office.send(f"{letter}/dispatch", by=OFFICER, form=sent).status_code == 422
    sent["tracking"] = "1234-5678"
    assert office.send(f"{letter}/dispatch", by=OFFICER, form=sent).status_code in {303, 422}
    with office.wiring.database.read() as tx:
        rows = tx.execute(select(DISPATCH)).all()
    assert all("東京都".encode() not in (row.address or b"") for row in rows)


def test_others_see_no_open_letter_and_a_letter_of_another_request_is_nowhere(
    office: Office, place: str
) -> None:
    letter = composed(office, place)
    name = letter.rpartition("/")[2]
    assert office.browsers["auditor"].get(letter).status_code == 403
    other = f"{HOME}/{name}/letters/{name}"
    assert office.browsers[OFFICER].get(other).status_code == 404
    assert office.browsers[OFFICER].get(f"{place}/{place.split('/')[3]}").status_code == 404
    assert office.send(place, by="auditor", form={"template": "refused"}).status_code == 403
    assert office.send(place, by=OFFICER, form={"template": "received"}).status_code == 404
    dropped = office.send(
        letter, by=OFFICER, form={"step": "drop", "version": "1", "title": "x", "body": "x"}
    )
    assert dropped.status_code == 303


def test_a_text_of_the_company_waits_for_a_second_person(office: Office, place: str) -> None:
    page = office.page(f"{TEXTS}/withdrawn/ja", by=OFFICER)
    body = re.search(r"<textarea[^>]*id=\"body\"[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    assert body
    form = {"title": "取下げのお知らせ {reference}", "body": f"{body[1]}\n当社の一文"}
    faulty = office.send(f"{TEXTS}/withdrawn/ja", by=OFFICER, form={**form, "body": "{x}"})
    assert faulty.status_code == 422
    made = office.send(f"{TEXTS}/withdrawn/ja", by=OFFICER, form=form)
    assert made.status_code == 303
    edition = made.headers["location"]
    own = office.send(edition, by=OFFICER, form={"step": "adopt"})
    assert own.status_code == 403
    adopted = office.send(edition, by="privacy_approver", form={"step": "adopt"})
    assert adopted.status_code == 303, adopted.text
    assert "使用中" in office.page(TEXTS)
    assert "当社の一文" in office.page(f"{TEXTS}/withdrawn/ja", by="auditor")
    with office.wiring.database.read() as tx:
        assert tx.execute(select(func.count()).select_from(LETTER)).scalar_one() > 0
