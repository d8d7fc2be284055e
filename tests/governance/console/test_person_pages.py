"""The search for persons and a person's page: nothing in an address, and the enforcer's answers."""

import csv
import io
import re
from collections.abc import Iterator
from functools import partial

import httpx
import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from audit.models import EVENTS
from consent.gates import UseRequest, decide_use
from governance.app.wiring import Wiring
from governance.core.terms import Lang, PurposeId, SubjectId
from governance.customers.search.filling import follow
from governance.customers.store import place_hold
from governance.gateway.writing.types import AcquiredFrom, AcquisitionMethod
from governance.i18n.catalogue import text
from governance.identity.service import principal_of_client, register_client
from governance.identity.types import Client
from policies.reasons import Audience, reason_text
from tests.installation import (
    AT,
    create,
    customer,
    events,
    import_file,
    register,
    subjects,
    write_file,
)
from tests.office import Office, opened

HOME, OFFICER, UNKNOWN = (
    "/console/persons",
    "privacy_officer",
    "00000000-0000-4000-8000-000000000000",
)
GIVEN = ("ジロウ", "アイ", "ハナコ")


@pytest.fixture(scope="module")
def wiring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    made = create(tmp_path_factory.mktemp("persons") / "home")
    people = [
        customer(n, 氏名=f"髙橋　{n}子", フリガナ=f"タカハシ　{name}")
        for n, name in enumerate(GIVEN)
    ]
    path = write_file(tmp_path_factory.mktemp("file"), register(people))
    import_file(made, path)
    follow(made.database, made.vault)
    yield made
    made.close()


@pytest.fixture(scope="module")
def office(wiring: Wiring) -> Iterator[Office]:
    with opened(wiring, home=HOME) as found:
        yield found


@pytest.fixture(scope="module")
def mailer(wiring: Wiring) -> Client:
    make = partial(
        register_client,
        name="mailer",
        role="mail_sender",
        purposes=[PurposeId("mail_marketing")],
        known_roles=frozenset({"mail_sender"}),
        at=AT,
    )
    return wiring.database.write(make)[0]


def search(
    office: Office, words: str, *, by: str = OFFICER, purpose: str = "dsar_fulfilment"
) -> str:
    """The address of the results."""
    form = {"words": words, "purpose": purpose}
    answer = office.send(f"{HOME}/find", by=by, shown=HOME, form=form)
    assert answer.status_code == 303, answer.text[:300]
    return str(answer.headers["location"])


def test_a_search_finds_variant_kanji_and_leaves_its_words_in_no_address_and_no_log(
    office: Office,
) -> None:
    place = search(office, "高橋")
    assert re.fullmatch(rf"{HOME}/searches/[0-9a-f-]{{36}}", place)
    page = office.page(place, by=OFFICER)
    assert page.count("髙橋　") + page.count("髙橋 ") >= len(GIVEN)
    assert "3件" in page
    with office.wiring.database.read() as tx:
        told = repr(tx.execute(select(EVENTS)).all())
    assert "高橋" not in told
    assert "髙橋" not in told


def test_results_stand_in_the_order_of_their_kana_when_asked(office: Office) -> None:
    page = office.page(f"{search(office, '髙橋')}?order=kana", by=OFFICER)
    places = [page.index(name) for name in sorted(GIVEN)]
    assert places == sorted(places)
    assert 'aria-sort="ascending"' in page


def test_a_view_of_who_was_found_leads_back_to_the_search_and_no_address_gives_a_file(
    office: Office,
) -> None:
    place = search(office, "髙橋")
    key = place.rpartition("/")[2]
    shown = f"{HOME}/found?search={key}&cols=number,post&sort=name"
    page = office.page(shown, by=OFFICER)
    assert "郵便番号</th>" in page
    assert "一致した" not in page.split("<tbody")[1]
    assert "/console/lists/persons" not in page
    form = {
        "list": "persons", "query": "cols=number,post&sort=name", "name": "架空",
        "rest": f"search={key}",
    }  # fmt: skip
    kept = office.send("/console/views", by=OFFICER, shown=shown, form=form)
    back = str(kept.headers["location"])
    assert f"search={key}" in back
    assert "郵便番号</th>" in office.page(back, by=OFFICER)
    for file in ("csv", "xlsx"):
        office.page(f"/console/lists/persons/{file}?search={key}", by=OFFICER, status=404)
    empty = office.browsers[OFFICER].get(f"{HOME}/found")
    assert empty.headers["location"] == HOME


def test_who_was_found_becomes_a_file_of_exactly_what_is_shown(office: Office) -> None:
    place = search(office, "髙橋")
    key = place.rpartition("/")[2]
    shown = f"{HOME}/found?search={key}&cols=name,email&sort=name"
    page = office.page(shown, by=OFFICER)
    query = re.search(r'name="query" value="([^"]*)">\s*<button[^>]*id="file-csv"', page)
    assert query is not None
    form = {"query": query[1].replace("&amp;", "&"), "form": "csv"}
    made = office.send(f"{place}/file", by=OFFICER, shown=shown, form=form)
    assert made.status_code == httpx.codes.OK, made.text[:300]
    assert made.headers["content-disposition"].startswith('attachment; filename="persons_')
    head, *rows = list(csv.reader(io.StringIO(made.content.decode("utf-8-sig"))))
    assert head == ["氏名", "メールアドレス"]
    assert [row[0].split()[-1].rstrip(")") for row in rows] == sorted(GIVEN)
    for row in rows:
        assert row[0].partition(" (")[0] in page
        assert row[1] in page
    book = office.send(f"{place}/file", by=OFFICER, shown=shown, form={**form, "form": "xlsx"})
    sheet = load_workbook(io.BytesIO(book.content)).active
    assert sheet is not None
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [head, *rows]
    keys = re.findall(r'name="key" value="([^"]+)"', page)
    some = {**form, "key": [keys[2], keys[0], "nobody"]}
    part = office.send(f"{place}/chosen", by=OFFICER, shown=shown, form=some)
    assert list(csv.reader(io.StringIO(part.content.decode("utf-8-sig")))) == [
        head, rows[0], rows[2],
    ]  # fmt: skip
    for nobody in (form, {**form, "key": "nobody"}):
        answer = office.send(f"{place}/chosen", by=OFFICER, shown=shown, form=nobody)
        assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
        assert "書き出す人を選んでください" in answer.text
    refused = office.browsers[OFFICER].get(f"{place}/file")
    assert refused.status_code == httpx.codes.METHOD_NOT_ALLOWED, "a search is in no address"
    with office.wiring.database.read() as tx:
        exported = list(events(tx, "person.exported"))
    assert len(exported) == 3
    assert "rows=2" in repr(exported[-1])


def test_a_file_that_may_not_be_is_refused_on_its_page_in_words(office: Office) -> None:
    place = search(office, "髙橋", purpose="breach_response")
    answer = office.send(f"{place}/file", by=OFFICER, shown=place, form={"form": "csv"})
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert re.search("列「.+」は、この利用目的では持ち出せません", answer.text)
    assert answer.text.count("list-persons-row-") >= len(GIVEN), "the results stand there still"
    seen_by_support = search(office, "090-0000-0001", by="support", purpose="order_support")
    without = office.page(seen_by_support, by="support")
    assert "file-csv" not in without
    assert 'name="key"' not in without, "who may not take anybody out chooses nobody"
    for way in ("file", "chosen"):
        answer = office.send(f"{seen_by_support}/{way}", by="support", shown=seen_by_support)
        assert answer.status_code == httpx.codes.FORBIDDEN


@pytest.mark.parametrize("lang", list(Lang))
def test_where_data_came_from_stands_in_words(lang: Lang) -> None:
    for one in (*AcquiredFrom, *AcquisitionMethod):
        assert text(f"console.acquired.{one}", lang) != one


def test_found_persons_go_on_from_a_sealed_place(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("governance.console.person_search_pages.PAGE_MOST", 2)
    place = search(office, "髙橋")
    first = office.page(place, by=OFFICER)
    following = re.search(r'rel="next"[^>]*href="([^"]+)"', first)
    assert following is not None
    second = office.page(following[1].replace("&amp;", "&"), by=OFFICER)
    shown = [re.findall(rf'href="{HOME}/([0-9a-f-]{{36}})\?', page) for page in (first, second)]
    assert [len(set(one)) for one in shown] == [2, 1]
    assert not {*shown[0]} & {*shown[1]}


@pytest.mark.parametrize(
    "words", ["person1@example.com", "090-0000-0001", "C000001", "タカハシ アイ"]
)
def test_one_person_is_found_by_each_of_their_fields(office: Office, words: str) -> None:
    assert str(subjects(office.wiring)[1]) in office.page(search(office, words), by=OFFICER)


def test_a_search_opens_for_whoever_made_it_alone(office: Office) -> None:
    place = search(office, "髙橋")
    office.page(place, by="privacy_approver", status=404)
    office.page(place, by="auditor", status=403)  # who may not search at all


def test_words_that_ask_nothing_come_back_in_their_form(office: Office) -> None:
    form = {"words": "-", "purpose": "dsar_fulfilment"}
    answer = office.send(f"{HOME}/find", by=OFFICER, shown=HOME, form=form)
    assert answer.status_code == 400
    assert 'value="-"' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_a_purpose_that_is_not_the_searchers_searches_nothing_and_says_why(office: Office) -> None:
    place = search(office, "髙橋", purpose="analytics_unknown")
    page = office.page(place, by=OFFICER, status=403)
    assert "髙橋　" not in page
    assert "この目的では、この検索語で探せません" in page


def test_a_profile_shows_name_state_and_only_kinds_that_the_reader_may_open(office: Office) -> None:
    subject = subjects(office.wiring)[0]
    office.wiring.database.write(
        partial(place_hold, subject=subject, matter="MATTER-1", by="u:taro", at=AT)
    )
    page = office.page(f"{HOME}/{subject}", by=OFFICER)
    assert "様</h1>" in page
    first = [page.index(f"{label}</") for label in ("氏名", "会員状態")]
    assert first == sorted(first)  # who it is, before what stands beside it
    assert 'href="/console/holds/MATTER-1"' in page
    seen_by_support = office.page(f"{HOME}/{subject}", by="support")
    assert "MATTER-1" not in seen_by_support
    assert "あなたの役割では開けない種類" in seen_by_support
    shown = office.page(f"{HOME}/{subject}?show=holds", by=OFFICER)
    assert "保全を開始" in shown


def test_who_is_unknown_is_unknown_before_anything_is_refused(office: Office) -> None:
    office.page(f"{HOME}/{UNKNOWN}", by=OFFICER, status=404)
    for subject in (UNKNOWN, subjects(office.wiring)[0]):
        office.page(f"{HOME}/{subject}", by="auditor", status=403)


@pytest.mark.parametrize(
    "purpose", ["mail_marketing", "order_support", "analytics", "dsar_fulfilment"]
)
@pytest.mark.parametrize("channel", ["", "email", "phone"])
def test_the_checker_answers_what_the_enforcer_answers(
    office: Office, mailer: Client, purpose: str, channel: str
) -> None:
    subject = subjects(office.wiring)[1]
    form = {"system": mailer.id, "use": purpose, "channel": channel, "purpose": "dsar_fulfilment"}
    page = ask(office, subject, form).text
    use = UseRequest(subject=subject, purpose=purpose, channel=channel or None)
    ports = office.wiring.ports
    with ports.database.read() as tx:
        caller = principal_of_client(mailer)
        real = decide_use(tx, ports.policies.current, caller, use, at=AT)
        asked = events(tx, "policy.dry_run")[-1]
    assert f"<code>{real.code.value}</code>" in page
    assert (asked.subject, asked.reasons, asked.object_id) == (subject, real.code.value, mailer.id)
    assert reason_text(real.code, Audience.OFFICER, Lang.JA) in page


def test_the_checker_asks_as_no_system_for_who_may_see_none(office: Office, mailer: Client) -> None:
    subject = subjects(office.wiring)[1]
    form = {"system": mailer.id, "use": "mail_marketing"}
    assert ask(office, subject, form, by="support").status_code == 403
    form = {"system": "svc:none", "use": "mail_marketing"}
    assert ask(office, subject, form).status_code == 404
    assert ask(office, SubjectId(UNKNOWN), form, shown=subject).status_code == 404


def ask(
    office: Office,
    subject: SubjectId,
    form: dict[str, str],
    *,
    by: str = OFFICER,
    shown: SubjectId | None = None,
) -> httpx.Response:
    place = f"{HOME}/{shown or subject}"
    return office.send(f"{HOME}/{subject}/check", by=by, shown=place, form=form)
