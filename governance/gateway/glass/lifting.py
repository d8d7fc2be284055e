"""What an open emergency access changes: ACTOR alone, for its employee, purpose and person.

It opens what no rule opens to the employee, and shows what a rule masks. What a rule forbids stays
forbidden; PURPOSE and SUBJECT are asked as ever (design: break-glass lifts ACTOR only).
"""

from datetime import datetime

from sqlalchemy import Connection

from governance.core.terms import PurposeId, SubjectId
from governance.customers.upkeep.merges import survivor_of
from governance.gateway.glass.store import open_of
from governance.gateway.glass.types import Glass
from governance.http.principal import Principal, PrincipalKind
from policies.actors import roles_of
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot
from policies.types import ActorDecision, ObligationKind, Outcome, Verb

LIFTED = frozenset({ReasonCode.PERMIT, ReasonCode.ACTOR_NO_RULE})  # never what is forbidden
HIDING = frozenset({ObligationKind.MASK, ObligationKind.REDACT})
VERBS = frozenset({Verb.READ, Verb.SEARCH})  # nothing is written, used or exported by it


def glass_for(
    tx: Connection,
    policy: PolicySnapshot,
    principal: Principal,
    purpose: PurposeId,
    subject: SubjectId | None,
    *,
    at: datetime,
) -> Glass | None:
    """The access that is open for this purpose and person; no person: for searching at all."""
    if not may_hold(policy, principal):
        return None
    open_ = open_of(tx, principal.id, at=at)
    if open_ and subject is not None:
        subject = survivor_of(tx, subject)
    for glass in open_:
        about = glass.subject is None if subject is None else glass.serves(subject)
        if glass.purpose == purpose and about:
            return glass
    return None


def may_hold(policy: PolicySnapshot, principal: Principal) -> bool:
    """Whether the policy lets this employee break the glass; looked at again at each use."""
    staff = principal.kind is PrincipalKind.STAFF
    return staff and policy.may_break_glass(roles_of(principal, policy))


def lifted(actor: ActorDecision, glass: Glass | None, verb: Verb) -> ActorDecision:
    """The answer of the first gate under an open access."""
    if glass is None or verb not in VERBS or actor.code not in LIFTED:
        return actor
    if actor and not any(duty.kind in HIDING for duty in actor.obligations):
        return actor  # nothing to lift: the rule itself answers
    return ActorDecision(outcome=Outcome.PERMIT, code=ReasonCode.PERMIT, rule_id=glass.rule_id)
