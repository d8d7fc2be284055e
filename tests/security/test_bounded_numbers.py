"""A whole number that somebody sends has an end: no database reads one of any length."""

from collections.abc import Iterator
from typing import Annotated, Any, Final

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from tests.governance.app.test_routes import all_routes
from tests.security.ground import Ground

MOST: Final = 2**63 - 1  # of both databases


def test_every_number_of_a_route_has_an_end(town: Ground) -> None:
    faults = [
        f"{route.path} {name}"
        for route in all_routes(town.app.routes)
        if isinstance(route, APIRoute)
        for name, shape in _parameters(route.dependant)
        if any(not _ends(one) for one in _whole(shape))
    ]
    assert not faults, "\n".join(faults)


def _parameters(needs: Dependant) -> Iterator[tuple[str, Any]]:
    mine = (*needs.path_params, *needs.query_params, *needs.header_params, *needs.body_params)
    for one in mine:
        shape = TypeAdapter(Annotated[one.field_info.annotation, one.field_info]).json_schema()
        yield one.alias, shape
    for inner in needs.dependencies:
        yield from _parameters(inner)


def _whole(shape: Any) -> list[Any]:
    """Every schema of a whole number within this one."""
    if isinstance(shape, list):
        return [found for part in shape for found in _whole(part)]
    if not isinstance(shape, dict):
        return []
    mine = [shape] if shape.get("type") == "integer" else []
    return mine + [found for part in shape.values() for found in _whole(part)]


def _ends(shape: dict[str, Any]) -> bool:
    if "const" in shape or "enum" in shape:
        return True
    ends = (
        shape.get("minimum", shape.get("exclusiveMinimum")),
        shape.get("maximum", shape.get("exclusiveMaximum")),
    )
    return all(one is not None and abs(one) <= MOST for one in ends)


def test_a_place_beyond_every_log_is_refused_as_a_mistake(town: Ground) -> None:
    beyond = {"params": {"before": 2**63}}
    for place in ("persons", "actors"):
        address = f"/v1/audit/{place}/nobody/timeline"
        (answer,) = town.ask([("privacy_officer", "GET", address, beyond)])
        assert answer.status_code == 422, place
