"""A letter that went, on paper: the same words, with the addressee that the officer gives."""

from datetime import datetime
from typing import Final

from audit.actions import EventCode
from dsar.correspondence.blocks import blocks_of, lead_of
from dsar.correspondence.errors import LetterNotDueError, LetterTextError
from dsar.correspondence.going import note_letter
from dsar.correspondence.service import preview
from dsar.correspondence.types import LetterRecord, State, Written
from dsar.store import case_by_id
from governance.core.terms import RowId
from governance.customers.ports import Ports
from governance.documents.papers import Paper, Part
from governance.http.principal import Principal
from governance.i18n.formats import long_day

MOST_LINES: Final = 8  # of an address
MOST_SIGNS: Final = 100  # of a line


def printed(
    ports: Ports, principal: Principal, letter: RowId, to: str, *, at: datetime
) -> tuple[LetterRecord, Paper]:
    """What the printer sets; that it was printed is on record, the address nowhere but there."""
    addressee = tuple(line.strip() for line in to.splitlines() if line.strip())
    if len(addressee) > MOST_LINES or any(len(line) > MOST_SIGNS for line in addressee):
        raise LetterTextError(most=MOST_LINES * MOST_SIGNS)
    opened, written = preview(ports, principal, letter, at=at)
    record = opened.record
    if record.state is not State.SENT:
        raise LetterNotDueError
    with ports.database.read() as tx:
        case = case_by_id(tx, record.request)
    code = EventCode.REQUEST_LETTER_READ
    ports.database.write(
        lambda tx: note_letter(tx, ports, principal, case, record, code, at=at, refs=("printed",))
    )
    sender = ports.controller.company(record.lang)
    return record, paper_of(written, record, sender=sender, number=case.reference, to=addressee)


def paper_of(
    written: Written, record: LetterRecord, *, sender: str, number: str, to: tuple[str, ...]
) -> Paper:
    """The letter as a paper: its words as data, headings as parts."""
    blocks = blocks_of(written.body)
    first = blocks[0] if blocks and not blocks[0].head else None
    sent = record.sent_at
    return Paper(
        title=written.title,
        sender=sender,
        number=number,
        date=long_day(sent, record.lang) if sent else "",
        to=to,
        lead=lead_of(written.body) if first else (),
        parts=tuple(
            Part(head=one.head, paragraphs=one.lines, items=one.items)
            for one in (blocks[1:] if first and not first.items else blocks)
        ),
    )
