"""Role decisions at 1,000 and 10,000 policies: the compiled table beside pycasbin's `enforce`."""

from dataclasses import replace
from itertools import islice, product
from typing import Final

from governance.app.bench.figure import Figure, best_seconds
from policies.casbin_door import Reference, define
from policies.document import PolicySet, Role, Rule
from policies.snapshot import default_snapshot
from policies.table import DecisionTable, compile_table
from policies.types import Effect, Label, RoleKind

CALLS: Final = 50_000  # table decisions of one round
REFERENCE_CALLS: Final = 20  # enforce calls of one round
FLOOR: Final = 1_000_000  # decisions a second and core
RATIO: Final = 500
WORDS: Final = Label(ja="計測", en="measured")
Request = tuple[frozenset[str], str, str]


def measure() -> tuple[Figure, ...]:
    """Decisions a second of the table at both sizes."""
    return tuple(_figure(size) for size in (1_000, 10_000))


def _figure(size: int) -> Figure:
    policy, asked = _policies(size)
    table, reference = compile_table(policy), Reference(define(policy))
    fast = best_seconds(lambda: _table(table, asked))
    slow = best_seconds(lambda: _reference(reference, asked), rounds=1)
    value, base = CALLS / fast, REFERENCE_CALLS / slow
    return Figure(
        figure=f"role decision at {size:,} policies",
        value=value,
        unit="decisions/s",
        baseline="pycasbin enforce, same policies and requests",
        baseline_value=base,
        target=f">= {RATIO}x and >= {FLOOR:,}/s",
        met=value >= FLOOR and value >= RATIO * base,
    )


def _policies(size: int) -> tuple[PolicySet, tuple[Request, ...]]:
    """A policy set of so many policy lines, a role for each ten, and requests spread over it."""
    shipped = default_snapshot().policy
    if shipped is None:
        raise TypeError  # the shipped policy is compiled with the product
    roles = tuple(Role(id=f"role_{n}", label=WORDS, kind=RoleKind.STAFF) for n in range(size // 10))
    fields = [field.id for field in shipped.fields()]
    uses = list(product(fields, (purpose.id for purpose in shipped.purposes)))
    rules = tuple(
        Rule(
            id=f"M-{n}",
            effect=Effect.ALLOW,
            roles=(roles[n // 10].id,),
            actions=("read",),
            fields=(uses[n * 7 % len(uses)][0],),
            purposes=(uses[n * 7 % len(uses)][1],),
            because=WORDS,
        )
        for n in range(size)
    )
    policy = replace(
        shipped,
        roles=roles,
        rules=rules,
        tests=(),
        separations=(),
        properties=(),
        subjects=(),
        entity_rules=(),
    )
    everything = product(roles[:: max(1, len(roles) // 20)], islice(uses, 0, None, 11))
    asked = tuple((frozenset({role.id}), field, purpose) for role, (field, purpose) in everything)
    return policy, asked


def _table(table: DecisionTable, asked: tuple[Request, ...]) -> None:
    decide, count = table.decide, len(asked)
    for n in range(CALLS):
        roles, field, purpose = asked[n % count]
        decide(roles, field=field, action="read", purpose=purpose)


def _reference(reference: Reference, asked: tuple[Request, ...]) -> None:
    for n in range(REFERENCE_CALLS):
        roles, field, purpose = asked[n * 7 % len(asked)]
        reference.enforce(roles, field=field, action="read", purpose=purpose)
