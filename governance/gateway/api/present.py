"""What the gates answered, as JSON; a withheld field has no value at all."""

from collections.abc import Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse

from governance.core.errors import GovernanceError
from governance.core.terms import Lang, Treatment
from governance.gateway.api.bodies import etag
from governance.gateway.types import FieldView, ReadAnswer, RowView
from governance.gateway.writing.once import Result
from governance.gateway.writing.service import Outcomes
from governance.gateway.writing.types import Written
from governance.http.problems import problem

CREATED, OK = 201, 200


def row_json(row: RowView) -> dict[str, Any]:
    """One row: each field with its treatment, perhaps its value, and the reason's code."""
    return {
        "row": row.row,
        "etag": etag(row.row, row.version) if row.version is not None else None,
        "fields": {view.field.partition(".")[2]: view_json(view) for view in row.fields},
    }


def view_json(view: FieldView) -> dict[str, Any]:
    """One field: how it is treated, why, and what of it is shown."""
    shown: dict[str, Any] = {
        "treatment": view.decision.treatment.value,
        "code": view.decision.code.value,
    }
    if view.decision.treatment is not Treatment.WITHHELD:
        shown["value"] = view.shown.value
    return shown


def answer_json(answer: ReadAnswer, name: str) -> dict[str, Any]:
    """One person or company with the register row, and what the answer rests on."""
    first = row_json(answer.rows[0]) if answer.rows else {"row": None, "etag": None, "fields": {}}
    return {"id": name, **first, **basis_json(answer)}


def basis_json(answer: ReadAnswer) -> dict[str, Any]:
    """Purpose, audit event, policy and ledger position of an answer."""
    return {
        "purpose": answer.purpose,
        "decision_id": answer.decision_id,
        "snapshot": {"policy_version": answer.policy_version, "consent_seq": answer.consent_seq},
        **({} if answer.glass is None else {"break_glass": answer.glass}),
    }


def result_json(result: Result, lang: Lang, *, company: bool) -> dict[str, Any]:
    """What became of one item."""
    if isinstance(result, GovernanceError):
        return {"status": result.status, "problem": problem(result, lang)}
    return {
        "status": CREATED if result.created else OK,
        **written_json(result, lang, company=company),
    }


def tagged(shape: dict[str, Any]) -> JSONResponse:
    """What was read, with the version of the row in its header."""
    return JSONResponse(shape, headers={"etag": shape["etag"]} if shape["etag"] else {})


def written_json(result: Written, lang: Lang, *, company: bool) -> dict[str, Any]:
    """The row that was written and in what form its values were taken."""
    waits = {} if result.approval is None else {"approval_required": result.approval}
    return {
        **waits,
        "id": result.row if company else result.subject,
        "row": result.row,
        "etag": etag(result.row, result.version) if result.version is not None else None,
        "written": list(result.fields),
        "normalised": dict(result.normalised),
        "masked": list(result.masked),
        "notices": [notice.as_json(lang) for notice in result.notices],
    }


def written_answer(
    outcomes: Outcomes, lang: Lang, *, request: Request, company: bool = False, child: bool = False
) -> JSONResponse:
    """The answer to a request that wrote one row; raises what refused it."""
    (result,) = outcomes.results
    if isinstance(result, GovernanceError):
        raise result
    body = written_json(result, lang, company=company)
    headers = {"idempotency-replayed": "true"} if outcomes.repeated else {}
    if body["etag"] is not None:
        headers["etag"] = body["etag"]
    if result.created:
        here = request.url.path.rstrip("/")
        headers["location"] = f"{here}/{result.row if company or child else result.subject}"
    return JSONResponse(body, status_code=CREATED if result.created else OK, headers=headers)


def bulk_answer(outcomes: Outcomes, lang: Lang, *, company: bool) -> JSONResponse:
    """What became of every item, in their order."""
    items = [result_json(result, lang, company=company) for result in outcomes.results]
    stored = sum(isinstance(result, Written) for result in outcomes.results)
    return JSONResponse(
        {"stored": stored, "refused": len(items) - stored, "items": items},
        headers={"idempotency-replayed": "true"} if outcomes.repeated else {},
    )


def found_json(
    answers: Sequence[ReadAnswer | GovernanceError], names: Sequence[str], lang: Lang
) -> list[dict[str, Any]]:
    """What was read of each, in their order; one of whom the caller may not know is unknown."""
    return [
        {"status": answer.status, "id": name, "problem": problem(answer, lang)}
        if isinstance(answer, GovernanceError)
        else {"status": OK, **answer_json(answer, name)}
        for answer, name in zip(answers, names, strict=True)
    ]
