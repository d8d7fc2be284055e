"""The register of breaches in the console and over HTTP: recorded, described, reported, closed."""

import asyncio
import html
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from audit.models import EVENTS
from governance.identity.service import register_client
from tests.governance.console.seats import Desk, seated
from tests.installation import AT

HOME = "/console/breaches"
SECRET = "架空 花子さんの申告"
NEW = {"kind": "leak", "about": "mail-2", "aware_on": "2026-09-30", "aware_time": "18:30"}
EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    people = {
        "one": "privacy_officer", "two": "privacy_officer", "aud": "auditor", "sup": "support",
    }  # fmt: skip
    made = seated(tmp_path_factory.mktemp("breaches"), people)
    yield made
    made.wiring.close()


def recorded(desk: Desk, about: str, *grounds: str) -> str:
    """The page of a new record of the first officer."""
    form = {**NEW, "about": about, "ground": list(grounds)}
    answer = desk.send("one", "POST", f"{HOME}/record", form)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def text_of(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


def test_a_breach_goes_from_its_record_to_its_close_by_two_persons(desk: Desk) -> None:
    place = recorded(desk, "mail-1", "many")
    page = desk.page("aud", place)
    for article in ("個人情報保護法26条1項、規則8条1項", "26条2項、規則10条", "GDPR"):
        assert article in page
    for link in ("APPI-26-1S", "APPI-26-1K", "APPI-26-2", "GDPR-33-1", "GDPR-34"):
        assert f'href="/console/law/{link}"' in page  # each clock leads to its article
        assert desk.send("aud", "GET", f"/console/law/{link}").status_code == 200
    assert "2026年10月29日" in page  # the full report: 30 days, the day of knowing is the first
    assert "2026年10月3日" in page  # 72 hours
    assert 'action="' + place not in page  # who may only read has no form
    wrongful = desk.send("one", "POST", f"{place}/grounds", ground=["many", "wrongful"])
    assert wrongful.headers["location"] == f"{place}#clocks"
    assert "60日" in desk.page("aud", place)
    answer = desk.send("one", "POST", f"{place}/items", item="cause", words=f"{SECRET}{EVIL}")
    assert answer.headers["location"] == f"{place}#about-cause"
    desk.send("one", "POST", f"{place}/items", item="cause", words="調査中")
    page = desk.page("aud", place)
    assert "調査中" in page
    assert page.count("記入") >= 2
    refused = desk.send("one", "POST", f"{place}/items", item="cause", words=" ")
    assert refused.status_code == 422
    assert 'href="#item-cause"' in refused.text
    own = desk.send("one", "POST", f"{place}/close", outcome="drill")
    assert own.status_code == 403
    early = desk.send("two", "POST", f"{place}/close", outcome="reported")
    assert early.status_code == 409
    assert 'href="#outcome"' in early.text
    for rule in ("appi_sokuho", "appi_kakuho_60", "appi_persons", "gdpr_72h"):
        done = desk.send("one", "POST", f"{place}/reports", rule=rule)
        assert done.status_code == 303, done.text
    assert desk.send("two", "POST", f"{place}/close", outcome="reported").status_code == 303
    page = desk.page("one", place)
    assert "報告済み" in page
    assert "架空（two）" in page
    forms = set(re.findall(f'action="{place}/([a-z]+)"', page))
    assert forms == {"papers", "notices"}  # a closed record is read and printed alone
    assert desk.send("one", "POST", f"{place}/reports", rule="gdpr_persons").status_code == 409
    with desk.wiring.database.read() as tx:
        told = tx.execute(select(EVENTS).where(EVENTS.c.object_id == place.rpartition("/")[2]))
        rows = told.all()
    assert {"breach.noted", "breach.weighed", "breach.closed"} <= {row.action for row in rows}
    assert SECRET not in str(rows)


def test_the_report_to_the_commission_says_the_nine_items_in_their_order_and_what_lacks(
    desk: Desk,
) -> None:
    place = recorded(desk, "mail-7", "many", "wrongful")
    papers, first = f"{place}/papers", "appi_sokuho"
    desk.send("one", "POST", f"{place}/items", item="cause", words="設定の誤り\n権限の広さ")
    desk.send("one", "POST", f"{place}/items", item="outline", words=f"宛先の誤り {EVIL} {SECRET}")
    answer = desk.send("one", "POST", papers, {"rule": first, "form": "page"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    whole, paper = answer.text.split('id="paper"')
    order = [paper.index(f"<h3>{n} ") for n in "一二三四五六七八九"]
    assert order == sorted(order)
    assert EVIL not in paper
    told = ("個人情報保護委員会 御中", "漏えい等報告（速報）", "施行規則第8条第1項", "権限の広さ")
    for words in (*told, "規則7条3号", "規則7条4号", "架空商店株式会社"):
        assert words in text_of(paper)
    assert paper.count("この報告の時点で把握していません。") == 7
    assert "まだ書かれていない事項が7件" in text_of(whole)
    full = desk.send("one", "POST", papers, {"rule": "appi_kakuho_60", "lang": "en"})
    assert "Not established at the time of this report." in text_of(full.text)
    file = desk.send("one", "POST", papers, {"rule": first, "form": "pdf"})
    assert file.content.startswith(b"%PDF")
    for rule in ("appi_persons", "appi_kakuho_30", "nothing"):
        assert desk.send("one", "POST", papers, rule=rule).status_code == 422
    assert desk.send("aud", "POST", papers, rule=first).status_code == 403
    with desk.wiring.database.read() as tx:
        found = tx.execute(select(EVENTS).where(EVENTS.c.object_id == place.rpartition("/")[2]))
        rows = [row for row in found if row.action == "breach.paper"]
    assert len(rows) == 3
    assert SECRET not in str(rows)


def test_the_notice_to_the_persons_is_a_draft_until_another_officer_makes_it(desk: Desk) -> None:
    place = recorded(desk, "mail-8", "property")
    notices = f"{place}/notices"
    desk.send("one", "POST", f"{place}/items", item="outline", words=f"宛先の誤り {EVIL}")
    desk.send("one", "POST", f"{place}/items", item="persons", words="会員42人")
    asked = {"rule": "appi_persons", "reach": "person", "form": "page", "to": "架空 花子 様"}
    mine = desk.send("one", "POST", notices, asked)
    assert mine.headers["cache-control"] == "no-store"
    assert "【案】個人データの漏えい等に関するお知らせ" in text_of(mine.text)
    told = desk.send("two", "POST", notices, asked).text.split('id="paper"')[1]
    assert EVIL not in told
    assert "案" not in text_of(told).split("現在、調査しています")[0].split("概要")[0]
    for words in ("架空 花子 様", "個人情報保護法26条2項と同法施行規則10条", "35条5項", "明細"):
        assert words in text_of(told)
    assert text_of(told).count("現在、調査しています") == 4
    assert "会員42人" not in told  # Rule 10 asks for five of the nine items
    public = {"rule": "appi_persons", "reach": "public", "form": "text", "to": "架空 花子 様"}
    file = desk.send("two", "POST", notices, public)
    assert "26条2項ただし書" in file.text
    assert "花子" not in file.text
    europe = {"rule": "gdpr_persons", "reach": "public", "form": "pdf", "lang": "en"}
    assert desk.send("two", "POST", notices, europe).content.startswith(b"%PDF")
    long = desk.send("two", "POST", notices, {**asked, "to": "x" * 101, "form": "pdf"})
    assert long.status_code == 422
    assert 'href="#to"' in long.text
    for rule in ("appi_sokuho", "nothing"):
        assert desk.send("two", "POST", notices, {**asked, "rule": rule}).status_code == 422
    assert desk.send("two", "POST", notices, {**asked, "reach": "all"}).status_code == 404
    assert desk.send("aud", "POST", notices, asked).status_code == 403
    with desk.wiring.database.read() as tx:
        found = tx.execute(select(EVENTS).where(EVENTS.c.object_id == place.rpartition("/")[2]))
        rows = [row for row in found if row.action == "breach.paper"]
    assert rows[0].reasons.startswith("appi_persons,person,draft,missing:items")
    assert "花子" not in str(rows)
    assert EVIL not in str(rows)


def test_a_wrong_form_comes_back_with_what_was_written(desk: Desk) -> None:
    for changed, field in (
        ({"about": f"架空 {EVIL}"}, "about"),
        ({"aware_on": "2999-01-01"}, "aware_on"),
        ({"aware_on": "昨日"}, "aware_on"),
        ({"aware_time": "25:00"}, "aware_on"),
    ):
        form = {**NEW, "about": "kept-words", "ground": ["property"], **changed}
        answer = desk.send("one", "POST", f"{HOME}/record", form)
        assert answer.status_code == 422
        assert f'href="#{field}"' in answer.text
        assert EVIL not in answer.text
        assert re.search(r'value="property"\s+checked', answer.text)
    place = recorded(desk, "mail-9")
    for path, form in (
        (f"{HOME}/record", {**NEW, "kind": "other"}),
        (f"{HOME}/record", {**NEW, "ground": ["other"]}),
        (f"{place}/items", {"item": "other-thing", "words": "x"}),
        (f"{place}/close", {"outcome": "gone"}),
        (f"{HOME}/nothing/reports", {"rule": "gdpr_72h"}),
    ):
        assert desk.send("one", "POST", path, form).status_code == 404
    assert desk.send("one", "POST", f"{place}/reports", rule="appi_sokuho").status_code == 422


def test_the_list_shows_what_is_due_first_and_is_closed_to_others(desk: Desk) -> None:
    late = recorded(desk, "late-1", "many")
    listed = text_of(desk.page("aud", f"{HOME}?state=open"))
    assert listed.index("late-1") < listed.index("mail-9")  # a report of ours is due before
    assert "監督機関への通知（72時間）" in listed
    assert "/console/breaches" in desk.page("aud", "/console")
    assert "/console/breaches" not in desk.page("sup", "/console")
    for method, path in (("GET", HOME), ("GET", late), ("POST", f"{late}/close")):
        assert desk.send("sup", method, path, outcome="drill").status_code == 403
    for path in (f"{HOME}/record", f"{late}/grounds", f"{late}/reports", f"{late}/items"):
        assert desk.send("aud", "POST", path, NEW).status_code == 403
    file = desk.send("aud", "GET", "/console/lists/breaches/csv")
    assert file.status_code == 200
    assert "late-1" in file.text


@pytest.fixture(scope="module")
def keys(desk: Desk) -> dict[str, str]:
    """A session each, as programs of officers present it."""
    known = frozenset(desk.wiring.policies.current.roles)
    made = partial(register_client, name="shop", role="shop", purposes=(), known_roles=known, at=AT)
    return {"shop": desk.wiring.database.write(made)[1]}


def call(
    desk: Desk, method: str, path: str, body: Any = None, *, who: str = "one", key: str = ""
) -> httpx.Response:
    async def request() -> httpx.Response:
        transport = httpx.ASGITransport(app=desk.app, client=("203.0.113.9", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8443") as web:
            secret, csrf = desk.seats[who]
            headers = {"cookie": f"sekisho_session={secret}", "x-csrf-token": csrf}
            headers |= {"origin": "http://127.0.0.1:8443", "sec-fetch-site": "same-origin"}
            if key:
                headers = {"authorization": f"Bearer {key}"}
            return await web.request(method, f"/v1/breaches{path}", headers=headers, json=body)

    return asyncio.run(request())


def test_a_program_does_what_the_pages_do(desk: Desk, keys: dict[str, str]) -> None:
    new = {
        "kind": "loss", "about": "tape-7", "aware_at": "2026-09-30T18:30:00+09:00",
        "grounds": ["special_care"],
    }  # fmt: skip
    made = call(desk, "POST", "", new)
    assert made.status_code == 201, made.text
    shape = made.json()
    by = {one["rule"]: one["by"] for one in shape["reports"]}
    assert by == {
        "appi_sokuho": "2026-10-04", "appi_kakuho_30": "2026-10-29", "appi_persons": None,
        "gdpr_72h": "2026-10-03T18:30:00+09:00", "gdpr_persons": None,
    }  # fmt: skip
    place = f"/{shape['id']}"
    assert (
        call(desk, "POST", f"{place}/notes", {"item": "cause", "words": SECRET}).status_code == 201
    )
    assert call(desk, "PUT", f"{place}/grounds", {"grounds": []}).json()["grounds"] == []
    done = call(desk, "POST", f"{place}/reports", {"rule": "gdpr_72h"})
    assert [one["reported_by"] for one in done.json()["reports"]] == ["u:one", None]
    assert call(desk, "POST", f"{place}/close", {"outcome": "reported"}).status_code == 403
    closed = call(desk, "POST", f"{place}/close", {"outcome": "reported"}, who="two")
    assert closed.json()["outcome"] == "reported"
    shown = call(desk, "GET", place, who="aud").json()
    assert [one["words"] for one in shown["notes"]] == [SECRET]
    open_ = call(desk, "GET", "?open=true", who="aud").json()["items"]
    assert shape["id"] not in {one["id"] for one in open_}
    for body in ({**new, "kind": "x"}, {**new, "aware_at": "2026-09-30T18:30:00"}, {**new, "x": 1}):
        assert call(desk, "POST", "", body).status_code in {400, 422}
    assert call(desk, "GET", "/nothing", who="aud").status_code == 404
    assert call(desk, "GET", place, who="sup").status_code == 403
    assert call(desk, "GET", "", key=keys["shop"]).status_code == 403
