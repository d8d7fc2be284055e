"""R07: every request at work in the period, with what an auditor asks of it."""

import json
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO

import pytest
from openpyxl import load_workbook

from dsar import service, stepping
from dsar.types import Event, Intake, RequestKind
from governance.app.wiring import Wiring
from governance.core.terms import Lang, Law, SubjectId
from governance.customers.store import NewSubject, add_subjects
from governance.customers.subjects import SubjectKind
from governance.reports.rendering import ReportFormat, rendered, shape
from governance.reports.service import ground_of, make
from governance.reports.types import Document, Period, ReportId
from policies.api import ActionForbiddenError
from tests.installation import AT, OFFICER, create, staff

PERIOD = Period(first=AT.date() - timedelta(days=30), last=AT.date())
PERSON = SubjectId("3b241101-e2bb-4255-8caf-4136c566a962")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    """Two requests: one that the person took back, one that is late under the GDPR."""
    wiring = create(tmp_path_factory.mktemp("r07"))
    person = NewSubject(
        id=PERSON, kind=SubjectKind.CUSTOMER, laws={Law.APPI: "test", Law.GDPR: "test"}
    )
    wiring.database.write(lambda tx: add_subjects(tx, [person], at=AT))
    receive(wiring, days=40)
    taken = receive(wiring, days=5)
    wiring.database.write(
        lambda tx: stepping.advance(tx, wiring.ports, OFFICER, taken, Event.WITHDRAW, at=AT)
    )
    yield wiring
    wiring.close()


def receive(wiring: Wiring, *, days: int) -> str:
    new = service.NewRequest(
        kind=RequestKind.ACCESS,
        intake=Intake.POST,
        policy_days=14,
        subject=PERSON,
        received_at=AT - timedelta(days=days),
    )
    prepared = service.prepare_request(wiring.ports, new)
    wiring.database.write(
        lambda tx: service.receive(tx, wiring.ports, OFFICER, new, prepared, at=AT)
    )
    return prepared.id


def made(world: Wiring, period: Period = PERIOD, lang: Lang = Lang.JA) -> Document:
    form = ReportFormat.JSON
    return make(ground_of(world), OFFICER, ReportId.R07, period, form=form, lang=lang)[0]


def test_r07_names_every_request_with_its_days(world: Wiring) -> None:
    document = made(world)
    found = {one.key: one.value for section in document.sections for one in section.figures}
    assert (found["requests"], found["withdrawn"], found["open"]) == (4, 2, 2)
    assert (found["overdue"], found["answered"], found["age_two_months"]) == (1, 0, 2)
    listing = document.sections[0].listing
    assert listing is not None
    assert [row[1] for row in listing.rows].count("GDPR") == 2
    late = next(row for row in listing.rows if row[1] == "GDPR")
    assert (late[10], late[11]) == ("40", "超過")
    assert PERSON not in json.dumps(shape(document))


def test_what_ended_before_the_period_is_not_in_it(world: Wiring) -> None:
    before = Period(first=PERIOD.first, last=AT.date() - timedelta(days=6))
    listing = made(world, before).sections[0].listing
    assert listing is not None
    assert len(listing.rows) == 2


def test_every_form_holds_every_row(world: Wiring) -> None:
    document = made(world, lang=Lang.EN)
    listing = document.sections[0].listing
    assert listing is not None
    book = load_workbook(BytesIO(rendered(document, ReportFormat.XLSX)))
    cells = {cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row}
    assert {row[0] for row in listing.rows} <= cells
    for form in (ReportFormat.CSV, ReportFormat.HTML):
        content = rendered(document, form).decode()
        assert all(row[0] in content for row in listing.rows)


def test_r07_needs_the_right_to_read_requests(world: Wiring) -> None:
    with pytest.raises(ActionForbiddenError):
        make(
            ground_of(world),
            staff("marketing_manager"),
            ReportId.R07,
            PERIOD,
            form=ReportFormat.MD,
            lang=Lang.JA,
        )
