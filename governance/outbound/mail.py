"""Mail from catalogue texts, carrying nothing personal beyond a reference.

The parameters of a text are a short closed list of forms, so that no name, no value and
no second header can enter a mail. The file sink is the default; SMTP is switched on.
"""

import asyncio
import os
import re
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import aiosmtplib

from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day
from governance.outbound.client import system_trust
from governance.outbound.errors import (
    DeliveryFailedError,
    DeliveryGoneError,
    MessageRefusedError,
)
from governance.outbound.ssrf import Egress, Resolver, pin_host, system_resolver

OWNER_ONLY = 0o600
PERMANENT = 500  # SMTP replies from here on will not change by trying again
CONNECT_SECONDS = 5.0
SMTP_SECONDS = 30.0
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
LINE = r"[^\x00-\x1f\x7f]{1,200}"  # words of the catalogue or of a register
LINES = re.compile(rf"-|- {LINE}(\n- {LINE})*")  # in a body alone; no subject names one
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")  # stored so; said in words
PARAMS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "reference": re.compile(r"[A-Za-z0-9-]{1,64}"),
        "link": re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9_.~%/?=&-]*)?"),
        "code": re.compile(r"[A-Z0-9-]{4,16}"),
        "due": DAY,
        "since": DAY,
        "number": re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,59}"),  # of a matter
        "minutes": re.compile(r"\d{1,5}"),
        "count": re.compile(r"\d{1,9}"),
        "version": re.compile(r"[A-Za-z0-9.-]{1,32}"),
        "origin": re.compile(r"[A-Za-z0-9./-]{1,255}"),
        "person": re.compile(r"[0-9a-f-]{36}"),  # a pseudonym
        "outcome": re.compile(LINE),
        "reason": re.compile(LINE),
        "grounds": LINES,
        "fields": LINES,
        "recipients": LINES,
        "root": re.compile(r"[A-Za-z0-9+/]{43}="),  # a hash in base64
        "signature": re.compile(r"[A-Za-z0-9+/]{90,92}={0,2}"),  # key id and Ed25519 signature
    }
)


class Encryption(StrEnum):
    """How the way to the SMTP server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"  # a relay on this machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail; the address is never printed, subject and body come from the catalogue."""

    idem_key: str
    to: str = field(repr=False)
    template: str  # catalogue key; `.subject` and `.body` stand under it
    lang: Lang
    params: dict[str, str] = field(default_factory=dict, repr=False)


class MailPort(Protocol):
    """Something that takes mails."""

    def send(self, mail: Mail, *, at: datetime) -> None:
        """The mail is handed over; raises DeliveryFailedError or DeliveryGoneError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSinkMail:
    """Writes each mail to a folder, readable by its owner; one file per idempotency key."""

    folder: Path
    sender: str

    def send(self, mail: Mail, *, at: datetime) -> None:
        """The mail stands in the folder, once however often it is sent."""
        content = compose(mail, sender=self.sender, at=at).as_bytes()
        key = _key_hash(mail)[:16]
        put_once(self.folder, f"{at:%Y%m%dT%H%M%SZ}-{key}.eml", key=key, content=content)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpMail:
    """Hands mails to an SMTP server; encrypted unless the operator says `none` by hand."""

    host: str
    port: int
    sender: str
    encryption: Encryption = Encryption.STARTTLS
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    egress: Egress
    resolver: Resolver = system_resolver
    tls: ssl.SSLContext | None = None

    def send(self, mail: Mail, *, at: datetime) -> None:
        """The server took the mail; for a thread without an event loop."""
        message = compose(mail, sender=self.sender, at=at)
        address = pin_host(self.host, self.port, self.egress, resolver=self.resolver)
        try:
            asyncio.run(self._hand_over(message, str(address)))
        except aiosmtplib.SMTPRecipientsRefused as error:
            if all(each.code >= PERMANENT for each in error.recipients):
                raise DeliveryGoneError from error
            raise DeliveryFailedError(reason="recipient") from error
        except aiosmtplib.SMTPResponseException as error:  # also our own wrong password
            raise DeliveryFailedError(reason="status", status=error.code) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise DeliveryFailedError(reason=type(error).__name__) from error

    async def _hand_over(self, message: EmailMessage, address: str) -> None:
        """Over a connection to the judged address; the certificate must name the host."""
        connection = await asyncio.to_thread(
            socket.create_connection, (address, self.port), timeout=CONNECT_SECONDS
        )
        connection.setblocking(False)
        client = aiosmtplib.SMTP(
            hostname=self.host,
            sock=connection,
            local_hostname=self.sender.rpartition("@")[2],
            username=self.username,
            password=self.password,
            use_tls=self.encryption is Encryption.TLS,
            start_tls=self.encryption is Encryption.STARTTLS,
            timeout=SMTP_SECONDS,
            tls_context=self.tls or system_trust(),
        )
        async with client:
            await client.send_message(message)


def compose(mail: Mail, *, sender: str, at: datetime) -> EmailMessage:
    """The mail as RFC 5322 text; raises MessageRefusedError if a part is not of its form."""
    for name, address in (("to", mail.to), ("sender", sender)):
        if not ADDRESS.fullmatch(address):
            raise MessageRefusedError(field=name)
    params = _in_words(checked_params(mail.params), mail.lang)
    message = EmailMessage()
    message["From"] = sender
    message["To"] = mail.to
    message["Subject"] = text(f"{mail.template}.subject", mail.lang, **params)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{_key_hash(mail)[:32]}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    message["Content-Language"] = mail.lang.value
    message.set_content(text(f"{mail.template}.body", mail.lang, **params))
    return message


def checked_params(params: Mapping[str, str]) -> Mapping[str, str]:
    """The parameters, if each has a known name and its form; raises MessageRefusedError."""
    for name, value in params.items():
        if name not in PARAMS or not PARAMS[name].fullmatch(value):
            raise MessageRefusedError(field=name)
    return params


def _in_words(params: Mapping[str, str], lang: Lang) -> Mapping[str, str]:
    """The parameters with their days as people read them; a number that looks like one stays."""
    return {
        name: long_day(_day(name, value), lang) if PARAMS[name] is DAY else value
        for name, value in params.items()
    }


def _day(name: str, value: str) -> date:
    """The day; raises MessageRefusedError for what no calendar has."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise MessageRefusedError(field=name) from None


def put_once(folder: Path, name: str, *, key: str, content: bytes) -> None:
    """The file stands in the folder, readable by its owner alone; not if its key stands there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    whole = folder / name
    if any(folder.glob(f"*-{key}{whole.suffix}")):
        return
    part = whole.with_suffix(".part")
    with suppress(FileNotFoundError):
        part.unlink()
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as f:
        f.write(content)
    part.replace(whole)


def _key_hash(mail: Mail) -> str:
    return sha256(mail.idem_key.encode()).hexdigest()
