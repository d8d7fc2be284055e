"""The log over HTTP: proofs that verify, queries that are on record, and refusals."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from audit.models import EVENTS
from audit.note import parse_checkpoint, parse_note
from audit.proofs import verify_consistency, verify_inclusion
from governance.app.audit_log import settle
from governance.app.factory import create_app
from governance.app.staff import add_staff
from governance.app.wiring import Wiring
from governance.core.terms import ActorId
from governance.http.principal import PrincipalKind
from governance.identity.service import issue_code
from tests.installation import AT, add_person, create
from tests.serving import served

BASE = "/v1/audit"
SECRET = "架空花子の閲覧を確認した"
Sign = Callable[[str], httpx.Client]


@pytest.fixture
def wiring(tmp_path: Path) -> Iterator[Wiring]:
    made = create(tmp_path)
    yield made
    made.close()


@pytest.fixture
def sign(wiring: Wiring) -> Iterator[Sign]:
    """A browser in which an employee of this role is signed in."""
    made: list[httpx.Client] = []
    with served(create_app(wiring)) as url:

        def signed(role: str) -> httpx.Client:
            client = httpx.Client(base_url=url, timeout=60, trust_env=False)
            made.append(client)
            work = partial(
                add_staff, wiring=wiring, login=role, display_name="架空", roles=[role], at=AT
            )
            wiring.database.write(work)
            issue = partial(issue_code, actor=ActorId(f"u:{role}"), kind=PrincipalKind.STAFF, at=AT)
            code = wiring.database.write(issue)
            answer = client.post("/sign-in", data={"code": code}, follow_redirects=False)
            assert answer.status_code == 303
            return client

        yield signed
        for client in made:
            client.close()


def test_proofs_lead_from_an_event_to_the_signed_checkpoint(wiring: Wiring, sign: Sign) -> None:
    auditor = sign("auditor")
    settle(wiring)
    old = parse_checkpoint(parse_note(auditor.get(f"{BASE}/checkpoint").text).text)
    add_person(wiring)
    events = auditor.post(f"{BASE}/events", json={}).json()["events"]
    settle(wiring)
    head = parse_checkpoint(parse_note(auditor.get(f"{BASE}/checkpoint").text).text)
    for event in events:
        proof = auditor.get(f"{BASE}/proofs/inclusion/{event['id']}").json()
        assert (proof["leaf"], proof["root"]) == (event["leaf"], head.root.hex())
        assert verify_inclusion(
            bytes.fromhex(proof["leaf"]),
            index=event["seq"],
            size=head.size,
            proof=[bytes.fromhex(step) for step in proof["path"]],
            root=head.root,
        )
    proof = auditor.get(f"{BASE}/proofs/consistency", params={"old": old.size}).json()
    assert verify_consistency(
        old=old.size,
        size=head.size,
        old_root=old.root,
        root=head.root,
        proof=[bytes.fromhex(step) for step in proof["path"]],
    )


def test_queries_counts_and_timelines_answer_and_are_on_record(wiring: Wiring, sign: Sign) -> None:
    auditor = sign("auditor")
    person = add_person(wiring)
    settle(wiring)
    query = {"any_of": [{"action": "identity.created"}, {"action": "identity.signed_in"}]}
    page = auditor.post(f"{BASE}/events", json=query, params={"limit": 1, "counted": True}).json()
    assert page["total"] >= len(page["events"]) == 1
    counts = auditor.post(f"{BASE}/counts/action", json={}).json()
    assert sum(one["events"] for one in counts) > 1
    days = auditor.post(f"{BASE}/counts/day", json={}).json()
    assert [one["day"] for one in days] == ["2026-10-01"]
    assert auditor.post(f"{BASE}/counts/refs", json={}).status_code == 404
    assert auditor.get(f"{BASE}/persons/{person}/timeline").json()["erased"] == []
    mine = auditor.get(f"{BASE}/actors/u:auditor/timeline").json()["events"]
    assert {event["actor"] for event in mine} == {"u:auditor"}
    with wiring.database.read() as tx:
        looks = tx.execute(select(EVENTS).where(EVENTS.c.action == "log.read")).all()
    assert len(looks) == 5
    assert all(look.actor == "u:auditor" and look.subject is None for look in looks)


def test_a_kept_filter_runs_and_goes(wiring: Wiring, sign: Sign) -> None:
    auditor, officer = sign("auditor"), sign("privacy_officer")
    settle(wiring)
    body = {"name": SECRET, "query": {"action": "system.initialised"}}
    kept = auditor.post(f"{BASE}/filters", json=body).json()
    assert [one["name"] for one in auditor.get(f"{BASE}/filters").json()] == [SECRET]
    ran = auditor.post(f"{BASE}/filters/{kept['id']}/events").json()
    assert [event["action"] for event in ran["events"]] == ["system.initialised"]
    assert officer.get(f"{BASE}/filters").json() == []
    assert officer.post(f"{BASE}/filters/{kept['id']}/events").status_code == 404
    assert officer.delete(f"{BASE}/filters/{kept['id']}").status_code == 404
    assert auditor.delete(f"{BASE}/filters/{kept['id']}").status_code == 204


def test_a_sign_off_is_an_event_whose_words_are_sealed(wiring: Wiring, sign: Sign) -> None:
    auditor = sign("auditor")
    settle(wiring)
    done = auditor.post(f"{BASE}/reviews", json={"comment": SECRET}).json()
    assert done["first_seq"] == 0
    assert done["verdict"] == "verified_self_signed"
    assert auditor.get(f"{BASE}/reviews").json() == [done | {"comment": SECRET}]
    again = auditor.post(f"{BASE}/reviews", json={"comment": SECRET})
    assert (again.status_code, again.json()["code"]) == (422, "audit_review_range")
    settle(wiring)  # what came since waits for the next sign-off
    left = auditor.get(f"{BASE}/reviews/open").json()
    assert (left["first_seq"], left["overdue"]) == (done["below_seq"], False)
    with wiring.database.read() as tx:
        row = tx.execute(select(EVENTS).where(EVENTS.c.id == done["event"])).one()
    assert SECRET not in "".join(map(str, row))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"actor": "架空 太郎"}, "audit_query_form"),
        ({"any_of": [{"who": "x"}]}, "audit_query_form"),
        ({"since": "soon"}, "audit_query_form"),
    ],
)
def test_a_wrong_query_is_told_without_its_value(
    sign: Sign, body: dict[str, object], code: str
) -> None:
    answer = sign("auditor").post(f"{BASE}/events", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert "架空" not in answer.text


def test_who_may_not_read_the_log_learns_nothing(wiring: Wiring, sign: Sign) -> None:
    support = sign("support")
    with httpx.Client(base_url=support.base_url, trust_env=False) as nobody:
        for client, status in ((support, 403), (nobody, 401)):
            for path in ("checkpoint", "filters", "reviews", "actors/u:a/timeline"):
                assert client.get(f"{BASE}/{path}").status_code == status
            assert client.post(f"{BASE}/events", json={}).status_code == status
            assert client.post(f"{BASE}/reviews", json={"comment": "x"}).status_code == status


def test_no_foreign_page_signs_off(sign: Sign) -> None:
    answer = sign("auditor").post(
        f"{BASE}/reviews", json={"comment": "x"}, headers={"sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 403


def test_an_unknown_event_or_size_has_no_proof(wiring: Wiring, sign: Sign) -> None:
    auditor = sign("auditor")
    settle(wiring)
    assert auditor.get(f"{BASE}/proofs/inclusion/none").status_code == 404
    wrong = auditor.get(f"{BASE}/proofs/consistency", params={"old": 99999})
    assert wrong.status_code == 422


def test_the_integrity_report_is_made_for_who_may_read_the_log(sign: Sign) -> None:
    auditor, body = sign("auditor"), {"from": "2026-10-01", "to": "2026-10-31"}
    made = auditor.post("/v1/reports/R14", json=body)
    assert made.status_code == 200, made.text
    assert made.json()["report"] == "R14"
    page = auditor.post("/v1/reports/R14", json=body | {"format": "html", "lang": "en"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert auditor.post("/v1/reports/R99", json=body).status_code == 404
    assert auditor.post("/v1/reports/R14", json=body | {"from": "2026-11-01"}).status_code == 422
    assert auditor.post("/v1/reports/R14", json=body | {"form": "html"}).status_code == 422
    assert sign("support").post("/v1/reports/R14", json=body).status_code == 403
