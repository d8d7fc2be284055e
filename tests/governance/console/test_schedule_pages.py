"""The pages of schedules: in words, every fault by its place, adopted by two, compared."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.app.wiring import Wiring
from governance.core.terms import Lang
from retention.faults import faults_of
from retention.schedules import RETAIL_SAMPLE, default_schedule, shipped_schedule
from retention.store import in_force
from tests.installation import create, customer, import_file, register, write_file
from tests.office import Office, opened

HOME = "/console/retention/schedules"
OFFICER, APPROVER, AUDITOR = "privacy_officer", "privacy_approver", "auditor"
TEXT = default_schedule().text
SHORTER = TEXT.replace("period: {years: 10}", "period: {years: 5}", 1)
FAULTY = TEXT.replace("action: keep", "action: burn", 1).replace(
    "period: {years: 10}", "period: {years: 1000}", 1
)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder: Path = tmp_path_factory.mktemp("schedules")
    made: Wiring = create(folder)
    people = register([customer(number) for number in range(1, 5)])
    import_file(made, write_file(folder, people))
    with opened(made, home=HOME) as found:
        yield found


def propose(office: Office, words: str) -> str:
    answer = office.send(f"{HOME}/propose", by=OFFICER, form={"content": words})
    assert answer.status_code == 303, answer.text[:500]
    return str(answer.headers["location"])


def digest_on(page: str) -> str:
    found = re.search(r'name="digest" value="([0-9a-f]+)"', page)
    assert found is not None
    return found[1]


def test_the_schedule_in_force_stands_in_words_with_its_articles(office: Office) -> None:
    page = office.page()
    assert "取引が途絶えた顧客" in page
    assert "10年" in page
    assert "まだ採用されていません" in page
    assert 'href="/console/law/tax_7y"' in page
    assert "申請は、個人情報保護管理者だけが行えます" in page
    office.page(f"{HOME}?version=0")
    office.page(f"{HOME}?version=99", status=404)
    office.page(f"{HOME}?version=x", status=404)
    office.page(by="support", status=403)


def test_every_fault_is_told_by_its_place_and_the_text_stays(office: Office) -> None:
    answer = office.send(f"{HOME}/propose", by=OFFICER, form={"content": FAULTY + "# <b>架空"})
    assert answer.status_code == 422
    assert "rules[0].action" in answer.text
    assert re.search(r"rules\[\d\]\.period", answer.text)
    assert "action: burn" in answer.text
    assert "# &lt;b&gt;架空" in answer.text
    sent = [("file", ("x.yaml", b"\xff\xfe", "application/yaml"))]
    assert office.send(f"{HOME}/propose", by=OFFICER, files=sent).status_code == 422
    assert "承認を待つ案" not in office.page()


def test_faults_in_one_line_hide_none_in_another() -> None:
    assert faults_of(TEXT) == ()
    places = {str(one.params["path"]) for one in faults_of(FAULTY)}
    assert any(place.startswith("rules[0]") for place in places)
    assert len(places) >= 2
    assert len(faults_of("- &a [*a, *a]")) == 1
    assert len(faults_of("rules: [")) == 1


def test_a_proposal_is_counted_and_adopted_by_another_person(office: Office) -> None:
    change = propose(office, SHORTER)
    page = office.page(change, by=APPROVER)
    assert "期限が早くなる人" in page
    assert "4人" in page
    assert "5年" in page
    assert change in office.page()
    digest = digest_on(page)
    own = {"digest": digest}
    assert office.send(f"{change}/approve", by=OFFICER, shown=change, form=own).status_code == 403
    assert "自分の申請は承認できません" in office.page(change, by=OFFICER)
    wrong = {"digest": "0" * 64}
    answer = office.send(f"{change}/approve", by=APPROVER, shown=change, form=wrong)
    assert answer.status_code == 409
    done = office.send(f"{change}/approve", by=APPROVER, shown=change, form=own)
    assert done.status_code == 303
    with office.wiring.database.read() as tx:
        assert in_force(tx).text == SHORTER
    assert "採用されました" in office.page(change)
    assert office.send(f"{change}/approve", by=APPROVER, shown=HOME, form=own).status_code == 409
    page = office.page(f"{HOME}/compare?old=0&new=1")
    assert "5年" in page
    counted = office.send(f"{HOME}/compare", by=OFFICER, shown=HOME, form={"old": "0", "new": "1"})
    assert "期限が早くなる人" in office.page(counted.headers["location"])
    office.page(f"{HOME}/compare?old=0&new=7", status=404)
    office.page(f"{HOME}/compare?old=0&new={'9' * 30}", status=404)


def test_a_proposal_is_taken_back_or_rejected_and_changes_nothing(office: Office) -> None:
    sample = shipped_schedule(RETAIL_SAMPLE).text
    for by, words in ((OFFICER, "取り下げる"), (APPROVER, "採用しない")):
        change = propose(office, sample)
        assert words in office.page(change, by=by)
        refused = office.send(f"{change}/refuse", by=AUDITOR, shown="/console/audit")
        assert refused.status_code == 404
        assert office.send(f"{change}/refuse", by=by, shown=change).status_code == 303
        assert "取り下げられたか" in office.page(change)
    with office.wiring.database.read() as tx:
        assert in_force(tx).label.of(Lang.JA) != "小売業の見本"
    office.page(f"{HOME}/changes/{'0' * 8}-0000-7000-8000-{'0' * 12}", status=404)
