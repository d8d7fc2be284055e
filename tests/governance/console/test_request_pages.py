"""The officers' pages of requests: enter, check, quote; each for whoever may, and no one else."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from audit.models import EVENTS
from dsar.complaints.store import complaints_of, history
from dsar.identity.documents import upload
from dsar.identity.types import UploadKind
from dsar.intake.service import file_request
from dsar.intake.types import Claim, Filing, Scope, Source
from dsar.messages.service import reply
from dsar.returning.service import answer_scope
from dsar.stepping import advance
from dsar.store import case_by_id
from dsar.types import Event, Intake, RequestKind, Status
from governance.app.wiring import Wiring
from governance.core.terms import RequestId
from governance.http.principal import ANONYMOUS
from tests.dsar.world import OFFICER
from tests.installation import AT, add_person, create
from tests.office import Office, opened

HOME = "/console/requests"
PAPER = b"%PDF-1.7 " + b"x" * 500
ENTRY = {
    "channel": "post", "received_on": "2026-09-20", "right": "disclosure", "requester": "self",
    "name": "架空 花子", "delivery": "post", "answer_lang": "ja", "scope": "everything",
    "once": "one",
}  # fmt: skip


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with opened(create(tmp_path_factory.mktemp("desk"))) as found:
        yield found


def sent(office: Office, path: str, data: dict[str, Any], by: str = "support") -> httpx.Response:
    return office.send(path, by=by, form=data)


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


TYPED = ("name", "agent_name", "customer_number", "words")
CHOSEN = ("channel", "received_on", "right", "ground", "scope", "requester", "delivery", "email",
          "phone", "answer_lang")  # fmt: skip


@pytest.mark.parametrize("item", [*TYPED, *CHOSEN])
def test_markup_and_a_formula_in_any_item_are_text_or_refused(office: Office, item: str) -> None:
    wild = f'=HYPERLINK("x")<script>alert("{item}")</script>'
    form = {**ENTRY, "right": "cessation", "ground": "harm", "once": item}
    done = sent(office, f"{HOME}/new", {**form, item: wild})
    assert done.status_code in ((303,) if item in TYPED else (422,)), done.text[:300]
    page = done.text if item in CHOSEN else office.page(done.headers["location"], by="support")
    assert "<script>alert" not in page
    if item in TYPED and item != "words":
        assert "&lt;script&gt;" in page, "it is shown as it was written"
    assert "<script>alert" not in office.page(HOME, by="support")


def test_the_desk_finds_its_requests_in_the_list_and_sales_do_not(office: Office) -> None:
    request = filed(office.wiring)
    assert 'href="/console/requests"' in office.page("/console", by="support")
    assert f'href="{HOME}/{request}/identity"' in office.page(HOME, by="support")
    assert f'href="{HOME}/{request}"' in office.page(HOME, by="auditor")
    assert 'href="/console/requests"' not in office.page("/console", by="sales")
    office.page(HOME, by="sales", status=403)


def test_a_paper_is_seen_judged_and_gone(office: Office) -> None:
    request = filed(office.wiring)
    ports = office.wiring.ports
    paper = upload(ports, ANONYMOUS, request, UploadKind.IDENTITY, PAPER, at=AT, keep=True)
    place = f"{HOME}/{request}"
    seen = office.browsers["support"].get(f"{place}/papers/{paper}")
    assert (seen.content, seen.headers["cache-control"]) == (PAPER, "no-store")
    other = filed(office.wiring)
    assert office.browsers["support"].get(f"{HOME}/{other}/papers/{paper}").status_code == 404
    given = {"kind": "identity", "document": "passport", "verdict": "accepted", "paper": paper}
    assert sent(office, f"{place}/identity", given).status_code == 303
    assert office.browsers["support"].get(f"{place}/papers/{paper}").status_code == 404
    page = office.page(f"{place}/identity", by="support")
    assert "確認が2つ要ります。済んだもの：本人確認書類。" in page
    unproved = office.page(f"{HOME}/{other}/identity", by="support")
    assert "確認が2つ要ります。使えるもの：" in unproved
    assert "似ている請求" not in page or "同じ方とは確認されていない" in page
    with office.wiring.database.read() as tx:
        assert [proof.accepted for proof in case_by_id(tx, request).evidence] == [True]
    wrong = sent(office, f"{place}/identity", {**given, "document": "mandate", "paper": ""})
    assert wrong.status_code == 422
    for step in ("triage", "ask_identity"):
        assert sent(office, f"{place}/identity/steps", {"step": step}).status_code == 303
    lead, theirs = (office.page(f"{place}/identity", by=by) for by in (LEAD, "support"))
    assert "本人であること、または代理権の確認が足りません" in lead
    assert "あなたの役割では行えません" in theirs
    assert "あなたの役割では行えません" not in lead, "a step of theirs, of which the desk says no"


def test_what_the_person_means_is_read_by_the_desk_on_record(office: Office) -> None:
    request, ports = filed(office.wiring), office.wiring.ports
    place = f"{HOME}/{request}/identity"

    def looks() -> int:
        with ports.database.read() as tx:
            rows = select(EVENTS.c.reasons).where(EVENTS.c.object_id == request)
            return [*tx.execute(rows).scalars()].count("words")

    ports.database.write(lambda tx: advance(tx, ports, OFFICER, request, Event.ASK_SCOPE, at=AT))
    assert "ご本人の回答" not in office.page(place, by="support")
    scope, wild = (Scope.PURCHASES, Scope.OTHER), "2025年の注文<b>=1+1</b>"
    answer_scope(ports, ANONYMOUS, request, scope, wild, at=AT)
    assert looks() == 0
    page = office.page(place, by="support")
    assert "2025年の注文&lt;b&gt;=1+1&lt;/b&gt;" in page
    assert "ご本人の回答" in page
    assert looks() == 1


def test_the_desk_takes_its_steps_where_it_checks_identity(office: Office) -> None:
    request = filed(office.wiring)
    place, steps = f"{HOME}/{request}/identity", f"{HOME}/{request}/identity/steps"
    page = office.page(place, by="support")
    assert f'action="{steps}"' in page
    assert 'value="ask_identity"' in page
    assert 'aria-describedby="start-why"' in page
    for step, status in (("start", 409), ("close", 409), ("approve", 404), ("<b>", 404)):
        assert sent(office, steps, {"step": step}).status_code == status, step
    assert sent(office, steps, {"step": "ask_identity"}, by="auditor").status_code == 403
    done = sent(office, steps, {"step": "ask_identity"})
    assert (done.status_code, done.headers["location"]) == (303, place)
    with office.wiring.database.read() as tx:
        assert case_by_id(tx, request).tracks[0].status is Status.IDENTITY
    listed = office.page(place, by=LEAD)
    assert listed.count(f'href="{HOME}/{request}/letters"') == 1  # the bar leads there


def test_the_list_counts_what_nobody_has_read(office: Office) -> None:
    request, ports = filed(office.wiring), office.wiring.ports
    assert "未読の連絡" not in office.page(HOME)
    for words in ("一つ目", "二つ目"):
        reply(ports, ANONYMOUS, request, words, at=AT)
    assert office.page(HOME).count("未読の連絡2件") == 1
    office.page(f"{HOME}/{request}/messages", by="support")
    assert "未読の連絡" not in office.page(HOME)


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


REST = {"step": "hold", "ground": "legal_dispute", "until": "2026-10-20"}
COMPLAINTS = "/console/complaints"
LEAD = "privacy_officer"


def test_a_request_rests_to_a_day_for_a_reason_and_goes_on(office: Office) -> None:
    request = filed(office.wiring)
    place, page = f"{HOME}/{request}/rest", f"{HOME}/{request}/identity"
    assert sent(office, place, REST).status_code == 403  # the desk may not
    assert "個人情報保護管理者が行います" in office.page(page, by="support")
    assert sent(office, place, REST, by=LEAD).status_code == 303
    assert "2026年10月20日(火)まで保留中" in office.page(page, by=LEAD)
    assert sent(office, place, {"step": "release"}, by=LEAD).status_code == 303
    assert sent(office, place, {"step": "release"}, by=LEAD).status_code == 409
    with office.wiring.database.read() as tx:
        assert case_by_id(tx, request).hold is None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"until": ""}, "until"),
        ({"until": "2020-01-01"}, "until"),
        ({"ground": "tired"}, "hold-ground"),
        ({"step": "extend", "ground": "complexity"}, ""),
    ],
)
def test_what_is_wrong_with_a_rest_stands_beside_its_field(
    office: Office, given: dict[str, str], field: str
) -> None:
    request = filed(office.wiring)
    answer = sent(office, f"{HOME}/{request}/rest", {**REST, **given}, by=LEAD)
    assert answer.status_code == 409
    assert not field or f'id="{field}-wrong"' in answer.text
    assert ('value="legal_dispute" selected' in answer.text) == ("ground" not in given)
    with office.wiring.database.read() as tx:
        assert case_by_id(tx, request).hold is None


def test_no_other_step_is_taken_by_the_form_of_a_rest(office: Office) -> None:
    place = f"{HOME}/{filed(office.wiring)}/rest"
    assert sent(office, place, {**REST, "step": "close"}, by=LEAD).status_code == 404


def complained(office: Office, **given: str) -> httpx.Response:
    request = filed(office.wiring)
    with office.wiring.database.read() as tx:
        reference = case_by_id(tx, request).reference
    form = {"request": reference, "cause": "late", "received_on": AT.date().isoformat(), **given}
    return sent(office, f"{COMPLAINTS}/file", form, by=LEAD)


def test_a_complaint_is_filed_looked_at_and_referred(office: Office) -> None:
    place = complained(office).headers["location"]
    step = f"{place}/step"
    assert "回答の遅れ" in office.page(place, by="auditor")
    assert sent(office, step, {"event": "take_up"}, by="auditor").status_code == 409
    assert sent(office, step, {"event": "take_up"}, by=LEAD).status_code == 303
    bare = sent(office, step, {"event": "refer"}, by=LEAD)
    assert (bare.status_code, 'id="authority-wrong"' in bare.text) == (409, True)
    whole = {"event": "refer", "authority": "ppc", "number": "架空-1"}
    assert sent(office, step, whole, by=LEAD).status_code == 303
    page = office.page(place, by="auditor")
    assert "個人情報保護委員会" in page
    assert "架空-1" in page
    with office.wiring.database.read() as tx:
        (one,) = (row for row in complaints_of(tx) if place.endswith(row.id))
        assert [event for _, event, _ in history(tx, one.id)] == ["filed", "take_up", "refer"]


def test_an_upheld_complaint_is_not_answered_before_it_is_put_right(office: Office) -> None:
    step = f"{complained(office).headers['location']}/step"
    for event in ("take_up", "uphold"):
        assert sent(office, step, {"event": event}, by=LEAD).status_code == 303
    nothing = sent(office, step, {"event": "answer"}, by=LEAD)
    nowhere = sent(office, step, {"event": "answer", "follow_up": "R-none"}, by=LEAD)
    assert (nothing.status_code, nowhere.status_code) == (409, 404)
    assert all('id="follow_up-wrong"' in answer.text for answer in (nothing, nowhere))


def test_a_complaint_of_no_request_or_no_day_comes_back(office: Office) -> None:
    unknown = complained(office, request="R-none")
    assert (unknown.status_code, 'id="request-wrong"' in unknown.text) == (404, True)
    for day in ("", "2020-01-01", "2099-01-01"):
        wrong = complained(office, received_on=day)
        assert (wrong.status_code, 'id="received_on-wrong"' in wrong.text) == (422, True)
    assert sent(office, f"{COMPLAINTS}/file", {}, by="auditor").status_code == 403
    assert office.browsers["support"].get(COMPLAINTS).status_code == 403


def test_a_day_that_is_none_or_to_come_is_refused_for_the_law_counts_from_it(
    office: Office,
) -> None:
    for day in ("2026-13-01", "yesterday", "2999-01-01"):
        done = sent(office, f"{HOME}/new", {**ENTRY, "once": day, "received_on": day})
        assert done.status_code == 422
        assert 'id="received_on-wrong"' in done.text
        assert "received_on:" not in done.text


def test_chosen_requests_are_assigned_together_or_none_of_them(office: Office) -> None:
    office.page("/console", by="support")
    first, second = filed(office.wiring), filed(office.wiring)
    form = {"key": [first, second], "assignee": "u:support"}
    refused = sent(office, f"{HOME}/assign", {**form, "assignee": "u:nobody"})
    assert refused.status_code >= 400
    assert "assign-to" in refused.text
    assert sent(office, f"{HOME}/assign", form).status_code == 303
    with office.wiring.database.read() as tx:
        hands = {case_by_id(tx, one).assignee for one in (first, second)}
    assert hands == {"u:support"}
    narrowed = office.page(f"{HOME}?assignee=u:support", by="support")
    assert f'value="{first}"' in narrowed
    assert f'value="{first}"' not in office.page(f"{HOME}?assignee=nobody", by="support")
