"""From a request to a mail in the folder: once, sealed until then, and never for the erased."""

import email
import email.policy
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import select

from dsar import service
from dsar.case import Case
from dsar.types import Intake, RequestKind
from governance.app.deliveries import channels_of, deliver, senders_of
from governance.app.doctor import examine
from governance.app.wiring import Wiring
from governance.core.setting_kinds import MailKind, Mode, SmsKind, SmtpEncryption
from governance.core.settings import SettingsError, UnsafeSettingsError
from governance.core.settings_reading import refuse_unsafe
from governance.core.terms import ActorId, FieldId, KeyClass, Lang
from governance.crypto.secret_refs import SecretPermissionError, write_private
from governance.customers.post import post
from governance.customers.store import TABLES, set_state
from governance.customers.subjects import SubjectState
from governance.http.principal import Principal, PrincipalKind
from governance.jobs import outbox
from governance.jobs.outbox import OUTBOX, Delivered, OutboxState
from governance.outbound.mail import Encryption, FileSinkMail, Mail, SmtpMail
from governance.outbound.sms import Sms, WebhookSms
from tests.governance.app.clock.conftest import House
from tests.installation import data_bytes, events


class Killed(BaseException):
    """The process dies here: no handler of ours runs."""


ADDRESS = "person1@example.com"


def asked(house: House, *, lang: Lang = Lang.JA) -> Case:
    """The customer asked in the portal for what we hold."""
    wiring = house.wiring
    person = Principal(
        id=ActorId(f"p:{house.customer}"),
        kind=PrincipalKind.PERSON,
        roles=frozenset({"customer"}),
    )
    new = service.NewRequest(
        kind=RequestKind.DISCLOSURE,
        intake=Intake.PORTAL,
        policy_days=14,
        subject=house.customer,
        lang=lang,
    )
    prepared = service.prepare_request(wiring.ports, new)
    return wiring.database.write(
        lambda tx: service.receive(tx, wiring.ports, person, new, prepared, at=house.now)
    )


def delivered(house: House, wiring: Wiring | None = None) -> Delivered:
    """What one beat of the clock carried out."""
    used = wiring or house.wiring
    senders = senders_of(used)
    return deliver(used, senders, stopping=lambda: False, jitter=lambda: 0.5)


def rows(house: House) -> list[Any]:
    with house.wiring.database.read() as tx:
        return list(tx.execute(select(OUTBOX).order_by(OUTBOX.c.id)))


def with_settings(wiring: Wiring, **changes: object) -> Wiring:
    return replace(wiring, settings=wiring.settings.model_copy(update=changes))


def read(path: Path) -> tuple[Mapping[str, Any], str]:
    parsed = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    body = parsed.get_body()
    assert body is not None
    return dict(parsed.items()), body.get_content()


@pytest.mark.parametrize(("lang", "word"), [(Lang.JA, "受付番号"), (Lang.EN, "Reference")])
def test_a_request_is_acknowledged_by_one_mail_with_reference_and_link(
    house: House, lang: Lang, word: str
) -> None:
    case = asked(house, lang=lang)
    assert house.mails == []
    assert delivered(house) == Delivered(sent=1)
    assert delivered(house) == Delivered()
    (mail,) = house.mails
    head, body = read(mail)
    assert head["To"] == ADDRESS
    assert case.reference in head["Subject"]
    assert word in body
    assert f"{house.wiring.settings.origin}/portal" in body
    assert "架空" not in body
    (row,) = rows(house)
    assert (row.state, row.payload) == ("sent", None)


def test_the_log_says_which_message_left(house: House) -> None:
    asked(house)
    delivered(house)
    (row,) = rows(house)
    with house.wiring.database.read() as tx:
        (told,) = events(tx, "mail.sent")
    assert (told.object_id, told.subject) == (row.id, house.customer)


def test_a_mail_sent_again_after_a_kill_is_the_same_file(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = FileSinkMail.send

    def send_and_die(sink: FileSinkMail, mail: Mail, *, at: datetime) -> None:
        real(sink, mail, at=at)
        raise Killed

    asked(house)
    with monkeypatch.context() as patch:
        patch.setattr(FileSinkMail, "send", send_and_die)
        with pytest.raises(Killed):
            delivered(house)
    (first,) = house.mails
    assert [row.state for row in rows(house)] == ["pending"]
    assert delivered(house) == Delivered()  # the lease of the try that died
    house.later(minutes=6)
    assert delivered(house) == Delivered(sent=1)
    assert house.mails == [first]


def test_the_mail_of_an_erased_person_is_dead_and_unreadable(house: House) -> None:
    asked(house)
    house.wiring.vault.destroy(house.customer, KeyClass.ACTIVE)
    assert delivered(house) == Delivered(dead=1)
    assert house.mails == []
    (row,) = rows(house)
    assert (row.state, row.last_error_code) == ("dead", "recipient_erased")


def test_nothing_personal_stands_in_the_outbox_or_the_logs(house: House) -> None:
    with structlog.testing.capture_logs() as logs:
        asked(house)
        (row,) = rows(house)
        delivered(house, with_settings(house.wiring, mail=MailKind.SMTP, smtp_port=1))
    assert ADDRESS not in repr(row)
    assert ADDRESS.encode() not in bytes(row.payload)
    assert ADDRESS not in repr(logs)
    if house.wiring.database.dialect == "sqlite":
        assert ADDRESS.encode() not in data_bytes(house.wiring)


def test_a_mail_that_no_server_takes_is_tried_again_later(house: House) -> None:
    asked(house)
    away = with_settings(
        house.wiring, mail=MailKind.SMTP, smtp_host="127.0.0.1", smtp_port=1
    )  # nobody listens there
    assert delivered(house, away) == Delivered(postponed=1)
    (row,) = rows(house)
    assert (row.state, row.last_error_code) == ("pending", "delivery_failed")
    assert row.next_at > house.now
    house.later(minutes=1)
    assert delivered(house) == Delivered(sent=1)


def test_a_channel_that_is_not_configured_is_tried_until_it_is_dead(house: House) -> None:
    message = Sms(idem_key="sms/1", to="+819000000000", template="dsar.letter", lang=Lang.JA)
    wiring = house.wiring
    wiring.database.write(lambda tx: post(tx, wiring.vault, message, subject=None, at=house.now))
    (row,) = rows(house)
    assert b"9000000000" not in bytes(row.payload)
    assert row.target == "installation"
    for _ in range(11):
        assert delivered(house) == Delivered(postponed=1)
        house.later(hours=7)
    assert delivered(house) == Delivered(dead=1)


def test_a_payload_moved_to_another_row_is_not_sent(house: House) -> None:
    asked(house)
    asked(house)
    first, second = rows(house)
    swap = OUTBOX.update().where(OUTBOX.c.id == first.id).values(payload=second.payload)
    house.wiring.database.write(lambda tx: tx.execute(swap))
    assert delivered(house) == Delivered(sent=1, dead=1)
    assert [row.last_error_code for row in rows(house)] == ["message_unsendable", None]


def test_a_person_without_an_address_gets_no_mail_and_the_request_stands(house: House) -> None:
    clear = TABLES["person"].update().values(email=None)
    house.wiring.database.write(lambda tx: tx.execute(clear))
    assert asked(house).reference
    assert rows(house) == []


def test_a_person_whose_address_is_none_gets_no_mail(house: House) -> None:
    wiring = house.wiring
    person = TABLES["person"]
    with wiring.database.read() as tx:
        row = tx.execute(select(person.c.id)).scalar_one()
    cells = wiring.vault.seal_row(house.customer, row, {FieldId("person.email"): "not an address"})
    change = person.update().values(email=cells[FieldId("person.email")])
    wiring.database.write(lambda tx: tx.execute(change))
    asked(house)
    assert rows(house) == []


def test_a_person_who_is_being_erased_gets_no_mail(house: House) -> None:
    house.wiring.database.write(lambda tx: set_state(tx, house.customer, SubjectState.ERASING))
    asked(house)
    assert rows(house) == []


def test_a_request_that_is_rolled_back_leaves_no_mail(house: House) -> None:
    class UndoneError(Exception):
        pass

    mail = Mail(idem_key="k", to=ADDRESS, template="outbound.mail.test", lang=Lang.JA)

    def write(tx: Any) -> None:
        post(tx, house.wiring.vault, mail, subject=house.customer, at=house.now)
        raise UndoneError

    with pytest.raises(UndoneError):
        house.wiring.database.write(write)
    assert rows(house) == []


def test_the_mail_settings_have_effect(house: House, tmp_path: Path) -> None:
    secret = tmp_path / "smtp"
    secret.write_text("invented\n")
    secret.chmod(0o600)
    settings = house.wiring.settings.model_copy(
        update={
            "mail": MailKind.SMTP,
            "mail_from": "privacy@example.com",
            "smtp_host": "mail.example.com",
            "smtp_port": 465,
            "smtp_encryption": SmtpEncryption.TLS,
            "smtp_user": "sekisho",
            "smtp_password_file": secret,
        }
    )
    found = channels_of(settings).mail
    assert isinstance(found, SmtpMail)
    assert (found.host, found.port, found.sender) == (
        "mail.example.com",
        465,
        "privacy@example.com",
    )
    assert (found.username, found.password) == ("sekisho", "invented")
    assert found.encryption is Encryption.TLS
    assert "invented" not in repr(found)
    secret.chmod(0o644)
    with pytest.raises(SecretPermissionError):
        channels_of(settings)


def test_a_secret_changed_in_its_file_counts_from_the_next_message_on(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, used = tmp_path / "secret", list[str | None]()
    write_private(secret, b"first\n")
    sending = with_settings(
        house.wiring, mail=MailKind.SMTP, smtp_user="sekisho", smtp_password_file=secret,
        sms=SmsKind.WEBHOOK, sms_url="https://sms.example.com/", sms_secret_file=secret,
    )  # fmt: skip

    def by_mail(way: SmtpMail, _mail: Mail, *, at: datetime) -> None:
        used.append(way.password)

    def by_sms(way: WebhookSms, _text: Sms, /, *, at: datetime) -> None:
        used.extend(way.webhooks.secrets)

    monkeypatch.setattr(SmtpMail, "send", by_mail)
    monkeypatch.setattr(WebhookSms, "send", by_sms)
    senders = senders_of(sending)  # once, as a server does

    def both(name: str) -> Delivered:
        mail = Mail(idem_key=f"m/{name}", to=ADDRESS, template="outbound.mail.test", lang=Lang.JA)
        sms = Sms(idem_key=f"s/{name}", to="+819000000000", template="dsar.sms.code", lang=Lang.JA)
        for one in (mail, sms):
            house.wiring.database.write(
                partial(
                    post, vault=sending.vault, message=one, subject=house.customer, at=house.now
                )
            )
        return deliver(sending, senders, stopping=lambda: False, jitter=lambda: 0.5)

    assert both("a") == Delivered(sent=2)
    write_private(secret, b"second\n")
    assert both("b") == Delivered(sent=2)
    assert used == ["first", "first", "second", "second"]
    secret.unlink()
    assert both("c") == Delivered(postponed=2)  # fails closed: nothing leaves without it
    assert {one.last_error_code for one in rows(house) if one.state == "pending"} == {"secret_ref"}
    write_private(secret, b"third")
    house.later(minutes=1)
    assert both("d") == Delivered(sent=4)
    assert used[4:] == ["third"] * 4


def test_settings_that_cannot_send_are_refused_before_a_start(house: House) -> None:
    for wrong in (
        {"mail_from": "nobody"},
        {"mail": MailKind.SMTP, "smtp_user": "sekisho"},
        {"mail": MailKind.SMTP, "smtp_password_file": Path("x")},
    ):
        with pytest.raises(SettingsError):
            channels_of(house.wiring.settings.model_copy(update=wrong))


def test_production_sends_no_mail_in_clear_over_a_network(house: House) -> None:
    safe = house.wiring.settings.model_copy(
        update={
            "mode": Mode.PRODUCTION,
            "origin": "https://privacy.example.com",
            "key_passphrase_file": Path("x"),
            "officer_mfa": True,
            "file_scanner": "none",
            "mail": MailKind.SMTP,
            "smtp_encryption": SmtpEncryption.NONE,
        }
    )
    refuse_unsafe(safe)
    with pytest.raises(UnsafeSettingsError, match="smtp_encryption"):
        refuse_unsafe(safe.model_copy(update={"smtp_host": "mail.example.com"}))


def test_states_of_the_outbox_are_those_of_its_rows(house: House) -> None:
    asked(house)
    (row,) = rows(house)
    with house.wiring.database.read() as tx:
        assert outbox.state_of(tx, row.idem_key) is OutboxState.PENDING
        assert re.fullmatch(r"person:[0-9a-f-]{36}", row.target)


def test_doctor_tells_what_waits_and_what_was_given_up(house: House) -> None:
    def look(check: str) -> tuple[str, Mapping[str, str | int]]:
        found = examine(house.wiring, at=house.now, stale=timedelta(days=1))
        (one,) = [each for each in found if each.check == check]
        return one.state, one.params

    asked(house)
    house.later(minutes=7)
    assert look("outbox") == ("good", {"pending": 1, "dead": 0, "minutes": 7})
    house.wiring.vault.destroy(house.customer, KeyClass.ACTIVE)
    delivered(house)
    assert look("outbox") == ("attention", {"pending": 0, "dead": 1, "minutes": 0})
    assert look("jobs") == ("good", {})
