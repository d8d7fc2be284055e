"""An answer from the officer's page into the person's hands, on pages alone."""

import io
import re
from base64 import b64decode
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import jsonschema_rs
import pypdf
import pyrage
import pytest
from sqlalchemy import select

from audit.models import EVENTS
from audit.program import built
from audit.verifier.findings import Verdict
from audit.verifier.note import parse_vkey
from audit.verifier.page import verify_page
from dsar.case import Case
from dsar.package import answer_keys, members_of
from dsar.results import PACKAGE
from governance.app.factory import create_app
from governance.app.staff import add_staff
from governance.app.wiring import Wiring
from governance.core.terms import ActorId
from governance.http.principal import PrincipalKind
from governance.identity.service import issue_code
from tests.dsar.world import NAME, NOW, OTHER, SUBJECT, World
from tests.installation import create
from tests.serving import served

OFFICER, READER = ActorId("u:officer"), ActorId("u:support")
HOUR = timedelta(hours=1)


class Desk:
    """A served installation with a case whose answer was approved."""

    def __init__(self, wiring: Wiring, base: str, case: Case, clock: dict[str, datetime]) -> None:
        self.wiring, self.base, self.case, self.clock = wiring, base, case, clock

    @property
    def now(self) -> datetime:
        return self.clock["now"]

    @contextmanager
    def browser(
        self, actor: ActorId, kind: PrincipalKind = PrincipalKind.STAFF
    ) -> Iterator[httpx.Client]:
        code = self.wiring.database.write(partial(issue_code, actor=actor, kind=kind, at=self.now))
        with httpx.Client(base_url=self.base, timeout=60, trust_env=False) as client:
            client.headers["accept-language"] = "ja"
            assert client.post("/sign-in", data={"code": code}).status_code == 303
            yield client

    def person(self, subject: str = SUBJECT) -> AbstractContextManager[httpx.Client]:
        return self.browser(ActorId(f"p:{subject}"), PrincipalKind.PERSON)

    @property
    def place(self) -> str:
        return f"/console/requests/{self.case.id}/answer"

    @property
    def own(self) -> str:
        return f"/portal/requests/of/{self.case.id}/answer"


def sent(client: httpx.Client, page: str, path: str, **data: str) -> httpx.Response:
    token = re.search(r'name="csrf" value="([^"]+)"', client.get(page).text)
    assert token is not None
    return client.post(path, data={"csrf": token[1], **data})


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    clock = {"now": NOW + HOUR}
    wiring = replace(create(tmp_path), clock=lambda: clock["now"])
    world = World(wiring.ports)
    world.fill()
    case = world.approve(world.decide(world.reviewed()))
    for login, role in (("officer", "privacy_officer"), ("support", "support")):
        wiring.database.write(
            partial(
                add_staff, wiring=wiring, login=login, display_name="架空", roles=[role], at=NOW
            )
        )
    with served(create_app(wiring)) as base:
        yield Desk(wiring, base, case, clock)
    wiring.close()


def told(desk: Desk, officer: httpx.Client, *, begun: bool = False) -> None:
    for step, more in (("execute", {}), ("build", {"despite": "yes"}), ("tell", {}))[begun:]:
        assert sent(officer, desk.place, desk.place, step=step, **more).status_code == 303


def test_an_officer_makes_it_and_the_person_gets_each_form_once(desk: Desk) -> None:
    with desk.browser(OFFICER) as officer, desk.person() as person:
        assert sent(officer, desk.place, desk.place, step="execute").status_code == 303
        page = officer.get(desk.place).text
        assert "(V-1)」に渡すデータの種類が台帳にありません" in page
        assert NAME not in page
        refused = sent(officer, desk.place, desk.place, step="build")
        assert refused.status_code == 409
        assert "recipient_items" not in refused.text  # the page names the recipient
        assert "「不足があるまま作成する」を選んでください" in refused.text
        assert "お渡しできる回答はありません" in person.get(desk.own).text
        told(desk, officer, begun=True)
        assert "HTMLを受け取る" in person.get(desk.own).text
        html = sent(person, desk.own, desk.own, form="page")
        assert html.headers["content-disposition"].endswith('.html"')
        assert html.headers["cache-control"] == "no-store"
        keys = [parse_vkey(key.vkey) for key in answer_keys(desk.wiring.vault.ring)]
        assert verify_page(html.content, keys).verdict is Verdict.VERIFIED_SELF_SIGNED
        archive = sent(person, desk.own, desk.own, form="archive")
        assert "data.json" in members_of(archive.content)
        again = sent(person, desk.own, desk.own, form="page")
        assert again.status_code == 404
        assert "受取済み" in again.text
        published = person.get("/notices").text
        assert all(key.vkey in published for key in answer_keys(desk.wiring.vault.ring))


def test_whoever_signed_in_long_ago_types_a_code_first(desk: Desk) -> None:
    with desk.browser(OFFICER) as officer, desk.person() as person:
        told(desk, officer)
        desk.clock["now"] += timedelta(minutes=16)
        assert "コードを送る" in person.get(desk.own).text
        stale = sent(person, desk.own, desk.own, form="page")
        assert stale.status_code == 403
        done = sent(person, desk.own, f"{desk.own}/codes")
        assert done.status_code == 303
        wrong = sent(person, desk.own, f"{desk.own}/code", code="00000000")
        assert wrong.status_code in (400, 403, 404, 409, 422)
        assert sent(person, desk.own, desk.own, form="page").status_code == 403


def test_strangers_and_guesses_have_one_answer_and_are_on_record(desk: Desk) -> None:
    with desk.browser(OFFICER) as officer, desk.person(OTHER) as other:
        told(desk, officer)
        guess = desk.own.replace(desk.case.id, "0" * 8 + desk.case.id[8:])
        answers = [sent(other, "/portal", place, form="page") for place in (desk.own, guess)]
        looks = [other.get(place) for place in (desk.own, guess)]
        for one, two in (answers, looks):
            assert one.status_code == two.status_code == 404
            assert one.text.replace(desk.case.id, "") == two.text.replace(guess[24:60], "")
        assert officer.get(desk.own).status_code in (403, 404)
    with desk.wiring.database.read() as tx:
        denied = tx.execute(select(EVENTS.c.action).where(EVENTS.c.outcome == "deny")).scalars()
        assert {"request.delivered", "access.denied"} <= set(denied)


def test_who_may_not_carry_requests_out_sees_no_answer_page(desk: Desk) -> None:
    with desk.browser(READER) as support:
        assert support.get(desk.place).status_code == 403
        for path in ("", "/medium", "/paper", "/dispatches", "/dispatches/x"):
            denied = sent(support, "/console", desk.place + path, step="build", carrier="post")
            assert denied.status_code in (403, 404)


def test_a_medium_is_saved_from_the_page_and_what_left_is_written_down(desk: Desk) -> None:
    identity = pyrage.x25519.Identity.generate()
    with desk.browser(OFFICER) as officer:
        told(desk, officer)
        wrong = sent(officer, desk.place, f"{desk.place}/medium", recipient="<script>age1</script>")
        assert wrong.status_code == 422
        assert "<script>age1" not in wrong.text
        key = str(identity.to_public())
        made = sent(officer, desk.place, f"{desk.place}/medium", recipient=key)
        assert made.headers["cache-control"] == "no-store"
        inside = re.search(r'href="data:[^,]+;base64,([^"]+)"', made.text)
        assert inside is not None
        assert "data.json" in members_of(pyrage.decrypt(b64decode(inside[1]), [identity]))
        paper = sent(officer, desk.place, f"{desk.place}/paper")
        assert pypdf.PdfReader(io.BytesIO(paper.content)).pages
        dispatches = f"{desk.place}/dispatches"
        day = desk.now.date().isoformat()
        given = {"carrier": "registered", "tracking": "", "sent_on": day}
        assert sent(officer, desk.place, dispatches, **given).status_code == 422
        given["tracking"] = "123-45-67890"
        assert sent(officer, desk.place, dispatches, **given).status_code == 303
        page = officer.get(desk.place).text
        assert "123-45-67890" in page
        end = re.search(rf'action="({dispatches}/[^"]+)"', page)
        assert end is not None
        back = sent(officer, desk.place, end[1], ending="not_collected", ended_on=day)
        assert back.status_code == 303
        assert "返送 (保管期間の経過)" in officer.get(desk.place).text


def test_bad_days_and_words_change_nothing(desk: Desk) -> None:
    with desk.browser(OFFICER) as officer:
        told(desk, officer)
        place = f"{desk.place}/dispatches"
        for given, status in (
            ({"carrier": "pigeon", "sent_on": "2026-11-25"}, 404),
            ({"carrier": "ordinary", "sent_on": "25/11/2026"}, 422),
            ({"carrier": "ordinary", "sent_on": "2999-01-01"}, 422),
            ({"carrier": "courier", "tracking": "=1+1", "sent_on": "2026-11-25"}, 422),
        ):
            assert sent(officer, desk.place, place, **given).status_code == status
        assert sent(officer, desk.place, desk.place, step="burn").status_code == 404
        assert "発送の記録はありません" in officer.get(desk.place).text
    with desk.wiring.database.read() as tx:
        assert tx.execute(select(PACKAGE.c.downloaded_at)).scalar_one() is None


def test_the_schemas_are_published_and_nothing_else_is(desk: Desk) -> None:
    with httpx.Client(base_url=desk.base, trust_env=False) as anybody:
        for name in ("sekisho-dsar-1.json", "sekisho-portability-1.json"):
            answer = anybody.get(f"/schemas/{name}")
            assert answer.headers["content-type"].startswith("application/schema+json")
            jsonschema_rs.Draft202012Validator(answer.json())
        for name in ("report.css", "..%2freport.css", "x.json"):
            assert anybody.get(f"/schemas/{name}").status_code == 404
        assert anybody.get("/verifier.pyz").content == built()
