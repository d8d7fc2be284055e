"""The endpoints about many persons as an OpenAPI document shows them beside the other routes."""

from collections.abc import Mapping
from typing import Any, Final

from consent.columns.api import AUDIENCES, CHECK, SEGMENTS
from consent.columns.forms import KNOWN, MOST, SAVED, SHOWN

TEXT: Final = {"type": "string"}
PSEUDONYM: Final = {"type": "string", "format": "uuid"}
PERSONS: Final = {"type": "array", "maxItems": MOST, "items": PSEUDONYM}
PROBLEMS: Final = {
    "400": {"description": "Not of the form of this endpoint; `faults` names the places"},
    "401": {"description": "The caller is not known (problem details)"},
    "403": {"description": "The caller may not ask (problem details)"},
    "404": {"description": "No such segment of this caller (problem details)"},
    "413": {"description": "Too large (problem details)"},
    "415": {"description": "Another media type (problem details)"},
    "503": {"description": "A part that must answer does not (problem details)"},
}
ASKED: Final[Mapping[str, Any]] = {
    "purpose": TEXT,
    "subjects": PERSONS,
    "channel": TEXT,
    "recipient": TEXT,
    "country": TEXT,
    "min_seq": {"type": "integer", "description": "The answer rests on this place or a later one"},
    "segment": {"type": "string", "description": "A saved list instead of `subjects`"},
    "show": {"type": "string", "enum": list(SHOWN)},
}
BASIS: Final[Mapping[str, Any]] = {
    "decision_id": {"type": "string", "description": "The record of this answer"},
    "snapshot": {
        "type": "object",
        "properties": {"policy_version": TEXT, "consent_seq": {"type": "integer"}},
    },
    "valid_until": {"type": "string", "format": "date-time"},
    "retry_after": {"type": "integer", "description": "Seconds, while a part is away"},
    "reasons": {
        "type": "array",
        "description": "Why nobody of the list can be permitted",
        "items": {
            "type": "object",
            "properties": {"code": TEXT, "text_ja": TEXT, "text_en": TEXT},
        },
    },
}
EXAMPLE: Final = {
    "purpose": "mail_marketing",
    "channel": "email",
    "subjects": ["00000000-0000-4000-8000-000000000001"],
}


def _object(properties: Mapping[str, Any], *required: str, closed: bool = False) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
    }
    return shape | ({"additionalProperties": False} if closed else {})


def _answer(shape: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": shape}}
    return {"200": {"description": "The answer", "content": content}, **PROBLEMS}


def _post(name: str, summary: str, told: str, body: Any, example: Any, answer: Any) -> Any:
    content = {"application/json": {"schema": body, "example": example}}
    return {
        "post": {
            "summary": summary,
            "description": told,
            "operationId": name,
            "tags": ["consents"],
            "security": [{"bearer": []}, {"session": []}],
            "requestBody": {"required": True, "content": content},
            "responses": _answer(answer),
        }
    }


def paths() -> dict[str, Any]:
    """Every address about many persons with its operation."""
    asked = {name: ASKED[name] for name in sorted(KNOWN)}
    either = [{"required": ["subjects"]}, {"required": ["segment"]}]
    whole = {name: ASKED[name] for name in sorted(KNOWN | SAVED)}
    counts = {"size": {"type": "integer"}, "count": {"type": "integer"}}
    return {
        CHECK: _post(
            "check_consents",
            "Who of a list may be used for one purpose",
            "A refusal is an answer: nobody is permitted, and `reasons` says why for all.",
            _object(asked, "purpose", "subjects", closed=True),
            EXAMPLE,
            _object({"permit": PERSONS, **BASIS}, "permit", "snapshot"),
        ),
        AUDIENCES: _post(
            "filter_audience",
            "The same for up to a million persons",
            "Exactly one of `subjects` and `segment`; `show` asks for names, bits or the count.",
            _object(whole, "purpose", closed=True) | {"oneOf": either},
            EXAMPLE | {"show": "count"},
            _object({**counts, "permit": PERSONS, "bits": TEXT, **BASIS}, *counts, "snapshot"),
        ),
        SEGMENTS: _post(
            "save_segment",
            "Save a list of persons for a day",
            "It has a random id; only who saved it may ask for it or end it.",
            _object({"subjects": PERSONS}, "subjects", closed=True),
            {"subjects": EXAMPLE["subjects"]},
            _object(
                {"segment": TEXT, "size": {"type": "integer"}, "ends_at": TEXT},
                *("segment", "size", "ends_at"),
            ),
        ),
        f"{SEGMENTS}/{{segment}}": {
            "delete": {
                "summary": "End a saved list",
                "description": "404 for a list of somebody else, as for none.",
                "operationId": "drop_segment",
                "tags": ["consents"],
                "security": [{"bearer": []}, {"session": []}],
                "parameters": [{"name": "segment", "in": "path", "required": True, "schema": TEXT}],
                "responses": _answer({"type": "object"}),
            }
        },
    }
