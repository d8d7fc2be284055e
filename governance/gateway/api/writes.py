"""From bodies to the items that the gate writes."""

from typing import Any

from fastapi import Request

from governance.core.terms import RowId, SubjectId
from governance.customers.master.types import FORMS
from governance.gateway.api.asking import Asking
from governance.gateway.api.bodies import read_as, tags_in
from governance.gateway.api.errors import BodyInvalidError
from governance.gateway.api.shapes import (
    AcquisitionIn,
    BulkWriteIn,
    CorrectionQuery,
    CreateItem,
    DealIn,
    PersonIn,
    RowIn,
)
from governance.gateway.around.types import Entry
from governance.gateway.writing.types import AcquisitionRecord, Correction, Creation, Item
from governance.gateway.writing.values import MEMBER

SCALARS = (str, int, bool, type(None))


def new_person(document: dict[str, Any]) -> Creation:
    """A new person with the acquisition record."""
    body = read_as(PersonIn, document)
    return Creation(table="person", members=body.fields, acquisition=_acquisition(body.acquisition))


def new_row(document: dict[str, Any], table: str, *, subject: SubjectId | None = None) -> Creation:
    """A new company, or a row about a known person."""
    if table == "deal":
        deal = read_as(DealIn, document)
        company = RowId(deal.company) if deal.company else None
        return Creation(table=table, members=deal.fields, subject=subject, company=company)
    return Creation(table=table, members=read_as(RowIn, document).fields, subject=subject)


def row_about(
    document: dict[str, Any], table: str, *, subject: SubjectId, asked: Asking, purpose: str
) -> Creation | Entry:
    """A new row about a known person, of a register or around them."""
    if table not in FORMS:
        return new_row(document, table, subject=subject)
    return Entry(
        table=table,
        subject=subject,
        values=read_as(RowIn, document).fields,
        purpose=purpose,
        request_id=asked.request_id,
    )


def corrected_row(
    request: Request,
    document: dict[str, Any],
    table: str,
    *,
    subject: SubjectId,
    row: RowId,
    asked: Asking,
    purpose: str,
) -> Correction | Entry:
    """New values of a row about a known person; a version of another row matches nothing."""
    if table not in FORMS:
        return correction(request, document, table, subject=subject, row=row)
    match = tags_in(request.headers.get("if-match"))
    versions = [version for name, version in match if name == row]
    return Entry(
        table=table,
        subject=subject,
        values=scalars(document),
        purpose=purpose,
        row=row,
        version=versions[0] if versions else 0,
        request_id=asked.request_id,
    )


def scalars(document: dict[str, Any]) -> dict[str, Any]:
    """The members of a patch, none of which is an object or a list."""
    faults = [
        (name if MEMBER.fullmatch(name) else "?", "wrong_type")
        for name, value in document.items()
        if not isinstance(value, SCALARS)
    ]
    if faults:
        raise BodyInvalidError(faults)
    return document


def correction(
    request: Request,
    document: dict[str, Any],
    table: str,
    *,
    subject: SubjectId | None = None,
    row: RowId | None = None,
) -> Correction:
    """A JSON merge patch (RFC 7396) with its reason in the query and its version in If-Match."""
    match = tags_in(request.headers.get("if-match"))
    told = {
        name: value
        for name, value in request.query_params.items()
        if name in CorrectionQuery.model_fields
    }
    query = read_as(CorrectionQuery, told)
    return Correction(
        table=table,
        members=scalars(document),
        match=match,
        reason=query.reason,
        subject=subject,
        row=row,
        acquired_from=query.acquired_from,
        ground=query.ground,
    )


def items_of(body: BulkWriteIn, table: str) -> tuple[Item, ...]:
    """The items of a bulk request."""
    return tuple(_item(item, table) for item in body.items)


def _item(item: Any, table: str) -> Item:
    if isinstance(item, CreateItem):
        record = item.acquisition
        return Creation(
            table=table,
            members=item.fields,
            acquisition=_acquisition(record) if record is not None else None,
        )
    person = table == "person"
    return Correction(
        table=table,
        members=item.fields,
        match=tags_in(item.if_match),
        reason=item.reason,
        subject=SubjectId(item.id) if person else None,
        row=None if person else RowId(item.id),
        acquired_from=item.acquired_from,
        ground=item.ground,
    )


def _acquisition(record: AcquisitionIn) -> AcquisitionRecord:
    return AcquisitionRecord(
        acquired_from=record.acquired_from,
        method=record.method,
        source=record.source,
        on=record.on,
        origin=record.origin,
        ground=record.ground,
        provider=record.provider,
        own_sign_up=record.own_sign_up,
    )
