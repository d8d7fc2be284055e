"""Pages of duplicates, quality, jobs, health, keys, settings; figures that equal their lists."""

import gc
import re
import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from threading import Event

import httpx
import pytest
from sqlalchemy import Connection, insert, select

from governance.app.duplicates import search_now
from governance.app.quality import measure_step
from governance.app.ticks import SCHEDULES
from governance.app.wiring import Wiring
from governance.console import import_files
from governance.console.settings_pages import without_secrets
from governance.core.ids import new_row_id
from governance.crypto.seeking import SealedFile
from governance.customers.upkeep.reviews import make_tasks
from governance.jobs.ledger import RUNS
from governance.jobs.runner import worker_of
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
from tests.installation import MANAGER as MANAGING
from tests.office import TOKEN, Office, opened

OFFICER, MANAGER, AUDITOR, OPERATOR = "privacy_officer", "data_manager", "auditor", "it_operator"
IMPORTS = "/console/imports"
FIGURE = re.compile(
    r'<li class="sk-figure[^"]*"><a href="([^"]+)"><span class="sk-figure__label">([^<]+)</span>'
    r'<span class="sk-figure__count">([\d,]+)'
)
ROW = re.compile(r'<tr role="row"')


@pytest.fixture(scope="module")
def wiring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    made = create(tmp_path_factory.mktemp("upkeep") / "home")
    same = {"氏名": "架空　太郎", "フリガナ": "カクウ　タロウ", "生年月日": "1980/01/01"}
    people = [customer(1, **same), customer(2, **same, 携帯番号="090-0000-0001"), customer(3)]
    import_file(made, write_file(tmp_path_factory.mktemp("file"), register(people)))
    search_now(made, MANAGING, worker_of("test", made.clock, Event()))
    yield made
    made.close()


@pytest.fixture(scope="module")
def office(wiring: Wiring) -> Iterator[Office]:
    with opened(wiring) as found:
        yield found


def failed_run(tx: Connection, job: str = "quality.measure") -> str:
    run = new_row_id()
    tx.execute(
        insert(RUNS).values(
            id=run,
            job=job,
            scheduled_for=AT - timedelta(hours=1),
            state="failed",
            done=0,
            batches=0,
            coalesced=0,
            fence=1,
            failures=5,
            error_code="disk_full",
            started_at=AT - timedelta(hours=1),
            finished_at=AT,
        )
    )
    return run


def test_every_figure_of_the_overview_is_the_number_of_rows_of_its_list(office: Office) -> None:
    office.wiring.database.write(failed_run)
    page = office.page("/console", by=OFFICER)
    duties = page.split('id="due"')[1].split('id="near"')[0].split('id="alarms"')[0]
    found = FIGURE.findall(duties)
    assert len(found) >= 8
    for href, label, count in found:
        address = href.replace("&amp;", "&")
        joint = "&" if "?" in address else "?"
        rows = office.page(f"{address}{joint}size=200", by=OFFICER)
        assert shown_rows(rows, address) == int(count.replace(",", "")), (label, href)
    assert any(int(count) for _, label, count in found if label == "失敗した処理")


def shown_rows(page: str, address: str) -> int:
    """Rows of the list that the address filters, on its one page."""
    own = {"connectors": "connector-tasks", "duplicates": "duplicates", "jobs": "job-runs"}
    name = address.partition("?")[0].rpartition("/")[2]
    sheet = page.partition(f'id="list-{own.get(name, "")}-sheet"' if name in own else "data-rows")[
        2
    ]
    return len(ROW.findall(sheet.partition("</table>")[0])) - 1 if "<table" in sheet else 0


def test_a_reader_sees_figures_of_their_own_lists_alone(office: Office) -> None:
    page = office.page("/console", by="support").partition('id="due"')[2]
    duties = page.partition('id="store"')[0]
    assert "期限超過" in duties
    assert "失敗した処理" not in duties


def test_two_rows_are_compared_told_apart_or_merged_and_undone(
    office: Office, found_pair: str
) -> None:
    home = f"/console/duplicates/{found_pair}"
    page = office.page(home, by=MANAGER)
    assert "090-0000-0001" in page or "09000000001" in page
    version = re.search(r'name="version" value="([^"]+)"', page)
    assert version is not None
    stale = office.send(f"{home}/merge", by=MANAGER, shown=home, form={"version": "stale"})
    assert stale.status_code == 409
    assert "<form" in stale.text
    form = {"version": version[1]}
    done = office.send(f"{home}/merge", by=MANAGER, shown=home, form=form)
    assert done.status_code == 303
    merge = done.headers["location"]
    assert "まとめた" in office.page(merge, by=AUDITOR)
    assert "すでにまとめました" in office.page(home, by=MANAGER)
    undone = office.send(f"{merge}/undo", by=MANAGER, shown=merge)
    assert undone.status_code == 303
    assert "戻した" in office.page(merge, by=MANAGER)


@pytest.fixture(scope="module")
def found_pair(office: Office) -> str:
    """The pair that the import found, looked for on the page as an officer would."""
    page = office.page("/console/duplicates", by=MANAGER)
    found = re.search(r'href="/console/duplicates/([0-9a-f]{12})"', page)
    assert found is not None, page[:500]
    return found[1]


def test_pairs_are_shown_to_whoever_may_merge_after_what_is_unknown(
    office: Office, found_pair: str
) -> None:
    office.page("/console/duplicates/0123456789ab", by=MANAGER, status=404)
    for pair in ("0123456789ab", found_pair):
        office.page(f"/console/duplicates/{pair}", by=AUDITOR, status=403)


def test_quality_shows_figures_with_their_lists_and_a_task_is_done_in_words(office: Office) -> None:
    wiring = office.wiring
    wiring.database.write(lambda tx: measure_step(tx, cursor=None, limit=1, at=AT))
    wiring.database.write(lambda tx: make_tasks(tx, on=AT.date(), at=AT))
    page = office.page("/console/quality", by=MANAGER)
    assert 'href="/console/quality/behind/incomplete"' in page
    assert "<svg" in page.split('id="trend"')[1]
    task = re.search(r'href="(/console/quality/tasks/[0-9a-f-]{36})"', page)
    assert task is not None
    empty = office.send(f"{task[1]}/done", by=MANAGER, shown=task[1], form={"comment": " "})
    assert empty.status_code == 422
    done = office.send(f"{task[1]}/done", by=MANAGER, shown=task[1], form={"comment": "訂正した"})
    assert done.status_code == 303
    assert "訂正した" in office.page(task[1], by=AUDITOR)
    refused = office.send(f"{task[1]}/done", by=AUDITOR, shown="/console/audit")
    assert refused.status_code == 403


def test_rows_behind_a_topic_are_as_many_as_it_counts_and_show_no_value(office: Office) -> None:
    page = office.page("/console/quality/behind/incomplete", by=AUDITOR)
    total = re.search(r'id="behind">[^<]+</h2><span class="sk-quiet">(\d+)件', page)
    assert total is not None
    assert len(ROW.findall(page)) - 1 == int(total[1])
    assert "架空" not in page.split('id="behind"')[1]
    office.page("/console/quality/behind/nothing", by=AUDITOR, status=404)


def test_a_failed_job_is_tried_again_once_by_whoever_may_run_jobs(office: Office) -> None:
    wiring = office.wiring
    run = wiring.database.write(partial(failed_run, job="quality.review"))
    page = office.page("/console/jobs", by=OPERATOR)
    assert "disk_full" in page
    assert f"/console/jobs/{run}/retry" in page
    assert f"/console/jobs/{run}/retry" not in office.page("/console/jobs", by=AUDITOR)
    assert (
        office.send(f"/console/jobs/{run}/retry", by=AUDITOR, shown="/console/audit").status_code
        == 403
    )
    for _ in range(2):
        assert (
            office.send(
                f"/console/jobs/{run}/retry", by=OPERATOR, shown="/console/jobs"
            ).status_code
            == 303
        )
    with wiring.database.read() as tx:
        state = tx.execute(select(RUNS.c.state).where(RUNS.c.id == run)).scalar_one()
        told = [one for one in events(tx, "job.run") if one.object_id == "quality.review"]
    assert state == "waiting"
    assert len(told) == 1
    unknown = f"/console/jobs/{new_row_id()}/retry"
    assert office.send(unknown, by=OPERATOR, shown="/console/jobs").status_code == 404


def upload(office: Office, path: str, content: bytes, **form: str) -> httpx.Response:
    files = [("file", ("顧客.csv", content, "text/csv"))]
    return office.send(path, by=MANAGER, shown=IMPORTS, form=form, files=files)


def wait_for(look: Callable[[], str], words: str) -> str:
    """The page once it says this, or as it is after a minute: the work goes on beside it."""
    deadline = time.monotonic() + 60
    while words not in (page := look()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return page


def test_a_file_is_looked_at_tried_and_taken_in_and_its_run_is_found_again(office: Office) -> None:
    content = register(
        [customer(n) for n in range(90, 93)] + [customer(94, 登録日="昨日"), customer(95, 氏名="")]
    ).encode()
    seen = upload(office, f"{IMPORTS}/look", content, step="look")
    assert seen.status_code == 200
    assert "列の対応" in seen.text
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', seen.text)
    assert digest is not None
    before = len(subjects(office.wiring))
    said = {"digest": digest[1], "kind": "customers"}
    tried = upload(office, f"{IMPORTS}/look", content, step="try", **said)
    assert "試した結果" in tried.text
    assert len(subjects(office.wiring)) == before
    other = upload(office, f"{IMPORTS}/take", content + b"\r\n", **said)
    assert other.status_code == 409
    assert "確かめたファイルと違う" in other.text
    begun = upload(office, f"{IMPORTS}/take", content, **said)
    assert begun.status_code == 303
    place = run_of(office, begun.headers["location"])
    page = wait_for(lambda: office.page(place, by=MANAGER), "5行を取り込みました")
    assert "5行を取り込みました" in page
    assert len(subjects(office.wiring)) == before + 4
    office.page(place, by=AUDITOR, status=403)
    assert place in office.page(IMPORTS, by=AUDITOR)
    brought_back(office, place)


def brought_back(office: Office, place: str) -> None:
    """The file of the rows that wait is read as rows of this import, and taken in by the page."""
    waiting = office.send(f"{place}/errors", by=MANAGER, shown=place).content
    files = [("file", ("errors.xlsx", waiting, "application/octet-stream"))]
    seen = office.send(f"{IMPORTS}/look", by=MANAGER, shown=IMPORTS, files=files).text
    assert "「顧客.csv」の保留の行を直したファイルです" in seen
    assert "変更しない" not in seen, "where a row belongs is no column to choose for"
    form = dict(re.findall(r'name="(digest|kind|header\.\d+)" value="([^"]*)"', seen))
    chosen = re.findall(r'name="(column\.\d+)".*?<option value="([^"]*)" selected', seen, re.DOTALL)
    form |= dict(chosen)
    taken = office.send(f"{IMPORTS}/take", by=MANAGER, shown=IMPORTS, form=form, files=files)
    assert taken.status_code == 303
    assert run_of(office, taken.headers["location"]) != place


def run_of(office: Office, waiting: str) -> str:
    """Where the page that waits leads to, once the run has begun behind the answer."""
    deadline = time.monotonic() + 60
    while True:
        answer = office.browsers[MANAGER].get(waiting)
        if answer.status_code == 303:
            assert answer.headers["location"].startswith(f"{IMPORTS}/runs/")
            return answer.headers["location"]
        assert time.monotonic() < deadline, answer.text[:200]
        time.sleep(0.05)


def test_no_file_and_a_broken_one_come_back_to_the_form(office: Office) -> None:
    assert upload(office, f"{IMPORTS}/look", b"").status_code == 400
    broken = upload(office, f"{IMPORTS}/look", b"\x00\xff\x00\x01")
    assert broken.status_code in {400, 409, 415, 422}
    assert 'action="/console/imports/look"' in broken.text
    office.page(f"{IMPORTS}/runs/{new_row_id()}", by=MANAGER, status=404)
    office.page(IMPORTS, by="support", status=403)


def test_a_file_beyond_the_limit_is_told_of_on_the_form_and_nothing_is_left(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_files, "MEGABYTE", 50)  # octets, so that the limit is 10,000
    folder = office.wiring.settings.data_dir
    before, rows = set(folder.iterdir()), len(subjects(office.wiring))
    told = upload(office, f"{IMPORTS}/look", b"x" * 20_000)
    assert told.status_code == 413
    assert "ファイルが大きすぎます" in told.text
    assert 'action="/console/imports/look"' in told.text
    assert upload(office, f"{IMPORTS}/take", b"x" * 10_001).status_code == 413
    assert upload(office, f"{IMPORTS}/look", b"x" * 50_000).status_code == 413
    assert (set(folder.iterdir()), len(subjects(office.wiring))) == (before, rows)


def test_a_file_longer_than_any_other_body_is_looked_at_and_not_tried(office: Office) -> None:
    row = register([customer(95)]).encode()
    head, body = row.split(b"\r\n", 1) if b"\r\n" in row else row.split(b"\n", 1)
    seen = upload(office, f"{IMPORTS}/look", head + b"\n" + body * (11 * 1024 * 1024 // len(body)))
    assert seen.status_code == 200
    assert 'id="long"' in seen.text
    assert 'id="try"' not in seen.text


def test_a_connection_that_breaks_off_leaves_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone: list[SealedFile] = []
    closing = SealedFile.close

    def close(self: SealedFile) -> None:
        closing(self)
        gone.append(self)

    monkeypatch.setattr(SealedFile, "close", close)
    token = TOKEN.search(office.page(IMPORTS, by=MANAGER))
    assert token is not None
    part = 'content-disposition: form-data; name="{}"'
    head = "\r\n".join(("--q", part.format("csrf"), "", token[1], "--q",
                        part.format("file") + '; filename="a.csv"', "", "half a file"))  # fmt: skip
    browser = office.browsers[MANAGER]
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    with socket.create_connection((browser.base_url.host, browser.base_url.port)) as line:
        line.sendall(
            f"POST {IMPORTS}/look HTTP/1.1\r\nhost: {browser.base_url.netloc.decode()}\r\n"
            f"cookie: {cookies}\r\ncontent-type: multipart/form-data; boundary=q\r\n"
            f"content-length: 90000\r\n\r\n{head}".encode()
        )
        assert wait_until(lambda: sealed_files() > 0)
    assert wait_until(lambda: len(gone) == 1)


def sealed_files() -> int:
    """Sealed files that are open in this process."""
    return sum(isinstance(one, SealedFile) for one in gc.get_objects())


def wait_until(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not (found := holds()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def test_a_file_without_the_token_of_its_form_is_refused_before_it_is_read(office: Office) -> None:
    files = [("file", ("a.csv", b"x", "text/csv"))]
    answer = office.browsers[MANAGER].post(f"{IMPORTS}/look", data={"csrf": "no"}, files=files)
    assert answer.status_code == 403


def test_every_job_of_the_clock_has_its_name(office: Office) -> None:
    page = office.page("/console/jobs", by=OPERATOR)
    assert len(ROW.findall(page.split('id="jobs"')[1].split("</table>")[0])) - 1 == len(SCHEDULES)


def test_health_comes_at_once_and_fetches_what_the_doctor_finds(office: Office) -> None:
    first = office.page("/console/health", by=OPERATOR)
    assert 'hx-get="/console/health/found"' in first
    found = office.page("/console/health/found", by=OPERATOR)
    assert "hx-get" not in found.split('id="findings"')[1].split(">")[0]
    assert "監査ログ" in found
    office.page("/console/health", by="support", status=403)


def test_keys_are_told_without_any_key(office: Office) -> None:
    assert 'hx-get="/console/keys?look=yes"' in office.page("/console/keys", by=OPERATOR)
    page = office.page("/console/keys?look=yes", by=OPERATOR)
    assert "いまの期" in page
    assert "hx-get" not in page.split('id="standing"')[1].split(">")[0]
    office.page("/console/keys", by=MANAGER, status=403)


def test_settings_are_shown_with_their_source_and_no_secret(office: Office) -> None:
    page = office.page("/console/settings", by=OPERATOR)
    assert "data_dir" in page
    office.page("/console/settings", by=MANAGER, status=403)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("postgresql://u:geheim@db/sekisho?password=geheim", "postgresql://***@db/sekisho?***"),
        ("https://example.com/hook?key=geheim", "https://example.com/hook?***"),
        ("https://geheim@example.com/x", "https://***@example.com/x"),
        ("9:00?", "9:00?"),
    ],
)
def test_an_address_is_shown_without_what_opens_it(value: str, shown: str) -> None:
    assert without_secrets(value) == shown
