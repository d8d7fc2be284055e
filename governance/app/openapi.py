"""The OpenAPI document: FastAPI's routes, and the raw decision endpoint beside them."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from governance.gateway.api.document import describe
from governance.identity.middleware import SESSION_COOKIE

_ENTITY = {
    "type": "object",
    "required": ["type", "id"],
    "properties": {
        "type": {"type": "string"},
        "id": {"type": "string"},
        "properties": {"type": "object"},
    },
}
EVALUATION: dict[str, Any] = {
    "post": {
        "summary": "Ask whether a use is allowed",
        "description": "Whether the calling system may use a person's data for a purpose "
        "(AuthZEN Authorization API 1.0). A refusal is 200 with decision false.",
        "operationId": "evaluate",
        "security": [{"bearer": []}],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["subject", "resource", "action"],
                        "properties": {
                            "subject": _ENTITY,
                            "resource": _ENTITY,
                            "action": {
                                "type": "object",
                                "required": ["name"],
                                "properties": {
                                    "name": {"type": "string"},
                                    "properties": {"type": "object"},
                                },
                            },
                            "context": {"type": "object"},
                        },
                    }
                }
            },
        },
        "responses": {
            "200": {
                "description": "The decision with its reasons",
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["decision"],
                            "properties": {
                                "decision": {"type": "boolean"},
                                "context": {"type": "object"},
                            },
                        }
                    }
                },
            },
            "400": {"description": "Not an evaluation request (problem details)"},
            "401": {"description": "The caller is not known (problem details)"},
            "403": {"description": "The caller may not ask (problem details)"},
        },
    }
}


def with_evaluation(app: FastAPI) -> dict[str, Any]:
    """The document of this application, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        document["paths"]["/access/v1/evaluation"] = EVALUATION
        describe(document)
        components = document.setdefault("components", {})
        components["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
        }
        app.openapi_schema = document
    return app.openapi_schema
