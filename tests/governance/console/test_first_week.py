"""The first week shows what the reader's role can do, and takes from the log what is done."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from audit.actions import EventCode
from audit.firsts import first_acts
from governance.console.first_week import CODES, WEEK, week_of
from governance.core.terms import ActorId, Lang
from governance.i18n.catalogue import text
from policies.actions import Action
from tests.installation import create
from tests.office import Office, opened

THEN = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with opened(create(tmp_path_factory.mktemp("week")), home="/console/first-week") as made:
        yield made


def test_a_task_is_done_by_its_own_act_alone() -> None:
    found = week_of({EventCode.HOLD_PLACED: THEN}, lambda _: True)
    done = {task.key for day in found for task in day.tasks if task.done_at}
    assert done == {"hold"}
    assert [day.key for day in found] == [key for key, _ in WEEK]


def test_who_may_do_nothing_of_a_day_is_not_shown_it() -> None:
    found = week_of({}, lambda action: action is Action.RETENTION_READ)
    assert [(day.key, [task.key for task in day.tasks]) for day in found] == [("four", ["plan"])]


def test_each_role_sees_its_own_tasks_and_what_it_has_done(office: Office) -> None:
    assert 'id="task-enter"' not in office.page(by="auditor")
    before = office.page(by="privacy_officer")
    assert 'id="task-enter"' in before
    office.page("/console/audit", by="privacy_officer")
    with office.wiring.database.read() as tx:
        done = first_acts(tx, ActorId("u:privacy_officer"), CODES)
        others = first_acts(tx, ActorId("u:nobody"), CODES)
    assert EventCode.LOG_READ in done
    assert others == {}
    said = text("first_week.done", Lang.JA, done=len(done), of=before.count('id="task-'))
    assert said in office.page(by="privacy_officer")


def test_every_task_leads_to_a_page_that_opens(office: Office) -> None:
    for day in week_of({}, lambda action: action is not Action.STAFF_WRITE):
        for task in day.tasks:
            if f'id="task-{task.key}"' in office.page(by="privacy_officer"):
                office.page(task.href, by="privacy_officer")
