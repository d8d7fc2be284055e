"""Requests made from the document, right ones and wrong ones, for every operation of the API.

No answer is a server's error. Each commit asks some operations a few times, by `SEKISHO_SEED`;
`SEKISHO_SOAK=N` asks each of them N times, right and wrong (docs/soak.md), and `SEKISHO_PART=2/3`
every third of them from the second on, so that several processes share the length. The register's
own operations are also held to the statuses and shapes of the document
(tests/governance/gateway/api/test_document.py).
"""

import os
import random
from typing import Any, Final

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import DataObject, data
from schemathesis import GenerationMode

from tests.security.ground import Ground, Place, places
from tests.security.test_authorisation_matrix import SEED, STREAM

EXAMPLES: Final = int(os.environ.get("SEKISHO_SOAK", "3"))
HEARD: Final = 0.2  # seconds of an answer without an end
SHARE: Final = 1.0 if "SEKISHO_SOAK" in os.environ else 0.05  # of the operations
PART, PARTS = (int(one) for one in os.environ.get("SEKISHO_PART", "1/1").split("/"))


def test_no_operation_answers_with_a_fault_of_ours(town: Ground) -> None:
    document = town.app.openapi()
    stated = {(place.method, place.path): place for place in places(town.app)}
    rng = random.Random(SEED)  # noqa: S311 # no secret
    asked, operations, faults = 0, 0, list[str]()
    for number, found in enumerate(schemathesis.openapi.from_dict(document).get_all_operations()):
        operation = found.ok()
        if rng.random() >= SHARE or number % PARTS != PART - 1:
            continue
        operations += 1
        place = stated.get((operation.method.upper(), operation.path))
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            count, wrong = _ask(town, operation, mode, _caller(town, place))
            asked += count
            faults += wrong
        if "SEKISHO_SOAK" in os.environ:  # what was reached stands there when it is ended early
            print(f"{asked} {len(faults)} {operation.label}", flush=True)  # noqa: T201
    print(f"\nschemathesis: {asked} requests to {operations} operations")  # noqa: T201 # on record
    assert not faults, "\n".join(sorted(set(faults)))
    assert asked


def _caller(town: Ground, place: Place | None) -> str:
    """Somebody who may, so that more than the refusal is asked."""
    if place is None:
        return "shop"
    return next(name for name in ("privacy_officer", *town.callers) if town.may(name, place))


def _ask(town: Ground, operation: Any, mode: GenerationMode, caller: str) -> tuple[int, list[str]]:
    """How often it was asked, and what was answered as a fault of ours."""
    asked, faults = 0, []

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data())
    def play(chooser: DataObject) -> None:
        nonlocal asked
        case = chooser.draw(operation.as_strategy(generation_mode=mode))
        sent = case.as_transport_kwargs(base_url=town.wiring.settings.origin)
        sent = {name: value for name, value in sent.items() if value is not None}
        sent.pop("cookies", None)
        if isinstance(sent.get("data"), bytes | str):
            sent["content"] = sent.pop("data")
        headers = {
            name: value
            for name, value in dict(sent.pop("headers", {})).items()
            if name.lower() not in {"authorization", "cookie", "host"} and _plain(name, value)
        }
        method, address = sent.pop("method"), sent.pop("url")
        patience = HEARD if operation.path == STREAM else None
        (answer,) = town.ask(
            [(caller, method, address, sent | {"headers": headers})], patience=patience
        )
        asked += 1
        if answer.status_code >= 500:
            faults.append(f"{method} {operation.path} {caller} {answer.status_code}")

    try:
        play()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # nothing of it can be wrong
    return asked, faults


def _plain(name: str, value: object) -> bool:
    """Whether a client can send this header at all."""
    return name.isascii() and isinstance(value, str) and value.isascii() and value.isprintable()
