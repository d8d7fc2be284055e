"""Every route, every role, ids that exist and ids that do not: who may not is told nothing.

Each commit plays a slice by `SEKISHO_SEED`; `SEKISHO_SOAK=1` plays every pair (docs/soak.md).
"""

import os
import random
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from fastapi import FastAPI

from consent.access.document import paths as decision_paths
from consent.columns.api import AUDIENCES, CHECK, SEGMENTS
from tests.security.ground import (
    NOBODY,
    NONE,
    OTHER_PERSON,
    OTHER_SYSTEM,
    Ground,
    Place,
    address,
    places,
    told,
    unknown,
)

SOAK: Final = bool(os.environ.get("SEKISHO_SOAK"))
SEED: Final = int(os.environ.get("SEKISHO_SEED", "20261126"))
REFUSED: Final = frozenset({401, 403, 404})
STREAM: Final = "/v1/feed"  # an answer to whoever may does not end
# Without FastAPI: decisions of calling systems (consent/access, consent/columns).
DECISIONS: Final = ("/access/v1/", "/v1/consents/check", "/v1/audiences")
# Whoever may read all of these learns what is there; nothing of theirs is hidden by its id.
READS_ALL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "/v1/recipients/{key}/webhook": "the register is open to its readers; no webhook is told",
        "/v1/recipients/{key}/webhook/secret": "the same",
        "/v1/requests/{request_id}/certificate": "requests are open to their readers",
        "/console/requests/{request_id}": "the same; what is in the answer needs more",
    }
)
# An id that names nothing is answered as one of which nothing is known: alike for both.
NOTHING_KNOWN: Final = frozenset(
    {
        "/v1/audit/actors/{actor}/timeline",
        "/v1/audit/persons/{person}/timeline",
        "/console/audit/persons/{subject}",
        "/portal/requests/new/{name}",  # back to the first page
        "/v1/audit/counts/{column}",
        "/v1/leases/{holder}",
    }
)
# Parameters of which the ground has nothing: they are asked with unknown ids alone.
NOTHING_OF: Final = frozenset(
    {
        "form", "prefix", "relation", "topic",  # a file, a key, a parent, a gap of the data
        "approval", "complaint", "course", "dataset", "decision", "edition", "elevation", "file",
        "hook", "letter", "which", "account", "act", "login", "quarter",
        "merge", "message", "name", "pair", "paper", "passkey", "place", "plan", "point", "row",
        "run", "scan", "sent", "session", "simulation", "task", "template", "token", "version",
    }
)  # fmt: skip


def chosen(callers: list[str], place: Place, salt: str) -> list[str]:
    """All of them in a long run; one of them otherwise, by the seed and the place."""
    if SOAK or not callers:
        return callers
    return [random.Random(f"{SEED}{salt}{place.method}{place.path}").choice(callers)]  # noqa: S311 # no secret


def call(caller: str, place: Place, given: Mapping[str, str], **more: Any) -> Any:
    return caller, place.method, address(place, given), more


def test_whoever_may_not_is_told_nothing_whether_it_exists_or_not(town: Ground) -> None:
    calls: list[Any] = []
    asked: list[Any] = []
    for place in places(town.app):
        there = town.existing(place)
        given = there or unknown(place)
        denied = [name for name in town.callers if not town.may(name, place)]
        for caller in chosen(denied, place, "denied"):
            both = (given, unknown(place, given))
            calls += [call(caller, place, one) for one in both]
            asked.append((caller, place, both))
    answers = iter(town.ask(calls))
    wrong = []
    for caller, place, (known, none) in asked:
        first, second = told(next(answers), known), told(next(answers), none)
        wanted = 401 if caller == NOBODY else 403
        if first[0] not in {wanted, 404} or first != second:
            wrong.append(f"{place.method} {place.path} {caller} {first} / {second}")
    print(f"\nauthorisation: {len(calls)} calls of who may not")  # noqa: T201 # on record
    assert wrong == []
    assert len(asked) >= len(places(town.app)) - len(_open(town.app))


def _open(app: FastAPI) -> list[Place]:
    return [place for place in places(app) if place.open]


def test_whoever_may_not_is_not_told_either_what_is_wrong_with_the_body(town: Ground) -> None:
    """Found by this: a body that was no JSON was told so before anybody was asked who they are."""
    calls: list[Any] = []
    asked: list[Any] = []
    for place in places(town.app):
        if place.method == "GET" or place.open:
            continue
        denied = [name for name in town.callers if not town.may(name, place)]
        for caller in chosen(denied, place, "body"):
            body = {"content": b"{", "headers": {"content-type": "application/json"}}
            calls.append(call(caller, place, unknown(place), **body))
            asked.append((caller, place))
    found = [
        (caller, place.method, place.path, answer.status_code)
        for (caller, place), answer in zip(asked, town.ask(calls), strict=True)
        if answer.status_code not in REFUSED
    ]
    assert found == []


def test_an_unknown_id_opens_nothing_and_breaks_nothing_for_whoever_may(town: Ground) -> None:
    calls: list[Any] = []
    asked: list[Any] = []
    for place in places(town.app):
        if place.path == STREAM or not place.parameters:
            continue
        allowed = [name for name in town.callers if town.may(name, place)]
        for caller in chosen(allowed, place, "unknown"):
            calls.append(call(caller, place, unknown(place), **_body(place)))
            asked.append((caller, place))
    wrong = []
    for (caller, place), answer in zip(asked, town.ask(calls), strict=True):
        fine = 400 <= answer.status_code < 500  # refused, for a reason
        if not fine and place.path not in NOTHING_KNOWN:
            wrong.append(f"{place.method} {place.path} {answer.status_code} {caller}")
    print(f"\nauthorisation: {len(calls)} calls with unknown ids")  # noqa: T201 # on record
    assert wrong == []


def _body(place: Place) -> dict[str, Any]:
    """What lets the route look for its object: an empty document, for a purpose."""
    more: dict[str, Any] = {"params": {"purpose": "order_support"}}
    if place.path.startswith("/v1/") and place.method != "GET":
        more["json"] = {}
    return more


def test_somebody_elses_is_as_if_it_were_not_there(town: Ground) -> None:
    """The owner's id and one of nobody's, asked by everybody who is not the owner."""
    calls: list[Any] = []
    asked: list[Any] = []
    for place in sorted(places(town.app), key=lambda one: one.method == "DELETE"):
        there = town.existing(place) if place.parameters else None
        if there is None or place.path == STREAM or place.path.startswith(tuple(READS_ALL)):
            continue
        allowed = [name for name in town.callers if town.may(name, place)]
        strangers = [name for name in (NOBODY, OTHER_PERSON, OTHER_SYSTEM) if name in allowed]
        for caller in dict.fromkeys([*strangers, *chosen(_looking(allowed, place), place, "own")]):
            for accept in ("application/json", "text/html"):
                both = (there, unknown(place, there))
                more = _body(place) | {"headers": {"accept": accept}}
                calls += [call(caller, place, one, **more) for one in both]
                asked.append((caller, place, both))
    answers = iter(town.ask(calls))
    wrong = []
    for caller, place, (known, none) in asked:
        first, second = told(next(answers), known), told(next(answers), none)
        if first[0] in REFUSED and first != second:
            told_both = f"{first[0]} {first[1][:160]} / {second[0]} {second[1][:160]}"
            wrong.append(f"{place.method} {place.path} {caller} {told_both}")
    print(f"\nauthorisation: {len(calls)} calls of somebody else's")  # noqa: T201 # on record
    assert wrong == []


def _looking(allowed: list[str], place: Place) -> list[str]:
    """Who may do it changes nothing here: they look alone, but what they may not see is asked."""
    return allowed if place.method == "GET" else []


def test_what_the_persons_and_systems_have_of_their_own_opens_to_them_alone(town: Ground) -> None:
    """The comparison above could hold for routes that refuse everybody: the owners do get in."""
    request, hook = town.found["/ request_id"], town.found["/ reference"]
    choice, search = town.found["/v1/own choice"], town.found["/v1/persons/searches search_id"]
    owned = {
        ("customer", "GET", f"/portal/requests/of/{request}"),
        ("customer", "POST", f"/v1/own/consents/{choice}/receipt"),
        ("request_intake", "GET", f"/v1/data-rights-requests/{hook}"),
        ("support", "GET", f"/v1/persons/searches/{search}"),
        ("support", "GET", f"/v1/break-glass/{town.found['/ glass']}"),
        ("auditor", "POST", f"/v1/audit/filters/{town.found['/v1/audit/filters name']}/events"),
    }
    ordered = sorted(owned)
    answers = town.ask((caller, method, path, {}) for caller, method, path in ordered)
    assert [
        (call, one.status_code)
        for call, one in zip(ordered, answers, strict=True)
        if not one.is_success
    ] == []


def test_decisions_are_for_systems_that_may_ask(town: Ground) -> None:
    operations = [*(("POST", path) for path in decision_paths() if path.startswith(DECISIONS))]
    operations += [("POST", path) for path in (CHECK, AUDIENCES, SEGMENTS)]
    operations += [("DELETE", f"{SEGMENTS}/{NONE}")]
    assert ("POST", "/access/v1/evaluation") in operations
    without = ("sales", "accountant", "request_intake", OTHER_SYSTEM, OTHER_PERSON)
    for caller, status in ((NOBODY, 401), *((name, 403) for name in without)):
        calls = [(caller, method, path, {"json": {}}) for method, path in operations]
        found = {answer.status_code for answer in town.ask(calls)}
        assert found == {status}, caller


def test_every_operation_of_the_document_is_asked(town: Ground) -> None:
    listed = {(place.method, place.path) for place in places(town.app)}
    missing = [
        path
        for path, methods in town.app.openapi()["paths"].items()
        for method in methods
        if (method.upper(), path) not in listed and not path.startswith(DECISIONS)
    ]
    assert [path for path in missing if not path.startswith("/.well-known/")] == []


def test_a_new_kind_of_id_is_put_into_the_ground_or_named_here(town: Ground) -> None:
    missing = set()
    for place in places(town.app):
        if place.parameters and town.existing(place) is None:
            missing |= set(place.parameters)
    named = {key.partition(" ")[2] for key in town.found}
    assert missing - named <= NOTHING_OF
