"""R08: every breach with its clocks, notices, remedy and decisions; nothing that was written."""

import json
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest

from governance.app.wiring import Wiring
from governance.core.terms import Lang
from governance.registers.breaches import service
from governance.registers.breaches.types import BreachKind, Ground, Outcome, Topic
from governance.reports.rendering import ReportFormat, rendered, shape
from governance.reports.service import ground_of, make
from governance.reports.types import Document, Period, ReportId, Section
from policies.api import ActionForbiddenError
from tests.installation import AT, OFFICER, create, staff

PERIOD = Period(first=AT.date() - timedelta(days=30), last=AT.date())
OTHER = staff("privacy_officer", name="other")
SECRET = "架空 花子さんの申告による"
DAYS = timedelta(days=1)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    """One late and reported, one that was weighed and not reportable, one from before."""
    wiring = create(tmp_path_factory.mktemp("r08"))
    for about, days in (("mail-1", 10), ("disk-2", 5), ("old-3", 60)):
        _breach(wiring, about, days)
    yield wiring
    wiring.close()


def _breach(wiring: Wiring, about: str, days: int) -> None:
    known = AT - days * DAYS
    ports, write = wiring.ports, wiring.database.write
    new = partial(service.record, ports=ports, principal=OFFICER, kind=BreachKind.LEAK, about=about)
    found = write(partial(new, grounds=[Ground.MANY], aware_at=known, at=known)).id
    by = partial(partial, ports=ports, principal=OFFICER, breach=found)
    write(by(service.note, topic=Topic.PREVENTION, words=SECRET, at=known + DAYS))
    if about == "mail-1":
        for rule, after in (("gdpr_72h", 2), ("appi_sokuho", 9)):
            write(by(service.report, rule=rule, at=known + after * DAYS))
        return
    write(by(service.weigh, grounds=[], at=known + 2 * DAYS))
    ended = by(service.close, outcome=Outcome.NOT_REPORTABLE, at=known + 3 * DAYS)
    write(partial(ended, principal=OTHER))


def made(world: Wiring, period: Period = PERIOD, lang: Lang = Lang.JA) -> Document:
    form = ReportFormat.JSON
    return make(ground_of(world), OFFICER, ReportId.R08, period, form=form, lang=lang)[0]


def part(document: Document, key: str) -> Section:
    return next(one for one in document.sections if one.key == key)


def rows(document: Document, key: str) -> tuple[tuple[str, ...], ...]:
    listing = part(document, key).listing
    assert listing is not None
    assert listing.total == len(listing.rows)
    return listing.rows


@pytest.mark.parametrize("lang", list(Lang))
def test_r08_holds_each_report_against_its_clock_and_no_word_of_anybody(
    world: Wiring, lang: Lang
) -> None:
    document = made(world, lang=lang)
    found = {one.key: one.value for section in document.sections for one in section.figures}
    assert (found["breaches"], found["open"], found["not_reportable"]) == (2, 1, 1)
    assert (found["reports_made"], found["reports_late"], found["persons_owed"]) == (2, 1, 1)
    assert [row[1] for row in rows(document, "register")] == ["mail-1", "disk-2"]
    said = document.title + json.dumps(shape(document), ensure_ascii=False)
    assert "reports.R08" not in said
    for form in (ReportFormat.HTML, ReportFormat.CSV, ReportFormat.MD):
        assert SECRET not in rendered(document, form).decode()
    assert SECRET not in said


def test_a_late_report_stays_late_and_one_in_time_is_so(world: Wiring) -> None:
    told = {(row[1], row[2]): row[-1] for row in rows(made(world, lang=Lang.EN), "reports")}
    assert told["mail-1", "Notice to the supervisory authority (72 hours)"] == "In time"
    assert told["mail-1", "Preliminary report to the PPC"] == "Made late"
    assert told["disk-2", "Notice to the supervisory authority (72 hours)"] == "Decided against"


def test_a_decision_not_to_report_names_its_ground_and_both_persons(world: Wiring) -> None:
    document = made(world)
    ((_, about, ground, _, recorded, closed, _),) = rows(document, "unreported")
    assert (about, recorded, closed) == ("disk-2", OFFICER.id, OTHER.id)
    assert "7条" in ground
    steps = [row for row in rows(document, "timeline") if row[2] == "disk-2"]
    assert [row[0] for row in steps] == sorted(row[0] for row in steps)
    assert [row[3] for row in steps] == [
        *("知った", "記録した", "記入した", "事由を判断した", "終結した"),
    ]


def test_what_was_closed_before_the_period_is_not_in_it(world: Wiring) -> None:
    before = Period(first=AT.date() - 70 * DAYS, last=AT.date() - 50 * DAYS)
    assert [row[1] for row in rows(made(world, before), "register")] == ["old-3"]


def test_r08_needs_the_right_to_read_the_register(world: Wiring) -> None:
    form, lang = ReportFormat.JSON, Lang.JA
    with pytest.raises(ActionForbiddenError):
        make(ground_of(world), staff("support"), ReportId.R08, PERIOD, form=form, lang=lang)
