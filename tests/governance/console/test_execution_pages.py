"""A grant on the pages: decided with its plan, waited for, taken back or carried out, proved."""

import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from audit.verifier.findings import Verdict
from audit.verifier.note import parse_vkey
from audit.verifier.statement import verify_statement
from audit.verifier.trust import Evidence
from dsar import fulfilment, service, stepping
from dsar.collection import every_source
from dsar.complaints.store import complaints_of
from dsar.execution.driving import drive
from dsar.execution.types import Stage
from dsar.types import Event, EvidenceKind, Intake, RequestKind
from governance.app.deliveries import deliver, senders_of
from governance.app.executing import driver_of
from governance.app.wiring import Wiring
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, FieldId, RequestId, RowId, SubjectId
from governance.customers.post import unsealed
from governance.customers.store import Record, insert_records
from governance.http.principal import Principal, PrincipalKind
from governance.identity.service import issue_code
from governance.jobs.outbox import OUTBOX, OutboxMessage
from governance.jobs.runner import Worker
from governance.outbound.egress import egress_of
from governance.outbound.mail import Mail
from governance.registers import hooks
from governance.registers.sealing import sealed_contact
from governance.registers.store import add_recipient
from governance.registers.types import Contact, Recipient, RecipientRole
from tests.dsar.world import OFFICER, SUPPORT, person
from tests.governance.outbound.receivers import Receiver, serve
from tests.installation import AT, add_person, create
from tests.office import Office, opened

HOME = "/console/requests"
LEAD, SECOND = "privacy_officer", "privacy_approver"
NAME, EMAIL = "架空 花子<b>", "hanako.kaku@example.com"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    wiring = create(tmp_path_factory.mktemp("execution"))
    row = RowId(new_row_id())
    contact = Contact(contact_name="窓口（架空）", contact_email="desk@recipient.example.com")
    made = Recipient(
        id=row, source_key="V-1", name="架空配送<i>", role=RecipientRole.PROCESSOR, country="JP"
    )
    sealed = sealed_contact(wiring.vault, row, contact)
    wiring.database.write(partial(add_recipient, recipient=made, contact=sealed, at=AT))
    with opened(wiring) as found:
        yield found


def somebody(wiring: Wiring) -> SubjectId:
    """A person with a row and an address."""
    who, row = add_person(wiring), new_row_id()
    cells = {FieldId("person.name"): NAME, FieldId("person.email"): EMAIL}
    sealed = wiring.vault.seal_row(who, row, cells)
    record = Record(
        table="person",
        id=row,
        subject=who,
        clear=person(1) | {"source_file": row, "recorded_at": AT},
        sealed={name: cell for name, cell in sealed.items() if cell is not None},
    )
    wiring.database.write(lambda tx: insert_records(tx, [record]))
    return who


def reviewed(wiring: Wiring, who: SubjectId, kind: RequestKind) -> RequestId:
    """A request of this person that waits for its decision."""
    ports, write = wiring.ports, wiring.database.write
    by = Principal(id=ActorId(f"p:{who}"), kind=PrincipalKind.PERSON, roles=frozenset({"customer"}))
    new = service.NewRequest(kind=kind, intake=Intake.PORTAL, policy_days=14, subject=who)
    prepared = service.prepare_request(ports, new)
    case = write(lambda tx: service.receive(tx, ports, by, new, prepared, at=AT))
    for proof, judge in ((EvidenceKind.PORTAL_SESSION, by), (EvidenceKind.DOCUMENT, SUPPORT)):
        use = partial(
            service.prove_identity, ports=ports, principal=judge, request=case.id, kind=proof,
            accepted=True, at=AT,
        )  # fmt: skip
        write(use)

    def step(event: Event) -> None:
        write(lambda tx: stepping.advance(tx, ports, OFFICER, case.id, event, at=AT))

    step(Event.START)
    fulfilment.collect(ports, OFFICER, case.id, sources=every_source(ports), at=AT)
    step(Event.FINISH_COLLECTING)
    return case.id


def act(office: Office, request: RequestId, by: str = LEAD, **form: str) -> httpx.Response:
    place = f"{HOME}/{request}/execution"
    return office.send(place, by=by, shown=place, form=form)


def granted(office: Office, request: RequestId) -> None:
    """Decided and agreed to on the pages."""
    assert act(office, request, step="decide", outcome="grant", measure="erase").status_code == 303
    page = office.page(f"{HOME}/{request}/execution", by=SECOND)
    digest = re.search(r'name="digest" value="([^"]+)"', page)
    assert digest is not None
    done = act(office, request, SECOND, step="approve", digest=digest[1])
    assert done.status_code == 303


@contextmanager
def signed_in(office: Office, who: SubjectId) -> Iterator[httpx.Client]:
    actor = ActorId(f"p:{who}")
    code = office.wiring.database.write(
        partial(issue_code, actor=actor, kind=PrincipalKind.PERSON, at=AT)
    )
    with httpx.Client(base_url=office.base, timeout=60, trust_env=False) as client:
        client.headers["accept-language"] = "ja"
        assert client.post("/sign-in", data={"code": code}).status_code == 303
        yield client


def carried_out(office: Office, request: RequestId, *, days: int = 8) -> Stage:
    def clock() -> datetime:
        return AT + timedelta(days=days)

    worker = Worker(owner="test", clock=clock, pause=lambda _: None, stopping=lambda: False)
    return drive(driver_of(office.wiring, worker), request).stage


def mails(wiring: Wiring) -> list[Mail]:
    with wiring.database.read() as tx:
        rows = tx.execute(select(OUTBOX).where(OUTBOX.c.target == "installation")).all()
    found = [
        unsealed(
            wiring.vault,
            OutboxMessage(
                id=row.id, idem_key=row.idem_key, target=row.target, kind=row.kind, attempt=1,
                payload=row.payload,
            ),
        )
        for row in rows
    ]  # fmt: skip
    return [mail for mail in found if isinstance(mail, Mail)]


def test_the_plan_is_shown_decided_agreed_to_and_taken_back_by_the_person(office: Office) -> None:
    who = somebody(office.wiring)
    request = reviewed(office.wiring, who, RequestKind.CESSATION)
    page = office.page(f"{HOME}/{request}/execution", by=LEAD)
    assert "氏名" in page
    assert "消去する" in page
    assert NAME not in page
    granted(office, request)
    page = office.page(f"{HOME}/{request}/execution", by=LEAD)
    assert "消去まであと7日" in page
    assert "架空配送&lt;i&gt;" in page
    with signed_in(office, who) as client:
        mine = f"/portal/requests/of/{request}/execution"
        shown = client.get(mine)
        assert "消去することを決定しました" in shown.text
        token = re.search(r'name="csrf" value="([^"]+)"', shown.text)
        assert token is not None
        taken = client.post(mine, data={"csrf": token[1], "step": "undo"})
        assert taken.status_code == 303
        assert "消去を取り消しました" in client.get(taken.headers["location"]).text
        again = client.post(mine, data={"csrf": token[1], "step": "undo"})
        assert again.status_code == 409
        unsaid = client.post(mine, data={"csrf": token[1], "step": "complain", "cause": "x"})
        assert unsaid.status_code == 400
        assert "何についての苦情か" in unsaid.text
        said = client.post(mine, data={"csrf": token[1], "step": "complain", "cause": "late"})
        assert said.status_code == 303
        assert "苦情を受け付けました" in client.get(said.headers["location"]).text
    with office.wiring.database.read() as tx:
        assert [one.cause.value for one in complaints_of(tx, request)] == ["late"]
    assert carried_out(office, request) is Stage.UNDONE


def test_it_is_carried_out_proved_and_confirmed(office: Office) -> None:
    who = somebody(office.wiring)
    request = reviewed(office.wiring, who, RequestKind.CESSATION)
    granted(office, request)
    assert carried_out(office, request) is Stage.DONE
    letter = next(m for m in mails(office.wiring) if m.template == "dsar.mail.erased")
    assert letter.to == EMAIL
    path = letter.params["link"].removeprefix(office.wiring.settings.origin)
    with httpx.Client(base_url=office.base, timeout=60, trust_env=False) as anybody:
        anybody.headers["accept-language"] = "ja"
        page = anybody.get(path)
        assert page.status_code == 200
        assert "消去証明書" in page.text
        assert EMAIL not in page.text
        files = path.replace("/portal/", "/v1/")
        saved = anybody.post(f"{files}?form=statement")
        keys = tuple(parse_vkey(key.vkey) for key in office.wiring.log_keys.verifier_keys)
        report = verify_statement(io.BytesIO(saved.content), Evidence(keys=keys))
        assert report.verdict is Verdict.VERIFIED_SELF_SIGNED, report.finding
        content: Any = report.content
        assert content["person"] == who
        assert any(line["field"] == "person.name" for line in content["erased"])
        html = anybody.post(f"{files}?form=page")
        assert "default-src 'none'" in html.text
        assert anybody.get(f"{path}x").status_code == 404
        assert anybody.post(f"{files}x?form=page").status_code == 404
        told = [m for m in mails(office.wiring) if m.params.get("person") == str(who)]
        assert [one.template for one in told] == ["dsar.mail.recipient_erased_link"]
        (notice,) = told
        link = notice.params["link"].removeprefix(office.wiring.settings.origin)
        assert "対応が済みました" in anybody.get(link).text
        assert "確認を受け取りました" in anybody.post(link).text
        assert anybody.post(f"{link}x").status_code == 404
        again = anybody.post(link, headers={"accept": "application/json"}).json()
        assert set(again) == {"reference", "confirmed_at"}
        assert again["confirmed_at"]
        for accept in ("application/json", "text/html"):
            assert anybody.post(f"{link}x", headers={"accept": accept}).status_code == 404
    shown = office.page(f"{HOME}/{request}/execution", by=LEAD)
    assert "対応を確認した" in shown
    assert "消去証明書" in shown


def test_a_notice_that_a_webhook_took_is_shown_as_received_and_not_as_confirmed(
    office: Office,
) -> None:
    receiver = Receiver()
    server = serve(receiver)
    reach = {"webhook_networks": "127.0.0.0/8", "webhook_ports": str(receiver.port)}
    settings = office.wiring.settings.model_copy(update=reach)
    wiring = replace(office.wiring, settings=settings, clock=lambda: AT + timedelta(days=9))
    entry = partial(hooks.set_hook, ports=wiring.ports, principal=OFFICER, key="V-1", at=AT)
    url = f"http://127.0.0.1:{receiver.port}/in"
    wiring.database.write(partial(entry, url=url, egress=egress_of(settings)))
    request = reviewed(wiring, somebody(wiring), RequestKind.CESSATION)
    granted(office, request)
    assert carried_out(office, request) is Stage.DONE
    senders = senders_of(wiring)
    deliver(wiring, senders, stopping=lambda: False, jitter=lambda: 0.0)
    server.shutdown()
    server.server_close()
    assert [json.loads(call.body)["type"] for call in receiver.calls] == ["recipient.erased"]
    page = office.page(f"{HOME}/{request}/execution", by=LEAD)
    assert "通知が届いた" in page
    assert "対応を確認した" not in page
    gone = partial(hooks.remove_hook, ports=wiring.ports, principal=OFFICER, key="V-1", at=AT)
    wiring.database.write(gone)


def test_who_may_not_is_refused_beside_the_form(office: Office) -> None:
    request = reviewed(office.wiring, somebody(office.wiring), RequestKind.CESSATION)
    refused = act(office, request, "auditor", step="decide", outcome="grant")
    assert refused.status_code in {403, 409}
    assert act(office, request, step="undo").status_code == 409
    assert act(office, request, step="nothing").status_code == 404
    assert act(office, request, step="approve", digest="0").status_code in {403, 409}
    assert act(office, request, step="list", recipient="V-9").status_code == 404


def test_a_stranger_sees_nothing_of_what_is_done(office: Office) -> None:
    request = reviewed(office.wiring, somebody(office.wiring), RequestKind.CESSATION)
    with signed_in(office, somebody(office.wiring)) as other:
        assert other.get(f"/portal/requests/of/{request}/execution").status_code == 404
