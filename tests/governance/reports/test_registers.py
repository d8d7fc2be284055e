"""R02, R09, R10, R11: what the registers hold becomes documents that hold every row."""

import json
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook

from governance.app.wiring import Wiring
from governance.connectors.reading import declared_systems
from governance.core.terms import Lang
from governance.customers.catalogue import Storage, catalogue
from governance.gateway.bulk.exporting import export
from governance.registers import service
from governance.registers.service import NewCheck
from governance.registers.types import CheckKind, CheckMethod, CheckOutcome
from governance.reports.rendering import ReportFormat, rendered, shape
from governance.reports.service import ground_of, make
from governance.reports.types import Document, Period, ReportId
from policies.api import ActionForbiddenError
from tests.governance.gateway.bulk.town import asked, enter, settle
from tests.installation import AT, MANAGER, OFFICER, create, staff
from tests.outside import SHOP

PERIOD = Period(first=AT.date().replace(day=1), last=AT.date())
REGISTERS = (ReportId.R02, ReportId.R09, ReportId.R10, ReportId.R11)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    """An export to a partner, a cloud abroad without its yearly look, a processor at home."""
    folder = Path(tmp_path_factory.mktemp("reports"))
    wiring = create(folder)
    settle(wiring, folder, count=3, agree=(0, 1))
    export(wiring.ports, MANAGER, asked(), folder / "out.csv", at=AT)
    abroad = {"role": "processor", "country": "US", "transfer_basis": "equivalent_system"}
    enter(wiring, "US1", name="=Example Cloud", **abroad)
    enter(wiring, "JP1", name="架空配送", role="processor")
    look = NewCheck(
        kind=CheckKind.SUPERVISION,
        method=CheckMethod.ON_SITE,
        outcome=CheckOutcome.SOUND,
        checked_on=PERIOD.first,
    )
    wiring.database.write(
        lambda tx: service.note_check(tx, wiring.ports, OFFICER, "JP1", look, at=AT)
    )
    yield wiring
    wiring.close()


def made(world: Wiring, report: ReportId, lang: Lang = Lang.JA) -> Document:
    ground = ground_of(world)
    return make(ground, OFFICER, report, PERIOD, form=ReportFormat.JSON, lang=lang)[0]


def figures(document: Document) -> dict[str, object]:
    return {one.key: one.value for section in document.sections for one in section.figures}


def test_every_provision_is_in_r09_with_what_the_law_names(world: Wiring) -> None:
    document = made(world, ReportId.R09)
    found = figures(document)
    assert (found["provided"], found["provided_persons"]) == (1, 2)
    assert (found["provided_consent"], found["received"], found["kept"]) == (1, 0, 1)
    listing = document.sections[0].listing
    assert listing is not None
    (row,) = listing.rows
    assert {"架空提携株式会社", "架空　代表", "東京都千代田区丸の内9-9"} <= set(row)
    assert any("氏名" in cell for cell in row)


def test_r10_tells_what_is_missing_and_every_look(world: Wiring) -> None:
    document = made(world, ReportId.R10)
    found = figures(document)
    assert (found["recipients"], found["processor"], found["third_party"]) == (3, 2, 1)
    assert (found["checks"], found["checks_ever"]) == (1, 1)
    assert found["lacking"] == 3
    looks = document.sections[2].listing
    assert looks is not None
    assert [row[0] for row in looks.rows] == ["processor:JP1"]


def test_r11_lists_who_is_abroad_and_what_they_lack(world: Wiring) -> None:
    document = made(world, ReportId.R11)
    found = figures(document)
    assert (found["abroad"], found["equivalent_system"], found["check_due"]) == (1, 1, 1)
    listing = document.sections[0].listing
    assert listing is not None
    assert [row[0] for row in listing.rows] == ["processor:US1"]


@pytest.mark.parametrize("report", REGISTERS)
@pytest.mark.parametrize("lang", list(Lang))
def test_each_form_holds_every_row_and_no_formula(
    world: Wiring, report: ReportId, lang: Lang
) -> None:
    document = made(world, report, lang)
    assert document.complete
    rows = [row for s in document.sections if s.listing is not None for row in s.listing.rows]
    for form in ReportFormat:
        content = rendered(document, form)
        if form is ReportFormat.XLSX:
            book = load_workbook(BytesIO(content))
            sheets = [[[c.value for c in row] for row in page.iter_rows()] for page in book]
            assert sum(len(sheet) - 1 for sheet in sheets[1:]) == len(rows)
            assert all(c.data_type != "f" for page in book for row in page.iter_rows() for c in row)
        else:
            assert document.title in content.decode() or form is ReportFormat.CSV
    table = rendered(document, ReportFormat.CSV).decode()
    assert all(row[0].lstrip("'") in table for row in rows)
    assert "\r\n=Example" not in table
    assert json.loads(rendered(document, ReportFormat.JSON)) == json.loads(
        json.dumps(shape(document))
    )


def test_a_report_of_another_period_holds_no_provision(world: Wiring) -> None:
    past = Period(first=PERIOD.first.replace(year=2025), last=PERIOD.last.replace(year=2025))
    ground = ground_of(world)
    document, _ = make(ground, OFFICER, ReportId.R09, past, form=ReportFormat.MD, lang=Lang.EN)
    assert figures(document)["provided"] == 0


def test_who_may_not_see_the_registers_gets_no_report(world: Wiring) -> None:
    ground = ground_of(world)
    for report in REGISTERS:
        with pytest.raises(ActionForbiddenError):
            make(
                ground,
                replace(staff("analyst")),
                report,
                PERIOD,
                form=ReportFormat.MD,
                lang=Lang.JA,
            )


@pytest.mark.parametrize("lang", list(Lang))
def test_r02_maps_every_purpose_store_field_recipient_and_period(world: Wiring, lang: Lang) -> None:
    document = made(world, ReportId.R02, lang)
    listings = {one.key: one.listing.rows for one in document.sections if one.listing is not None}
    policy, known = world.policies.current, catalogue()
    assert len(listings["purposes"]) == len(policy.purposes)
    assert len(listings["stores"]) == len(known.tables)
    assert [row[1] for row in listings["fields"]] == [
        one.label(lang) for table in known.tables.values() for one in table.fields
    ]
    assert {row[0] for row in listings["recipients"]} >= {"processor:US1", "processor:JP1"}
    assert listings["retention"]
    told = {one.notice for one in policy.purposes.values() if one.notice}
    assert not any(row[5].startswith(tuple(told)) for row in listings["purposes"])  # by its title
    assert any(row[5] != "-" for row in listings["purposes"])
    found = figures(document)
    assert found["sealed"] == sum(one.storage is Storage.SEALED for one in known.fields.values())
    assert (found["version"], found["transfer_lacking"]) == (policy.version, 1)
    said = {cell for rows in listings.values() for row in rows for cell in row}
    codes = {f"reports.{key}" for key in ("R02", "column")} | {*policy.purposes} | {*known.terms}
    assert not said & codes


def test_r02_names_each_place_of_a_connected_system(world: Wiring, tmp_path: Path) -> None:
    papers = "  papers: {label: 紙 / Paper, kind: folder, path: /srv/x, pattern: '{customer}.txt', "
    asked = "erase: delete}\n  box: {label: 箱 / Box, kind: manual, mail: a@example.com, days: 7}\n"
    file = tmp_path / "connectors.yaml"
    file.write_text(SHOP + papers + asked, encoding="utf-8")
    ground = replace(ground_of(world), systems=lambda: declared_systems(file))
    form, lang = ReportFormat.JSON, Lang.EN
    document, content = make(ground, OFFICER, ReportId.R02, PERIOD, form=form, lang=lang)
    stores = next(one.listing for one in document.sections if one.key == "stores")
    assert stores is not None
    outside = [(row[0], row[1]) for row in stores.rows if row[1].startswith("Connected")]
    assert len(outside) == 4 + 2  # the tables of the shop, the folder, the colleague
    assert outside[-2:] == [
        ("Paper", "Connected folder"),
        ("Box", "Connected through a colleague"),
    ]
    assert b"a@example.com" not in content
