"""Whom the installation asks for a second factor."""

from datetime import datetime

from sqlalchemy import Connection

from governance.core.setting_kinds import SecondFor
from governance.core.terms import ActorId
from governance.customers.ports import Ports
from governance.identity.credentials.terms import Terms
from governance.identity.elevation.store import standing_roles
from governance.identity.store import staff_by_id
from policies.actors import needs_second


def asked_for_second(
    tx: Connection, ports: Ports, terms: Terms, actor: ActorId, *, at: datetime
) -> bool:
    """Whether the account needs a second factor; fails closed for one that is not known."""
    staff = staff_by_id(tx, actor)
    if not terms.mfa or terms.mfa_for is SecondFor.EVERYBODY or staff is None:
        return terms.mfa
    held = staff.roles | standing_roles(tx, actor, at=at)
    return needs_second(held, ports.policies.current.roles)
