"""The OpenAPI document: FastAPI's routes, and the raw endpoints of decisions beside them."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from consent.access.document import paths as decisions
from consent.columns.document import paths as columns
from governance.gateway.api.document import describe
from governance.identity.middleware import SESSION_COOKIE


def with_evaluation(app: FastAPI) -> dict[str, Any]:
    """The document of this application, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        document["paths"] |= decisions() | columns()
        describe(document)
        components = document.setdefault("components", {})
        components["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
        }
        app.openapi_schema = document
    return app.openapi_schema
