"""The OpenAPI document is complete, and the server answers as it says (Schemathesis)."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import DataObject, data
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from governance.app.factory import create_app
from governance.customers.catalogue import catalogue
from governance.customers.store import records_of
from governance.gateway.api.asking import CHILDREN
from governance.gateway.api.document import OPERATIONS
from tests.governance.gateway.api.conftest import Desk

EXAMPLES = 12  # requests per operation
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


@pytest.fixture(scope="module")
def document(town: Desk) -> dict[str, Any]:
    found: dict[str, Any] = create_app(town.wiring).openapi()
    return found


def test_every_address_of_the_register_is_described(document: dict[str, Any]) -> None:
    shown = {
        (method, path)
        for path, operations in document["paths"].items()
        if path.startswith(("/v1/persons", "/v1/companies")) and "search" not in path
        for method in operations
    }
    assert shown == set(OPERATIONS)
    others = [
        operation
        for path, operations in document["paths"].items()
        if path.startswith("/v1/")
        for operation in operations.values()
    ]
    assert all({"401", "403"} <= set(one["responses"]) and one["security"] for one in others)
    assert "HTTPValidationError" not in str(document["paths"])
    for method, path in shown:
        operation = document["paths"][path][method]
        assert operation["security"]
        assert operation["summary"]
        assert operation["description"]
        assert {"401", "403"} <= set(operation["responses"])


def test_bodies_have_examples_in_both_languages_and_name_every_field(
    document: dict[str, Any],
) -> None:
    create = document["paths"]["/v1/persons"]["post"]
    content = create["requestBody"]["content"]["application/json"]
    assert set(content["examples"]) == {"ja", "en"}
    fields = document["components"]["schemas"]["NewPerson"]["properties"]["fields"]
    assert fields["additionalProperties"] is False
    assert "氏名 / Name" in fields["properties"]["name"]["description"]
    assert "subject_id" not in fields["properties"]


def test_every_kind_of_rows_is_a_table_of_the_catalogue() -> None:
    assert set(CHILDREN.values()) <= set(catalogue().tables)


def fit(case: Any, town: Desk) -> None:
    """What the document cannot know: a person and a purpose that exist, and nobody else's key."""
    (case.headers or {}).pop("Authorization", None)
    (case.cookies or {}).clear()
    if "purpose" in (case.query or {}):
        case.query["purpose"] = "dsar_fulfilment"
    (case.query or {}).pop("after", None)
    (case.query or {}).pop("fields", None)
    if "person" in (case.path_parameters or {}):
        case.path_parameters["person"] = town.people[0]
    if "If-Match" in (case.headers or {}):
        with town.wiring.database.read() as tx:
            (row,) = records_of(tx, town.people[0], "person")
        case.headers["If-Match"] = f'"{row.id}.{row.clear["version"]}"'
    if isinstance(case.body, dict) and "purpose" in case.body:
        case.body["purpose"] = "dsar_fulfilment"
        case.body.pop("fields", None)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize(("method", "path"), sorted(OPERATIONS))
def test_the_server_answers_as_the_document_says(
    town: Desk, document: dict[str, Any], method: str, path: str, mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=town.base)
    operation = schema[path][method.upper()]
    cookies = dict(town.staff("privacy_officer").cookies)
    tried = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data())
    def ask(chooser: DataObject) -> None:
        nonlocal tried
        case = chooser.draw(operation.as_strategy(generation_mode=mode))
        if mode is GenerationMode.POSITIVE:
            fit(case, town)
        answer = case.call(cookies=cookies)
        case.validate_response(answer, checks=CHECKS)
        tried += 1

    try:
        ask()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # nothing of it can be wrong
    else:
        assert tried
