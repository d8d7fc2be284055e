"""Decisions, each figure beside a naive baseline of the same run: roles, persons, HTTP, reloads."""

from collections.abc import Iterable
from itertools import islice, product

from governance.app.bench.deciding import batches, columns, reloading, roles, serving
from governance.app.bench.figure import Figure, best_seconds
from policies.casbin_door import Reference
from policies.snapshot import PolicySnapshot, default_snapshot

CALLS = 20_000  # table decisions of one round
REFERENCE_CALLS = 40  # enforce calls of one round
FLOOR = 1_000_000  # decisions a second and core
RATIO = 500


def measure(*, rows: int | None = None) -> tuple[Figure, ...]:
    """Every figure of the decision engine; `rows` persons where persons are counted."""
    return (
        *measure_shipped(rows=rows),
        *roles.measure(),
        *columns.measure(rows=rows),
        *batches.measure(),
        *serving.measure(),
        *reloading.measure(),
    )


def measure_shipped(*, rows: int | None = None) -> tuple[Figure, ...]:
    """Decisions a second of the table, beside the reference over the same requests."""
    snapshot = default_snapshot()
    if snapshot.definition is None:
        return ()
    asked = tuple(requests(snapshot))
    reference = Reference(snapshot.definition)
    calls = rows or CALLS
    fast = best_seconds(lambda: _table(snapshot, asked, calls))
    slow = best_seconds(lambda: _reference(reference, asked, REFERENCE_CALLS), rounds=2)
    value, base = calls / fast, REFERENCE_CALLS / slow
    return (
        Figure(
            figure="role decision",
            value=value,
            unit="decisions/s",
            baseline="pycasbin enforce, same policy and requests",
            baseline_value=base,
            target=f">= {RATIO}x and >= {FLOOR:,}/s",
            met=value >= FLOOR and value >= RATIO * base,
        ),
    )


Request = tuple[frozenset[str], str, str, str]


def requests(snapshot: PolicySnapshot) -> Iterable[Request]:
    """Requests over all roles, fields and purposes, spread evenly."""
    roles = [frozenset({name}) for name in snapshot.roles]
    fields, purposes = list(snapshot.categories), list(snapshot.purposes)
    whole = product(roles, fields, ("read",), purposes)
    return islice(whole, 0, len(roles) * len(fields) * len(purposes), 17)


def _table(snapshot: PolicySnapshot, requests: tuple[Request, ...], calls: int) -> None:
    decide = snapshot.decide
    for number in range(calls):
        roles, field, action, purpose = requests[number % len(requests)]
        decide(roles, field=field, action=action, purpose=purpose)


def _reference(reference: Reference, requests: tuple[Request, ...], calls: int) -> None:
    for number in range(calls):
        roles, field, action, purpose = requests[number * 7 % len(requests)]
        reference.enforce(roles, field=field, action=action, purpose=purpose)
