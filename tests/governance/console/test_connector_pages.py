"""Pages of connected systems: how they stand, and a colleague's answer."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy import text as sql

from dsar import service, stepping
from dsar.connected.tasks import waiting
from dsar.types import Event, EvidenceKind, Intake, RequestKind
from governance.app.connected import connectors_of, remind_step
from governance.app.doctor import examine
from governance.connectors.tasks import Task
from governance.connectors.types import Asking, PersonKeys
from governance.core.terms import Lang, RequestId, SubjectId
from governance.i18n.catalogue import text
from governance.jobs.outbox import OUTBOX
from tests.installation import AT, MANAGER, OFFICER, add_person, create
from tests.office import Office, opened

HOME = "/console/connectors"
FILE = """
connectors:
  archive:
    label: <b>書庫</b> / <b>Archive</b>
    kind: manual
    mail: archive@example.com
    days: 7
  closed:
    label: 通販サイト / Online shop
    kind: database
    address: postgresql://127.0.0.1:9/none
    tables:
      members: {label: 会員 / Members, person: {email: mail}, columns: {n: 名 / Name},
                erase: delete}
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder: Path = tmp_path_factory.mktemp("connected")
    (folder / "connectors.yaml").write_text(FILE, encoding="utf-8")
    plain = create(folder)
    settings = plain.settings.model_copy(update={"connectors_file": folder / "connectors.yaml"})
    with opened(replace(plain, settings=settings)) as found:
        yield found


@pytest.fixture(scope="module")
def task(office: Office) -> Task:
    """A colleague was asked about a person."""
    wiring = office.wiring
    person = add_person(wiring)
    new = service.NewRequest(
        kind=RequestKind.DISCLOSURE, intake=Intake.COUNTER, policy_days=14, subject=person
    )
    prepared = service.prepare_request(wiring.ports, new)
    case = wiring.database.write(
        lambda tx: service.receive(tx, wiring.ports, OFFICER, new, prepared, at=AT)
    )
    archive = connectors_of(wiring)[0]
    asking = Asking(key=f"{case.id}/find", at=AT, request=case.id)
    assert not archive.find(PersonKeys(subject=person), asking)
    with wiring.database.read() as tx:
        (found,) = waiting(tx, wiring.ports, MANAGER)
    return found


def test_systems_are_listed_and_asked_on_demand(office: Office, task: Task) -> None:
    page = office.page(HOME, by="data_manager")
    assert "&lt;b&gt;書庫&lt;/b&gt;" in page
    assert "<b>書庫" not in page
    assert text("console.connectors.unlooked", Lang.JA) in page
    assert f"{HOME}/tasks/{task.id}" in page
    looked = office.page(f"{HOME}?look=yes", by="data_manager")
    assert text("connectors.reason.unreachable", Lang.JA) in looked
    assert text("console.connectors.silent", Lang.JA, n=1) in looked


def test_officer_reads_the_systems_but_answers_no_task(office: Office, task: Task) -> None:
    page = office.page(HOME, by="privacy_officer")
    assert "通販サイト" in page
    assert f"/tasks/{task.id}" not in page
    office.page(f"{HOME}/tasks/{task.id}", by="privacy_officer", status=403)
    office.page(HOME, by="marketing", status=403)
    assert f'href="{HOME}"' not in office.page("/console", by="marketing")


def test_doctor_tells_of_systems_that_do_not_answer(office: Office, task: Task) -> None:
    looks = {one.check: one for one in examine(office.wiring, at=AT, stale=AT - AT)}
    assert looks["connectors"].key == "doctor.connectors_bad"
    assert looks["connectors"].params == {"names": "closed"}
    late = AT.replace(month=12)
    looks = {one.check: one for one in examine(office.wiring, at=late, stale=AT - AT)}
    assert looks["connectors"].key == "doctor.connectors_late"
    assert task.open


def test_the_clock_reminds_once_a_time(office: Office, task: Task) -> None:
    later = AT.replace(day=10)
    for _ in range(2):
        office.wiring.database.write(
            lambda tx: remind_step(office.wiring, tx, cursor=None, limit=10, at=later)
        )
    with office.wiring.database.read() as tx:
        keys = tx.execute(sql("SELECT idem_key FROM outbox WHERE idem_key LIKE 'connector/%'"))
        assert len(keys.all()) == 2
    assert OUTBOX.name == "outbox"
    assert task.reminders == 0


def test_answer_that_is_not_whole_is_told_and_what_was_written_stays(
    office: Office, task: Task
) -> None:
    place = f"{HOME}/tasks/{task.id}"
    for form in (
        {"answer": "cannot", "reason": ""},
        {"answer": "telepathy", "reason": "x"},
        {"answer": "nothing", "records": "x"},
        {"answer": "nothing", "until": "2026-99-01"},
    ):
        answer = office.send(place, by="data_manager", shown=place, form=form)
        assert answer.status_code == 422, form
        assert text("connectors.error.connector_task_answer", Lang.JA)[:8] in answer.text
    kept = office.send(
        place, by="data_manager", shown=place, form={"answer": "nothing", "export": "<i>架空</i>"}
    )
    assert "&lt;i&gt;架空&lt;/i&gt;" in kept.text
    forged = office.send(
        place.replace(task.id, task.id[::-1]), by="data_manager", shown=place,
        form={"answer": "nothing"},
    )  # fmt: skip
    assert forged.status_code == 404


def test_file_is_taken_and_the_answer_stands(office: Office, task: Task) -> None:
    place = f"{HOME}/tasks/{task.id}"
    binary = [("attached", ("a.pdf", b"%PDF\xff\x00", "application/pdf"))]
    refused = office.send(
        place, by="data_manager", shown=place, files=binary, form={"answer": "found"}
    )
    assert refused.status_code == 422
    files = [("attached", ("a.csv", "箱,メモ\nA,x\n".encode("cp932"), "text/csv"))]
    done = office.send(place, by="data_manager", shown=place, files=files, form={"answer": "found"})
    assert done.status_code == 303
    page = office.page(place, by="data_manager")
    assert text("connectors.answer.found", Lang.JA) in page
    assert not re.search(r'<button[^>]*id="send"', page)
    again = office.send(place, by="data_manager", shown=HOME, form={"answer": "nothing"})
    assert again.status_code == 409


def collecting(office: Office) -> str:
    """A case whose sources are to be asked."""
    wiring = office.wiring
    person = add_person(wiring)
    new = service.NewRequest(
        kind=RequestKind.DISCLOSURE, intake=Intake.COUNTER, policy_days=14, subject=person
    )
    prepared = service.prepare_request(wiring.ports, new)

    def begin(tx: Connection) -> str:
        case = service.receive(tx, wiring.ports, OFFICER, new, prepared, at=AT)
        for kind in (EvidenceKind.DOCUMENT, EvidenceKind.EMAIL_CODE):
            service.prove_identity(
                *(tx, wiring.ports, OFFICER, case.id, kind),
                accepted=True,
                at=AT,
                contact_days=99 if kind is EvidenceKind.EMAIL_CODE else None,
            )
        stepping.advance(tx, wiring.ports, OFFICER, case.id, Event.START, at=AT)
        return case.id

    return wiring.database.write(begin)


def test_nobody_is_reminded_of_a_request_that_ended(office: Office) -> None:
    wiring, case = office.wiring, collecting(office)
    archive = connectors_of(wiring)[0]
    archive.find(
        PersonKeys(subject=SubjectId("x")),
        Asking(key=f"{case}/find", at=AT, request=RequestId(case)),
    )

    def over(tx: Connection) -> int:
        for event in (Event.WITHDRAW, Event.CLOSE):
            stepping.advance(tx, wiring.ports, OFFICER, RequestId(case), event, at=AT)
        remind_step(wiring, tx, cursor=None, limit=10, at=AT.replace(day=20))
        return sum(one.request == case for one in waiting(tx, wiring.ports, MANAGER))

    assert wiring.database.write(over) == 0


def test_request_is_collected_on_its_page_and_goes_on_without_a_silent_system(
    office: Office,
) -> None:
    place = f"/console/requests/{collecting(office)}/sources"
    by = "privacy_officer"
    assert text("console.sources.none", Lang.JA) in office.page(place, by=by)
    assert office.send(place, by=by, shown=place, form={"step": "collect"}).status_code == 303
    page = office.page(place, by=by)
    assert text("console.sources.lacking", Lang.JA, n=2) in page
    assert text("connectors.reason.unreachable", Lang.JA) in page
    assert text("connectors.reason.pending", Lang.JA) in page
    assert 'id="finish"' not in page
    early = office.send(place, by=by, shown=place, form={"step": "finish"})
    assert early.status_code == 409
    assert text("dsar.refused.sources_missing", Lang.JA) in early.text
    for source in ("connector.closed", "connector.archive"):
        left = office.send(
            f"{place}/without", by=by, shown=place, form={"source": source, "reason": "gone"}
        )
        assert left.status_code == 303
    page = office.page(place, by=by)
    assert text("console.sources.why.gone", Lang.JA) in page
    again = office.send(
        f"{place}/without", by=by, shown=place, form={"source": "person", "reason": "gone"}
    )
    assert again.status_code == 409
    assert office.send(place, by=by, shown=place, form={"step": "finish"}).status_code == 303
    office.page(place, by="support", status=403)
