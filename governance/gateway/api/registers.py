"""The routes that every register has, declared once: a page, a new entry, one entry, its values.

What differs between persons and companies is data: the table, the address, how an entry is named.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse

from governance.core.terms import RowId, SubjectId
from governance.gateway.api.asking import (
    Asking,
    asking,
    fields_of,
    in_thread,
    listed,
    purpose_of,
    row_id,
)
from governance.gateway.api.bodies import PATCH, body_of, once_of, parsed
from governance.gateway.api.present import answer_json, tagged, written_answer
from governance.gateway.api.queries import After, Fields, Limit, Purpose, Reader, Searcher, WriterOf
from governance.gateway.api.reads import register_page
from governance.gateway.api.writes import correction
from governance.gateway.types import ReadAnswer
from governance.gateway.writing.types import Creation, Item
from governance.http.principal import Principal

Endpoint = Callable[..., Awaitable[JSONResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An entry of a register: whose it is, and its row where the register names rows."""

    subject: SubjectId
    row: RowId | None = None

    @property
    def id(self) -> str:
        """The id by which the register names the entry."""
        return self.row or self.subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """What is particular to one register."""

    table: str
    address: str  # /persons
    one: str  # what the address calls one entry
    item: Callable[[dict[str, Any]], Creation]  # from the body of a new entry
    named: Callable[[Asking, str], Named]  # the entry of an id; raises for none
    meant: Callable[[str], Mapping[str, Any]]  # the entry of a correction, known or not
    words: Mapping[str, tuple[str, str]]  # of each route: the operation's name, what it does


def add_routes(router: APIRouter, register: Register) -> None:
    """The router answers for the register."""
    one = f"{register.address}/{{{register.one}}}"
    routes = (
        ("page", "GET", register.address, 200, _page),
        ("create", "POST", register.address, 201, _create),
        ("read", "GET", one, 200, _read),
        ("correct", "PATCH", one, 200, _correct),
    )
    for key, method, path, status, make in routes:
        name, description = register.words[key]
        router.add_api_route(
            path,
            make(register),
            methods=[method],
            status_code=status,
            name=name,
            description=description,
        )


def read_entry(
    asked: Asking, register: Register, entry: Named, *, purpose: str, fields: str | None
) -> ReadAnswer:
    """The entry as the caller may see it; raises what refuses it."""
    table = register.table
    return asked.read_one(
        asked.wanted(
            table,
            subject=entry.subject,
            purpose=purpose_of(asked, purpose),
            fields=fields_of(table, listed(fields)),
            row=entry.row,
        )
    )


def _page(register: Register) -> Endpoint:
    async def page(
        request: Request,
        principal: Searcher,
        purpose: Purpose,
        fields: Fields = None,
        after: After = None,
        limit: Limit = 50,
    ) -> JSONResponse:
        asked = asking(request, principal, outside=True)
        table = register.table
        return JSONResponse(
            await in_thread(
                register_page,
                asked=asked,
                table=table,
                purpose=purpose_of(asked, purpose),
                fields=fields_of(table, listed(fields)),
                after=row_id(after) if after else None,
                limit=limit,
            )
        )

    return page


def _create(register: Register) -> Endpoint:
    async def create(request: Request, principal: WriterOf, purpose: Purpose) -> JSONResponse:
        return await _write(request, principal, register, purpose, None)

    return create


def _read(register: Register) -> Endpoint:
    async def read(
        request: Request,
        principal: Reader,
        name: Annotated[str, Path(alias=register.one)],
        purpose: Purpose,
        fields: Fields = None,
    ) -> JSONResponse:
        asked = asking(request, principal, outside=True)

        def work() -> JSONResponse:
            entry = register.named(asked, name)
            answer = read_entry(asked, register, entry, purpose=purpose, fields=fields)
            return tagged(answer_json(answer, entry.id))

        return await in_thread(work)

    return read


def _correct(register: Register) -> Endpoint:
    async def correct(
        request: Request,
        principal: WriterOf,
        name: Annotated[str, Path(alias=register.one)],
        purpose: Purpose,
    ) -> JSONResponse:
        return await _write(request, principal, register, purpose, name)

    return correct


async def _write(
    request: Request, principal: Principal, register: Register, purpose: str, name: str | None
) -> JSONResponse:
    """A new entry, or new values of the one that is named."""
    asked = asking(request, principal)
    body = await (body_of(request) if name is None else body_of(request, types=PATCH))

    def work() -> JSONResponse:
        document = parsed(body)
        item: Item = (
            register.item(document)
            if name is None
            else correction(request, document, register.table, **register.meant(name))
        )
        once = once_of(request, principal, body)
        done = asked.store(item, purpose=purpose_of(asked, purpose), once=once)
        company = register.table == "company"
        return written_answer(done, asked.lang, request=request, company=company)

    return await in_thread(work)
