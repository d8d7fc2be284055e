"""Pages of scans: a file is looked through, its findings are shown and exported as they stand."""

import io
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from html import unescape

import httpx
import openpyxl
import pytest
from sqlalchemy import select, update

from audit.models import EVENTS
from governance.core.ids import new_row_id
from governance.core.terms import Lang
from governance.db.types import table_of
from governance.discovery import service, store
from governance.discovery.models import ScanRow
from governance.i18n.catalogue import text
from governance.pii.errors import PiiWorkerError
from governance.pii.types import Entity, Reason, SensitiveKind, Span
from tests.installation import AT, create, with_ports
from tests.office import Office, opened

HOME = "/console/scans"
BY = "data_manager"
MAIL, ILLNESS = re.compile(r"[\w.]+@example\.(?:com|jp)"), re.compile("糖尿病")
SCAN = table_of(ScanRow)
CUSTOMERS = "メールアドレス,区分,備考\n" + "".join(
    f"hanako{n}@example.com,A,糖尿病のため通院中（架空） {n}\n" for n in range(30)
)
BROKEN = "分析が答えない"


def finds(texts: Sequence[str], _lang: Lang) -> tuple[tuple[Span, ...], ...]:
    """Stands for the analysis: e-mail addresses and one illness."""
    if any(BROKEN in text for text in texts):
        raise PiiWorkerError
    return tuple(_spans(text) for text in texts)


def _spans(words: str) -> tuple[Span, ...]:
    mails = (
        Span(start=m.start(), end=m.end(), entity=Entity.EMAIL, score=1.0, reason=Reason.LABEL)
        for m in MAIL.finditer(words)
    )
    ills = (
        Span(
            start=m.start(),
            end=m.end(),
            entity=Entity.SENSITIVE,
            score=0.9,
            reason=Reason.LABEL,
            kind=SensitiveKind.MEDICAL_HISTORY,
        )
        for m in ILLNESS.finditer(words)
    )
    return (*mails, *ills)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    made = create(tmp_path_factory.mktemp("scans"))
    wiring = with_ports(made, replace(made.ports, analyse=finds))
    with opened(wiring, home=HOME) as found:
        yield found


def sent(office: Office, content: bytes, name: str = "架空.csv", by: str = BY) -> httpx.Response:
    return office.send(HOME, by=by, files=[("file", (name, content, "text/csv"))])


@pytest.fixture(scope="module")
def scan(office: Office) -> str:
    answer = sent(office, CUSTOMERS.encode("cp932"))
    assert answer.status_code == 303, answer.text[:300]
    return str(answer.headers["location"])


def cells(page: str) -> list[str]:
    found = re.findall(r'role="(?:cell|rowheader)"[^>]*><div>(.*?)</div>', page, re.DOTALL)
    return [unescape(re.sub("<[^>]+>", "", one)).strip() for one in found]


def events(office: Office, action: str) -> list[str]:
    with office.wiring.database.read() as tx:
        rows = tx.execute(select(EVENTS).where(EVENTS.c.action == action)).all()
    return [" ".join(map(str, row)) for row in rows]


@pytest.mark.parametrize("lang", list(Lang))
def test_a_scan_shows_kinds_confidence_special_care_and_a_proposal(
    office: Office, scan: str, lang: Lang
) -> None:
    answer = office.browsers[BY].get(scan, headers={"accept-language": lang.value})
    page = answer.text
    assert answer.status_code == 200
    assert f'<html lang="{lang.value}"' in page
    assert "架空.csv" in page
    assert text("pii.entity.email", lang) in cells(page)
    assert text("pii.kind.medical_history", lang) in cells(page)
    assert 'id="care"' in page
    assert "category: contact" in page
    assert "hanako1@example.com" not in page
    assert "区分" not in cells(page), "a column without personal data is shown when asked for"
    assert "区分" in cells(office.page(f"{scan}?columns=every", by=BY))


def test_the_list_names_scans_newest_first_and_the_log_holds_counts_alone(
    office: Office, scan: str
) -> None:
    page = office.page(HOME, by=BY)
    assert f'href="{scan}"' in page
    (event, *_) = events(office, "pii.scanned")
    assert scan.rpartition("/")[2] in event
    assert "架空" not in event
    with office.wiring.database.read() as tx:
        rows = tx.execute(select(SCAN.c.name, SCAN.c.content)).all()
    stored = [bytes(value) for row in rows for value in row]
    assert all("架空".encode() not in value and b"EMAIL" not in value for value in stored)


@pytest.mark.parametrize("columns", ["", "every"])
def test_an_export_holds_exactly_what_is_shown(office: Office, scan: str, columns: str) -> None:
    page = office.page(f"{scan}?columns={columns}", by=BY)
    shown = [
        cell.replace("－", "-") for cell in cells(page)
    ]  # as every list draws what is not there
    form = {"form": "xlsx", "columns": columns}
    answer = office.send(f"{scan}/export", by=BY, shown=scan, form=form)
    assert answer.status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    rows = list(book.worksheets[1].iter_rows(values_only=True))[1:]
    told = [str(cell) for row in rows for n, cell in enumerate(row) if n not in {0, 1, 5}]
    assert told == shown
    html = office.send(f"{scan}/export", by=BY, shown=scan, form={**form, "form": "html"}).text
    assert html.count("<tr><td>架空.csv") == len(rows)
    kept = office.send(f"{scan}/export", by=BY, shown=scan, form={**form, "form": "json"}).json()
    assert len(kept["places"][0]["columns"]) == len(rows)
    assert all("架空" not in one for one in events(office, "pii.scan_exported"))


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"", "a.csv", "empty"),
        (b"x" * (service.LARGEST + 1), "a.csv", "too_large"),
        (b"SQLite format 3\x00" + b"\x00" * 100, "a.csv", "database"),
    ],
)
def test_what_is_not_looked_through_is_refused_and_nothing_is_kept(
    office: Office, content: bytes, name: str, reason: str
) -> None:
    before = len(events(office, "pii.scanned"))
    answer = sent(office, content, name)
    assert answer.status_code == 422
    assert 'href="#file"' in answer.text
    assert reason in answer.text
    assert len(events(office, "pii.scanned")) == before


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd.csv",
        "<script>alert(1)</script>.csv",
        "=cmd|'/c calc'!A1.csv",
        "\u202egpj.csv",  # turns the rest of the line around
        "a" * 300 + ".csv",
        "\\\\host\\share\\架空.csv",
        "..",
        "x\x00y.csv",
        "postgresql://h/db",
    ],
)
def test_a_file_name_is_only_a_name(office: Office, name: str) -> None:
    """Whatever it says, it opens no other place and reaches the page as text."""
    report = service.look_through(
        CUSTOMERS.encode(), name, office.wiring.ports, clock=office.wiring.clock
    )
    assert "/" not in report.target
    assert len(report.target) <= service.LONGEST_NAME
    assert report.found
    assert [place.name for place in report.places] == [report.target]


def test_markup_and_formulas_in_a_file_reach_page_and_workbook_as_text(office: Office) -> None:
    head = "=HYPERLINK(1),<img src=x onerror=alert(1)>\n"
    rows = "a@example.com,<b>b@example.com</b>\n" * 20
    place = sent(office, (head + rows).encode(), "<i>.csv").headers["location"]
    page = office.page(place, by=BY)
    assert "<img src=x" not in page
    assert "<i>.csv" not in page
    book = openpyxl.load_workbook(
        io.BytesIO(
            office.send(
                f"{place}/export", by=BY, shown=place, form={"form": "xlsx", "columns": "every"}
            ).content
        )
    )
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds


def test_what_the_analysis_does_not_answer_is_not_called_free_of_personal_data(
    office: Office,
) -> None:
    place = sent(office, f"{BROKEN}\n".encode(), "memo.txt").headers["location"]
    page = office.page(place, by=BY)
    assert text("console.scans.failed", Lang.JA) in page
    assert text("discovery.reason.failed", Lang.JA) in page


def test_who_may_not_is_told_so_and_has_no_entry_in_the_menu(office: Office, scan: str) -> None:
    office.page(HOME, by="support", status=403)
    office.page(scan, by="support", status=403)
    assert f'href="{HOME}"' not in office.page("/console", by="support")
    assert f'href="{HOME}"' in office.page("/console", by=BY)
    for action in (HOME, f"{scan}/export"):
        assert (
            office.browsers[BY]
            .post(action, data={"form": "json"}, files={"file": b"x"})
            .status_code
            == 403
        )


def test_a_scan_that_is_not_there_is_not_found(office: Office, scan: str) -> None:
    for place in (new_row_id(), "1", "x' OR 1=1"):
        office.page(f"{HOME}/{place}", by=BY, status=404)
    answer = office.send(f"{scan}/export", by=BY, shown=scan, form={"form": "exe"})
    assert answer.status_code == 404


def test_two_files_at_once_are_both_looked_through(office: Office) -> None:
    found: list[httpx.Response] = []
    threads = [
        threading.Thread(target=lambda: found.append(sent(office, CUSTOMERS.encode(), "b.csv")))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in found} == {303}
    assert len({answer.headers["location"] for answer in found}) == 2


def test_a_scan_is_forgotten_when_its_time_is_over(office: Office) -> None:
    database = office.wiring.database
    place = sent(office, CUSTOMERS.encode(), "old.csv").headers["location"]
    mine = SCAN.c.id == place.rpartition("/")[2]
    assert database.write(lambda tx: store.forget_scans(tx, at=AT, limit=10)) == 0
    database.write(lambda tx: tx.execute(update(SCAN).where(mine).values(forget_at=AT)))
    later = AT + timedelta(seconds=1)
    assert database.write(lambda tx: store.forget_scans(tx, at=later, limit=10)) == 1
    office.page(place, by=BY, status=404)


def test_a_result_that_is_too_long_keeps_its_counts(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST", 10)
    place = sent(office, CUSTOMERS.encode(), "long.csv").headers["location"]
    assert text("console.scans.too_long", Lang.JA) in office.page(place, by=BY)
    assert (
        office.send(f"{place}/export", by=BY, shown=HOME, form={"form": "json"}).status_code == 409
    )
