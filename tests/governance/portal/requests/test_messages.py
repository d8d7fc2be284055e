"""Messages and files in the portal: the person's own, apart from a stranger's and officers'."""

import http.client
from collections.abc import Iterator
from contextlib import closing

import httpx

from dsar import stepping
from dsar.messages import service
from dsar.messages.models import AttachmentRow, MessageRow
from dsar.messages.types import MOST_BYTES, Side
from dsar.types import Event
from governance.core.terms import RequestId
from governance.db.types import table_of
from tests.dsar.world import OFFICER
from tests.governance.portal.requests.conftest import ROOT, Portal
from tests.governance.portal.requests.test_form import DISCLOSURE, NOBODY, stranger
from tests.installation import AT

MESSAGE, FILE = table_of(MessageRow), table_of(AttachmentRow)
PDF = b"%PDF-1.7 <script>" + b"x" * 300
WILD = '<script>alert(1)</script>=HYPERLINK("x")'


def number(place: str) -> RequestId:
    return RequestId(place.rpartition("/")[2])


def test_person_and_officer_write_to_each_other(portal: Portal) -> None:
    visitor, ports = portal.customer(), portal.wiring.ports
    place = visitor.filed(*DISCLOSURE)
    service.send(ports, OFFICER, number(place), "期間を教えてください。", at=AT)
    service.comment(ports, OFFICER, number(place), "架空の内部メモ", at=AT)
    service.attach(
        ports,
        OFFICER,
        number(place),
        "内部.pdf",
        PDF,
        side=Side.OFFICER,
        internal=True,
        at=AT,
        keep=True,
    )
    assert 'id="news"' in visitor.get(place).text
    page = visitor.get(f"{place}/messages").text
    assert "期間を教えてください。" in page
    assert "架空の内部メモ" not in page
    assert "内部.pdf" not in page
    after = visitor.get(place).text
    assert f"{place}/messages" in after
    assert 'id="news"' not in after, "what was read is no news"
    assert visitor.post(f"{place}/messages", {"words": WILD}).status_code == 303
    assert WILD.split("=", maxsplit=1)[0] not in visitor.get(f"{place}/messages").text
    seen = service.thread(ports, OFFICER, number(place), at=AT)
    assert [one.text for one in seen][1:] == [WILD]
    assert seen[0].read_at is not None
    empty = visitor.post(f"{place}/messages", {"words": " "})
    assert empty.status_code == 422
    assert visitor.client.post(f"{place}/messages", data={"words": "x"}).status_code == 403


def test_stranger_reads_what_was_written_for_them_alone(portal: Portal) -> None:
    visitor, ports = portal.visitor(), portal.wiring.ports
    place = visitor.filed(*stranger(NOBODY))
    service.send(ports, OFFICER, number(place), "架空町1丁目のご住所の件", at=AT)
    service.send(ports, OFFICER, number(place), "鮮明な写しを送ってください", at=AT,
                 open_to_asker=True)  # fmt: skip
    shared = service.attach(
        ports, OFFICER, number(place), "回答.pdf", PDF, side=Side.OFFICER, at=AT, keep=True
    )
    page = visitor.get(f"{place}/messages").text
    assert "鮮明な写しを送ってください" in page
    assert "架空町1丁目のご住所の件" not in page
    assert visitor.get(f"{place}/files/{shared}").status_code == 404
    for other, seen, done in ((portal.visitor(), 303, 401), (portal.customer(), 404, 404)):
        assert other.get(f"{place}/messages").status_code == seen
        assert other.post(f"{place}/messages", {"words": "x"}).status_code == done
        assert other.post(f"{place}/files", {}, files={"file": ("a", PDF)}).status_code == done


def test_whoever_was_signed_out_while_writing_still_has_the_words(portal: Portal) -> None:
    place = portal.customer().filed(*DISCLOSURE)
    other = portal.visitor()
    other.client.headers["sec-fetch-site"] = "same-origin"
    page = other.post(f"{place}/messages", {"words": "期間は三年です（架空）"})
    assert page.status_code == 401
    assert "入力した内容は残っています" in page.text
    assert 'name="words" value="期間は三年です（架空）"' in page.text
    assert "/portal/requests/return" in page.text  # of who filed without an account
    lost = other.post(f"{place}/files", {"words": ""}, files={"file": ("a", PDF)})
    assert lost.status_code == 401
    assert "残って" not in lost.text  # a file is not kept, and nobody says that it is
    words = {"words": "写しも付けます（架空）"}
    both = other.post(f"{place}/files", words, files={"file": ("写し.pdf", PDF)})
    assert 'name="words" value="写しも付けます（架空）"' in both.text
    assert "%PDF" not in both.text


def test_words_and_a_file_go_together_or_not_at_all(portal: Portal) -> None:
    visitor, ports = portal.customer(), portal.wiring.ports
    place = visitor.filed(*DISCLOSURE)
    words = {"words": "写しを付けます（架空）"}
    bad = visitor.post(f"{place}/files", words, files={"file": ("a.pdf", b"<html>")})
    assert bad.status_code == 422
    assert "写しを付けます（架空）</textarea>" in bad.text
    assert "ほかの入力はそのまま残っています" not in bad.text  # the file has to be chosen again
    assert 'id="choose-again"' in bad.text
    long = {"words": "あ" * 4_001, "keep": "yes"}
    assert visitor.post(f"{place}/files", long, files={"file": ("a.pdf", PDF)}).status_code == 422
    assert service.own_attachments(ports, number(place), known=True) == ()
    assert service.own_thread(ports, OFFICER, number(place), known=True, at=AT) == ()
    sent = visitor.post(f"{place}/files", words | {"keep": "yes"}, files={"file": ("a.pdf", PDF)})
    assert sent.headers["location"].endswith("?done=both#thread")
    assert len(service.own_attachments(ports, number(place), known=True)) == 1
    alone = visitor.post(f"{place}/files", {"words": "名だけ（架空）", "file": "写し.pdf"})
    assert alone.headers["location"].endswith("?done=without#thread")  # as it is offered again
    assert len(service.thread(ports, OFFICER, number(place), at=AT)) == 2


def test_an_answer_that_names_no_data_keeps_its_words(portal: Portal) -> None:
    visitor, ports = portal.customer(), portal.wiring.ports
    place = visitor.filed(*DISCLOSURE)
    case = number(place)
    portal.wiring.database.write(
        lambda tx: stepping.advance(tx, ports, OFFICER, case, Event.ASK_SCOPE, at=AT)
    )
    told = visitor.post(f"{place}/scope", {"words": "三月の注文です（架空）"})
    assert told.status_code == 422
    assert 'href="#scope_everything"' in told.text
    assert "三月の注文です（架空）</textarea>" in told.text
    sent = {"scope_purchases": "yes", "words": "三月の注文です（架空）"}
    assert visitor.post(f"{place}/scope", sent).status_code == 303


def test_file_is_known_by_its_octets_and_saved_never_shown(portal: Portal) -> None:
    visitor = portal.customer()
    place = visitor.filed(*DISCLOSURE)
    before = portal.count(FILE)
    bad = visitor.post(f"{place}/files", {}, files={"file": ("写し.pdf", b"<html>", "image/png")})
    assert bad.status_code == 422
    assert visitor.post(f"{place}/files", {}).status_code == 422
    assert portal.count(FILE) == before
    sent = visitor.post(
        f"{place}/files", {"keep": "yes"}, files={"file": ("../写し.html", PDF, "text/html")}
    )
    assert sent.status_code == 303
    (kept,) = service.own_attachments(portal.wiring.ports, number(place), known=True)
    assert (kept.name, kept.media) == ("写し.pdf", "application/pdf")
    got = visitor.get(f"{place}/files/{kept.id}")
    assert got.content == PDF
    assert got.headers["content-disposition"].startswith("attachment;")
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["cache-control"] == "no-store"
    assert visitor.get(f"{place}/files/nothing").status_code == 404


def test_two_hundred_megabytes_are_refused_before_they_are_read(portal: Portal) -> None:
    visitor = portal.customer()
    place = visitor.filed(*DISCLOSURE)
    before = portal.count(FILE)
    host = portal.base.removeprefix("http://")
    for path, size, refused in (
        (f"{place}/files", 200 * 1024 * 1024, 413),
        (f"{place}/messages", MOST_BYTES, 413),  # a form without a file is no longer than any
        (f"{ROOT}/of/x/y/files", MOST_BYTES, 413),
    ):
        with closing(http.client.HTTPConnection(host, timeout=60)) as announced:
            announced.putrequest("POST", path)
            announced.putheader("content-length", str(size))
            announced.putheader("accept", "text/html")
            announced.endheaders()
            answer = announced.getresponse()
            assert answer.status == refused, path
            assert "<h1>ファイルが大きすぎます</h1>" in answer.read().decode()  # a page, not JSON

    def endless() -> Iterator[bytes]:
        for _ in range(40):
            yield bytes(1024 * 1024)

    kind = {"content-type": "multipart/form-data; boundary=x"}
    try:
        answer = visitor.client.post(f"{place}/files", content=endless(), headers=kind)
        assert answer.status_code in (413, 422)
    except httpx.TransportError:
        pass  # the server may hang up on a sender that does not stop
    assert portal.count(FILE) == before
