"""The officers' pages of a review: seen by whoever fulfils or approves, judged by who decides."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import httpx
import pytest

from dsar import fulfilment, service, stepping
from dsar.collection import every_source
from dsar.review import rules
from dsar.review import service as review
from dsar.store import case_by_id
from dsar.types import Event, EvidenceKind, Intake, RequestKind, Status
from governance.app.wiring import Wiring
from governance.connectors.types import (
    Answer,
    Asking,
    Connector,
    ConnectorKind,
    Erased,
    Erasure,
    Found,
    Health,
    OutsideFile,
    OutsideRecord,
    OutsideValue,
    PersonKeys,
)
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, FieldId, Lang, RequestId
from governance.customers.store import Record, insert_records
from governance.http.principal import Principal, PrincipalKind
from governance.pii.types import Entity, Reason, Role, Span
from policies.types import Label
from tests.dsar.world import OFFICER, SUPPORT
from tests.installation import AT, add_person, create, with_ports
from tests.office import Office, opened

HOME = "/console/requests"
SCAN = b"%PDF-1.7\x00\xff"
BODY = "友人の架空花子さん<b>に</b>送ってください。架空花子さんの電話は 080-1111-2222 です。"


def others(texts: Sequence[str], _lang: Lang) -> tuple[tuple[Span, ...], ...]:
    """An analysis that knows one friend by name and number."""
    return tuple(
        tuple(
            Span(start=hit.start(), end=hit.end(), entity=entity, score=1.0, reason=Reason.SHAPE,
                 role=Role.THIRD)
            for words, entity in (("架空花子", Entity.PERSON), ("080-1111-2222", Entity.PHONE))
            for hit in re.finditer(words, text)
        )
        for text in texts
    )  # fmt: skip


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    made = create(tmp_path_factory.mktemp("review"))
    wiring = with_ports(made, replace(made.ports, analyse=others))
    with opened(wiring) as found:
        yield found


def sent(office: Office, path: str, data: dict[str, str], by: str) -> httpx.Response:
    browser = office.browsers[by]
    token = re.search(r'name="csrf" value="([^"]+)"', browser.get("/console").text)
    assert token is not None
    answer: httpx.Response = browser.post(path, data={"csrf": token[1], **data})
    return answer


class Papers:
    """A connected folder with one scan."""

    name, label, kind = "papers", Label(ja="契約書", en="Contracts"), ConnectorKind.FOLDER

    def find(self, person: PersonKeys, asking: Asking) -> Answer:  # noqa: ARG002 # of the port
        value = OutsideValue(name="file.content", label=self.label, text="添付します")
        file = OutsideFile(stands_for="file.content", suffix="pdf", content=SCAN)
        return Found(records=(OutsideRecord(values=(value,), file=file),))

    def erase(self, person: PersonKeys, asking: Asking) -> Erasure:  # noqa: ARG002 # of the port
        return Erased(records=0)

    def health(self, *, at: datetime) -> Health:  # noqa: ARG002 # of the port
        return Health(ok=True)


def collected(wiring: Wiring, *connectors: Connector) -> RequestId:
    """A request whose findings wait for their review."""
    person, ports = add_person(wiring), wiring.ports
    row = new_row_id()
    cells = ports.vault.seal_row(person, row, {FieldId("inquiry.body"): BODY})
    clear = {"source_key": row, "received_at": AT, "channel": "web", "recorded_at": AT}
    kept = {name: cell for name, cell in cells.items() if cell is not None}
    record = Record(table="inquiry", id=row, subject=person, clear=clear, sealed=kept)
    ports.database.write(lambda tx: insert_records(tx, [record]))
    by = Principal(
        id=ActorId(f"p:{person}"), kind=PrincipalKind.PERSON, roles=frozenset({"customer"})
    )
    new = service.NewRequest(
        kind=RequestKind.DISCLOSURE, intake=Intake.PORTAL, policy_days=14, subject=person
    )
    prepared = service.prepare_request(ports, new)
    write = ports.database.write
    case = write(lambda tx: service.receive(tx, ports, by, new, prepared, at=AT))
    for kind, who in ((EvidenceKind.PORTAL_SESSION, by), (EvidenceKind.DOCUMENT, SUPPORT)):
        write(
            partial(
                service.prove_identity, ports=ports, principal=who, request=case.id, kind=kind,
                accepted=True, at=AT,
            )
        )  # fmt: skip

    def step(event: Event) -> None:
        write(lambda tx: stepping.advance(tx, ports, OFFICER, case.id, event, at=AT))

    step(Event.START)
    fulfilment.collect(ports, OFFICER, case.id, sources=every_source(ports, connectors), at=AT)
    step(Event.FINISH_COLLECTING)
    return case.id


def test_review_from_suggestion_to_approval(office: Office) -> None:
    request = collected(office.wiring)
    place, lead = f"{HOME}/{request}/review", "privacy_officer"
    page = office.page(place, by=lead)
    assert "未確認" in page
    assert "&lt;b&gt;" in page
    assert "<b>に</b>" not in page
    basis = re.search(r'name="basis" value="([0-9a-f]+)"', page)
    assert basis is not None
    seen = review.look(office.wiring.ports, OFFICER, request, at=AT)
    said = rules.words_at(seen.findings, rules.suggestions(seen.findings))
    names = [n for n, spot in enumerate(said, 1) if said[spot] == "架空花子"]
    form = {"basis": basis[1], "source": "inquiry", "page": "1"}
    undone = sent(
        office, place,
        {**form, "step": "reveal", "place": str(names[0]), "reason": "consented",
         "everywhere": "yes"}, by=lead,
    )  # fmt: skip
    assert undone.headers["location"].endswith(f"#place-{names[0]}")
    assert office.page(place, by=lead).count("取消し（本人に見える）") == len(names)
    nowhere = sent(office, place, {**form, "step": "cover", "phrase": "どこにもない<i>",
                   "label": "PASSAGE", "reason": "third_person"}, by=lead)  # fmt: skip
    assert nowhere.status_code == 422
    assert "どこにもない&lt;i&gt;" in nowhere.text
    early = sent(office, f"{HOME}/{request}/decide", {}, by=lead)
    assert early.status_code == 409
    head = re.search(r'name="seen" value="(\d+)"', office.page(place, by=lead))
    assert head is not None
    assert sent(office, place, {**form, "step": "all", "seen": "0"}, by=lead).status_code == 409
    assert sent(office, place, {**form, "step": "all", "seen": head[1]}, by=lead).status_code == 303
    assert "審査は終わっています" in office.page(place, by=lead)
    report = office.browsers[lead].get(f"{HOME}/{request}/preview/report.ja.html")
    assert "sandbox" in report.headers["content-security-policy"]
    assert "架空花子さん" in report.text
    assert "080-1111-2222" not in report.text
    data = office.browsers[lead].get(f"{HOME}/{request}/preview/data.json")
    assert data.headers["content-disposition"].startswith("attachment")
    assert sent(office, f"{HOME}/{request}/decide", {}, by=lead).status_code == 303
    assert sent(office, f"{HOME}/{request}/approve", {"digest": "0"}, by=lead).status_code == 403
    page = office.page(place, by="privacy_approver")
    digest = re.search(r'name="digest" value="([^"]+)"', page)
    assert digest is not None
    wrong = sent(office, f"{HOME}/{request}/approve", {"digest": "0"}, by="privacy_approver")
    assert wrong.status_code in (403, 409, 422)
    agreed = sent(office, f"{HOME}/{request}/approve", {"digest": digest[1]}, by="privacy_approver")
    assert agreed.status_code == 303
    with office.wiring.database.read() as tx:
        assert case_by_id(tx, request).tracks[0].status.value == "approved"


def test_a_file_is_opened_before_it_is_handed_over(office: Office) -> None:
    request, lead = collected(office.wiring, Papers()), "privacy_officer"
    place = f"{HOME}/{request}/review"
    page = office.page(f"{place}?source=connector.papers", by=lead)
    basis = re.search(r'name="basis" value="([0-9a-f]+)"', page)
    link = re.search(rf'href="({place}/files/(\d+))"', page)
    assert basis is not None
    assert link is not None
    form = {"basis": basis[1], "source": "connector.papers", "page": "1", "step": "reveal",
            "place": link[2], "reason": "own"}  # fmt: skip
    early = sent(office, place, form, by=lead)
    assert early.status_code == 422
    assert "先にファイルを開いてください" in early.text
    file = office.browsers[lead].get(link[1])
    assert (file.content, file.headers["content-type"]) == (SCAN, "application/octet-stream")
    assert file.headers["content-disposition"] == 'attachment; filename="001.pdf"'
    assert office.browsers["support"].get(link[1]).status_code == 403
    assert sent(office, place, form, by=lead).status_code == 303


def test_words_are_covered_in_the_one_value_that_was_chosen(office: Office) -> None:
    request = collected(office.wiring)
    place, lead = f"{HOME}/{request}/review", "privacy_officer"
    page = office.page(f"{place}?source=inquiry", by=lead)
    basis = re.search(r'name="basis" value="([0-9a-f]+)"', page)
    row = re.search(r'<option value="([0-9a-f-]{36})"', page)
    assert basis is not None
    assert row is not None
    assert "選んだ項目・記録だけ" in page
    form = {
        "step": "cover", "basis": basis[1], "source": "inquiry", "page": "1", "phrase": "に",
        "label": "PASSAGE", "reason": "business", "scope": "value", "row": row[1],
    }  # fmt: skip
    elsewhere = sent(office, place, {**form, "field": "inquiry.subject"}, by=lead)
    assert elsewhere.status_code == 422
    forged = sent(office, place, {**form, "row": "<b>", "field": "inquiry.body"}, by=lead)
    assert forged.status_code == 422
    assert sent(office, place, {**form, "field": "inquiry.body"}, by=lead).status_code == 303
    (act,) = review.look(office.wiring.ports, OFFICER, request, at=AT).acts
    assert {(spot.row, spot.name) for spot in act.spots} == {(row[1], "inquiry.body")}


def test_stranger_to_the_review_sees_and_does_nothing(office: Office) -> None:
    request = collected(office.wiring)
    for by in ("support", "auditor"):
        for path in ("review", "preview", "preview/data.json"):
            answer = office.browsers[by].get(f"{HOME}/{request}/{path}")
            assert answer.status_code in (403, 404)
            assert "架空花子" not in answer.text
        assert sent(office, f"{HOME}/{request}/review", {"step": "all"}, by=by).status_code in (
            403,
            404,
        )
    lead = "privacy_officer"
    unknown = f"{HOME}/3b241101-e2bb-4255-8caf-4136c566a962/review"
    assert office.browsers[lead].get(unknown).status_code == 404
    assert sent(office, f"{HOME}/{request}/review", {"step": "erase"}, by=lead).status_code == 404
    for bad in ({"step": "accept", "place": "９"}, {"step": "lift", "act": "1" * 4000},
                {"step": "reveal", "place": "1", "reason": "because"}):  # fmt: skip
        page = office.page(f"{HOME}/{request}/review", by=lead)
        basis = re.search(r'name="basis" value="([0-9a-f]+)"', page)
        assert basis is not None
        refused = sent(office, f"{HOME}/{request}/review", {"basis": basis[1], **bad}, by=lead)
        assert refused.status_code == 422
    stale = sent(office, f"{HOME}/{request}/review", {"step": "all", "seen": "0"}, by=lead)
    assert stale.status_code == 409


def test_officers_write_comment_and_attach_on_a_page(office: Office) -> None:
    request = collected(office.wiring)
    root = f"{HOME}/{request}"
    assert (
        sent(office, f"{root}/messages", {"words": "架空の連絡"}, by="support").status_code == 303
    )
    assert (
        sent(office, f"{root}/comments", {"note": "架空<b>メモ"}, by="support").status_code == 303
    )
    page = office.page(f"{root}/messages", by="support")
    assert "架空の連絡" in page
    assert "架空&lt;b&gt;メモ" in page
    assert "まだ読まれていません" in page
    long = sent(office, f"{root}/messages", {"words": "あ" * 4001}, by="support")
    assert long.status_code == 422
    for by in ("auditor", "privacy_approver"):
        for path in ("messages", "files/x"):
            assert office.browsers[by].get(f"{root}/{path}").status_code == 403
        for path, data in (("messages", {"words": "x"}), ("comments", {"note": "x"})):
            assert sent(office, f"{root}/{path}", data, by=by).status_code == 403
    browser = office.browsers["support"]
    token = re.search(r'name="csrf" value="([^"]+)"', page)
    assert token is not None
    file = {"file": ("写し.svg", b"%PDF-1.7 x", "image/svg+xml")}
    forged = browser.post(f"{root}/files", data={"csrf": "x"}, files=file)
    assert forged.status_code == 403
    added = browser.post(f"{root}/files", data={"csrf": token[1], "keep": "yes"}, files=file)
    assert added.status_code == 303
    link = re.search(rf'href="({root}/files/[^"]+)"', office.page(f"{root}/messages", by="support"))
    assert link is not None
    got = browser.get(link[1])
    assert got.headers["content-disposition"].startswith("attachment;")
    assert "担当者のみ" in office.page(f"{root}/messages", by="support")


def test_a_whole_request_is_refused_on_a_ground_of_its_law(office: Office) -> None:
    request = collected(office.wiring)
    place, review_ = f"{HOME}/{request}", f"{HOME}/{request}/review"
    assert f"{place}/review#refuse-all" in office.page(place, by="privacy_officer")
    for ground, status in (("appi_35_no", 409), ("appi_33_2_2", 303)):
        form = {"outcome": "refuse", "ground_appi": ground}
        answer = office.send(f"{place}/decide", by="privacy_officer", shown=review_, form=form)
        assert answer.status_code == status
    assert "拒否を決めました" in office.page(review_, by="privacy_officer")
    step = office.send(f"{place}/steps", by="privacy_officer", shown=place, form={"step": "refuse"})
    assert step.status_code == 303
    with office.wiring.database.read() as tx:
        case = case_by_id(tx, request)
    assert {track.status for track in case.tracks} == {Status.REFUSED}
    assert 'id="refuse-all"' not in office.page(review_, by="privacy_officer")
