"""A recipient that does not confirm is seen: by the doctor, on the page of figures, in R07."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial

import pytest

from dsar.execution import telling_store
from dsar.execution.types import Because, Channel
from governance.app.executing import confirmation_finding
from governance.core.ids import new_row_id
from governance.core.terms import Lang, RequestId, RowId
from governance.registers.store import add_recipient
from governance.registers.types import Recipient, RecipientRole
from governance.reports.rendering import ReportFormat
from governance.reports.service import ground_of, make
from governance.reports.types import Period, ReportId
from tests.governance.console.test_request_pages import filed
from tests.installation import AT, OFFICER, create
from tests.office import Office, opened

NAME = "架空配送<b>社"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with opened(create(tmp_path_factory.mktemp("late"))) as found:
        yield found


def told(office: Office, until: date) -> RequestId:
    """A recipient was told and should have confirmed by this day."""
    request, row = filed(office.wiring), RowId(new_row_id())
    made = Recipient(
        id=row, source_key="V-7", name=NAME, role=RecipientRole.PROCESSOR, country="JP"
    )
    write = office.wiring.database.write
    write(partial(add_recipient, recipient=made, contact=None, at=AT))
    add = partial(telling_store.add, because=Because.SERVICE, by=OFFICER.id)
    write(lambda tx: add(tx, request, row))
    note = partial(telling_store.note_told, channel=Channel.MAIL, digest=None, until=until, at=AT)
    write(lambda tx: note(tx, request, row))
    return request


def test_who_has_not_confirmed_is_seen_wherever_somebody_looks(office: Office) -> None:
    page = "/console/request-figures"
    assert "期限を過ぎた確認はありません" in office.page(page, by="auditor")
    request = told(office, AT.date() - timedelta(days=3))
    shown = office.page(page, by="auditor")
    assert f'href="/console/requests/{request}/execution"' in shown
    assert "架空配送&lt;b&gt;社" in shown
    report = make(
        *(ground_of(office.wiring), OFFICER, ReportId.R07, Period(first=AT.date(), last=AT.date())),
        form=ReportFormat.JSON,
        lang=Lang.JA,
    )[0]
    (section,) = [one for one in report.sections if one.key == "confirmations"]
    assert section.listing is not None
    assert [(row[1], row[3]) for row in section.listing.rows] == [(NAME, "3")]
    finding = confirmation_finding(office.wiring, AT, timedelta(0))
    assert "2026年9月28日(月)" in finding.words(Lang.JA)
    assert "Mon 28 Sep 2026" in finding.words(Lang.EN)
    assert (finding.state, finding.params["count"]) == ("attention", 1)
    before = confirmation_finding(office.wiring, AT - timedelta(days=3), timedelta(0))
    assert before.state == "good", "on its last day it is not late"
