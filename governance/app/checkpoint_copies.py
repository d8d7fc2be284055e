"""Copies of the log's head for people: a sheet for the audit file, a letter to the auditor.

Both carry the three lines of the checkpoint and its Ed25519 signature, which is a signed note of
its own (C2SP): whoever typed it off a sheet or scanned its code holds a checkpoint that
`verifier.pyz --checkpoint` takes. The longer ML-DSA-44 signature stays in the file.
"""

import io
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Final

import segno
from jinja2 import Environment, StrictUndefined, Template
from sqlalchemy import Connection

from audit.errors import NotSequencedError
from audit.note import Checkpoint, KeyType, VerifierKey, parse_checkpoint, parse_note
from audit.store import last_note
from governance.app.wiring import Wiring
from governance.core.clock import JST
from governance.core.settings import Settings, SettingsError
from governance.core.terms import Lang
from governance.customers.post import post
from governance.db.engine import Database
from governance.i18n.catalogue import text
from governance.jobs.types import Step
from governance.outbound.mail import ADDRESS, Mail

TEMPLATE: Final = "checkpoint_sheet.html"
GROUP: Final = 4  # hexadecimal digits that the eye takes in at once
ROW: Final = 8  # groups on a line
CODE_BORDER: Final = 4  # modules of quiet zone (ISO/IEC 18004)
MAIL_TEMPLATE: Final = "app.mail.checkpoint"


def short_note(note: str, key: VerifierKey) -> str:
    """The checkpoint with the log's Ed25519 signature alone; short enough for a code."""
    parsed = parse_note(note)
    lines = [one.line for one in parsed.signatures if one.key_id == key.key_id]
    return f"{parsed.text}\n{''.join(lines)}"


def newest_short(tx: Connection, keys: tuple[VerifierKey, ...]) -> tuple[Checkpoint, str]:
    """The newest checkpoint and its short note; raises NotSequencedError without one."""
    note = last_note(tx)
    if note is None:
        raise NotSequencedError
    plain = next(key for key in keys if key.kind is KeyType.ED25519)
    return parse_checkpoint(parse_note(note).text), short_note(note, plain)


def sheet(wiring: Wiring, *, lang: Lang, at: datetime) -> bytes:
    """A page to print and sign: the head in words, in digits and as a QR code."""
    with wiring.database.read() as tx:
        head, note = newest_short(tx, wiring.log_keys.verifier_keys)
    drawn = io.StringIO()
    code = segno.make(note, error="m", micro=False)
    drawn.write(code.svg_inline(border=CODE_BORDER, omitsize=True, svgclass=None, lineclass=None))

    def say(name: str, **params: object) -> str:
        return text(f"app.sheet.{name}", lang, **params)

    company = wiring.settings.company_ja if lang is Lang.JA else wiring.settings.company_en
    page = _page().render(
        lang=lang.value,
        say=say,
        company=company,
        head=head,
        root=list(_groups(head.root.hex())),
        code=drawn.getvalue(),
        note=note,
        keys=[key.vkey for key in wiring.log_keys.verifier_keys if key.kind is KeyType.ED25519],
        at=at.astimezone(JST).strftime("%Y-%m-%d %H:%M (JST)"),
    )
    return page.encode()


def mail_address(settings: Settings) -> str | None:
    """Who receives each day's head; raises SettingsError for what is no address."""
    address = settings.checkpoint_mail
    if address is not None and not ADDRESS.fullmatch(address):
        raise SettingsError(setting="checkpoint_mail")
    return address


def letter_step(
    wiring: Wiring,
    db: Database,
    /,
    *,
    cursor: str | None,
    limit: int,  # noqa: ARG001 - the step's form; there is one head
    at: datetime,
    heartbeat: Callable[[], None],  # noqa: ARG001 - one row is written
) -> Step:
    """The day's head waits in the outbox for the auditor, once for each head."""
    address = mail_address(wiring.settings)
    if address is None:
        return Step(done=0, cursor=cursor, finished=True)

    def write(tx: Connection) -> None:
        head, note = newest_short(tx, wiring.log_keys.verifier_keys)
        signature = note.rstrip("\n").rpartition(" ")[2]
        params = {
            "origin": head.origin,
            "count": str(head.size),
            "root": head.text.split("\n")[2],
            "signature": signature,
        }
        mail = Mail(
            idem_key=f"checkpoint:{head.size}",
            to=address,
            template=MAIL_TEMPLATE,
            lang=Lang.JA,
            params=params,
        )
        post(tx, wiring.vault, mail, subject=None, at=at)

    db.write(write)
    return Step(done=1, cursor=cursor, finished=True)


def _groups(digits: str) -> Iterator[str]:
    """Lines of groups, which two people can compare by reading aloud."""
    groups = [digits[at : at + GROUP] for at in range(0, len(digits), GROUP)]
    for at in range(0, len(groups), ROW):
        yield " ".join(groups[at : at + ROW])


@cache
def _page() -> Template:
    source = files("governance.app").joinpath("templates", TEMPLATE).read_text("utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(source)
