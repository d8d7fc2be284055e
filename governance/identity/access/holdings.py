"""Every account with what it holds and what that opens, as it is now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from governance.core.clock import JST
from governance.core.terms import ActorId, FieldId, PurposeId
from governance.identity.access import store
from governance.identity.access.rules import marks
from governance.identity.access.types import Holding
from governance.identity.rules import training_lapsed
from governance.identity.store import all_clients, all_staff
from governance.identity.types import Client, Limits, Staff
from policies.actions import GRAVE, PERSONAL, Action
from policies.duties import conflicts, granted
from policies.proofs import widest
from policies.snapshot import PolicySnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What roles open under a policy."""

    purposes: frozenset[str]
    categories: frozenset[str]
    actions: frozenset[Action]


def opened(policy: PolicySnapshot, roles: Iterable[str]) -> Opened:
    """Purposes and data categories of which both gates open a field, and registered actions."""
    held = frozenset(role for role in roles if role in policy.roles)
    actions = frozenset[Action]().union(*(granted(policy.roles, role) for role in held))
    if policy.table is None:
        return Opened(purposes=frozenset(), categories=frozenset(), actions=actions)
    bits = policy.table.mask_of(held)
    open_cells = [
        (FieldId(field), PurposeId(purpose))
        for (field, _, purpose), cell in policy.table.cells.items()
        if _covers(policy, FieldId(field), PurposeId(purpose)) and widest(cell, bits) is not None
    ]
    return Opened(
        purposes=frozenset(purpose for _, purpose in open_cells),
        categories=frozenset(policy.categories[field] for field, _ in open_cells),
        actions=actions,
    )


def _covers(policy: PolicySnapshot, field: FieldId, purpose: PurposeId) -> bool:
    """The second gate: whether the purpose covers the category of the field."""
    record = policy.purposes.get(purpose)
    return record is not None and policy.categories.get(field) in record.categories


def holdings(
    tx: Connection,
    policy: PolicySnapshot,
    limits: Limits,
    *,
    idle: int,
    since: datetime,
    at: datetime,
) -> Mapping[ActorId, Holding]:
    """Every account that has not ended for good, and those that have, with its marks."""
    seen, further = store.signs_of_life(tx), store.elevated(tx, since=since)
    made, on = store.systems_made(tx), at.astimezone(JST).date()
    known: dict[frozenset[str], Opened] = {}
    found: dict[ActorId, Holding] = {}
    everybody: list[Staff | Client] = [*all_staff(tx), *all_clients(tx)]
    for one in everybody:
        if one.roles not in known:
            known[one.roles] = opened(policy, one.roles)
        if isinstance(one, Staff):
            holding = _of_staff(one, known[one.roles], further.get(one.id, ()))
            lapsed = limits.training is not None and training_lapsed(one, at=at, limits=limits)
        else:
            holding, lapsed = _of_system(one, known[one.roles], made[one.id]), False
        holding = replace(holding, used_on=seen.get(one.id))
        found[one.id] = holding.marked(
            marks(
                holding,
                lapsed=lapsed,
                apart=bool(conflicts(policy, one.roles & policy.roles.keys())),
                unknown=not one.roles <= policy.roles.keys(),
                idle=idle,
                on=on,
            )
        )
    return found


def _of_staff(staff: Staff, opens: Opened, elevations: tuple[str, ...]) -> Holding:
    made = staff.created_at
    return Holding(
        account=staff.id,
        system=False,
        name=staff.login,
        state=staff.state,
        roles=staff.roles,
        opens=opens.purposes,
        categories=opens.categories,
        personal=bool(opens.actions & PERSONAL),
        grave=bool(opens.actions & GRAVE),
        made_on=None if made is None else made.astimezone(JST).date(),
        trained_until=staff.trained_until,
        elevations=elevations,
    )


def _of_system(client: Client, opens: Opened, made: datetime) -> Holding:
    scoped = opens.actions if client.scopes is None else opens.actions & _actions(client.scopes)
    return Holding(
        account=client.id,
        system=True,
        name=client.name,
        state=client.state,
        roles=client.roles,
        claims=frozenset(client.purposes),
        opens=opens.purposes & client.purposes,
        categories=opens.categories if opens.purposes & client.purposes else frozenset(),
        personal=bool(scoped & PERSONAL),
        grave=bool(scoped & GRAVE),
        made_on=made.astimezone(JST).date(),
    )


def _actions(scopes: Iterable[str]) -> frozenset[Action]:
    return frozenset(one for one in Action if one.value in frozenset(scopes))
