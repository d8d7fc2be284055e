"""Pages of rows as JSON: of one person, of a company, of a whole register."""

from typing import Any

from governance.core.terms import FieldId, RowId, SubjectId
from governance.gateway.api.asking import Asking
from governance.gateway.api.present import answer_json, basis_json, row_json
from governance.gateway.types import ReadAnswer, ReadRequest


def rows_of_person(
    asked: Asking,
    table: str,
    *,
    subject: SubjectId,
    purpose: str,
    fields: frozenset[FieldId] | None,
    after: RowId | None,
    limit: int,
) -> dict[str, Any]:
    """A page of the person's rows of one table, oldest first."""
    request = ReadRequest(
        subject=subject,
        purpose=purpose,
        tables=(table,),
        fields=fields,
        request_id=asked.request_id,
        after=after,
        limit=limit,
        recipient=asked.recipient,
    )
    answer = asked.read_one(request)
    rows = answer.rows
    return {
        "items": [row_json(row) for row in rows],
        "next": rows[-1].row if len(rows) == limit else None,
        **basis_json(answer),
    }


def register_page(
    asked: Asking,
    table: str,
    *,
    purpose: str,
    fields: frozenset[FieldId] | None,
    after: RowId | None,
    limit: int,
    where: tuple[str, RowId] | None = None,
) -> dict[str, Any]:
    """A page of a register; who may not be shown is not counted, and the cursor goes past them."""
    page = asked.page(table, after=after, limit=limit, where=where)
    requests = [
        asked.wanted(table, subject=subject, purpose=purpose, fields=fields, row=row)
        for row, subject in page
    ]
    found = asked.read(requests, listing=True)
    named = [row if table != "person" else subject for row, subject in page]
    return {
        "items": [
            answer_json(answer, name)
            for answer, name in zip(found, named, strict=True)
            if isinstance(answer, ReadAnswer)
        ],
        "next": page[-1][0] if len(page) == limit else None,
    }
