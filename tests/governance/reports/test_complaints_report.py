"""R19: every complaint that was open in the period, with its cause, its day and its answer."""

import json
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest

from dsar import service
from dsar.complaints import service as complaints
from dsar.complaints.types import Cause, ComplaintEvent
from dsar.types import Intake, RequestKind
from governance.app.wiring import Wiring
from governance.core.terms import Lang, Law, SubjectId
from governance.customers.store import NewSubject, add_subjects
from governance.customers.subjects import SubjectKind
from governance.reports.rendering import ReportFormat, shape
from governance.reports.service import ground_of, make
from governance.reports.types import Document, Period, ReportId
from policies.api import ActionForbiddenError
from tests.installation import AT, OFFICER, create, staff

PERIOD = Period(first=AT.date() - timedelta(days=30), last=AT.date())
PERSON = SubjectId("3b241101-e2bb-4255-8caf-4136c566a962")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    """Three complaints: a late one, one of today, one that was taken back."""
    wiring = create(tmp_path_factory.mktemp("r19"))
    person = NewSubject(id=PERSON, kind=SubjectKind.CUSTOMER, laws={Law.APPI: "test"})
    wiring.database.write(lambda tx: add_subjects(tx, [person], at=AT))
    new = service.NewRequest(
        kind=RequestKind.DISCLOSURE,
        intake=Intake.POST,
        policy_days=14,
        subject=PERSON,
        received_at=AT - timedelta(days=60),
    )
    prepared = service.prepare_request(wiring.ports, new)
    wiring.database.write(
        lambda tx: service.receive(tx, wiring.ports, OFFICER, new, prepared, at=AT)
    )
    for cause, days in ((Cause.LATE, 40), (Cause.CONDUCT, 0), (Cause.LATE, 3)):
        arrived = AT - timedelta(days=days)
        file = partial(
            complaints.complain,
            ports=wiring.ports,
            principal=OFFICER,
            request=prepared.id,
            cause=cause,
            at=AT,
            received_at=arrived,
        )
        filed = wiring.database.write(file)
    wiring.database.write(
        lambda tx: complaints.take_step(
            tx, wiring.ports, OFFICER, filed.id, ComplaintEvent.WITHDRAW, at=AT
        )
    )
    yield wiring
    wiring.close()


def made(world: Wiring, period: Period = PERIOD, lang: Lang = Lang.JA) -> Document:
    form = ReportFormat.JSON
    return make(ground_of(world), OFFICER, ReportId.R19, period, form=form, lang=lang)[0]


@pytest.mark.parametrize("lang", list(Lang))
def test_r19_names_every_complaint_with_its_cause_and_delay(world: Wiring, lang: Lang) -> None:
    document = made(world, lang=lang)
    found = {one.key: one.value for section in document.sections for one in section.figures}
    assert (found["complaints"], found["open"], found["overdue"]) == (3, 2, 1)
    register, causes = (section.listing for section in document.sections)
    assert register is not None
    assert causes is not None
    assert len(register.rows) == 3
    assert [row[1] for row in causes.rows] == ["2", "1"]
    assert PERSON not in json.dumps(shape(document))


def test_what_came_after_the_period_is_not_in_it(world: Wiring) -> None:
    before = Period(first=PERIOD.first, last=AT.date() - timedelta(days=10))
    listing = made(world, before).sections[0].listing
    assert listing is not None
    assert len(listing.rows) == 1


def test_r19_needs_the_right_to_read_requests(world: Wiring) -> None:
    with pytest.raises(ActionForbiddenError):
        make(
            ground_of(world),
            staff("marketing_manager"),
            ReportId.R19,
            PERIOD,
            form=ReportFormat.JSON,
            lang=Lang.JA,
        )
