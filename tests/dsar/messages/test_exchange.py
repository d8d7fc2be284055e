"""Messages, comments and files of a request: sealed, told apart, refused when they are wrong."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from audit.models import EVENTS
from dsar import delivery
from dsar.errors import RequestNotAllowedError, RequestUnknownError
from dsar.messages import service
from dsar.messages.errors import AttachmentUnknownError, ExchangeRefusedError
from dsar.messages.rules import file_wrong, kind_of_file, safe_name, words_wrong
from dsar.messages.store import ATTACHMENT, COMMENT, MESSAGE, unread_of
from dsar.messages.types import MOST_BYTES, MOST_UNREAD, Side, Wrong
from dsar.package import members_of
from dsar.types import Event
from governance.core.controller import Controller
from governance.core.errors import GovernanceError
from governance.core.terms import KeyClass, RequestId, RowId
from governance.jobs.outbox import OUTBOX
from tests.dsar.intake.filed import letters
from tests.dsar.world import APPROVER, OFFICER, PERSON, SUPPORT, World

SECRET, ASKED = "架空の内部メモ：弁護士に確認中", "お電話番号を確かめさせてください。"
PDF = b"%PDF-1.7 " + "架空".encode()
NUMBER = "1234 5678 9018"  # a 個人番号 by its check digit


def test_messages_go_both_ways_and_say_when_they_were_read(world: World) -> None:
    case = world.receive()
    service.send(world.ports, SUPPORT, case.id, ASKED, at=world.tick())
    service.reply(world.ports, PERSON, case.id, f"番号は {NUMBER} です", at=world.tick())
    stranger = service.own_thread(world.ports, PERSON, case.id, known=False, at=world.tick())
    assert [one.side for one in stranger] == [Side.PERSON]
    own = service.own_thread(world.ports, PERSON, case.id, known=True, at=world.tick())
    assert own[0].text == ASKED
    assert NUMBER not in own[1].text
    assert "個人番号" in own[1].text
    seen = service.thread(world.ports, OFFICER, case.id, at=world.tick())
    assert seen[0].read_at is not None
    assert seen[1].read_at is None
    again = service.thread(world.ports, OFFICER, case.id, at=world.tick())
    assert again[1].read_at is not None
    assert again[1].read_at < world.tick()
    with world.ports.database.read() as tx:
        told = [row.action for row in tx.execute(select(EVENTS.c.action).order_by(EVENTS.c.id))]
        rows = tx.execute(select(MESSAGE.c.content)).scalars().all()
        waiting = tx.execute(select(OUTBOX)).all()
    assert told.count("request.message_written") == 2
    assert told.count("request.message_read") == 2
    assert not any(ASKED.encode() in bytes(row) for row in rows)
    mails = [row for row in waiting if str(row.idem_key).startswith("dsar/message/")]
    assert len(mails) == 1
    assert ASKED.encode() not in bytes(mails[0].payload)


def test_mail_tells_the_number_alone(world: World) -> None:
    case = world.receive()
    service.send(world.ports, SUPPORT, case.id, ASKED, at=world.tick())
    (mail,) = letters(world, "dsar/message/")
    assert mail.params == {"reference": case.reference}


def test_desk_is_told_once_of_what_nobody_has_read(world: World) -> None:
    case = world.receive()

    def told() -> list[Any]:
        return letters(world, "dsar/message_came/")

    for words in ("一つ目", "二つ目"):
        service.reply(world.ports, PERSON, case.id, words, at=world.tick())
    (mail,) = told()
    assert mail.to == world.ports.controller.contact_mail
    assert mail.params == {"reference": case.reference}
    with world.ports.database.read() as tx:
        assert unread_of(tx, [case.id, RequestId("0")]) == {case.id: 2}
    service.thread(world.ports, OFFICER, case.id, at=world.tick())
    service.reply(world.ports, PERSON, case.id, "三つ目", at=world.tick())
    assert len(told()) == 2
    without = replace(world.ports, controller=Controller(contact_mail="none"))
    service.thread(world.ports, OFFICER, case.id, at=world.tick())
    service.reply(without, PERSON, case.id, "四つ目", at=world.tick())
    assert len(told()) == 2


def test_comment_reaches_neither_person_nor_package(world: World) -> None:
    case = world.receive()
    service.comment(world.ports, SUPPORT, case.id, SECRET, at=world.tick())
    service.attach(
        world.ports, OFFICER, case.id, "内部.pdf", PDF, side=Side.OFFICER, internal=True,
        at=world.tick(), keep=True,
    )  # fmt: skip
    assert [one.text for one in service.comments(world.ports, OFFICER, case.id)] == [SECRET]
    assert service.own_thread(world.ports, PERSON, case.id, known=True, at=world.tick()) == ()
    assert service.own_attachments(world.ports, case.id, known=True) == ()
    file = service.attachments(world.ports, OFFICER, case.id)[0]
    with pytest.raises(AttachmentUnknownError):
        service.own_fetch(world.ports, PERSON, case.id, file.id, known=True, at=world.tick())
    for by in (PERSON, APPROVER):
        with pytest.raises(RequestNotAllowedError):
            service.comments(world.ports, by, case.id)


def test_package_holds_nothing_of_the_exchange(world: World) -> None:
    case = world.reviewed()
    service.comment(world.ports, SUPPORT, case.id, SECRET, at=world.tick())
    service.send(world.ports, SUPPORT, case.id, ASKED, at=world.tick())
    approved = world.approve(world.decide(world.case(case.id)))
    released = world.deliver(world.build(world.step(approved, Event.EXECUTE)))
    content = delivery.download(world.ports, PERSON, released.token, at=world.tick())
    whole = b"".join(members_of(content).values())
    assert SECRET.encode() not in whole
    assert ASKED.encode() not in whole


def test_exchange_ends_with_the_key_of_the_case_file(world: World) -> None:
    case = world.receive()
    service.comment(world.ports, SUPPORT, case.id, SECRET, at=world.tick())
    service.reply(world.ports, PERSON, case.id, "はい", at=world.tick())
    service.attach(world.ports, PERSON, case.id, "a.pdf", PDF, side=Side.PERSON, at=world.tick(),
                   keep=True)  # fmt: skip
    world.ports.vault.destroy(case.requester_id, KeyClass.RECORD)
    for use in (
        lambda: service.comments(world.ports, OFFICER, case.id),
        lambda: service.thread(world.ports, OFFICER, case.id, at=world.tick()),
        lambda: service.attachments(world.ports, OFFICER, case.id),
    ):
        with pytest.raises(GovernanceError):
            use()


def test_files_are_known_by_what_they_are(world: World) -> None:
    case = world.receive()
    ports = world.ports
    row = service.attach(
        ports,
        PERSON,
        case.id,
        "../../etc/写し.exe",
        PDF,
        side=Side.PERSON,
        at=world.tick(),
        keep=True,
    )
    file, content = service.fetch(ports, SUPPORT, case.id, row, at=world.tick())
    assert (file.name, file.media, content) == ("etc_写し.pdf", "application/pdf", PDF)
    mine, again = service.own_fetch(ports, PERSON, case.id, row, known=False, at=world.tick())
    assert sha256(again).digest() == sha256(PDF).digest()
    assert mine.internal is False
    other = world.receive()
    with pytest.raises(AttachmentUnknownError):
        service.fetch(ports, SUPPORT, other.id, row, at=world.tick())
    with pytest.raises(RequestUnknownError):
        service.fetch(ports, SUPPORT, RequestId("nobody"), RowId("nothing"), at=world.tick())


def test_bad_message_or_file_leaves_nothing(world: World) -> None:
    case, ports = world.receive(), world.ports
    for words in ("", " 　\n", "あ" * 4_001, "x" * 5_000_000, "a\x00b"):
        with pytest.raises(ExchangeRefusedError):
            service.reply(ports, PERSON, case.id, words, at=world.tick())
        with pytest.raises(ExchangeRefusedError):
            service.comment(ports, SUPPORT, case.id, words, at=world.tick())
    for content in (b"", b"MZ\x90", b"<!doctype html>", b"  <script>", b"\xff\xfe\x00", b"PK\x03"):
        with pytest.raises(ExchangeRefusedError):
            service.attach(
                ports, PERSON, case.id, "a.pdf", content, side=Side.PERSON, at=world.tick()
            )
    for _ in range(MOST_UNREAD):
        service.reply(ports, PERSON, case.id, "<b>はい</b>", at=world.tick())
    with pytest.raises(ExchangeRefusedError) as many:
        service.reply(ports, PERSON, case.id, "もう一つ", at=world.tick())
    assert many.value.params == {"reason": Wrong.MANY.value}
    with ports.database.read() as tx:
        assert len(tx.execute(select(MESSAGE)).all()) == MOST_UNREAD
        assert tx.execute(select(COMMENT)).all() == []
        assert tx.execute(select(ATTACHMENT)).all() == []


def test_only_officers_write_for_officers(world: World) -> None:
    case = world.receive()
    for by in (PERSON, APPROVER):
        for use in (service.send, service.comment):
            with pytest.raises(RequestNotAllowedError):
                use(world.ports, by, case.id, "文", at=world.tick())
        with pytest.raises(RequestNotAllowedError):
            service.attach(world.ports, by, case.id, "a", PDF, side=Side.OFFICER, at=world.tick())


def test_larger_than_the_limit_is_refused() -> None:
    assert file_wrong(PDF) is None
    assert file_wrong(b"%PDF-" + b"x" * MOST_BYTES) is Wrong.LARGE


@given(st.binary(max_size=64))
def test_any_octets_are_of_a_known_kind_or_refused(content: bytes) -> None:
    kind = kind_of_file(content)
    assert (file_wrong(content) is None) is (kind is not None and content != b"")


@given(st.text(max_size=300), st.sampled_from(("application/pdf", "image/png", "text/plain")))
def test_any_name_becomes_one_that_harms_nothing(given: str, media: str) -> None:
    name = safe_name(given, media)
    assert not set(name) & set('/\\:*?"<>|\r\n\t\x00')
    assert not name.startswith(".")
    assert len(name) <= 124
    assert name.isprintable()


@given(st.text(max_size=50))
def test_words_are_taken_unless_empty_or_odd(words: str) -> None:
    wrong = words_wrong(words)
    assert (wrong is Wrong.EMPTY) is (not words.strip())
