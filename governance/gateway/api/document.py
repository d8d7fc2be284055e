"""The register's part of the OpenAPI document: bodies, answers and problems, with examples."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from governance.gateway.api.examples import BODIES, PROBLEM, SHOWN, WRITTEN
from governance.gateway.api.queries import WRITABLE_CHILDREN
from governance.gateway.api.shapes import (
    BulkReadIn,
    BulkWriteIn,
    CorrectionQuery,
    DealIn,
    PersonIn,
    RowIn,
    members_schema,
)

PROBLEM_MEDIA: Final = "application/problem+json"
JSON: Final = "application/json"
_REF: Final = "#/components/schemas/"
_TEXT: Final = {"type": "string"}
_TAG: Final = {
    "type": ["string", "null"],
    "description": "If-Match に渡す版 / Version for If-Match",
}
_NEXT: Final = {
    "type": ["string", "null"],
    "description": "次の頁の after / `after` of the next page",
}
_BASIS: Final[Mapping[str, Any]] = {
    "purpose": _TEXT,
    "decision_id": {"type": "string", "description": "監査の記録 / Audit event of this reading"},
    "snapshot": {
        "type": "object",
        "properties": {"policy_version": _TEXT, "consent_seq": {"type": "integer"}},
    },
}
_PLAIN: Final[Mapping[str, str]] = {
    "400": "本文または見出しの形が違う / The body or a header is not of the form",
    "401": "サインインしていない / Nobody is signed in",
    "403": "権限がない、または項目を書き込めない / The role or the gates refuse",
    "404": "見つからない、または知る権限がない / Not found, or not to be known",
    "409": "いまの状態ではできない / The state of the record refuses",
    "412": "読み取った後に変わった / Changed since it was read",
    "413": "大きすぎる / Too large",
    "415": "本文の形式が違う / Another media type",
    "422": "値に誤りがある / Values cannot be taken",
    "428": "If-Match がない / If-Match is missing",
    "503": "必要な部分が応答しない / A part that must answer does not",
}
READS: Final = ("401", "403", "404", "422", "503")
WRITES: Final = ("400", "401", "403", "404", "409", "413", "415", "422", "503")


def _object(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(required)}


def _list(name: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": _REF + name}}


def _items(shape: Mapping[str, Any]) -> dict[str, Any]:
    return _object({"items": {"type": "array", "items": dict(shape)}}, "items")


_WISH: Final = ("channel", "kind", "wanted")
_SAID: Final = ("row", "direction", "author", "channel", "at")
_SPOKEN: Final = {"type": ["string", "null"]}
_FIELD: Final = _object(
    {
        "treatment": {"type": "string", "enum": ["clear", "masked", "withheld"]},
        "code": {"type": "string", "description": "理由のコード / Reason code"},
        "value": {
            "type": ["string", "null"],
            "description": "withheld にはない / Absent if withheld",
        },
    },
    *("treatment", "code"),
)
_ROW: Final[Mapping[str, Any]] = {
    "row": {"type": ["string", "null"]},
    "etag": _TAG,
    "fields": {"type": "object", "additionalProperties": {"$ref": _REF + "ShownField"}},
}
_WRITTEN: Final[Mapping[str, Any]] = {
    "id": _TEXT,
    "row": _TEXT,
    "etag": _TAG,
    "written": {"type": "array", "items": _TEXT},
    "normalised": {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
    "masked": {"type": "array", "items": _TEXT},
    "notices": _list("FieldFault"),
}
_WAITS: Final[Mapping[str, Any]] = {
    "approval_required": {
        "type": "string",
        "description": "二人目の確認が要るとき / Where a second person has to confirm it",
    },
}
_STATUS: Final = {"type": "integer"}
_PROBLEM_REF: Final = {"$ref": _REF + "Problem"}
SCHEMAS: Final[Mapping[str, Any]] = {
    "FieldFault": _object(
        {"field": _TEXT, "code": _TEXT, "detail": _TEXT}, "field", "code", "detail"
    ),
    "Problem": _object(
        {
            "type": _TEXT,
            "title": _TEXT,
            "status": _STATUS,
            "detail": _TEXT,
            "code": _TEXT,
            "errors": _list("FieldFault"),
        },
        *("type", "title", "status", "detail", "code"),
    ),
    "ShownField": _FIELD,
    "ShownRow": _object({**_ROW, **_BASIS}, "row", "etag", "fields", "decision_id"),
    "Shown": _object({"id": _TEXT, **_ROW, **_BASIS}, "id", "row", "etag", "fields"),
    "ShownRows": _object(
        {"items": {"type": "array", "items": _object(_ROW, *_ROW)}, "next": _NEXT, **_BASIS},
        *("items", "next"),
    ),
    "ShownPage": _object({"items": _list("Shown"), "next": _NEXT}, "items", "next"),
    "Second": _object(
        {
            "row": _TEXT,
            "second": _TEXT,
            "approval": {"type": ["string", "null"]},
            "expires_at": {"type": ["string", "null"]},
        },
        *("row", "second", "approval", "expires_at"),
    ),
    "SecondAsked": _object(_WAITS, *_WAITS),
    "Written": _object({**_WRITTEN, **_WAITS}, *_WRITTEN),
    "Wishes": _items(_object(dict.fromkeys(_WISH, _TEXT), *_WISH)),
    "Thread": _items(_object({**dict.fromkeys(_SAID, _SPOKEN), "body": _FIELD}, *_SAID, "body")),
    "BulkShown": _object(
        {
            "items": {
                "type": "array",
                "items": _object(
                    {"status": _STATUS, "id": _TEXT, **_ROW, **_BASIS, "problem": _PROBLEM_REF},
                    *("status", "id"),
                ),
            }
        },
        "items",
    ),
    "BulkWritten": _object(
        {
            "stored": {"type": "integer"},
            "refused": {"type": "integer"},
            "items": {
                "type": "array",
                "items": _object(
                    {"status": _STATUS, **_WRITTEN, "problem": _PROBLEM_REF}, "status"
                ),
            },
        },
        *("stored", "refused", "items"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What one operation takes and answers."""

    shape: str | None  # of the answer; None: only problems
    status: str = "200"
    body: str | None = None
    problems: tuple[str, ...] = READS
    once: bool = False
    once_needed: bool = False
    match: bool = False


_PATCH = Described(
    shape="Written", problems=(*WRITES, "412", "428"), once=True, match=True, body="PersonPatch"
)
OPERATIONS: Final[Mapping[tuple[str, str], Described]] = {
    ("get", "/v1/persons"): Described(shape="ShownPage"),
    ("post", "/v1/persons"): Described(
        shape="Written", status="201", body="NewPerson", problems=WRITES, once=True
    ),
    ("get", "/v1/persons/{person}"): Described(shape="Shown"),
    ("patch", "/v1/persons/{person}"): _PATCH,
    ("delete", "/v1/persons/{person}"): Described(shape=None, problems=("401", "403", "405")),
    ("get", "/v1/persons/{person}/{kind}"): Described(shape="ShownRows"),
    ("post", "/v1/persons/{person}/{kind}"): Described(
        shape="Written", status="201", body="NewRow", problems=WRITES, once=True
    ),
    ("get", "/v1/persons/{person}/{kind}/{row}"): Described(shape="ShownRow"),
    ("patch", "/v1/persons/{person}/{kind}/{row}"): Described(
        shape="Written", problems=(*WRITES, "412", "428"), once=True, match=True, body="RowPatch"
    ),
    ("delete", "/v1/persons/{person}/{kind}/{row}"): Described(
        shape=None, status="204", problems=("401", "403", "404", "409", "422", "503")
    ),
    ("get", "/v1/persons/{person}/relations/{row}/second"): Described(shape="Second"),
    ("post", "/v1/persons/{person}/relations/{row}/second"): Described(
        shape="SecondAsked", status="202", problems=WRITES
    ),
    ("post", "/v1/persons/{person}/relations/{row}/second/answer"): Described(
        shape="Second", problems=WRITES
    ),
    ("get", "/v1/persons/{person}/wishes"): Described(shape="Wishes"),
    ("get", "/v1/persons/{person}/inquiries/{row}/thread"): Described(shape="Thread"),
    ("post", "/v1/persons:bulk-read"): Described(
        shape="BulkShown", body="BulkRead", problems=(*READS, "400", "413", "415")
    ),
    ("post", "/v1/persons:bulk-write"): Described(
        shape="BulkWritten", body="BulkWritePersons", problems=WRITES, once_needed=True
    ),
    ("get", "/v1/companies"): Described(shape="ShownPage"),
    ("post", "/v1/companies"): Described(
        shape="Written", status="201", body="NewCompany", problems=WRITES, once=True
    ),
    ("get", "/v1/companies/{company}"): Described(shape="Shown"),
    ("patch", "/v1/companies/{company}"): Described(
        shape="Written", problems=(*WRITES, "412", "428"), once=True, match=True,
        body="CompanyPatch",
    ),
    ("get", "/v1/companies/{company}/{kind}"): Described(shape="ShownPage"),
    ("post", "/v1/companies:bulk-read"): Described(
        shape="BulkShown", body="BulkRead", problems=(*READS, "400", "413", "415")
    ),
    ("post", "/v1/companies:bulk-write"): Described(
        shape="BulkWritten", body="BulkWriteCompanies", problems=WRITES, once_needed=True
    ),
}  # fmt: skip


def describe(document: dict[str, Any]) -> None:
    """The document says of every address of the register what it takes and what it answers."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(SCHEMAS)
    schemas.update(_bodies())
    for (method, path), described in OPERATIONS.items():
        _describe(document["paths"][path][method], described)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path.startswith("/v1/") and (method, path) not in OPERATIONS:
                _describe_others(operation, method)


def _describe_others(operation: dict[str, Any], method: str) -> None:
    """An operation that says itself what it takes and gives: who may ask, and its problems."""
    operation["security"] = [{"bearer": []}, {"session": []}]
    answers = operation["responses"]
    for name in (*READS, *(("400", "409", "413", "415") if method == "post" else ())):
        answers[name] = _problem(name)


def _describe(operation: dict[str, Any], described: Described) -> None:
    answers: dict[str, Any] = {name: _problem(name) for name in described.problems}
    if described.shape is not None:
        answers[described.status] = _success(described)
    elif described.status == "204":
        answers[described.status] = {"description": "消した / Gone"}
    operation["responses"] = dict(sorted(answers.items()))
    operation["security"] = [{"bearer": []}, {"session": []}]
    parameters = operation.setdefault("parameters", [])
    if described.match:
        parameters += [_header("If-Match", required=True), *_correction_query()]
    if described.once or described.once_needed:
        parameters.append(_header("Idempotency-Key", required=described.once_needed))
    if described.body is not None:
        content = {"schema": {"$ref": _REF + described.body}}
        if described.body in BODIES:
            content["examples"] = BODIES[described.body]
        media = [JSON, "application/merge-patch+json"] if described.match else [JSON]
        operation["requestBody"] = {"required": True, "content": dict.fromkeys(media, content)}


def _success(described: Described) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"$ref": _REF + str(described.shape)}}
    if described.shape in ("Shown", "Written"):
        content["example"] = SHOWN if described.shape == "Shown" else WRITTEN
    headers = (
        {"ETag": {"schema": _TEXT}} if described.shape in ("Shown", "ShownRow", "Written") else {}
    )
    if described.status == "201":
        headers["Location"] = {"schema": _TEXT}
    return {
        "description": "できた / Done",
        "content": {JSON: content},
        **({"headers": headers} if headers else {}),
    }


def _problem(status: str) -> dict[str, Any]:
    words = _PLAIN.get(status, "この方法は使えない / This method is not taken here")
    content = {"schema": _PROBLEM_REF, "examples": PROBLEM}
    return {"description": words, "content": {PROBLEM_MEDIA: content}}


def _header(name: str, *, required: bool) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": {"type": "string"}}


def _correction_query() -> list[dict[str, Any]]:
    schema = _inlined(CorrectionQuery)
    needed = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": shape}
        for name, shape in schema["properties"].items()
    ]


def _bodies() -> dict[str, Any]:
    """The schema of each body, with the fields that the catalogue declares."""
    person, company = members_schema("person"), members_schema("company")
    rows = {"anyOf": [members_schema(table) for table in sorted(set(WRITABLE_CHILDREN.values()))]}
    return {
        "NewPerson": _with_fields(PersonIn, person),
        "NewCompany": _with_fields(RowIn, company),
        "NewRow": _with_fields(DealIn, rows),
        "PersonPatch": person,
        "CompanyPatch": company,
        "RowPatch": rows,
        "BulkRead": _inlined(BulkReadIn),
        "BulkWritePersons": _bulk(person),
        "BulkWriteCompanies": _bulk(company),
    }


def _with_fields(model: type[BaseModel], fields: Mapping[str, Any]) -> dict[str, Any]:
    schema = _inlined(model)
    schema["properties"]["fields"] = dict(fields)
    return schema


def _bulk(fields: Mapping[str, Any]) -> dict[str, Any]:
    schema = _inlined(BulkWriteIn)
    for choice in schema["properties"]["items"]["items"]["oneOf"]:
        choice["properties"]["fields"] = dict(fields)
    return schema


def _inlined(model: type[BaseModel]) -> dict[str, Any]:
    """The model's JSON Schema in one piece: no reference leads out of the document."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})
    resolved: dict[str, Any] = _resolved(schema, parts)
    return resolved


def _resolved(part: Any, parts: Mapping[str, Any]) -> Any:
    if isinstance(part, list):
        return [_resolved(inner, parts) for inner in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _resolved(parts[part["$ref"].rpartition("/")[2]], parts)
    return {
        name: _resolved(inner, parts) for name, inner in part.items() if name != "discriminator"
    }
