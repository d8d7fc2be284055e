"""Something of every kind is put into the demo, by its forms, so that every page has a content."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Final

from sqlalchemy import select

from consent.collecting import service as points
from consent.models import ConsentEventRow
from dsar import fulfilment, service, stepping
from dsar.collection import every_source
from dsar.connected.tasks import waiting
from dsar.execution.driving import drive
from dsar.messages import service as messages
from dsar.types import Event, EvidenceKind, Intake, RequestKind
from governance.app.audit_log import settle
from governance.app.connected import connectors_of
from governance.app.executing import driver_of
from governance.app.quality import measure_step, review_step
from governance.app.wiring import Wiring
from governance.connectors.types import Asking, PersonKeys
from governance.core.clock import JST
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RequestId, RowId, SubjectId
from governance.customers.post import unsealed
from governance.customers.store import TABLES
from governance.db.types import table_of
from governance.http.principal import Principal, PrincipalKind
from governance.jobs.outbox import OUTBOX, OutboxMessage
from governance.jobs.runner import Worker
from governance.keys.errors import KeyDestroyedError
from governance.outbound.mail import Mail
from governance.registers.sealing import sealed_contact
from governance.registers.store import add_recipient
from governance.registers.types import Contact, Recipient, RecipientRole
from policies.admin.documents import shipped_documents
from retention.schedules import default_schedule
from tests.dsar.world import OFFICER, SUPPORT
from tests.duties import put_in
from tests.installation import MANAGER as CLERK
from tests.walks.house import NOBODY, PERSON, House

LEAD, SECOND, DESK, MANAGER, ANALYST, OPERATOR = (
    *("privacy_officer", "privacy_approver", "support", "data_manager", "analyst", "it_operator"),
)
REQUESTS: Final = "/console/requests"
IMPORTS: Final = "/console/imports"
WIDER: Final = ("fields: [name, status]", "fields: [name, status, rank]")
PDF: Final = b"%PDF-1.7 " + b"x" * 300
UPLOAD: Final = {"file": ("架空.pdf", PDF, "application/pdf")}
DATASET: Final = {
    "name": "年代と地域（架空）", "kind": "pseudonymised", "purpose": "purchase_analysis",
    "table": "person", "way-address": "prefecture",
}  # fmt: skip
SCAN: Final = "メール,区分\n" + "".join(f"hanako{n}@example.com,A\n" for n in range(20))


def furnish(house: House) -> None:
    """Every kind of page has something to show."""
    for put in (
        duties, emergencies, breaches, rules, files, portal, desk, letters, closed, open_places,
        datasets, upkeep, accounts,
    ):  # fmt: skip
        put(house)
    settle(house.wiring)  # what happened until now is in the tree, under a signature


def duties(house: House) -> None:
    """A provision, recipients, and a person who agreed on a form."""
    wiring, at, row = house.wiring, house.wiring.clock(), RowId(new_row_id())
    put_in(wiring, at=at)
    contact = Contact(contact_name="窓口（架空）", contact_email="desk@recipient.example.com")
    made = Recipient(
        id=row, source_key="V-1", name="架空配送", role=RecipientRole.PROCESSOR, country="JP"
    )
    sealed = sealed_contact(wiring.vault, row, contact)
    house.office.page(f"/console/persons/{house.customer}?purpose=order_support", by=DESK)
    acts = f"/console/persons/{house.customer}/guardians"
    named = {"kind": "agent", "other_name": "架空 太郎", "verified_how": "power_of_attorney"}
    house.send(DESK, acts, {**named, "verified_on": "2026-01-01"}, shown=acts)
    house.examples[acts] = DESK
    wiring.database.write(partial(add_recipient, recipient=made, contact=sealed, at=at))


def emergencies(house: House) -> None:
    """An emergency access that is open, and an asked elevation."""
    given = {
        "purpose": "order_support", "subject": house.customer, "minutes": "10",
        "reason": "本人の安全に関わる連絡のため（架空）",
    }  # fmt: skip
    home = "/console/break-glass"
    house.examples[house.send(DESK, f"{home}/open", given, shown=home)] = SECOND


def breaches(house: House) -> None:
    """A breach with its clocks; what is known of it is written, and a report is on record."""
    home, today = "/console/breaches", house.wiring.clock().astimezone(JST).date()
    given = {
        "kind": "leak", "about": "mail-server-2", "aware_on": today.isoformat(),
        "aware_time": "00:00", "ground": "many",
    }  # fmt: skip
    place = house.send(LEAD, f"{home}/record", given, shown=home)
    words = {"item": "outline", "words": "誤送信により宛先が表示された（架空）"}
    house.send(LEAD, f"{place}/items", words, shown=place)
    house.send(LEAD, f"{place}/reports", {"rule": "appi_sokuho"}, shown=place)
    house.examples[place] = SECOND


def rules(house: House) -> None:
    """A policy and a schedule wait for a second person; a simulation is there."""
    house.examples[proposed(house, "2099-01-01.1")] = LEAD
    home = "/console/retention"
    words = default_schedule().text.replace("period: {years: 10}", "period: {years: 11}", 1)
    shown = f"{home}/schedules"
    house.send(LEAD, f"{shown}/propose", {"content": words}, shown=shown)
    house.examples[f"{shown}/compare?old=0&new=0"] = LEAD
    house.send(LEAD, f"{home}/simulations", {})


def proposed(house: House, version: str) -> str:
    """The page of a change of the policy that waits for a second person."""
    sent = [
        ("files", (name, _changed(words, f'"{version}"').encode(), "application/yaml"))
        for name, words in shipped_documents().files
    ]
    answer = house.office.send("/console/policies/propose", by=LEAD, files=sent)
    return str(answer.headers["location"])


def _changed(words: str, version: str) -> str:
    return re.sub(r'"20\d\d-\d\d-\d\d\.\d+"', version, words, count=1).replace(*WIDER, 1)


def files(house: House) -> None:
    """A file was looked through."""
    sent = [("file", ("架空.csv", SCAN.encode(), "text/csv"))]
    answer = house.office.send("/console/scans", by=MANAGER, shown="/console/scans", files=sent)
    assert answer.is_redirect, answer.text


def portal(house: House) -> None:
    """The customer asked for disclosure, wrote and sent a file; another form is half filled."""
    root = "/portal/requests"
    answers = (
        ("home", {"home": "japan"}), ("right", {"right": "disclosure"}),
        ("data", {"scope_everything": "yes"}), ("delivery", {"delivery": "download"}),
    )  # fmt: skip
    house.send(PERSON, f"{root}/new", {}, shown=root)
    for name, given in answers:
        house.send(PERSON, f"{root}/new/{name}", given)
    place = house.send(PERSON, f"{root}/new/check", {})
    page = house.portal.get(place).text
    token = re.search(r'name="csrf" value="([^"]*)"', page)
    assert token is not None
    sent = house.portal.post(f"{place}/files", data={"csrf": token[1], "keep": "yes"}, files=UPLOAD)
    assert sent.is_redirect, sent.text
    house.send(PERSON, f"{place}/messages", {"words": "架空の問い合わせです。"})
    request = RequestId(place.rpartition("/")[2])
    ports, at = house.wiring.ports, house.wiring.clock()
    messages.send(ports, OFFICER, request, "期間を教えてください。", at=at)
    messages.comment(ports, OFFICER, request, "架空の内部メモ", at=at)
    house.examples[f"{place}/withdraw"] = PERSON
    house.send(PERSON, f"{root}/new", {}, shown=root)
    for name, given in answers:
        house.examples[f"{root}/new/{name}"] = PERSON
        house.send(PERSON, f"{root}/new/{name}", given)
    house.examples[f"{root}/new/check"] = PERSON
    house.send(NOBODY, f"{root}/return", {"reference": "R-2026-AAAAA-AAAAA"})
    house.examples[f"{root}/return/code"] = NOBODY


def desk(house: House) -> None:
    """Requests on paper, one of them long over its day, and a complaint about it."""
    entry = {
        "channel": "post", "right": "disclosure", "scope": "everything", "requester": "self",
        "name": "架空 花子", "email": "person1@example.com", "delivery": "post",
        "answer_lang": "ja",
    }  # fmt: skip
    today = house.wiring.clock()
    for days in (1, 40):
        day = (today - timedelta(days=days)).date().isoformat()
        given = {**entry, "received_on": day, "once": f"walk-{days}"}
        place = house.send(DESK, f"{REQUESTS}/new", given)
    reference = re.search(r"R-\d{4}-\w{5}-\w{5}", house.office.page(place, by=DESK))
    assert reference is not None
    complaint = {"request": reference[0], "cause": "late", "received_on": today.date().isoformat()}
    house.send(LEAD, "/console/complaints/file", complaint, shown="/console/complaints")
    archive = connectors_of(house.wiring)[0]
    request = RequestId(place.split("/")[3])
    asking = Asking(key=f"{request}/find", at=today, request=request)
    archive.find(PersonKeys(subject=house.customer), asking)


def letters(house: House) -> None:
    """The text of a letter waits for a second person."""
    place = "/console/letter-texts/withdrawn/ja"
    body = re.search(
        r"<textarea[^>]*id=\"body\"[^>]*>\n(.*?)</textarea>",
        house.office.page(place, by=LEAD),
        re.DOTALL,
    )
    assert body is not None
    given = {"title": "取下げのお知らせ {reference}", "body": f"{body[1]}\n当社の一文"}
    house.examples[house.send(LEAD, place, given)] = LEAD


def closed(house: House) -> None:
    """Somebody was erased at their request; they and the recipients have their links."""
    wiring = house.wiring
    own = granted(house, house.customer)  # which can still be taken back
    drive(driver_of(wiring, _worker(wiring)), own)
    house.examples[f"/portal/requests/of/{own}/execution"] = PERSON
    request, worker = granted(house, _somebody_else(house)), _worker(wiring, days=8)
    drive(driver_of(wiring, worker), request)  # a colleague is asked
    with wiring.database.read() as tx:
        (task,) = (one for one in waiting(tx, wiring.ports, CLERK) if one.request == request)
    place = f"/console/connectors/tasks/{task.id}"
    house.send(MANAGER, place, {"answer": "nothing"})
    house.examples[place] = MANAGER
    drive(driver_of(wiring, worker), request)
    links: set[str] = set()
    for mail in _mails(wiring):
        for link in mail.params.values():
            found = re.search(r"/(confirm|portal/certificates)/\S+", link)
            if found and found[1] not in links:
                links.add(found[1])
                house.examples[found[0]] = NOBODY


def granted(house: House, who: SubjectId) -> RequestId:
    """Their erasure was decided by one officer and approved by another."""
    request = reviewed(house.wiring, who)
    place = f"{REQUESTS}/{request}/execution"
    house.send(LEAD, place, {"step": "decide", "outcome": "grant", "measure": "erase"})
    digest = re.search(r'name="digest" value="([^"]+)"', house.office.page(place, by=SECOND))
    assert digest is not None
    house.send(SECOND, place, {"step": "approve", "digest": digest[1]})
    return request


def _worker(wiring: Wiring, *, days: int = 0) -> Worker:
    later = wiring.clock() + timedelta(days=days)
    return Worker(owner="walk", clock=lambda: later, pause=lambda _: None, stopping=lambda: False)


def reviewed(
    wiring: Wiring, who: SubjectId, kind: RequestKind = RequestKind.CESSATION
) -> RequestId:
    """A request of theirs that waits for its decision."""
    ports, write, at = wiring.ports, wiring.database.write, wiring.clock()
    by = Principal(id=ActorId(f"p:{who}"), kind=PrincipalKind.PERSON, roles=frozenset({"customer"}))
    new = service.NewRequest(kind=kind, intake=Intake.PORTAL, policy_days=14, subject=who)
    prepared = service.prepare_request(ports, new)
    case = write(lambda tx: service.receive(tx, ports, by, new, prepared, at=at))
    for proof, judge in ((EvidenceKind.PORTAL_SESSION, by), (EvidenceKind.DOCUMENT, SUPPORT)):
        use = partial(
            service.prove_identity, ports=ports, principal=judge, request=case.id, kind=proof,
            accepted=True, at=at,
        )  # fmt: skip
        write(use)

    def step(event: Event) -> None:
        write(lambda tx: stepping.advance(tx, ports, OFFICER, case.id, event, at=at))

    step(Event.START)
    fulfilment.collect(ports, OFFICER, case.id, sources=every_source(ports), at=at)
    step(Event.FINISH_COLLECTING)
    return case.id


def _somebody_else(house: House) -> SubjectId:
    person = TABLES["person"]
    with house.wiring.database.read() as tx:
        others = select(person.c.subject_id).where(person.c.subject_id != house.customer)
        return SubjectId(tx.execute(others.order_by(person.c.source_row)).scalars().first() or "")


def _mails(wiring: Wiring) -> Iterator[Mail]:
    """Every mail that waits, but those to a person whose key is gone."""
    with wiring.database.read() as tx:
        rows = tx.execute(select(OUTBOX).where(OUTBOX.c.kind == "mail")).all()
    for row in rows:
        message = OutboxMessage(
            id=row.id, idem_key=row.idem_key, target=row.target, kind=row.kind, attempt=1,
            payload=row.payload,
        )  # fmt: skip
        with suppress(KeyDestroyedError):
            if isinstance(found := unsealed(wiring.vault, message), Mail):
                yield found


def open_places(house: House) -> None:
    """A form of a point is open to everybody."""
    opening = partial(
        points.set_open, ports=house.wiring.ports, principal=OFFICER, name="newsletter"
    )
    house.wiring.database.write(partial(opening, opened=True, at=house.wiring.clock()))
    house.examples["/collect/newsletter"] = NOBODY
    house.examples["/collect/newsletter/received"] = NOBODY
    house.examples["/sign-in"] = NOBODY
    house.examples["/sign-in?code=架空"] = NOBODY
    house.examples["/sign-in/second"] = NOBODY
    house.examples["/portal/sign-in"] = NOBODY
    house.examples["/portal/sign-in/code"] = NOBODY
    house.examples["/account/confirm"] = LEAD
    house.examples["/notices"] = NOBODY
    house.examples["/notices/marketing"] = NOBODY
    house.examples[f"/console/audit/persons/{house.customer}"] = LEAD
    house.examples[f"/console/consents/entries/{_entry(house)}"] = LEAD


def _entry(house: House) -> str:
    """A choice of the customer, whichever links lead to it."""
    events = table_of(ConsentEventRow)
    mine = select(events.c.id).where(events.c.subject_id == house.customer).limit(1)
    with house.wiring.database.read() as tx:
        return str(tx.execute(mine).scalar_one())


def datasets(house: House) -> None:
    """A processed data set waits for its release."""
    day = (house.wiring.clock() + timedelta(days=90)).date().isoformat()
    place = "/console/datasets/new"
    house.send(ANALYST, place, {**DATASET, "expires_on": day})


def upkeep(house: House) -> None:
    """Two rows that were one person are merged; the day's figures and the quarter's tasks stand."""
    wiring, home = house.wiring, "/console/duplicates"
    found = re.findall(rf'href="{home}/([0-9a-f]{{12}})"', house.office.page(home, by=MANAGER))
    place = f"{home}/{found[-1]}"
    version = re.search(r'name="version" value="([^"]+)"', house.office.page(place, by=MANAGER))
    assert version is not None
    merged = house.send(MANAGER, f"{place}/merge", {"version": version[1]}, shown=place)
    house.examples |= {merged: MANAGER, place: MANAGER}
    at = wiring.clock()
    for step in (measure_step, review_step):
        wiring.database.write(partial(step, cursor=None, limit=100, at=at))
    house.examples["/console/quality/behind/incomplete"] = MANAGER
    run = re.search(r"/console/imports/runs/[0-9a-f-]+", house.office.page(IMPORTS, by=MANAGER))
    assert run is not None
    house.examples[run[0]] = MANAGER
    house.examples[f"{IMPORTS}/find?kind=customers&digest={'0' * 16}"] = MANAGER


def accounts(house: House) -> None:
    """The accounts of the quarter are reviewed; one of them is about to be suspended."""
    place = house.send(LEAD, "/console/access/start", {}, shown="/console/access")
    house.examples[f"{place}/accounts/u:{DESK}"] = LEAD
    house.examples |= {
        f"/console/staff/{DESK}/suspend": OPERATOR, "/console/settings": OPERATOR,
        "/console/datasets/new": ANALYST,
    }  # fmt: skip
