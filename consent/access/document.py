"""The decision endpoints as an OpenAPI document shows them beside the other routes."""

from collections.abc import Mapping
from typing import Any, Final

from consent.access import metadata
from consent.access.batch import MAX_ITEMS, STOPS
from consent.access.paging import MOST, Sought

OBJECT: Final = {"type": "object"}
TEXT: Final = {"type": "string"}
PROBLEMS: Final = {
    "400": {"description": "Not of the form of this endpoint (problem details)"},
    "401": {"description": "The caller is not known (problem details)"},
    "403": {"description": "The caller may not ask (problem details)"},
    "503": {"description": "No policy is in force (problem details)"},
}


def _object(required: Mapping[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **optional},
    }


ENTITY: Final = _object({"type": TEXT, "id": TEXT}, properties=OBJECT)
KIND: Final = _object({"type": TEXT}, properties=OBJECT)
ACTION: Final = _object({"name": TEXT}, properties=OBJECT)
QUESTION: Final = _object({"subject": ENTITY, "action": ACTION, "resource": ENTITY}, context=OBJECT)
DECISION: Final = _object({"decision": {"type": "boolean"}}, context=OBJECT)
EVALUATIONS: Final = _object(
    {},
    subject=OBJECT,
    action=OBJECT,
    resource=OBJECT,
    context=OBJECT,
    evaluations={"type": "array", "items": OBJECT, "maxItems": MAX_ITEMS},
    options=_object({}, evaluations_semantic={"type": "string", "enum": list(STOPS)}),
)
PAGE: Final = _object({}, token=TEXT, limit={"type": "integer", "minimum": 0}, properties=OBJECT)
RESULTS: Final[Mapping[Sought, Any]] = {
    Sought.SUBJECT: ENTITY,
    Sought.RESOURCE: ENTITY,
    Sought.ACTION: ACTION,
}


def _post(name: str, summary: str, told: str, body: Any, answer: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": body}}
    return {
        "post": {
            "summary": summary,
            "description": told,
            "operationId": name,
            "security": [{"bearer": []}],
            "requestBody": {"required": True, "content": content},
            "responses": {
                "200": {
                    "description": "The answer",
                    "content": {"application/json": {"schema": answer}},
                },
                **PROBLEMS,
            },
        }
    }


def _search(sought: Sought) -> dict[str, Any]:
    parts = {"subject": ENTITY, "action": ACTION, "resource": ENTITY}
    if sought is Sought.ACTION:
        del parts["action"]
    else:
        parts[sought.value] = KIND
    page = _object({"next_token": TEXT}, count={"type": "integer"})
    found = {"type": "array", "items": RESULTS[sought]}
    return _post(
        f"search_{sought.value}",
        f"Which {sought.value}s would be permitted",
        f"At most {MOST} a page; `page.next_token` goes back as `page.token`, everything else "
        "stays as it is.",
        _object(parts, context=OBJECT, page=PAGE),
        _object({"results": found}, page=page, context=OBJECT),
    )


def _configuration() -> dict[str, Any]:
    url = {"type": "string", "format": "uri"}
    names = [f"search_{sought.value}_endpoint" for sought in Sought]
    shape = _object(
        {"policy_decision_point": url, "access_evaluation_endpoint": url},
        access_evaluations_endpoint=url,
        **dict.fromkeys(names, url),
        obligations_supported={"type": "array", "items": TEXT},
    )
    return {
        "get": {
            "summary": "What this decision point offers",
            "description": "AuthZEN metadata; open to everybody.",
            "operationId": "authzen_configuration",
            "responses": {
                "200": {
                    "description": "The metadata",
                    "content": {"application/json": {"schema": shape}},
                }
            },
        }
    }


def paths() -> dict[str, Any]:
    """Every address of AuthZEN with its operation."""
    return {
        metadata.EVALUATION: _post(
            "evaluate",
            "Ask whether a use is allowed",
            "Whether the calling system may use a person's data for a purpose, or whether a "
            "subject of the policy may do something (AuthZEN Authorization API 1.0). A refusal is "
            "200 with decision false.",
            QUESTION,
            DECISION,
        ),
        metadata.EVALUATIONS: _post(
            "evaluate_all",
            "Ask several questions at once",
            "Members above `evaluations` are defaults of every question. The answers come in the "
            "same order; without `evaluations` the request is one question.",
            EVALUATIONS,
            _object({}, evaluations={"type": "array", "items": DECISION}, **DECISION["properties"]),
        ),
        **{path: _search(sought) for sought, path in metadata.SEARCH.items()},
        metadata.WELL_KNOWN: _configuration(),
    }
