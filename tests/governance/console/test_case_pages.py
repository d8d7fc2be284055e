"""The page of one request: roads, days and history; steps by the law's table, or the reason."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsar.case import Decision, Track, WithheldItem
from dsar.machine import STATES
from dsar.store import case_by_id
from dsar.types import FEE_ALLOWED, LAW_OF, Event, Ground, Outcome, RequestKind, Status
from governance.console.case_facts import ROADS, ground_terms, onward, reached, step_lines
from governance.core.terms import ActorId, FieldId, Lang, Law, RequestId
from tests.dsar.cases import NOW, OFFICER, case_of
from tests.governance.console.test_execution_pages import reviewed, somebody
from tests.governance.console.test_request_pages import filed
from tests.installation import create
from tests.office import Office, opened

HOME = "/console/requests"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with opened(create(tmp_path_factory.mktemp("case"))) as found:
        yield found


def statuses(office: Office, request: RequestId) -> list[Status]:
    with office.wiring.database.read() as tx:
        return [track.status for track in case_by_id(tx, request).tracks]


def test_every_reader_finds_road_days_and_history_and_only_who_may_finds_steps(
    office: Office,
) -> None:
    request = filed(office.wiring)
    for role in ("privacy_officer", "auditor"):
        page = office.page(f"{HOME}/{request}", by=role)
        assert "請求の受領" in page
        assert "訴えを起こせる日（39条）" in page
        assert 'aria-current="step"' in page
    assert 'id="ask_identity"' in office.page(f"{HOME}/{request}", by="privacy_officer")
    assert "いま、この役割でできる手続はありません" in office.page(f"{HOME}/{request}")
    for role in ("sales", "support"):
        office.page(f"{HOME}/{request}", by=role, status=403)


def test_a_step_is_taken_once_and_then_told_why_it_is_not_possible(office: Office) -> None:
    request = filed(office.wiring)
    place, steps = f"{HOME}/{request}", f"{HOME}/{request}/steps"
    page = office.page(place, by="privacy_officer")
    assert re.search(r'aria-describedby="start-why"', page)
    refused = office.send(steps, by="privacy_officer", shown=place, form={"step": "start"})
    assert refused.status_code == 409
    assert Status.COLLECTING not in statuses(office, request)
    done = office.send(steps, by="privacy_officer", shown=place, form={"step": "ask_identity"})
    assert (done.status_code, done.headers["location"]) == (303, place)
    assert Status.IDENTITY in statuses(office, request)
    again = office.send(steps, by="privacy_officer", shown=place, form={"step": "ask_identity"})
    assert again.status_code == 409


@pytest.mark.parametrize("step", ["approve", "hold", "extend", "nothing", ""])
def test_steps_with_pages_of_their_own_are_not_taken_here(office: Office, step: str) -> None:
    request = filed(office.wiring)
    before = statuses(office, request)
    place = f"{HOME}/{request}"
    sent = office.send(f"{place}/steps", by="privacy_officer", shown=place, form={"step": step})
    assert sent.status_code == 404
    assert statuses(office, request) == before


def test_a_request_is_put_into_the_hands_of_somebody_who_works_on_requests(office: Office) -> None:
    request = filed(office.wiring)
    place, lead = f"{HOME}/{request}", "privacy_officer"
    page = office.page(place, by=lead)
    assert "担当者はまだいません" in page
    assert 'value="u:privacy_officer"' in page
    assert 'value="u:sales"' not in page, "who does not work on requests is not offered"
    wrong = office.send(f"{place}/assignee", by=lead, shown=place, form={"assignee": "u:<b>"})
    assert wrong.status_code == 422
    assert "u:<b>" not in wrong.text
    given = {"assignee": f"u:{lead}"}
    done = office.send(f"{place}/assignee", by=lead, shown=place, form=given)
    assert (done.status_code, done.headers["location"]) == (303, place)
    assert "担当者はまだいません" not in office.page(place, by=lead)
    assert 'id="assign"' not in office.page(place, by="auditor")
    refused = office.send(f"{place}/assignee", by="auditor", shown=place, form=given)
    assert refused.status_code == 403


def test_a_form_without_its_token_moves_nothing(office: Office) -> None:
    request = filed(office.wiring)
    office.page(f"{HOME}/{request}", by="privacy_officer")
    browser = office.browsers["privacy_officer"]
    sent = browser.post(f"{HOME}/{request}/steps", data={"step": "ask_identity", "csrf": "x"})
    assert sent.status_code == 403
    assert Status.IDENTITY not in statuses(office, request)


def test_an_officer_refuses_no_case_that_nobody_decided(office: Office) -> None:
    who = somebody(office.wiring)
    request = reviewed(office.wiring, who, RequestKind.ERASURE)
    page = office.page(f"{HOME}/{request}", by="privacy_officer")
    assert 'aria-describedby="refuse-why"' in page
    assert "<b>" not in page


@given(st.sampled_from([(law, status) for law in ROADS for status in STATES[law].values()]))
def test_every_status_has_its_place_on_the_road(found: tuple[Law, Status]) -> None:
    law, status = found
    track = Track(law=law, kind=RequestKind.DISCLOSURE, status=status)
    assert 0 <= reached(track) < len(ROADS[law])


def test_what_is_left_out_of_an_answer_is_told_with_its_ground() -> None:
    assert ground_terms(None, Lang.JA) == ()
    decided = Decision(
        outcome=Outcome.PARTIAL,
        grounds=(Ground.APPI_33_2,),
        decided_by=ActorId("u:officer"),
        decided_at=datetime(2026, 11, 1, tzinfo=UTC),
        items=tuple(
            WithheldItem(field=FieldId(name), grounds=(Ground.APPI_33_2_1,))
            for name in ("inquiry.body", "inquiry.subject")
        ),
    )
    given, left = ground_terms(decided, Lang.JA)
    assert given.text == "個人情報保護法33条2項本文（開示する）"
    assert "33条2項1号" in left.text
    assert left.note == "2か所"


def test_a_request_that_waits_for_its_decision_leads_on_to_the_page_of_it(office: Office) -> None:
    request = reviewed(office.wiring, somebody(office.wiring), RequestKind.DISCLOSURE)
    page = office.page(f"{HOME}/{request}", by="privacy_officer")
    assert re.search(rf'href="{HOME}/{request}/review" id="onward"', page)
    assert "決定する（「審査」の画面）" in page
    assert f"{HOME}/{request}/review#refuse-all" in page  # a ground is chosen there
    agrees = office.page(f"{HOME}/{request}", by="privacy_approver")
    assert 'aria-describedby="approve-why"' in agrees, "there is nothing to agree to yet"
    assert 'id="onward"' not in agrees


@pytest.mark.parametrize("kind", list(RequestKind))
def test_what_stops_or_prices_a_request_is_never_offered_first(kind: RequestKind) -> None:
    for status in STATES[LAW_OF[kind]].values():
        case = case_of(kind, status=status)
        lines = step_lines(case, OFFICER, Lang.JA, at=NOW)
        offered = [line for line in lines if line.takes or line.page]
        leads = onward(case, lines) or (offered and not offered[0].aside)
        assert leads or not offered, (kind, status)
        fee = Event.QUOTE_FEE in {line.event for line in lines}
        assert not fee or LAW_OF[kind] is Law.GDPR or kind in FEE_ALLOWED, "no law allows one"
