import asyncio
import email
import email.policy
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest

from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from governance.outbound.errors import (
    DeliveryFailedError,
    DeliveryGoneError,
    MessageRefusedError,
    OutboundRefusedError,
)
from governance.outbound.mail import Encryption, FileSinkMail, Mail, SmtpMail, compose
from governance.outbound.ssrf import Egress

NOW = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
SENDER = "privacy@example.com"


def mail(**changes: object) -> Mail:
    values: dict[str, object] = {
        "idem_key": "r1/received/mail",
        "to": "taro@example.com",
        "template": "outbound.mail.test",
        "lang": Lang.JA,
        "params": {"reference": "REQ-0001"},
    }
    return Mail(**(values | changes))  # type: ignore[arg-type] # fields by name


@dataclass(slots=True)
class SmtpServer:
    """Just enough of RFC 5321 to take a mail, with replies that a test may change."""

    replies: dict[str, str] = field(default_factory=dict)
    received: list[bytes] = field(default_factory=list)
    port: int = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 test\r\n")
        while line := await reader.readline():
            verb = line.split(b" ")[0].strip().decode().upper()
            if verb == "DATA":
                writer.write(b"354 go\r\n")
                self.received.append(await reader.readuntil(b"\r\n.\r\n"))
            answer = self.replies.get(verb, "221 bye" if verb == "QUIT" else "250 ok")
            writer.write(answer.encode() + b"\r\n")
            if verb == "QUIT":
                break
        writer.close()


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    server = SmtpServer()
    loop = asyncio.new_event_loop()
    started = threading.Event()

    async def run() -> None:
        listening = await asyncio.start_server(server.talk, "127.0.0.1", 0)
        server.port = listening.sockets[0].getsockname()[1]
        started.set()
        async with listening:
            await stop.wait()

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    started.wait(5)
    yield server
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


def smtp_port(server: SmtpServer, *, encryption: Encryption = Encryption.NONE) -> SmtpMail:
    return SmtpMail(
        host="127.0.0.1",
        port=server.port,
        sender=SENDER,
        encryption=encryption,
        egress=Egress(networks=(ip_network("127.0.0.0/8"),)),
    )


def test_the_file_sink_writes_one_private_file_per_key(tmp_path: Path) -> None:
    sink = FileSinkMail(folder=tmp_path / "mail", sender=SENDER)
    sink.send(mail(), at=NOW)
    sink.send(mail(), at=NOW.replace(hour=4))
    sink.send(mail(idem_key="other"), at=NOW)
    files = sorted((tmp_path / "mail").iterdir())
    assert len(files) == 2
    assert all(f.suffix == ".eml" and f.stat().st_mode & 0o777 == 0o600 for f in files)
    assert (tmp_path / "mail").stat().st_mode & 0o777 == 0o700


def test_a_japanese_mail_can_be_read_back(tmp_path: Path) -> None:
    FileSinkMail(folder=tmp_path, sender=SENDER).send(mail(), at=NOW)
    (file,) = tmp_path.iterdir()
    parsed = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert "テスト" in parsed["Subject"]
    body = parsed.get_body()
    assert body is not None
    assert "REQ-0001" in body.get_content()
    assert parsed["Auto-Submitted"] == "auto-generated"


def test_a_mail_sent_twice_has_one_message_id() -> None:
    ids = {compose(mail(), sender=SENDER, at=at)["Message-ID"] for at in (NOW, NOW.replace(day=9))}
    assert len(ids) == 1


def test_a_notice_of_preservation_names_its_matter_and_says_its_day_in_words() -> None:
    params = {"number": "M-2026-04", "since": "2026-11-22"}
    told = compose(
        mail(template="retention.mail.hold_notice", params=params), sender=SENDER, at=NOW
    )
    assert "M-2026-04" in told["Subject"]
    assert "2026年11月22日(日)" in told.get_content()
    for number in ("2026-00-12", "2026-11-22"):  # numbers of matters, and no days
        odd = mail(template="retention.mail.hold_notice", params=params | {"number": number})
        assert number in compose(odd, sender=SENDER, at=NOW)["Subject"]


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "taro@example.com\r\nBcc: all@example.com"},
        {"to": "no address"},
        {"params": {"reference": "山田太郎"}},
        {"params": {"reference": "a\nb"}},
        {"params": {"name": "taro"}},
        {"params": {"link": "javascript:alert(1)"}},
        {"params": {"link": "https://example.com/ taro"}},
        {"params": {"code": "lower case"}},
        {"params": {"due": "2026-02-30"}},
    ],
)
def test_nothing_but_a_reference_enters_a_mail(changes: dict[str, object]) -> None:
    with pytest.raises(MessageRefusedError) as caught:
        compose(mail(**changes), sender=SENDER, at=NOW)
    assert "taro" not in str(caught.value)


def test_smtp_hands_the_mail_over(smtp: SmtpServer) -> None:
    smtp_port(smtp).send(mail(lang=Lang.EN), at=NOW)
    (received,) = smtp.received
    assert b"REQ-0001" in received
    assert b"taro@example.com" in received


@pytest.mark.parametrize(
    ("replies", "error"),
    [
        ({"RCPT": "550 no such user"}, DeliveryGoneError),
        ({"RCPT": "450 later"}, DeliveryFailedError),
        ({"MAIL": "530 sign in first"}, DeliveryFailedError),
    ],
)
def test_only_a_refused_recipient_ends_the_tries(
    smtp: SmtpServer, replies: dict[str, str], error: type[GovernanceError]
) -> None:
    smtp.replies = replies
    with pytest.raises(error):
        smtp_port(smtp).send(mail(), at=NOW)


def test_a_server_without_encryption_gets_no_mail_by_default(smtp: SmtpServer) -> None:
    with pytest.raises(DeliveryFailedError):
        smtp_port(smtp, encryption=Encryption.STARTTLS).send(mail(), at=NOW)
    assert smtp.received == []


def test_an_smtp_server_inside_must_be_opened_by_hand() -> None:
    inside = SmtpMail(host="127.0.0.1", port=25, sender=SENDER, egress=Egress())
    with pytest.raises(OutboundRefusedError):
        inside.send(mail(), at=NOW)
