"""The global search: it leads to what the reader may open, and tells of nothing else."""

from collections.abc import Iterator
from functools import partial

import pytest

from governance.app.audit_log import settle
from governance.app.wiring import Wiring
from governance.customers.store import place_hold
from tests.installation import AT, add_person, create
from tests.office import Office, opened

HOME, OFFICER = "/console/search", "privacy_officer"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    made: Wiring = create(tmp_path_factory.mktemp("seek") / "home")
    with opened(made, home=HOME) as found:
        yield found


def sought(office: Office, words: str, *, by: str = OFFICER) -> str:
    answer = office.send(HOME, by=by, shown=HOME, form={"q": words})
    assert answer.status_code == 200
    return answer.text.split('id="sought"')[1]


@pytest.mark.parametrize("words", ["保存期間", "retention", "ＲＥＴＥＮＴＩＯＮ"])
def test_pages_are_found_by_words_of_either_language(office: Office, words: str) -> None:
    assert 'href="/console/retention"' in sought(office, words)


def test_no_page_is_found_that_the_reader_may_not_open(office: Office) -> None:
    assert 'href="/console/retention"' not in sought(office, "retention", by="support")
    assert 'href="/console/retention"' not in office.page(by="support").split('id="sought"')[1]


def test_one_thing_is_found_by_its_number_for_whoever_may_open_it_alone(office: Office) -> None:
    wiring = office.wiring
    person = add_person(wiring)
    hold = partial(place_hold, subject=person, matter="2026-S", by="u:taro", at=AT)
    wiring.database.write(hold)
    assert f'href="/console/persons/{person}"' in sought(office, person)
    for nobody in ("auditor", "it_operator"):
        assert person not in sought(office, person, by=nobody).split("/console/persons/find")[-1]


def test_an_event_is_found_by_its_id(office: Office) -> None:
    office.page("/console/audit", by=OFFICER)
    settle(office.wiring)
    page = office.page("/console/audit", by=OFFICER)
    event = page.split("/console/audit/events/")[1].split('"')[0]
    assert f'href="/console/audit/events/{event}"' in sought(office, event)
    assert f'href="/console/audit/events/{event}"' not in sought(office, event, by="support")


def test_a_name_is_looked_for_in_a_form_alone(office: Office) -> None:
    found = sought(office, "架空 花子")
    assert 'action="/console/persons/find"' in found
    assert 'value="架空 花子"' in found
    assert "架空" not in "".join(part.split('"')[0] for part in found.split('href="')[1:])
    assert "/console/persons/find" not in sought(office, "架空 花子", by="auditor")


def test_an_article_leads_to_the_law(office: Office) -> None:
    assert 'href="/console/law/' in sought(office, "27条")


def test_a_report_is_found_by_its_title_for_whoever_makes_reports(office: Office) -> None:
    assert 'href="/console/reports?report=R12#report"' in sought(office, "R12")
    assert 'href="/console/reports?report=R08#report"' in sought(office, "報告書")
    assert "#report" not in sought(office, "報告書", by="support")
