"""Whether whoever takes the second step of a case is another person than who took the first."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from governance.approvals import ties
from governance.approvals.bonds import own_hands
from governance.core.terms import ActorId
from governance.http.principal import Principal
from policies.actions import Action
from policies.duties import second_step
from policies.snapshot import PolicySnapshot


def is_second(
    tx: Connection,
    policy: PolicySnapshot,
    principal: Principal,
    action: Action,
    done: Mapping[Action, ActorId | None],
    *,
    since: datetime,
) -> bool:
    """Whether the principal may do this after what was done at `since`: it needs two persons.

    Fails closed: another account of theirs, a system whose key they hold, and whoever lately gave
    them account, role or code are no other person; nor is anybody without a policy.
    """
    hands = hands_of(tx, principal.id, since=since)
    by = {step: frozenset({one}) for step, one in done.items() if one is not None}
    if hands & frozenset().union(*by.values()):
        return False
    return second_step(policy, action=action, hands=hands, done=by) is None


def hands_of(tx: Connection, actor: ActorId, *, since: datetime) -> frozenset[ActorId]:
    """The names by which this actor may have taken a step at `since`."""
    return own_hands(ties.of(tx, actor), actor, since=since)
