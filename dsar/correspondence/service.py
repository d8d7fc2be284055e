"""Letters as use cases of officers and readers: written, looked at, sent once, read.

A letter is a text with slots. What is open may be edited as long as nothing that the law needs is
taken out; what is gone is kept as it went, sealed, and its digest stands in the log. The e-mail
says no more than that a letter waits.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from dsar.case import Case
from dsar.correspondence.editions import text_in_use
from dsar.correspondence.errors import (
    LetterBlankError,
    LetterChangedError,
    LetterClosedError,
    LetterNotDueError,
    LetterUnknownError,
)
from dsar.correspondence.facts import NONE
from dsar.correspondence.going import go, note_letter
from dsar.correspondence.rules import action_for, checked, has_blank, is_open
from dsar.correspondence.sealing import Opened, filled_now, open_letter, seal
from dsar.correspondence.store import (
    add_letter,
    letter_by_id,
    letters_of,
    mark_read,
    save_letter,
)
from dsar.correspondence.types import (
    FREE,
    REVIEWED,
    LetterRecord,
    Source,
    State,
    Template,
    Written,
)
from dsar.records import actor_of, demand
from dsar.store import answer_language, case_by_id
from governance.core.ids import new_row_id
from governance.core.terms import RequestId, RowId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action


def compose(
    ports: Ports, principal: Principal, request: RequestId, template: Template, *, at: datetime
) -> LetterRecord:
    """A letter of an officer: of its own, or the text that a later step will send.

    Raises LetterNotDueError for one that goes with its step and has nothing to prepare.
    """
    if template not in FREE | REVIEWED:
        raise LetterNotDueError
    with ports.database.read() as tx:
        case = case_by_id(tx, request)
        lang = answer_language(tx, request)
        edition, source = text_in_use(tx, template, lang)
    demand(actor_of(principal, ports.policies.current, case), action_for(template))
    row = new_row_id()
    record = LetterRecord(
        id=row,
        request=request,
        template=template,
        lang=lang,
        state=State.DRAFT,
        version=1,
        edition=edition,
        created_at=at,
        created_by=principal.id,
        changed_at=at,
        changed_by=principal.id,
        content=seal(ports, case, row, source, NONE),
    )

    def write(tx: Connection) -> None:
        if case_by_id(tx, request).closed and template not in FREE:
            raise LetterClosedError
        add_letter(tx, record)
        note_letter(tx, ports, principal, case, record, EventCode.REQUEST_LETTER_WRITTEN, at=at)

    ports.database.write(write)
    return record


def edit(
    ports: Ports,
    principal: Principal,
    letter: RowId,
    source: Source,
    *,
    version: int,
    at: datetime,
) -> LetterRecord:
    """The open letter reads so from now on; raises the first fault, and nothing is changed."""
    with ports.database.read() as tx:
        case, record = _found(tx, ports, principal, letter)
    if not is_open(record.state):
        raise LetterClosedError
    good = checked(record.template, source)
    after = replace(
        record,
        version=version + 1,
        changed_at=at,
        changed_by=principal.id,
        content=seal(ports, case, letter, good, open_letter(ports, record).given),
    )

    def write(tx: Connection) -> None:
        if not save_letter(tx, after):
            raise LetterChangedError
        note_letter(tx, ports, principal, case, after, EventCode.REQUEST_LETTER_WRITTEN, at=at)

    ports.database.write(write)
    return after


def preview(
    ports: Ports,
    principal: Principal,
    letter: RowId,
    *,
    at: datetime,
    source: Source | None = None,
) -> tuple[Opened, Written]:
    """The letter with its text, and how the person would read it now, or read it when it went.

    `source`: a text that is not kept yet, checked like one that is.
    """
    with ports.database.read() as tx:
        case, record = _found(tx, ports, principal, letter, sent_too=True)
    opened = open_letter(ports, record)
    if not is_open(record.state):
        return opened, Written(title=opened.source.title, body=opened.source.body)
    if source is not None:
        opened = replace(opened, source=checked(record.template, source))
    return opened, filled_now(ports, case, record, opened.source, opened.given, at=at)


def send(
    ports: Ports, principal: Principal, letter: RowId, *, version: int, at: datetime
) -> LetterRecord:
    """The letter has gone, once: its text is fixed, its digest on record, an e-mail says it waits.

    Raises LetterNotDueError for one whose step was not taken, LetterChangedError for the second.
    """

    def write(tx: Connection) -> LetterRecord:
        case, record = _found(tx, ports, principal, letter)
        if not is_open(record.state):
            raise LetterClosedError
        if record.version != version:
            raise LetterChangedError
        if record.send_by is None and record.template not in FREE:
            raise LetterNotDueError
        opened = open_letter(ports, record)
        if has_blank(opened.source):
            raise LetterBlankError
        refs = go(tx, ports, case, opened, by=principal.id, at=at)
        note_letter(
            tx, ports, principal, case, record, EventCode.REQUEST_LETTER_SENT, at=at, refs=refs
        )
        return letter_by_id(tx, letter) or record

    return ports.database.write(write)


def drop(
    ports: Ports, principal: Principal, letter: RowId, *, version: int, at: datetime
) -> LetterRecord:
    """An officer's own letter will not be sent; one that a step calls for cannot be dropped."""

    def write(tx: Connection) -> LetterRecord:
        case, record = _found(tx, ports, principal, letter)
        if not is_open(record.state) or record.send_by is not None:
            raise LetterClosedError
        gone = replace(
            record,
            version=version + 1,
            state=State.VOID,
            changed_at=at,
            changed_by=principal.id,
            content=None,
        )
        if not save_letter(tx, gone):
            raise LetterChangedError
        note_letter(tx, ports, principal, case, gone, EventCode.REQUEST_LETTER_WRITTEN, at=at)
        return gone

    return ports.database.write(write)


def list_letters(
    tx: Connection, ports: Ports, principal: Principal, request: RequestId
) -> tuple[LetterRecord, ...]:
    """Letters of a request, for whoever may read requests."""
    demand(actor_of(principal, ports.policies.current), Action.DSAR_READ)
    return letters_of(tx, request)


def read_own(
    ports: Ports, principal: Principal, case: Case, letter: RowId, *, at: datetime
) -> tuple[LetterRecord, Written]:
    """A letter that went, for the person whom the page has admitted; the first look is on record.

    404 for every other letter alike.
    """

    def write(tx: Connection) -> LetterRecord:
        record = letter_by_id(tx, letter)
        if record is None or record.request != case.id or record.state is not State.SENT:
            raise LetterUnknownError
        if mark_read(tx, letter, at=at):
            note_letter(tx, ports, principal, case, record, EventCode.REQUEST_LETTER_READ, at=at)
        return record

    record = ports.database.write(write)
    source = open_letter(ports, record).source
    return record, Written(title=source.title, body=source.body)


def _found(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    letter: RowId,
    *,
    sent_too: bool = False,
) -> tuple[Case, LetterRecord]:
    """The letter and its case; 404 before 403. What went is read by whoever reads requests."""
    record = letter_by_id(tx, letter)
    actor = actor_of(principal, ports.policies.current)
    if record is None or Action.DSAR_READ not in actor.actions:
        raise LetterUnknownError
    if is_open(record.state) or not sent_too:
        demand(actor, action_for(record.template))
    return case_by_id(tx, record.request), record
