"""The pages of the policy say what is in force; a change needs its two persons there as well."""

from collections.abc import Iterator
from io import BytesIO
from zipfile import ZipFile

import httpx
import pytest

from policies.admin.documents import shipped_documents
from tests.installation import create
from tests.office import Files, Office, opened

HOME = "/console/policies"
ROLES = ("privacy_officer", "privacy_approver", "auditor", "support")
OFFICER, APPROVER = ROLES[:2]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    wiring = create(tmp_path_factory.mktemp("policies"))
    with pytest.MonkeyPatch.context() as quick, opened(wiring, home=HOME) as found:
        quick.setattr("policies.compare.BUDGET", QUICK)
        yield found


def send(
    office: Office, path: str, *, by: str, shown: str = HOME, files: Files | None = None
) -> httpx.Response:
    return office.send(f"{HOME}{path}", by=by, shown=shown, files=files)


def files(**changes: tuple[str, str]) -> Files:
    """The shipped files as a form sends them, with these replacements."""
    found: Files = []
    for name, text in shipped_documents().files:
        for part, (old, new) in changes.items():
            if part in name:
                assert old in text
                text = text.replace(old, new, 1)  # noqa: PLW2901 # the file as it is sent
        found.append(("files", (name, text.encode(), "application/yaml")))
    return found


QUICK = 5_000  # a tenth of the requests that are put to Casbin; other tests put all
VERSION = ('"2026-10-01.1"', '"2027-04-01.1"')


def test_the_policy_in_force_stands_in_words_for_who_may_read_it(office: Office) -> None:
    page = office.page()
    assert "顧客データ利用方針" in page
    assert "どの役割も要配慮個人情報を販促に使えない" in page
    assert "R-101" in page
    assert "R-701" not in office.page(f"{HOME}?role=support")
    matrix = office.page(f"{HOME}/matrix?purpose=audit_review")
    assert ">顧客ID<" in matrix
    assert "person." not in matrix  # fields by their names
    assert "頭文字だけ表示" in matrix
    assert office.browsers["auditor"].get(f"{HOME}/matrix?purpose=nothing").status_code == 404
    assert office.browsers["support"].get(HOME).status_code == 403
    assert HOME not in office.page("/console", by="support")
    assert office.browsers["auditor"].post(f"{HOME}/rollback").status_code == 403


def test_a_refused_policy_comes_back_fault_by_fault(office: Office) -> None:
    faulty = files(policy=VERSION, rules=("allow: [support]", "allow: [nobody]"))
    answer = send(office, "/propose", by=OFFICER, files=faulty)
    assert answer.status_code == 422
    assert "50_rules.yaml" in answer.text
    wrong = files(policy=VERSION, tests=("expect: permit, by: R-101", "expect: deny"))
    answer = send(office, "/propose", by=OFFICER, files=wrong)
    assert answer.status_code == 422
    assert "70_tests.yaml" in answer.text
    assert send(office, "/rollback", by=OFFICER).status_code == 409
    assert office.wiring.policies.number == 1


def test_a_change_is_shown_in_words_and_decided_by_another_person(office: Office) -> None:
    wider = files(policy=VERSION, rules=("fields: [name, status]", "fields: [name, status, rank]"))
    answer = send(office, "/propose", by=OFFICER, files=wider)
    assert answer.status_code == 303
    change = answer.headers["location"]
    shown = office.page(change)
    assert "「監査担当」は「監査・点検」のために 顧客ランク の閲覧ができるようになります" in shown
    assert change in office.page()
    path = change.removeprefix(HOME)
    tried = send(office, f"{path}/trial", by="auditor", shown=change)
    assert tried.status_code == 200
    assert "この方針でも結果が変わりません" in tried.text
    assert send(office, f"{path}/refuse", by="auditor", shown=change).status_code == 404
    assert send(office, f"{path}/approve", by=OFFICER).status_code == 403
    assert "自分の申請は承認できません" in office.page(change, by=OFFICER)
    done = send(office, f"{path}/approve", by=APPROVER, shown=change)
    assert done.status_code == 303
    assert office.wiring.policies.number == 2
    assert "2027-04-01.1" in office.page()
    assert send(office, f"{path}/approve", by=APPROVER, shown="/console").status_code == 409


def test_a_change_that_was_taken_back_is_over_and_its_files_are_handed_out(office: Office) -> None:
    wider = files(policy=VERSION, rules=("fields: [name, status]", "fields: [name, status, kana]"))
    wider = [(n, (f, c.replace(b"2027-04-01.1", b"2027-05-01.1"), k)) for n, (f, c, k) in wider]
    change = send(office, "/propose", by=OFFICER, files=wider).headers["location"]
    path, number = change.removeprefix(HOME), office.wiring.policies.number
    done = send(office, f"{path}/refuse", by=OFFICER, shown=change)
    assert done.headers["location"] == change
    assert "方針は変わっていません" in office.page(change)
    assert send(office, f"{path}/approve", by=APPROVER, shown="/console").status_code == 409
    assert office.wiring.policies.number == number
    given = send(office, "/files", by="auditor")
    with ZipFile(BytesIO(given.content)) as archive:
        assert "50_rules.yaml" in archive.namelist()
