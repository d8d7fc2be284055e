"""What leaves: the ways out that the settings name, and the outbox carried along them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from ipaddress import ip_network
from random import SystemRandom
from typing import Final, assert_never

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from dsar.execution.hook_sending import send_to_recipient
from governance.app.executing import HOUSE
from governance.app.webhooks.sending import send_webhook
from governance.app.wiring import SYSTEM, Wiring
from governance.core.errors import GovernanceError
from governance.core.logging import logger
from governance.core.setting_kinds import MailKind, SmsKind
from governance.core.settings import Settings, SettingsError
from governance.crypto.frame import FrameError
from governance.crypto.secret_refs import read_secret
from governance.customers.post import INSTALLATION, about, unsealed
from governance.jobs.outbox import Delivered, OutboxMessage, Sender, deliver_once
from governance.keys.errors import KeyDestroyedError
from governance.outbound.channels import ChannelKind, Channels, Message, send
from governance.outbound.egress import egress_of
from governance.outbound.errors import MessageRefusedError
from governance.outbound.mail import (
    ADDRESS,
    Encryption,
    FileSinkMail,
    Mail,
    MailPort,
    SmtpMail,
)
from governance.outbound.sms import FileSinkSms, SmsPort, WebhookSms
from governance.outbound.ssrf import Egress
from governance.outbound.webhooks import WebhookPort

A_ROUND: Final = 50  # messages of one tick; the next one goes on
JITTER: Final = SystemRandom().random
PORTAL: Final = "/portal"
INNER: Final = tuple(
    ip_network(text)
    for text in ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                 "fc00::/7")
)  # fmt: skip  # a relay beside us: only the operator's settings name the host
log = logger()


class RecipientErasedError(GovernanceError):
    """The person's key was destroyed while the message waited; nobody can read or send it."""

    code, status = "recipient_erased", 410


class MessageUnsendableError(GovernanceError):
    """The stored message does not open or is not of its form; no later try can succeed."""

    code, status = "message_unsendable", 410


def channels_of(settings: Settings) -> Channels:
    """The ways out of this installation; raises what is wrong with a setting before any start."""
    if not ADDRESS.fullmatch(settings.mail_from):
        raise SettingsError(setting="mail_from")
    return Channels(mail=_mail(settings), sms=_sms(settings))


def _mail(settings: Settings) -> MailPort:
    match settings.mail:
        case MailKind.FOLDER:
            return FileSinkMail(folder=settings.mail_folder, sender=settings.mail_from)
        case MailKind.SMTP:
            return _smtp(settings)
        case _:
            assert_never(settings.mail)


def _sms(settings: Settings) -> SmsPort:
    match settings.sms:
        case SmsKind.FOLDER:
            return FileSinkSms(folder=settings.sms_dir or settings.data_dir / "sms")
        case SmsKind.WEBHOOK:
            if settings.sms_url is None or settings.sms_secret_file is None:
                raise SettingsError(setting="sms_url")
            secret = read_secret(f"file:{settings.sms_secret_file}").decode().strip()
            return WebhookSms(
                url=settings.sms_url,
                webhooks=WebhookPort(secrets=(secret,), egress=egress_of(settings)),
            )
        case _:
            assert_never(settings.sms)


def _smtp(settings: Settings) -> SmtpMail:
    user, secret = settings.smtp_user, settings.smtp_password_file
    if (user is None) != (secret is None):
        raise SettingsError(setting="smtp_password_file" if user is not None else "smtp_user")
    return SmtpMail(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.mail_from,
        encryption=Encryption(settings.smtp_encryption.value),
        username=user,
        password=None if secret is None else read_secret(f"file:{secret}").decode(),
        egress=Egress(networks=INNER),
    )


def senders_of(wiring: Wiring) -> Mapping[str, Sender]:
    """What delivers each kind of message of the outbox; raises what is wrong with a setting.

    The ways out are made anew for each message: a password or secret that was changed in its file
    counts from the next one on, and until a file can be read again the messages wait.
    """
    channels_of(wiring.settings)
    by_kind: dict[str, Sender] = {kind.value: partial(_deliver, wiring) for kind in ChannelKind}
    return by_kind | {ChannelKind.WEBHOOK.value: partial(_webhook, wiring)}


def _webhook(wiring: Wiring, waiting: OutboxMessage, /, *, at: datetime) -> None:
    """To a system that subscribed, or to a recipient of the register."""
    if waiting.target != INSTALLATION:
        send_webhook(wiring, waiting, at=at)
        return
    send_to_recipient(wiring.ports, egress_of(wiring.settings), HOUSE, waiting, at=at)


def deliver(
    wiring: Wiring,
    senders: Mapping[str, Sender],
    *,
    stopping: Callable[[], bool],
    jitter: Callable[[], float] = JITTER,
) -> Delivered:
    """Counts after what was due was tried once each; each try starts with its own lease."""
    sent = postponed = dead = 0
    for _ in range(A_ROUND):
        if stopping():
            break
        one = deliver_once(wiring.database, senders, at=wiring.clock(), limit=1, jitter=jitter)
        if one == Delivered():
            break
        sent, postponed, dead = sent + one.sent, postponed + one.postponed, dead + one.dead
    for state, count in (("postponed", postponed), ("dead", dead)):
        if count:
            log.warning("outbox.not_delivered", state=state, count=count)
    return Delivered(sent=sent, postponed=postponed, dead=dead)


def _deliver(wiring: Wiring, waiting: OutboxMessage, /, *, at: datetime) -> None:
    """The receiver has the message, and the log says that it left."""
    channels = channels_of(wiring.settings)
    try:
        message = unsealed(wiring.vault, waiting)
        send(channels, _addressed(message, wiring.settings.origin), at=at)
    except KeyDestroyedError as error:
        raise RecipientErasedError from error
    except (FrameError, MessageRefusedError) as error:
        raise MessageUnsendableError(reason=error.code) from error
    if isinstance(message, Mail):
        wiring.database.write(lambda tx: wiring.audit.append(tx, _sent(waiting, at=at)))


def _addressed(message: Message, origin: str) -> Message:
    """A mail learns here, where the origin is known, under which address the portal stands."""
    if not isinstance(message, Mail):
        return message
    return replace(message, params={"link": f"{origin.rstrip('/')}{PORTAL}"} | message.params)


def _sent(waiting: OutboxMessage, *, at: datetime) -> EventDraft:
    return EventDraft(
        action=EventCode.MAIL_SENT,
        occurred_at=at,
        actor=SYSTEM,
        object_type="message",
        object_id=waiting.id,
        subject=about(waiting),
        outcome=Outcome.DONE,
        counts=(("attempt", waiting.attempt),),
    )
