"""Who asks over HTTP, for what, in which language; the same for every address of the register."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import FieldId, Lang, RowId, SubjectId
from governance.customers.catalogue import catalogue
from governance.customers.ports import Ports
from governance.customers.upkeep.company_merges import standing_company
from governance.gateway.api.errors import (
    BodyInvalidError,
    PurposeNotInPolicyError,
    RecipientHeaderError,
)
from governance.gateway.api.shapes import ID
from governance.gateway.around.types import Entry, Stored
from governance.gateway.around.writing import put
from governance.gateway.reading import read_many
from governance.gateway.rows import owner_of, page_of
from governance.gateway.types import ReadAnswer, ReadRequest, UnknownPersonError
from governance.gateway.writing.errors import UnknownRowError
from governance.gateway.writing.once import carried_out
from governance.gateway.writing.service import Outcomes, write
from governance.gateway.writing.types import Batch, Item, Once, Written
from governance.gateway.writing.values import MEMBER
from governance.http.principal import Principal
from governance.http.problems import language_of
from governance.http.request import check_same_site, wiring_of
from policies.api import PolicyUnavailableError

RECIPIENT: Final = "sekisho-recipient"  # header: who receives the answer, if not the company
PAGE: Final = 200  # rows of one page at most
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
CHILDREN: Final[Mapping[str, str]] = {  # last part of the address -> table
    "purchases": "purchase",
    "subscriptions": "subscription",
    "inquiries": "inquiry",
    "messages": "inquiry_message",
    "deals": "deal",
    "contacts": "contact",
    "relations": "relation",
    "households": "household_member",
    "permissions": "channel_permission",
    "preferences": "preference",
    "tags": "person_tag",
}
COMPANY_CHILDREN: Final[Mapping[str, str]] = {"deals": "deal", "contacts": "contact"}
_ID = re.compile(ID)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One request of one principal."""

    ports: Ports
    principal: Principal
    lang: Lang
    request_id: str | None
    at: datetime
    recipient: str | None = None  # to whom the answer goes on: `role:key` of the register

    def read(self, requests: Iterable[ReadRequest], *, listing: bool = False) -> list[Any]:
        """The answers in their order; one that the caller may not know of is unknown."""
        wanted = tuple(requests)
        found = read_many(self.ports, self.principal, wanted, listing=listing, at=self.at)
        return [
            answer if not isinstance(answer, ReadAnswer) or answer.known else _unknown(one)
            for one, answer in zip(wanted, found, strict=True)
        ]

    def read_one(self, request: ReadRequest) -> ReadAnswer:
        """The one answer; raises what refused it."""
        (answer,) = self.read((request,))
        if isinstance(answer, ReadAnswer):
            return answer
        raise answer

    def wanted(
        self,
        table: str,
        *,
        subject: SubjectId,
        purpose: str,
        fields: frozenset[FieldId] | None,
        row: RowId | None = None,
    ) -> ReadRequest:
        """The reading of one table of one person."""
        return ReadRequest(
            subject=subject,
            purpose=purpose,
            tables=(table,),
            fields=fields,
            request_id=self.request_id,
            row=row,
            company=table == "company",
            recipient=self.recipient,
        )

    def write(
        self,
        items: Iterable[Item],
        *,
        purpose: str,
        once: Once | None,
        atomic: bool = False,
    ) -> Outcomes:
        """What became of the items."""
        batch = Batch(
            items=tuple(items),
            purpose=purpose,
            atomic=atomic,
            once=once,
            request_id=self.request_id,
        )
        return write(self.ports, self.principal, batch, at=self.at)

    def store(self, what: Item | Entry, *, purpose: str, once: Once | None) -> Outcomes:
        """What became of one row, of a register or around a person."""
        if isinstance(what, Entry):
            return self._put(what, once=once)
        return self.write([what], purpose=purpose, once=once)

    def _put(self, entry: Entry, *, once: Once | None) -> Outcomes:
        """What became of a row around a person."""

        def told(stored: Stored) -> Written:
            return Written(
                created=stored.created,
                subject=entry.subject,
                row=stored.row,
                version=stored.version,
                fields=stored.fields,
                masked=stored.masked,
                approval=stored.approval,
            )

        work = partial(put, principal=self.principal, entry=entry, at=self.at)
        result, repeated = carried_out(self.ports, once, work, told, at=self.at)
        return Outcomes(results=(result,), repeated=repeated)

    def standing(self, company: RowId) -> RowId:
        """The row under which a company stands; itself when it was merged into none."""
        with self.ports.database.read() as tx:
            return standing_company(tx, company)

    def owner(self, table: str, row: RowId) -> SubjectId | None:
        """Whose row this is."""
        with self.ports.database.read() as tx:
            return owner_of(tx, table, row)

    def page(
        self,
        table: str,
        *,
        after: RowId | None,
        limit: int,
        where: tuple[str, RowId] | None = None,
    ) -> tuple[tuple[RowId, SubjectId], ...]:
        """Row and person of the next rows of a register."""
        with self.ports.database.read() as tx:
            return page_of(tx, table, after=after, limit=limit, where=where)


def _unknown(request: ReadRequest) -> GovernanceError:
    return UnknownRowError() if request.company else UnknownPersonError()


def asking(request: Request, principal: Principal, *, outside: bool = False) -> Asking:
    """The facts of a request; a form of another site is refused (a session's cookie goes along).

    Only where `outside` says so may the answer go on to a recipient: there it is recorded.
    """
    recipient = request.headers.get(RECIPIENT)
    if recipient is not None and not outside:
        raise RecipientHeaderError  # fails closed: this answer would leave without a record
    if principal.session is not None and request.method not in SAFE:
        check_same_site(request)
    wiring = wiring_of(request)
    lang = language_of(request)
    return Asking(
        ports=wiring.ports,
        principal=replace(principal, lang=lang),
        lang=lang,
        request_id=str(getattr(request.state, "request_id", "")) or None,
        at=wiring.clock(),
        recipient=recipient,
    )


async def in_thread(work: Callable[..., T], /, **facts: Any) -> T:
    """What the work comes to; nothing that waits for a database runs in the event loop."""
    return await run_in_threadpool(partial(work, **facts))


def purpose_of(asked: Asking, name: str) -> str:
    """The purpose's name; raises for one that the policy does not know: it says who may nothing."""
    policy = asked.ports.policies.current
    if policy.table is None:  # fails closed: no policy is loaded
        raise PolicyUnavailableError
    if policy.purpose(name) is None:
        raise PurposeNotInPolicyError
    return name


def fields_of(table: str, names: Iterable[str] | None) -> frozenset[FieldId] | None:
    """The asked fields of a table; None for all. Raises BodyInvalidError for unknown ones."""
    if names is None:
        return None
    known = catalogue().fields
    wanted = [name.strip() for name in names]
    faults = [
        (name if MEMBER.fullmatch(name) else "?", "unknown_field")
        for name in wanted
        if f"{table}.{name}" not in known
    ]
    if faults or not wanted:
        raise BodyInvalidError(faults or [("fields", "required")])
    return frozenset(FieldId(f"{table}.{name}") for name in wanted)


def listed(fields: str | None) -> list[str] | None:
    """The names of a comma-separated query parameter."""
    return None if fields is None else fields.split(",")


def person_id(text: str) -> SubjectId:
    """A pseudonym; anything else names nobody, and is nowhere repeated."""
    if not _ID.fullmatch(text):
        raise UnknownPersonError
    return SubjectId(text)


def row_id(text: str) -> RowId:
    """A row's id; anything else names no row."""
    if not _ID.fullmatch(text):
        raise UnknownRowError
    return RowId(text)


def table_in(children: Mapping[str, str], kind: str) -> str:
    """The table behind the last part of an address; raises NotFoundError."""
    table = children.get(kind)
    if table is None or table not in catalogue().tables:
        raise NotFoundError
    return table
