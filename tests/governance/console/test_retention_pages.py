"""The pages of retention: simulate, plan, run by two persons, certificate; who sees what."""

import io
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from pypdf import PdfReader
from sqlalchemy import update

from governance.app.simulating import SIMULATE, simulation_jobs
from governance.app.wiring import Wiring
from governance.jobs.registry import Open
from governance.jobs.runner import worker_of
from retention.schedules import default_schedule
from retention.simulation import service, store
from retention.store import PLAN
from tests.installation import create, customer, import_file, register, staff, write_file
from tests.office import Office, opened

HOME = "/console/retention"
OFFICER, APPROVER, AUDITOR = "privacy_officer", "privacy_approver", "auditor"
LONGER = default_schedule().text.replace("period: {years: 3}", "period: {years: 9}", 1)


@pytest.fixture(scope="module")
def wiring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    folder: Path = tmp_path_factory.mktemp("retention")
    made = create(folder)
    old = {"登録日": "2010/04/01"}
    rows = [
        *(customer(number, **old) for number in range(1, 4)),
        *(customer(number) for number in range(4, 9)),
        customer(9, 保全="true", **old),
    ]
    import_file(made, write_file(folder, register(rows)))
    yield made
    made.close()


@pytest.fixture(scope="module")
def office(wiring: Wiring) -> Iterator[Office]:
    with opened(wiring, home=HOME) as found:
        yield found


def simulated(office: Office, **form: str) -> str:
    place = f"{HOME}/simulations"
    answer = office.send(place, by=OFFICER, shown=place, form=form)
    assert answer.status_code == 303, answer.text[:300]
    return str(answer.headers["location"])


def test_what_is_not_there_yet_is_said(office: Office) -> None:
    for place, words in {
        "": "標準の保存期間表",
        "/simulations": "試算はまだありません",
        "/plans": "計画はまだありません",
        "/runs": "実行はまだありません",
        "/certificates": "完了した実行はまだありません",
    }.items():
        assert words in office.page(HOME + place)


def test_a_simulation_tells_figures_chart_and_persons(office: Office) -> None:
    place = simulated(office)
    page = office.page(place)
    assert "2026年10月1日" in page
    assert re.search(r"消去する</span><span[^>]*>3<", page)
    assert "<svg" in page
    assert "取引が途絶えた顧客" in page
    assert "2030-04" not in page  # beyond two years
    assert "2030-04" in office.page(f"{place}?months=60")
    persons = office.page(f"{place}/persons?decision=due", by=OFFICER)
    assert "C000001" in persons
    assert "架空" not in persons.split("<main", 1)[1]
    hidden = office.page(f"{place}/persons?decision=due", by=AUDITOR)
    assert "C000001" not in hidden
    assert "お客様番号は表示されません" in hidden
    office.page(f"{HOME}/simulations/{'0' * 8}-0000-7000-8000-{'0' * 12}", status=404)
    office.page(f"{HOME}/simulations/none", status=404)


def test_a_draft_is_compared_and_cannot_become_a_plan(office: Office) -> None:
    place = f"{HOME}/simulations"
    draft = LONGER.replace("period: {years: 10}", "period: {years: 5}", 1)
    answer = office.send(
        place,
        by=OFFICER,
        shown=place,
        form={"on": "2026-10-01"},
        files=[("file", ("draft.yaml", draft.encode(), "application/yaml"))],
    )
    page = office.page(answer.headers["location"], by=OFFICER)
    assert "保存 → 期限到来: 5人" in page
    assert "期限が早くなる人" in page
    assert "見るだけです" in page
    refused = office.send(f"{answer.headers['location']}/plan", by=OFFICER, shown=place)
    assert refused.status_code == 409
    later = simulated(office, on="2031-01-01")
    assert re.search(r"消去する</span><span[^>]*>8<", office.page(later))
    assert office.send(f"{later}/plan", by=OFFICER, shown=place).status_code == 409


@pytest.mark.parametrize(
    ("form", "content", "field"),
    [
        ({"on": "2020-01-01"}, b"", "on"),
        ({"on": "<b>"}, b"", "on"),
        ({"on": "2026-10-01"}, b"rules: [", "file"),
        ({"on": "2026-10-01"}, b"\xff\xfe\x00", "file"),
        ({"on": "2026-10-01"}, b"a: 1\n" * 300_000, "file"),
    ],
)
def test_a_wrong_form_comes_back_and_counts_nothing(
    office: Office, form: dict[str, str], content: bytes, field: str
) -> None:
    place = f"{HOME}/simulations"
    before = office.page(place).count(f"{place}/")
    sent = [("file", ("x.yaml", content, "application/yaml"))] if content else None
    answer = office.send(place, by=OFFICER, shown=place, form=form, files=sent)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert "<b>" not in answer.text
    assert office.page(place).count(f"{place}/") == before


def test_who_may_not_is_told_and_refused(office: Office) -> None:
    office.page(by="support", status=403)
    assert HOME not in office.page("/console", by="support")
    assert HOME in office.page("/console")
    assert "試算する権限を持つ人だけ" in office.page(f"{HOME}/simulations")
    for place in ("/simulations", "/plans"):
        answer = office.send(HOME + place, by=AUDITOR, shown="/console/audit")
        assert answer.status_code == 403
    forged = office.browsers[OFFICER].post(f"{HOME}/plans", data={"csrf": "x"})
    assert forged.status_code in {400, 403}


def test_a_plan_is_run_by_two_and_its_hash_and_certificate_tell_of_it(office: Office) -> None:
    place = simulated(office)
    plan = office.send(f"{place}/plan", by=OFFICER, shown=place).headers["location"]
    assert office.send(f"{place}/plan", by=OFFICER, shown=plan).headers["location"] == plan
    page = office.page(plan, by=OFFICER)
    assert "別の人の承認が必要です" in page
    assert "C000001" in page
    exported(office, plan)
    waits = office.send(f"{plan}/run", by=OFFICER, shown=plan)
    assert waits.headers["location"] == f"{plan}#act"
    assert "自分の申請は承認できません" in office.page(plan, by=OFFICER)
    assert office.send(f"{plan}/approve", by=OFFICER, shown=plan).status_code == 403
    page = office.page(plan, by=APPROVER)
    wrong = office.send(f"{plan}/approve", by=APPROVER, shown=plan, form={"digest": "0" * 64})
    assert wrong.status_code == 409
    digest = re.search(r'name="digest" value="([0-9a-f]+)"', page)
    assert digest is not None
    done = office.send(f"{plan}/approve", by=APPROVER, shown=plan, form={"digest": digest[1]})
    run = done.headers["location"]
    page = settled(office, run)
    assert "3人の消去が完了しました" in page
    named = re.search(r"消去の記録(\d+)件のうち(\d+)件", page)
    assert named is not None
    assert named[1] == named[2] != "0"
    assert run in office.page()
    nobody = office.send(f"{HOME}/plans", by=OFFICER, shown=plan).headers["location"]
    assert "実行するものがありません" in office.page(nobody, by=OFFICER)
    assert default_schedule().name not in office.page(f"{HOME}/plans")
    assert run in office.page(f"{HOME}/runs?state=done")
    assert f"{run}/certificate" in office.page(f"{HOME}/certificates")
    reported(office, run)
    paper = office.send(f"{run}/certificate", by=AUDITOR, shown=run)
    assert paper.status_code == 200
    assert "attachment" in paper.headers["content-disposition"]
    assert run.rpartition("/")[2] in paper.text
    printed(office, run)
    assert office.send(f"{run}/go-on", by=OFFICER, shown=run).status_code == 303
    assert office.send(f"{plan}/approve", by=APPROVER, shown=plan).status_code == 409


def printed(office: Office, run: str) -> None:
    """The certificate as a paper names rules and persons in words."""
    file = office.send(f"{run}/certificate", by=AUDITOR, shown=run, form={"form": "paper"})
    assert file.headers["content-type"] == "application/pdf"
    words = "".join(page.extract_text() for page in PdfReader(io.BytesIO(file.content)).pages)
    for said in ("消去証明書", "取引が途絶えた顧客", "3人", "承認した人", run.rpartition("/")[2]):
        assert said in words
    assert "u:" not in words.replace("\n", "")


def reported(office: Office, run: str) -> None:
    """R12 tells of the same run, as a file that the overview offers."""
    form = {"report": "R12", "first": "2026-10-01", "last": "2026-10-01", "form": "json"}
    made = office.send("/console/reports", by=AUDITOR, form=form)
    assert made.status_code == 200
    sections = {one["key"]: one for one in made.json()["sections"]}
    rows = sections["runs"]["listing"]["rows"]
    assert [row[4] for row in rows if row[-1] == run.rpartition("/")[2]] == ["3"]
    assert "取引が途絶えた顧客" in str(sections["schedule"]["listing"]["rows"])
    wrong = office.send("/console/reports", by=AUDITOR, form={**form, "form": "exe"})
    assert wrong.status_code == 404


def settled(office: Office, run: str) -> str:
    """The page of a run once the thread behind the answer is through."""
    for _ in range(200):
        page = office.page(run)
        if "実行中" not in page:
            return page
        time.sleep(0.05)
    return page


def exported(office: Office, plan: str) -> None:
    """What the page shows, and nothing that a spreadsheet carries out."""
    asked = {"form": "csv", "decision": "due"}
    file = office.send(f"{plan}/export", by=OFFICER, shown=plan, form=asked)
    lines = file.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 1 + 3
    assert "C000001" in file.text
    assert "'-" not in file.text
    hidden = office.send(f"{plan}/export", by=AUDITOR, shown=plan, form=asked)
    assert "C000001" not in hidden.text
    book = office.send(f"{plan}/export", by=OFFICER, shown=plan, form={**asked, "form": "xlsx"})
    assert book.content[:2] == b"PK"
    assert (
        office.send(
            f"{plan}/export", by=OFFICER, shown=plan, form={**asked, "form": "exe"}
        ).status_code
        == 404
    )


def test_a_plan_that_is_old_says_so_and_is_not_run(office: Office) -> None:
    old = office.send(f"{HOME}/plans", by=OFFICER, shown=f"{HOME}/plans").headers["location"]
    wiring = office.wiring
    wiring.database.write(
        lambda tx: tx.execute(
            update(PLAN)
            .where(PLAN.c.id == old.rpartition("/")[2])
            .values(made_at=wiring.clock() - timedelta(days=8))
        )
    )
    assert "7日を過ぎた計画は実行できません" in office.page(old, by=OFFICER)
    assert office.send(f"{old}/run", by=OFFICER, shown=old).status_code == 409


def test_many_persons_are_counted_behind_the_page(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("governance.console.simulation_pages.AT_ONCE", 0)
    monkeypatch.setattr("governance.console.retention_frame.SLICE", timedelta(0))
    monkeypatch.setattr("governance.console.simulation_pages.SLICE", timedelta(0))
    place = simulated(office)
    page = office.page(place, by=OFFICER)
    assert "<progress" in page
    assert "数えています" in office.page(f"{HOME}/simulations")
    monkeypatch.setattr("governance.console.simulation_pages.AT_ONCE", 3_000)
    monkeypatch.setattr("governance.console.simulation_pages.SLICE", timedelta(seconds=20))
    assert office.send(f"{place}/go-on", by=OFFICER, shown=place).status_code == 303
    assert "<progress" not in office.page(place)


def test_the_clock_counts_what_no_page_counts_any_more(office: Office) -> None:
    wiring = office.wiring
    by = staff(OFFICER)
    asked = wiring.database.write(lambda tx: service.ask(tx, wiring.ports, by, at=wiring.clock()))
    worker = worker_of("test", wiring.clock, Event())
    job = simulation_jobs(wiring, worker)[SIMULATE]
    assert isinstance(job, Open)
    step = partial(job.step, wiring.database, limit=1, at=wiring.clock(), heartbeat=lambda: None)
    assert step(cursor=None).done == 1
    with wiring.database.read() as tx:
        assert store.find(tx, asked).counted
    ended = step(cursor=None)
    assert (ended.done, ended.finished) == (0, True)
