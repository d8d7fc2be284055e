"""The pages of the log answer what the address asks, and a form with a mistake loses nothing."""

import csv
import html
import io
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from audit.actions import EventCode
from audit.models import EVENTS
from audit.types import EventDraft, Outcome
from governance.app.audit_log import settle
from governance.core.terms import ActorId, Lang, SubjectId
from governance.i18n.catalogue import text
from governance.ui.lists.arranging import kana_order
from policies.reasons import Audience, ReasonCode, reason_text
from tests.installation import AT, add_person, create
from tests.office import Office, opened

HOME = "/console/audit"
ROLES = ("auditor", "privacy_officer", "privacy_approver", "support")
SEQ = text("console.column.seq", Lang.JA)
WORDS = "拒否はすべて説明がついた（架空）"


@dataclass(frozen=True, kw_only=True)
class People:
    """One whose data was erased, one who lives; the log names both."""

    erased: SubjectId
    living: SubjectId


def _draft(subject: SubjectId, action: EventCode = EventCode.PERSON_READ) -> EventDraft:
    return EventDraft(
        action=action,
        occurred_at=AT,
        actor=ActorId("u:support"),
        object_type="person",
        object_id=subject,
        subject=subject,
        outcome=Outcome.DENY if action is EventCode.PERSON_READ else Outcome.DONE,
        reasons=("denied.actor.no_rule",) if action is EventCode.PERSON_READ else (),
    )


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with opened(create(tmp_path_factory.mktemp("office")), home=HOME) as found:
        yield found


@pytest.fixture(scope="module", autouse=True)
def people(office: Office) -> People:
    wiring = office.wiring
    found = People(erased=add_person(wiring), living=add_person(wiring))
    for role in ROLES:
        office.page("/console", by=role)
    wiring.database.write(lambda tx: wiring.audit.append(tx, _draft(found.living)))
    gone = _draft(found.erased, EventCode.ERASURE_EXECUTED)
    wiring.database.write(lambda tx: wiring.audit.erase(tx, gone))
    settle(wiring)
    return found


def send(office: Office, path: str, by: str = "auditor", **form: str) -> httpx.Response:
    return office.send(f"{HOME}{path}", by=by, form=form)


def rows(page: str) -> int:
    found = re.search(r'id="list-audit-log-sheet".*?</table>', page, re.DOTALL)
    return 0 if found is None else found[0].count('<tr role="row"') - 1


def test_the_filter_of_the_address_is_what_is_shown(office: Office, people: People) -> None:
    assert rows(office.page()) > 3
    denied = office.page(f"{HOME}?outcome=deny&actor=u:support")
    assert rows(denied) == 1
    assert 'value="u:support"' in denied
    assert f"{HOME}/persons/{people.living}" in denied
    assert "架空（support）" in denied, "an employee by name, with the login beside it"
    assert rows(office.page(f"{HOME}?outcome=deny&actor=support")) == 1
    assert rows(office.page(f"{HOME}?from=2000-01-01&to=2000-01-02")) == 0
    about = office.page(f"{HOME}?person={people.living}")
    assert rows(about) >= 1
    assert set(re.findall(rf'href="{HOME}/persons/([^"]+)"', about)) == {people.living}


def shown(page: str, column: str) -> list[str]:
    """What the rows of the list say in this column."""
    sheet = re.search(r'id="list-audit-log-sheet".*?</table>', page, re.DOTALL)
    cell = rf'data-label="{column}"><div>(.*?)</div>'
    return (
        [] if sheet is None else [re.sub(r"<[^>]+>", "", one) for one in re.findall(cell, sheet[0])]
    )


def exported(office: Office, query: str) -> list[list[str]]:
    answer = office.browsers["auditor"].get(f"/console/lists/audit-log/csv?{query}")
    assert answer.status_code == httpx.codes.OK
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_the_log_stands_in_either_direction_at_any_size(office: Office) -> None:
    newest, oldest = (
        [int(one) for one in shown(office.page(f"{HOME}{query}"), SEQ)]
        for query in ("", "?sort=at")
    )
    assert newest == sorted(newest, reverse=True)
    assert oldest == sorted(oldest)
    assert oldest[0] == 0
    assert 'aria-sort="descending"' in office.page(HOME)
    page = office.page(f"{HOME}?sort=at&size=20")
    assert 'aria-sort="ascending"' in page
    places = [int(line[0]) for line in exported(office, "sort=at")[1:]]
    assert places == [*range(len(places))], "the file has the order of the page"


def test_few_events_are_sorted_by_any_column_and_many_say_how_to_narrow(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "sort=what&cols=seq,what"
    page = office.page(f"{HOME}?{query}")
    said = shown(page, text("console.column.what", Lang.JA))
    assert len(set(said)) > 1
    assert said == sorted(said, key=kana_order)
    assert 'aria-sort="ascending"' in page
    lines = [line[1] for line in exported(office, query)[1:]]
    assert lines == sorted(lines, key=kana_order), "the file has the order of the page"
    monkeypatch.setattr("governance.console.lists.log.MOST", 2)
    page = office.page(f"{HOME}?{query}")
    assert text("ui.list.by_time", Lang.JA) in page
    places = [int(one) for one in shown(page, SEQ)]
    assert places == sorted(places, reverse=True), "the newest first instead"
    assert re.search(r'aria-sort="descending"><a[^>]*sort-what', page) is None


def test_a_condition_without_an_index_looks_through_the_newest_and_says_so(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = rows(office.page(f"{HOME}?outcome=deny"))
    assert whole == 1
    assert text("console.log.reach_text", Lang.JA) not in office.page(f"{HOME}?outcome=deny")
    monkeypatch.setattr("governance.console.lists.log.LOOKED", 1)
    page = office.page(f"{HOME}?outcome=deny")
    assert rows(page) == 0
    assert text("console.log.reach_text", Lang.JA) in page
    widen = re.search(r'href="(/console/audit\?[^"]*from=[^"]*)"', page)
    assert widen is not None
    assert rows(office.page(html.unescape(widen[1]))) == 1, "asked for, the whole log is looked at"
    assert "含まれていません" in exported(office, "outcome=deny")[-1][0], "the file says so too"
    assert rows(office.page(f"{HOME}?outcome=deny&actor=u:support")) == 1, "an index leads there"


def test_what_cannot_be_asked_is_told_in_its_field_and_not_answered(office: Office) -> None:
    page = office.page(f"{HOME}?actor=%E6%9E%B6%E7%A9%BA+%E5%A4%AA%E9%83%8E")
    assert rows(page) == 0
    assert 'aria-invalid="true"' in page
    assert 'value="架空 太郎"' in page
    assert rows(office.page(f"{HOME}?person=%E6%9E%B6%E7%A9%BA")) == 0, "a name finds nobody"


def test_one_event_leads_to_the_checkpoint(office: Office, people: People) -> None:
    with office.wiring.database.read() as tx:
        event = tx.execute(select(EVENTS.c.id).where(EVENTS.c.action == "person.read")).scalar()
    page = office.page(f"{HOME}/events/{event}")
    assert f"{HOME}/persons/{people.living}" in page
    assert "Ed25519" in page
    assert "ML-DSA-44" in page
    assert office.browsers["auditor"].get(f"{HOME}/events/none").status_code == 404


def test_the_page_of_an_erased_person_says_by_which_event(office: Office, people: People) -> None:
    with office.wiring.database.read() as tx:
        query = select(EVENTS.c.id).where(EVENTS.c.action == "erasure.executed")
        event = tx.execute(query).scalar()
    page = office.page(f"{HOME}/persons/{people.erased}")
    assert f"{HOME}/events/{event}" in page
    assert "消去されました" in page
    living = office.page(f"{HOME}/persons/{people.living}")
    assert "消去されました" not in living
    assert reason_text(ReasonCode.ACTOR_NO_RULE, Audience.OFFICER, Lang.JA) in living
    assert "架空（support）" in living, "who acted by name in a timeline too"


def test_a_sign_off_covers_what_the_page_told_of(office: Office) -> None:
    below = re.search(r'name="below" value="(\d+)"', office.page())
    assert below is not None
    wrong = send(office, "/sign-off", below=below[1], comment=" ")
    assert wrong.status_code == 422
    assert 'href="#comment"' in wrong.text
    late = send(office, "/sign-off", below="999999", comment=WORDS)
    assert (late.status_code, WORDS in late.text) == (422, True)
    done = send(office, "/sign-off", below=below[1], comment=WORDS)
    assert done.headers["location"] == f"{HOME}?signed={int(below[1]) - 1}#reviews"
    assert WORDS in office.page()


def test_a_filter_is_kept_under_a_name_for_one_officer(office: Office) -> None:
    kept = send(office, "/filters", name="架空の条件", actor="u:support", outcome="deny")
    page = office.page(kept.headers["location"])
    assert rows(page) == 1
    assert "架空の条件" in page
    assert "架空の条件" not in office.page(by="privacy_officer")
    row = kept.headers["location"].partition("filter=")[2]
    assert send(office, f"/filters/{row}/drop").status_code == 303
    assert "架空の条件" not in office.page()


@pytest.mark.parametrize("form", ["html", "md", "csv", "json"])
def test_the_report_comes_as_a_file(office: Office, form: str) -> None:
    assert 'action="/console/reports"' in office.page()
    token = office.page().split('name="csrf" value="')[1].split('"')[0]
    sent = {"csrf": token, "report": "R14", "first": "2026-10-01", "last": "2026-10-31"}
    answer = office.browsers["auditor"].post("/console/reports", data={**sent, "form": form})
    assert answer.status_code == 200
    name = f'filename="R14_2026-10-01_2026-10-31.{form}"'
    assert name in answer.headers["content-disposition"]
    assert "監査ログ" in answer.text
    with office.wiring.database.read() as tx:
        made = tx.execute(select(EVENTS).where(EVENTS.c.action == "report.created")).all()
    assert {row.actor for row in made} == {"u:auditor"}


def test_who_may_only_read_signs_nothing(office: Office) -> None:
    page = office.page(by="privacy_approver")
    assert 'action="/console/audit/sign-off"' not in page
    answer = send(office, "/sign-off", by="privacy_approver", below="1", comment=WORDS)
    assert answer.status_code == 403


def test_who_may_not_read_the_log_sees_no_way_there(office: Office, people: People) -> None:
    support = office.browsers["support"]
    for path in (HOME, f"{HOME}/persons/{people.living}", f"{HOME}/events/x"):
        assert support.get(path).status_code == 403
    assert f'href="{HOME}"' in office.page("/console")


@pytest.mark.parametrize("path", ["/sign-off", "/filters"])
def test_a_form_without_its_token_changes_nothing(office: Office, path: str) -> None:
    form = {
        "below": "1",
        "comment": WORDS,
        "name": "x",
        "first": "2026-10-01",
        "last": "2026-10-02",
    }
    answer = office.browsers["auditor"].post(f"{HOME}{path}", data=form)
    assert answer.status_code == 403


def test_who_opened_a_field_of_a_person_is_found_by_field_and_day(office: Office) -> None:
    wiring, who = office.wiring, add_person(office.wiring)
    for actor, fields in (
        ("u:mori", ("person.address", "person.name")),
        ("u:fujii", ("person.email",)),
    ):
        seen = replace(_draft(who), actor=ActorId(actor), fields=fields, outcome=Outcome.PERMIT)
        wiring.database.write(lambda tx, seen=seen: wiring.audit.append(tx, seen))
    settle(wiring)
    place = f"{HOME}/persons/{who}"
    whole = office.page(place)
    assert "mori" in whole
    assert "fujii" in whole
    assert "開いた項目：住所、氏名" in whole
    found = office.page(f"{place}?field=person.address&from=2026-09-01&to=2026-10-31")
    assert "mori" in found
    assert "fujii" not in found
    assert "/console/audit/events/" in found  # where its proof is
    assert "mori" not in office.page(f"{place}?field=person.address&to=2026-09-01")
    wrong = office.page(f"{place}?from=yesterday")
    assert 'href="#from"' in wrong
    assert "mori" not in wrong


def test_a_record_that_was_changed_is_shown_by_its_number(office: Office) -> None:
    """The last of this file: nothing of this log is proved any more."""
    wiring = office.wiring
    with closing(sqlite3.connect(wiring.settings.data_dir / "sekisho.db")) as owner, owner:
        owner.execute("DROP TRIGGER audit_event_update")  # whoever has the file can do so
        owner.execute(
            "UPDATE audit_event SET actor = actor || 'x'"
            " WHERE id = (SELECT event_id FROM audit_leaf WHERE seq = 3)"
        )
    wiring.log_watch.latest(at=AT + timedelta(days=1))  # what was seen before is old
    for place, by in ((HOME, "auditor"), ("/console", "privacy_officer")):
        assert "記録が書き換えられています（3件目）" in office.page(place, by=by)
