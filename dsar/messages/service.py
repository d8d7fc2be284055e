"""Messages between a person and the officers, comments among officers, files of both.

Everything is sealed under the record key of the request, in which the rest of its file lies: when
that key ends, all of it ends. Mail says that a message waits, under which number, and no more.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row

from audit.actions import EventCode
from dsar.assigning import CAME, tell, tell_desk
from dsar.case import Case
from dsar.correspondence.addressing import address_for
from dsar.messages import store
from dsar.messages.errors import AttachmentUnknownError, ExchangeRefusedError
from dsar.messages.rules import file_wrong, kind_of_file, person_sees, safe_name, words_wrong
from dsar.messages.types import (
    MOST_FILES,
    MOST_UNREAD,
    Attachment,
    Comment,
    Message,
    Side,
    Wrong,
)
from dsar.records import actor_of, demand, draft
from dsar.store import answer_language, case_by_id
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, FieldId, KeyClass, RequestId, RowId
from governance.customers.ports import Ports
from governance.customers.post import post
from governance.customers.received import Provenance
from governance.customers.uploads import Place, scanned
from governance.documents.traces.rules import handle
from governance.documents.traces.types import Stuck
from governance.gateway.intake.screening import without_numbers
from governance.http.principal import Principal
from governance.outbound.mail import Mail
from policies.actions import Action

NAME: Final = FieldId("dsar.attachment_name")
STUCK: Final = {Stuck.KIND: Wrong.STAYS, Stuck.DAMAGED: Wrong.DAMAGED}
MAIL: Final = "dsar.mail.message_waits"


def case_for(ports: Ports, principal: Principal, request: RequestId) -> Case:
    """The request for an officer or the desk; raises for everybody else."""
    case = _case(ports, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_WRITE)
    return case


def send(
    ports: Ports,
    principal: Principal,
    request: RequestId,
    words: str,
    *,
    at: datetime,
    open_to_asker: bool = False,
) -> RowId:
    """The officer's message waits for the person in the portal; mail tells that one waits."""
    case = case_for(ports, principal, request)
    row, content = _sealed(ports, case, words)

    def write(tx: Connection) -> None:
        _open(tx, request)
        store.add_message(
            *(tx, request, row), side=Side.OFFICER, by=principal.id, at=at,
            open_to_asker=open_to_asker, content=content,
        )  # fmt: skip
        refs = _announce(tx, ports, case, row, at=at)
        _note(tx, ports, principal, case, EventCode.REQUEST_MESSAGE_WRITTEN, at=at, refs=refs)

    ports.database.write(write)
    return row


def reply(ports: Ports, asker: Principal, request: RequestId, words: str, *, at: datetime) -> RowId:
    """The message of whoever asks waits for an officer; the page has shown that it is theirs.

    Mail tells the desk and who has it in hand of the first that nobody has read, and of none after
    it until it was.
    """
    case = _case(ports, request)
    row, content = _sealed(ports, case, words)

    def write(tx: Connection) -> None:
        unread = _room(tx, request)
        store.add_message(
            *(tx, request, row), side=Side.PERSON, by=asker.id, at=at,
            open_to_asker=True, content=content,
        )  # fmt: skip
        refs = () if unread else _tell_office(tx, ports, case, row, at=at)
        _note(tx, ports, asker, case, EventCode.REQUEST_MESSAGE_WRITTEN, at=at, refs=refs)

    ports.database.write(write)
    return row


def check_reply(ports: Ports, request: RequestId, words: str) -> None:
    """Raises where `reply` would refuse, so that a file sent with the words is not stored alone."""
    _worded(words)
    with ports.database.read() as tx:
        _room(tx, request)


def _room(tx: Connection, request: RequestId) -> int:
    """How many messages wait for an officer; raises where no more is taken."""
    _open(tx, request)
    unread = store.unread(tx, request, Side.PERSON)
    if unread >= MOST_UNREAD:
        raise ExchangeRefusedError(reason=Wrong.MANY.value)
    return unread


def thread(
    ports: Ports, principal: Principal, request: RequestId, *, at: datetime
) -> tuple[Message, ...]:
    """Every message for an officer; those of the person are read from now on."""
    case = case_for(ports, principal, request)
    return _read(ports, principal, case, Side.PERSON, at=at)


def own_thread(
    ports: Ports, asker: Principal, request: RequestId, *, known: bool, at: datetime
) -> tuple[Message, ...]:
    """The messages that whoever asks may read; the officers' are read from now on.

    `known` says that the person of the request is signed in. Others who filed see what they wrote
    themselves, and what an officer wrote for them before it was proved who they are.
    """
    return _read(ports, asker, _case(ports, request), Side.OFFICER, at=at, known=known)


def _read(
    ports: Ports,
    reader: Principal,
    case: Case,
    other: Side,
    *,
    at: datetime,
    known: bool = True,
) -> tuple[Message, ...]:
    with ports.database.read() as tx:
        rows = store.messages_of(tx, case.id)
    seen = [
        one
        for one in (_message(ports, row) for row in rows if row.content is not None)
        if other is Side.PERSON or person_sees(one, known=known)
    ]
    fresh = [one.id for one in seen if one.side is other and one.read_at is None]
    if fresh:
        ports.database.write(lambda tx: _mark(tx, ports, reader, case, fresh, at=at))
    return tuple(seen)


def _mark(
    tx: Connection,
    ports: Ports,
    reader: Principal,
    case: Case,
    fresh: Iterable[RowId],
    *,
    at: datetime,
) -> None:
    count = store.mark_read(tx, fresh, by=reader.id, at=at)
    code = EventCode.REQUEST_MESSAGE_READ
    if count:
        _note(tx, ports, reader, case, code, at=at, counts=(("messages", count),))


def comment(
    ports: Ports, principal: Principal, request: RequestId, words: str, *, at: datetime
) -> RowId:
    """The comment is on file for officers; the person never gets it."""
    case = case_for(ports, principal, request)
    row, content = _sealed(ports, case, words)

    def write(tx: Connection) -> None:
        store.add_comment(tx, request, row, by=principal.id, at=at, content=content)
        _note(tx, ports, principal, case, EventCode.REQUEST_COMMENTED, at=at)

    ports.database.write(write)
    return row


def comments(ports: Ports, principal: Principal, request: RequestId) -> tuple[Comment, ...]:
    """Every comment, for officers alone."""
    case_for(ports, principal, request)
    with ports.database.read() as tx:
        rows = store.comments_of(tx, request)
    return tuple(
        Comment(id=RowId(row.id), by=ActorId(row.actor), at=row.at, text=_text(ports, row))
        for row in rows
        if row.content is not None
    )


def attach(
    ports: Ports,
    principal: Principal,
    request: RequestId,
    name: str,
    content: bytes,
    *,
    side: Side,
    at: datetime,
    internal: bool = False,
    keep: bool = False,
) -> RowId:
    """The file is stored sealed under a name of ours; a refused one is nowhere.

    What it tells beside its content is taken out before, unless its sender consents to `keep` it.
    For Side.PERSON the page has shown that the request is theirs.
    """
    case = _case(ports, request)
    if side is Side.OFFICER:
        demand(actor_of(principal, ports.policies.current, case), Action.DSAR_WRITE)
    wrong, media = file_wrong(content), kind_of_file(content)
    if wrong is not None or media is None:
        raise ExchangeRefusedError(reason=(wrong or Wrong.KIND).value)
    seen = scanned(
        *(ports, principal, content), place=Place.ATTACHMENT, at=at, subject=case.subject,
        refs=(f"request:{case.id}",),
    )  # fmt: skip
    taken = handle(media, content, keep=keep)
    if isinstance(taken, Stuck):
        raise ExchangeRefusedError(reason=STUCK[taken].value)
    content, told = taken.content, Provenance.of(seen, taken)
    row, owner = new_row_id(), case.requester_id
    called = {NAME: without_numbers(safe_name(name, media))[0]}
    sealed = ports.vault.seal_row(owner, row, called, key_class=KeyClass.RECORD)
    body = ports.vault.seal_part(owner, row, content, key_class=KeyClass.RECORD)

    def write(tx: Connection) -> None:
        _open(tx, request)
        if len(store.attachments_of(tx, request)) >= MOST_FILES:
            raise ExchangeRefusedError(reason=Wrong.MANY.value)
        store.add_attachment(
            *(tx, request, row), side=side.value, internal=internal and side is Side.OFFICER,
            media=media, size=len(content), actor=principal.id, at=at, name=sealed[NAME],
            content=body, **told.columns(),
        )  # fmt: skip
        counts = (("bytes", len(content)),)
        _note(tx, ports, principal, case, EventCode.REQUEST_FILE_ADDED, at=at, counts=counts)

    ports.database.write(write)
    return row


def attachments(ports: Ports, principal: Principal, request: RequestId) -> tuple[Attachment, ...]:
    """Every file of the request, for officers."""
    case_for(ports, principal, request)
    return _attachments(ports, request)


def own_attachments(ports: Ports, request: RequestId, *, known: bool) -> tuple[Attachment, ...]:
    """The files that whoever asks may fetch: none of the officers' own, none before the proof."""
    every = _attachments(ports, request)
    return tuple(one for one in every if _for_person(one, known=known))


def _for_person(one: Attachment, *, known: bool) -> bool:
    return one.side is Side.PERSON or (known and not one.internal)


def _attachments(ports: Ports, request: RequestId) -> tuple[Attachment, ...]:
    with ports.database.read() as tx:
        rows = store.attachments_of(tx, request)
    return tuple(_attachment(ports, row) for row in rows)


def fetch(
    ports: Ports, principal: Principal, request: RequestId, row: RowId, *, at: datetime
) -> tuple[Attachment, bytes]:
    """The file for an officer; the look is on record before it."""
    case = case_for(ports, principal, request)
    return _fetch(ports, principal, case, row, at=at)


def own_fetch(
    ports: Ports, asker: Principal, request: RequestId, row: RowId, *, known: bool, at: datetime
) -> tuple[Attachment, bytes]:
    """The file for whoever asks, as far as it is theirs to see."""
    mine = {one.id for one in own_attachments(ports, request, known=known)}
    if row not in mine:
        raise AttachmentUnknownError
    return _fetch(ports, asker, _case(ports, request), row, at=at)


def _fetch(
    ports: Ports, principal: Principal, case: Case, row: RowId, *, at: datetime
) -> tuple[Attachment, bytes]:
    with ports.database.read() as tx:
        found = store.attachment_by_id(tx, case.id, row)
    if found is None or found.content is None:
        raise AttachmentUnknownError
    content = ports.vault.open_part(row, bytes(found.content))
    code = EventCode.REQUEST_FILE_FETCHED
    ports.database.write(lambda tx: _note(tx, ports, principal, case, code, at=at))
    return _attachment(ports, found), content


def _case(ports: Ports, request: RequestId) -> Case:
    with ports.database.read() as tx:
        return case_by_id(tx, request)


def _open(tx: Connection, request: RequestId) -> None:
    if case_by_id(tx, request).closed:
        raise ExchangeRefusedError(reason=Wrong.CLOSED.value)


def _sealed(ports: Ports, case: Case, words: str) -> tuple[RowId, bytes]:
    """The words without 個人番号 and card numbers (番号法20条), under the request's record key."""
    _worded(words)
    row, said = new_row_id(), without_numbers(words.strip())[0].encode()
    return row, ports.vault.seal_part(case.requester_id, row, said, key_class=KeyClass.RECORD)


def _worded(words: str) -> None:
    if (wrong := words_wrong(words)) is not None:
        raise ExchangeRefusedError(reason=wrong.value)


def _text(ports: Ports, row: Row[Any]) -> str:
    return ports.vault.open_part(row.id, bytes(row.content)).decode()


def _message(ports: Ports, row: Row[Any]) -> Message:
    return Message(
        id=RowId(row.id),
        side=Side(row.side),
        by=ActorId(row.actor),
        at=row.at,
        text=_text(ports, row),
        open_to_asker=bool(row.open_to_asker),
        read_at=row.read_at,
    )


def _attachment(ports: Ports, row: Row[Any]) -> Attachment:
    opened = ports.vault.open_row(row.id, {NAME: bytes(row.name)})
    return Attachment(
        id=RowId(row.id),
        request=RequestId(row.request_id),
        side=Side(row.side),
        internal=bool(row.internal),
        media=row.media,
        size=row.size,
        by=ActorId(row.actor),
        at=row.at,
        name=str(opened[NAME].value),
        provenance=Provenance.read(row),
    )


def _announce(
    tx: Connection, ports: Ports, case: Case, row: RowId, *, at: datetime
) -> tuple[str, ...]:
    """The mail that says that a message waits: the number, and nothing else about anybody."""
    address = address_for(tx, ports, case, at=at)
    if address is None:
        return ()
    mail = Mail(
        idem_key=f"dsar/message/{row}",
        to=address,
        template=MAIL,
        lang=answer_language(tx, case.id),
        params={"reference": case.reference},
    )
    return (f"message:{post(tx, ports.vault, mail, subject=case.subject, at=at)}",)


def _tell_office(
    tx: Connection, ports: Ports, case: Case, row: RowId, *, at: datetime
) -> tuple[str, ...]:
    """The mails to the desk and to who has the request in hand that a message of it waits."""
    key = f"dsar/message_came/{row}"
    desk = tell_desk(tx, ports, case.reference, CAME, key, at=at)
    return (*desk, *tell(tx, ports, case, CAME, f"{key}/assignee", at=at))


def _note(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    case: Case,
    code: EventCode,
    *,
    at: datetime,
    counts: tuple[tuple[str, int], ...] = (),
    refs: tuple[str, ...] = (),
) -> None:
    told = draft(ports, principal, case, code, at=at, counts=counts, refs=refs)
    ports.audit.append(tx, told)
