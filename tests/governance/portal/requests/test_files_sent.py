"""Files that come in: scanned before anything is stored, stored without what they tell unasked.

One installation serves the portal and the console; beside it a small server speaks as clamd does.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from audit.actions import EventCode
from audit.models import EVENTS
from audit.sequencer import sequence_once
from consent.collecting.models import CollectionPointRow
from consent.notices.models import NoticeEditionRow
from dsar.identity.models import UploadRow
from dsar.messages import service
from dsar.messages.models import AttachmentRow
from governance.app.factory import create_app
from governance.app.scanner import scanner_finding
from governance.app.wiring import Wiring
from governance.core.scanner_address import ScannerPlace
from governance.core.setting_kinds import Mode
from governance.core.terms import RequestId
from governance.db.types import table_of
from governance.documents.traces.types import Handling, Trace
from governance.http.throttle import Throttle
from governance.outbound.scanning import Clamd, NoScanner, ScanResult
from tests.dsar.world import OFFICER
from tests.governance.documents.traces.pictures import MAKER, SECRET, TOLD, jpeg
from tests.governance.outbound.clamd import EICAR, Scans, clamd_like
from tests.governance.portal.requests.conftest import Portal, Visitor
from tests.governance.portal.requests.test_form import DISCLOSURE
from tests.installation import AT, create, customer, import_file, register, with_ports, write_file
from tests.office import Office
from tests.serving import served

PHOTO = jpeg(TOLD["exif"], TOLD["comment"])
PDF = b"%PDF-1.7 " + MAKER
TABLES = [table_of(row) for row in (UploadRow, AttachmentRow, CollectionPointRow, NoticeEditionRow)]
HARMFUL = "ウイルスなどの有害なデータ"
SILENT = {"ja": "ウイルスの検査ができない", "en": "cannot be scanned for viruses"}
DESKS = (  # action, page with its form, field, role, place on record
    ("/console/imports/look", "/console/imports", "file", "data_manager", "import"),
    ("/console/scans", "/console/scans", "file", "privacy_officer", "scan"),
    ("/console/notices/draft", "/console/notices", "file", "privacy_officer", "notice"),
    ("/console/collect/declare", "/console/collect", "file", "privacy_officer", "point"),
    ("/console/policies/propose", "/console/policies", "files", "privacy_officer", "policy"),
    ("/console/retention/schedules/propose", "/console/retention/schedules", "file",
     "privacy_officer", "schedule"),
    ("/console/retention/simulations", "/console/retention/simulations", "file",
     "privacy_officer", "schedule"),
)  # fmt: skip


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scans]:
    with clamd_like(tmp_path_factory.mktemp("s") / "s") as server:
        yield server


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, scans: Scans
) -> Iterator[tuple[Portal, Office]]:
    folder = Path(tmp_path_factory.mktemp("files"))
    made = create(folder)
    scanner = Clamd(place=ScannerPlace(path=str(scans.server_address)), seconds=30)
    wiring = with_ports(made, replace(made.ports, scanner=scanner))
    import_file(wiring, write_file(folder, register([customer(1)])))
    app = create_app(wiring)
    app.state.request_throttle = Throttle(10_000)
    with served(app) as base:
        portal, office = Portal(wiring, base), Office(wiring, base)
        yield portal, office
        office.close()
        for client in portal.clients:
            client.close()
    wiring.close()


@pytest.fixture
def portal(house: tuple[Portal, Office], scans: Scans) -> Portal:
    scans.answer = None
    return house[0]


@pytest.fixture
def office(house: tuple[Portal, Office], scans: Scans) -> Office:
    scans.answer = None
    return house[1]


def filed(portal: Portal, lang: str = "ja") -> tuple[Visitor, str, RequestId]:
    visitor = portal.customer(lang)
    place = visitor.filed(*DISCLOSURE)
    return visitor, place, RequestId(place.rpartition("/")[2])


def stored(wiring: Wiring) -> list[int]:
    """How many rows each table has that keeps something of a file."""
    with wiring.database.read() as tx:
        return [
            int(tx.execute(select(func.count()).select_from(table)).scalar_one())
            for table in TABLES
        ]


def refusals(wiring: Wiring) -> list[tuple[str, str]]:
    """Place and everything else of each event of a refused file."""
    with wiring.database.read() as tx:
        rows = tx.execute(
            select(EVENTS).where(EVENTS.c.action == EventCode.FILE_REFUSED).order_by(EVENTS.c.id)
        )
        return [(row.object_id, str(row._asdict())) for row in rows]


@pytest.mark.parametrize(
    ("path", "field", "place"),
    [("files", "file", "attachment"), ("papers", "paper", "paper")],
)
def test_a_harmful_file_of_a_person_is_nowhere(
    portal: Portal, path: str, field: str, place: str
) -> None:
    visitor, root, request = filed(portal)
    before, known = stored(portal.wiring), len(refusals(portal.wiring))
    content = jpeg(tail=EICAR)  # what is taken out is looked through as well
    sent = visitor.post(
        f"{root}/{path}", {"kind": "identity"}, files={field: ("架空の名前.jpg", content)}
    )
    assert sent.status_code == 422
    assert HARMFUL in sent.text
    assert 'name="keep"' in sent.text
    assert stored(portal.wiring) == before
    *_, (where, said) = refusals(portal.wiring)
    assert len(refusals(portal.wiring)) == known + 1
    assert where == place
    assert f"request:{request}" in said
    assert "signature:Eicar-Test-Signature" in said
    assert "架空の名前" not in said


@pytest.mark.parametrize(("action", "shown", "field", "role", "place"), DESKS)
def test_a_harmful_file_of_the_staff_is_nowhere(
    office: Office, action: str, shown: str, field: str, role: str, place: str
) -> None:
    before = stored(office.wiring)
    files = [(field, ("a.csv", b"a,b\r\n" + EICAR, "text/csv"))]
    sent = office.send(action, by=role, shown=shown, files=files, form={"step": "look"})
    assert sent.status_code == 422
    assert HARMFUL in sent.text
    assert f'name="{field}"' in sent.text
    assert stored(office.wiring) == before
    assert refusals(office.wiring)[-1][0] == place


def test_an_officer_attaches_nothing_harmful(portal: Portal, office: Office) -> None:
    _, _, request = filed(portal)
    home, before = f"/console/requests/{request}", stored(portal.wiring)
    files = [("file", ("a.txt", EICAR, "text/plain"))]
    sent = office.send(
        f"{home}/files", by="support", shown=f"{home}/messages", files=files, form={"keep": "yes"}
    )
    assert (sent.status_code, HARMFUL in sent.text) == (422, True)
    assert stored(portal.wiring) == before


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_silent_scanner_takes_no_file_and_the_page_keeps_the_form(
    portal: Portal, scans: Scans, lang: str
) -> None:
    visitor, root, _ = filed(portal, lang)
    before, seen = stored(portal.wiring), refusals(portal.wiring)
    scans.answer = b"stream: lstat() failed. ERROR\x00"
    for path, field in (("files", "file"), ("papers", "paper")):
        form = {"kind": "identity", "keep": "yes"}
        sent = visitor.post(f"{root}/{path}", form, files={field: ("a.jpg", PHOTO)})
        assert sent.status_code == 503
        assert SILENT[lang] in sent.text
        assert re.search(r'id="keep"[^>]* checked', sent.text)
    assert stored(portal.wiring) == before
    assert refusals(portal.wiring) == seen
    scans.answer = None
    assert visitor.post(f"{root}/files", {}, files={"file": ("a.jpg", PHOTO)}).status_code == 303


def test_the_console_takes_no_file_while_the_scanner_is_silent(
    office: Office, scans: Scans
) -> None:
    scans.answer = b""
    before = stored(office.wiring)
    for action, shown, field, role, _ in DESKS:
        sent = office.send(action, by=role, shown=shown, files=[(field, ("a", b"a", "text/csv"))])
        assert (sent.status_code, SILENT["ja"] in sent.text) == (503, True), action
    assert stored(office.wiring) == before


def test_a_photo_is_stored_without_place_and_device_and_the_officer_is_told(
    portal: Portal, office: Office
) -> None:
    visitor, root, request = filed(portal)
    assert visitor.post(f"{root}/files", {}, files={"file": ("a.jpg", PHOTO)}).status_code == 303
    (kept,) = service.own_attachments(portal.wiring.ports, request, known=True)
    assert kept.provenance.scan is ScanResult.CLEAN
    assert kept.provenance.scanned_at == AT
    assert kept.provenance.traces is Handling.REMOVED
    assert kept.provenance.found == (Trace.CAMERA, Trace.PLACE, Trace.COMMENT)
    got = visitor.get(f"{root}/files/{kept.id}").content
    assert len(got) == kept.size
    assert SECRET not in got
    assert MAKER not in got
    assert b"Exif\x00\x00MM\x00*" in got, "it stands as it stood"
    assert "付加情報を取り除いて保存しました。" in visitor.get(f"{root}/messages").text
    paper = {"paper": ("a.jpg", PHOTO)}
    assert visitor.post(f"{root}/papers", {"kind": "identity"}, files=paper).status_code == 303
    for path in ("messages", "identity"):
        page = office.page(f"/console/requests/{request}/{path}", by="support")
        assert "ウイルス検査：検出なし" in page
        assert "取り除きました（撮影の機器や日時、撮影場所、コメント）" in page


def test_what_its_sender_wants_kept_stays_octet_for_octet(portal: Portal, office: Office) -> None:
    visitor, root, request = filed(portal)
    form = {"keep": "yes"}
    assert visitor.post(f"{root}/files", form, files={"file": ("a.jpg", PHOTO)}).status_code == 303
    (kept,) = service.own_attachments(portal.wiring.ports, request, known=True)
    assert kept.provenance.traces is Handling.KEPT
    assert visitor.get(f"{root}/files/{kept.id}").content == PHOTO
    page = office.page(f"/console/requests/{request}/messages", by="support")
    assert "送った人の希望で、そのまま残しています" in page


@pytest.mark.parametrize(
    ("lang", "words"),
    [("ja", "付加情報を取り除けません"), ("en", "cannot be removed from this kind of file")],
)
def test_a_kind_that_keeps_its_traces_needs_consent(portal: Portal, lang: str, words: str) -> None:
    visitor, root, request = filed(portal, lang)
    before = stored(portal.wiring)
    for path, field in (("files", "file"), ("papers", "paper")):
        bare = visitor.get(f"{root}/messages" if path == "files" else root).text
        assert 'id="traces"' in bare
        assert not re.search(r'id="keep"[^>]* checked', bare)
        sent = visitor.post(f"{root}/{path}", {"kind": "identity"}, files={field: ("a.pdf", PDF)})
        assert (sent.status_code, words in sent.text) == (422, True)
    broken = visitor.post(f"{root}/files", {}, files={"file": ("a.jpg", PHOTO[:-40])})
    assert broken.status_code == 422
    assert stored(portal.wiring) == before
    sent = visitor.post(f"{root}/files", {"keep": "yes"}, files={"file": ("a.pdf", PDF)})
    assert sent.status_code == 303
    (kept,) = service.own_attachments(portal.wiring.ports, request, known=True)
    got = service.fetch(portal.wiring.ports, OFFICER, request, kept.id, at=AT)[1]
    assert got == PDF


def test_the_doctor_tells_how_the_scanner_stands(portal: Portal, scans: Scans) -> None:
    small = portal.wiring.settings.model_copy(update={"import_megabytes": 1})
    wiring, day = replace(portal.wiring, settings=small), timedelta(days=1)
    visitor, root, _ = filed(portal)
    visitor.post(f"{root}/files", {}, files={"file": ("a.txt", EICAR)})
    sequence_once(wiring.database, wiring.log_keys, wiring.audit, at=AT)
    found = scanner_finding(wiring, AT, day)
    assert (found.state, found.key) == ("attention", "doctor.scanner_refused")
    assert int(found.params["count"]) >= 1
    later = scanner_finding(wiring, AT + timedelta(days=64), day)
    assert (later.state, later.key) == ("attention", "doctor.scanner_old")
    assert scanner_finding(portal.wiring, AT, day).key == "doctor.scanner_short"
    scans.answer = b"stream: OK\x00"
    assert scanner_finding(wiring, AT, day).key == "doctor.scanner_blind"
    scans.answer = b"?\x00"
    silent = scanner_finding(wiring, AT, day)
    assert (silent.state, silent.key) == ("bad", "doctor.scanner_silent")
    none = replace(wiring, ports=replace(wiring.ports, scanner=NoScanner()))
    assert scanner_finding(none, AT, day).state == "attention"
    strict = none.settings.model_copy(update={"mode": Mode.PRODUCTION})
    assert scanner_finding(replace(none, settings=strict), AT, day).state == "bad"
