"""What is shown around a person: threads, wishes, contacts of a company, households.

What older columns hold already is read beside the rows: an inquiry's text and answer are the
first two messages, the register's contact permission counts where nothing finer was said, and the
contact of a deal is a contact of its company. So nothing is stored twice.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from governance.core.terms import FieldId, RowId, SubjectId, Treatment
from governance.customers.master.rules import Wish, wished
from governance.customers.master.types import (
    AuthorKind,
    ContactChannel,
    ContactKind,
    Direction,
    Wanted,
)
from governance.customers.ports import Ports
from governance.customers.store import TABLES
from governance.gateway.reading import read, read_many
from governance.gateway.types import FieldView, ReadAnswer, ReadRequest, RowView
from governance.gateway.writing.errors import UnknownRowError
from governance.http.principal import Principal

ALL_CONTACTS = 200  # contacts of one company that a page shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a thread; the body is shown as the gates say."""

    row: RowId
    direction: Direction
    author: AuthorKind
    channel: str | None
    at: str | None
    body: FieldView


def thread(
    ports: Ports,
    principal: Principal,
    subject: SubjectId,
    inquiry: RowId,
    *,
    purpose: str,
    at: datetime,
) -> tuple[Message, ...]:
    """The messages of an inquiry, oldest first: the question, the answer, what followed."""
    table = TABLES["inquiry_message"]
    of_it = (table.c.inquiry_id == inquiry) & (table.c.subject_id == subject)
    with ports.database.read() as tx:
        ids = set(tx.execute(select(table.c.id).where(of_it)).scalars())
    request = ReadRequest(subject=subject, purpose=purpose, tables=("inquiry", "inquiry_message"))
    rows = read(ports, principal, request, at=at).rows
    first = next((row for row in rows if row.table == "inquiry" and row.row == inquiry), None)
    if first is None:
        raise UnknownRowError
    later = [row for row in rows if row.table == "inquiry_message" and row.row in ids]
    found = [*_first(first), *(_later(row) for row in later)]
    return tuple(sorted(found, key=lambda message: (message.at or "", message.row)))


def _first(row: RowView) -> Iterator[Message]:
    """The question and the answer that the inquiry's own row holds."""
    for column, direction, author, moment in (
        ("body", Direction.IN, AuthorKind.PERSON, "received_at"),
        ("response", Direction.OUT, AuthorKind.STAFF, "closed_at"),
    ):
        body = row.get(column)
        if body is not None and not _empty(body):
            yield Message(
                row=row.row,
                direction=direction,
                author=author,
                channel=_value(row, "channel"),
                at=_value(row, moment) or _value(row, "received_at"),
                body=body,
            )


def _later(row: RowView) -> Message:
    body = row.get("body")
    if body is None:
        raise UnknownRowError
    return Message(
        row=row.row,
        direction=Direction(_value(row, "direction") or Direction.NOTE.value),
        author=AuthorKind(_value(row, "author_kind") or AuthorKind.SYSTEM.value),
        channel=_value(row, "channel"),
        at=_value(row, "sent_at"),
        body=body,
    )


def _empty(view: FieldView) -> bool:
    shown = view.decision.treatment is not Treatment.WITHHELD
    return shown and not view.shown.value


def _value(row: RowView, column: str) -> str | None:
    view = row.get(column)
    return view.shown.value if view is not None else None


Wishes = Mapping[tuple[ContactChannel, ContactKind], Wanted]


def wishes(
    ports: Ports, principal: Principal, subject: SubjectId, *, purpose: str, at: datetime
) -> Wishes:
    """What the person wishes about every channel and kind of contact; it is no consent.

    What this principal may not see counts as to be asked.
    """
    request = ReadRequest(
        subject=subject,
        purpose=purpose,
        tables=("person", "channel_permission"),
        fields=frozenset(
            FieldId(name)
            for name in (
                "person.contact_permission",
                "channel_permission.channel",
                "channel_permission.kind",
                "channel_permission.wanted",
            )
        ),
    )
    return wishes_in(read(ports, principal, request, at=at))


def wishes_in(answer: ReadAnswer) -> Wishes:
    """The same from an answer that has the columns already."""
    said = tuple(_said(row for row in answer.rows if row.table == "channel_permission"))
    register = next(
        (_value(r, "contact_permission") for r in answer.rows if r.table == "person"), None
    )
    return {
        (channel, kind): wished(said, channel=channel, kind=kind, register=register or "unknown")
        for channel in ContactChannel
        for kind in ContactKind
    }


def _said(rows: Iterable[RowView]) -> Iterator[Wish]:
    for row in rows:
        channel, kind, wanted = (_value(row, name) for name in ("channel", "kind", "wanted"))
        if channel and kind and wanted:
            yield Wish(
                channel=ContactChannel(channel), kind=ContactKind(kind), wanted=Wanted(wanted)
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyContact:
    """A person who speaks for a company, as a contact row or a deal says."""

    subject: SubjectId
    row: RowView


def contacts(
    ports: Ports, principal: Principal, company: RowId, *, purpose: str, at: datetime
) -> tuple[CompanyContact, ...]:
    """Contacts of a company, and of its deals; each person's part is a reading of its own."""
    requests: list[ReadRequest] = []
    with ports.database.read() as tx:
        for name in ("contact", "deal"):
            table = TABLES[name]
            mine = select(table.c.id, table.c.subject_id).where(table.c.company_id == company)
            found = tx.execute(mine.order_by(table.c.id).limit(ALL_CONTACTS)).all()
            requests += [
                ReadRequest(
                    subject=SubjectId(row.subject_id),
                    purpose=purpose,
                    tables=(name,),
                    row=RowId(row.id),
                )
                for row in found
            ]
    answers = read_many(ports, principal, requests, listing=True, at=at)
    return tuple(
        CompanyContact(subject=request.subject, row=row)
        for request, answer in zip(requests, answers, strict=True)
        if isinstance(answer, ReadAnswer)
        for row in answer.rows
    )


def household(
    ports: Ports, principal: Principal, subject: SubjectId, *, purpose: str, at: datetime
) -> tuple[tuple[SubjectId, RowView], ...]:
    """The members of the person's households, the person among them."""
    member = TABLES["household_member"]
    mine = select(member.c.household_id).where(member.c.subject_id == subject)
    with ports.database.read() as tx:
        rows = tx.execute(
            select(member.c.id, member.c.subject_id)
            .where(member.c.household_id.in_(mine))
            .order_by(member.c.id)
        ).all()
    requests = [
        ReadRequest(
            subject=SubjectId(row.subject_id),
            purpose=purpose,
            tables=("household_member",),
            row=RowId(row.id),
        )
        for row in rows
    ]
    answers = read_many(ports, principal, requests, listing=True, at=at)
    return tuple(
        (request.subject, row)
        for request, answer in zip(requests, answers, strict=True)
        if isinstance(answer, ReadAnswer)
        for row in answer.rows
    )
