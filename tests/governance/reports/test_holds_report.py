"""R12H: the register of legal holds, its sealed words only for who may, safe in a spreadsheet."""

import csv
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from io import BytesIO, StringIO

import pytest
from openpyxl import load_workbook

from governance.app.approvals import approvals_of, approve_and_execute
from governance.app.wiring import Wiring
from governance.core.terms import Lang
from governance.customers.store import place_hold
from governance.reports.rendering import ReportFormat
from governance.reports.service import ground_of, make
from governance.reports.types import Document, Period, ReportId
from policies.api import ActionForbiddenError
from retention.holds import releasing, service
from retention.holds.asked import wanted_of
from retention.holds.types import Particulars, Placing
from tests.installation import (
    AT,
    OFFICER,
    create,
    customer,
    import_file,
    register,
    staff,
    subjects,
    write_file,
)

PERIOD = Period(first=AT.date().replace(day=1), last=AT.date())
CASE, REASON = '=HYPERLINK("http://example.com")', "+訴状が届いた"
CHIEF, AUDITOR = staff("privacy_approver", name="jiro"), staff("auditor", name="saburo")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    """A matter that stands by name and by a condition, one that was released, one of a file."""
    folder = tmp_path_factory.mktemp("register")
    wiring = create(folder)
    import_file(wiring, write_file(folder, register([customer(n) for n in (1, 2, 3)])))
    one, two, three = subjects(wiring)
    place(wiring, "2026-LIT-1", persons=[one, two], what=["table:purchase"])
    place(wiring, "2026-LIT-1", conditions=["person.status is withdrawn"])
    place(wiring, "2026-LIT-2", persons=[three])
    wiring.database.write(lambda tx: place_hold(tx, one, matter="FILE-9", by="u:a", at=AT))
    asked = wiring.database.write(
        lambda tx: releasing.ask_release(
            tx, wiring.ports, approvals_of(wiring), OFFICER, "2026-LIT-2", reason="和解", at=AT
        )
    )
    approve_and_execute(wiring, CHIEF, asked.id, at=AT)
    yield wiring
    wiring.close()


def place(
    wiring: Wiring,
    number: str,
    *,
    persons: Sequence[str] = (),
    conditions: Sequence[str] = (),
    what: Sequence[str] = (),
) -> None:
    placing = Placing(
        number=number,
        wanted=wanted_of(persons=persons, conditions=conditions, what=what),
        reason=REASON,
        particulars=Particulars(name=CASE),
        expected_end=date(2027, 1, 31) if number.endswith("1") else None,
    )
    service.place(wiring.ports, OFFICER, placing, at=AT)


def made(
    world: Wiring, *, by: object = OFFICER, form: ReportFormat = ReportFormat.JSON
) -> tuple[Document, bytes]:
    return make(ground_of(world), by, ReportId.R12H, PERIOD, form=form, lang=Lang.JA)  # type: ignore[arg-type] # a principal


def rows(document: Document) -> dict[str, dict[str, str]]:
    listing = document.sections[0].listing
    assert listing is not None
    return {row[0]: dict(zip(listing.columns, row, strict=True)) for row in listing.rows}


def test_the_register_tells_scope_days_persons_and_who(world: Wiring) -> None:
    document, _ = made(world)
    found = rows(document)
    assert set(found) == {"2026-LIT-1", "2026-LIT-2", "FILE-9"}
    first = found["2026-LIT-1"]
    assert (first["案件名"], first["保全した者"]) == (CASE, OFFICER.id)
    assert "購買" in first["保全の範囲"]
    assert "顧客.会員状態が「withdrawn」" in first["保全の範囲"]
    assert REASON in first["理由"]
    assert (first["いま保全中の人数"], first["解除の日時"]) == ("2", "-")
    assert first["次の確認の期限"] == "2027-01-31", "its expected end comes first"
    second = found["2026-LIT-2"]
    assert (second["状態"], second["解除の理由"]) == ("解除済み", "和解")
    assert (second["解除を申請した者"], second["解除を承認した者"]) == (OFFICER.id, CHIEF.id)
    assert (second["いま保全中の人数"], second["これまでの人数"]) == ("0", "1")
    assert (second["次の確認の期限"], found["FILE-9"]["案件名"]) == ("-", "-")
    figures = {one.key: one.value for one in document.sections[0].figures}
    assert (figures["matters"], figures["standing"], figures["released"]) == (3, 2, 1)


def test_names_and_reasons_are_only_for_who_may(world: Wiring) -> None:
    document, content = made(world, by=AUDITOR, form=ReportFormat.CSV)
    assert CASE not in content.decode("utf-8-sig")
    assert "訴状" not in content.decode("utf-8-sig")
    assert rows(document)["2026-LIT-1"]["理由"] == "（非表示）"
    assert rows(document)["2026-LIT-2"]["解除の理由"] == "（非表示）"
    assert document.sections[0].remark != ""


def test_no_held_person_is_named(world: Wiring) -> None:
    _, content = made(world, form=ReportFormat.CSV)
    assert all(subject not in content.decode("utf-8-sig") for subject in subjects(world))


def test_a_spreadsheet_carries_nothing_out(world: Wiring) -> None:
    _, content = made(world, form=ReportFormat.CSV)
    cells = [cell for line in csv.reader(StringIO(content.decode("utf-8-sig"))) for cell in line]
    assert any("HYPERLINK" in cell for cell in cells)
    assert not any(cell.startswith(("=", "+", "@")) for cell in cells)
    _, book = made(world, form=ReportFormat.XLSX)
    for sheet in load_workbook(BytesIO(book)):
        assert all(cell.data_type != "f" for line in sheet.iter_rows() for cell in line)


def test_a_matter_of_another_time_is_in_another_register(world: Wiring) -> None:
    before = Period(first=PERIOD.first - timedelta(days=30), last=PERIOD.first - timedelta(days=1))
    document, _ = make(
        ground_of(world), OFFICER, ReportId.R12H, before, form=ReportFormat.JSON, lang=Lang.EN
    )
    assert rows(document) == {}


def test_the_register_is_not_for_everybody(world: Wiring) -> None:
    with pytest.raises(ActionForbiddenError):
        made(world, by=staff("support"))
