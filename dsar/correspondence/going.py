"""How letters go: with the step that calls for them, on their day, or with the end of the case."""

from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from dsar.case import Case
from dsar.correspondence.addressing import address_for
from dsar.correspondence.editions import text_in_use
from dsar.correspondence.errors import LetterChangedError
from dsar.correspondence.facts import NONE, Given
from dsar.correspondence.rules import digest_of, is_open, send_by
from dsar.correspondence.sealing import Opened, gone, open_letter, seal
from dsar.correspondence.store import (
    add_letter,
    due_letters,
    letter_by_id,
    letters_of,
    save_letter,
)
from dsar.correspondence.types import ANSWERS, FREE, REVIEWED, LetterRecord, State, Template
from dsar.records import draft
from dsar.store import case_by_id
from dsar.types import Delivery
from governance.core.clock import JST
from governance.core.errors import GovernanceError
from governance.core.ids import new_row_id
from governance.core.logging import logger
from governance.core.terms import ActorId, Lang, RowId
from governance.customers.ports import Ports
from governance.customers.post import post
from governance.http.principal import Principal
from governance.outbound.mail import Mail

MAIL: Final = "dsar.mail.letter"
HOUSE: Final = ActorId("svc:sekisho")  # a step or a term, and no person, wrote it


def issue(
    tx: Connection,
    ports: Ports,
    case: Case,
    template: Template,
    *,
    lang: Lang,
    at: datetime,
    given: Given = NONE,
    last: date | None = None,
    waits: bool = True,
) -> tuple[str, ...]:
    """What a step calls for: gone at once, or waiting for an officer until its day.

    A text that an officer prepared for this step goes with the step itself; so does the word that
    an answer lies ready (not `waits`), whose own time has begun.
    """
    prepared = _prepared(tx, case, template)
    if prepared is not None:
        opened = open_letter(ports, prepared)
        return go(tx, ports, case, replace(opened, given=given), by=HOUSE, at=at)
    edition, source = text_in_use(tx, template, lang)
    today = at.astimezone(JST).date()
    day = send_by(template, today=today, last=last) if waits else None
    record = LetterRecord(
        id=new_row_id(),
        request=case.id,
        template=template,
        lang=lang,
        state=State.DRAFT,
        version=1,
        edition=edition,
        created_at=at,
        created_by=HOUSE,
        changed_at=at,
        changed_by=HOUSE,
        send_by=day,
    )
    if day is not None:
        add_letter(tx, replace(record, content=seal(ports, case, record.id, source, given)))
        return (f"letter:{record.id}",)
    sent, written = gone(ports, case, record, source, given, by=HOUSE, at=at)
    mail = _announce(tx, ports, case, sent, at=at)
    add_letter(tx, replace(sent, mailed=bool(mail)))
    return (f"letter:{sent.id}", f"sha256:{digest_of(written)}", *mail)


def _prepared(tx: Connection, case: Case, template: Template) -> LetterRecord | None:
    """An open text of this kind that waits for its step."""
    if template not in REVIEWED:
        return None
    found = [
        one
        for one in letters_of(tx, case.id, states=(State.DRAFT,))
        if one.template is template and one.send_by is None
    ]
    return letter_by_id(tx, found[-1].id) if found else None


def send_due(ports: Ports, principal: Principal, *, at: datetime, limit: int) -> int:
    """How many letters that nobody sent went as they stood, because their day has come."""
    log = logger()
    with ports.database.read() as tx:
        due = due_letters(tx, on=at.astimezone(JST).date(), limit=limit)
    use = partial(_send_one, ports=ports, principal=principal, at=at)
    sent = 0
    for letter in due:
        try:
            sent += ports.database.write(partial(use, letter=letter), batch=True)
        except GovernanceError as error:  # one that cannot go holds up no other
            log.warning("letter.unsent", code=error.code)
    return sent


def _send_one(
    tx: Connection, *, ports: Ports, principal: Principal, letter: RowId, at: datetime
) -> bool:
    record = letter_by_id(tx, letter)
    if record is None or not is_open(record.state) or record.send_by is None:
        return False
    case = case_by_id(tx, record.request)
    refs = go(tx, ports, case, open_letter(ports, record), by=principal.id, at=at)
    code = EventCode.REQUEST_LETTER_SENT
    note_letter(tx, ports, principal, case, record, code, at=at, refs=("by_its_day", *refs))
    return True


def settle(
    tx: Connection, ports: Ports, case: Case, *, send: bool, at: datetime
) -> tuple[str, ...]:
    """Nothing is open on a case that ends: what a step called for goes, or is overtaken.

    `send` is false where the person took the request back: there is nothing to answer any more.
    """
    refs: list[str] = []
    for one in letters_of(tx, case.id, states=(State.DRAFT,)):
        record = letter_by_id(tx, one.id) or one
        if send and record.send_by is not None:
            refs += go(tx, ports, case, open_letter(ports, record), by=HOUSE, at=at)
        elif record.template not in FREE:
            save_letter(
                tx,
                replace(
                    record,
                    version=record.version + 1,
                    state=State.VOID,
                    changed_at=at,
                    changed_by=HOUSE,
                    content=None,
                ),
            )
    return tuple(refs)


def answered_by_letter(tx: Connection, case: Case) -> bool:
    """Whether the answer has its letter, gone or waiting; two laws come to it at two times."""
    called_for = letters_of(tx, case.id, states=(State.DRAFT, State.SENT))
    return any(
        one.template in ANSWERS and (one.sent_at is not None or one.send_by is not None)
        for one in called_for
    )


def go(
    tx: Connection, ports: Ports, case: Case, opened: Opened, *, by: ActorId, at: datetime
) -> tuple[str, ...]:
    """The open letter goes; raises LetterChangedError when it went before."""
    record = opened.record
    sent, written = gone(ports, case, record, opened.source, opened.given, by=by, at=at)
    mail = _announce(tx, ports, case, sent, at=at)
    after = replace(
        sent, version=record.version + 1, mailed=bool(mail), changed_at=at, changed_by=by
    )
    if not save_letter(tx, after):
        raise LetterChangedError
    return (f"letter:{sent.id}", f"sha256:{digest_of(written)}", *mail)


def _announce(
    tx: Connection, ports: Ports, case: Case, letter: LetterRecord, *, at: datetime
) -> tuple[str, ...]:
    """The mail that says that a letter waits: the number, and nothing else about anybody."""
    if letter.template in ANSWERS and case.delivery is not Delivery.DOWNLOAD:
        return ()  # asked for on paper
    address = address_for(tx, ports, case, at=at)
    if address is None:
        return ()
    mail = Mail(
        idem_key=f"dsar/letter/{letter.id}",
        to=address,
        template=MAIL,
        lang=letter.lang,
        params={"reference": case.reference},
    )
    return (f"message:{post(tx, ports.vault, mail, subject=case.subject, at=at)}",)


def note_letter(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    case: Case,
    letter: LetterRecord,
    code: EventCode,
    *,
    at: datetime,
    refs: tuple[str, ...] = (),
) -> None:
    """The letter's part of the log: which text, which state, what digest; no word of it."""
    reasons = (letter.template.value, letter.state.value)
    ports.audit.append(
        tx,
        draft(
            ports,
            principal,
            case,
            code,
            at=at,
            reasons=reasons,
            refs=(*refs, *(() if refs else (f"letter:{letter.id}",))),
        ),
    )
