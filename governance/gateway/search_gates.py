"""How deep a searcher may look into a field: what may be seen whole may be searched by parts.

A field shown masked is found by its whole value alone: by parts, its clear value could be guessed
sign by sign. The last digits of a number that are shown anyway may be searched too. A field that
is withheld finds nobody.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, literal, select

from audit.actions import EventCode
from audit.models import EVENTS
from governance.core.terms import FieldId, SubjectId, Treatment
from governance.customers.catalogue import CatalogueField
from governance.customers.search_terms import LAST_DIGITS, Form, Level, form_of
from governance.db.engine import Database
from governance.gateway.decisions import decide_before_person
from governance.gateway.glass.lifting import lifted
from governance.gateway.glass.types import Glass
from governance.gateway.types import FieldDecision
from governance.http.principal import Principal
from policies.actors import decide_actor
from policies.masking import MaskMethod
from policies.purposes import PurposeRecord
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot
from policies.types import ActorDecision, ObligationKind, Verb

RATE_SPAN: Final = timedelta(hours=1)  # what a rate of the policy counts over
NOBODY: Final = SubjectId("")  # no person is meant yet
_SHOWS_END: Final = frozenset({MaskMethod.PARTIAL, MaskMethod.KEEP_LAST})

Depths = dict[FieldId, Level]


def before_person(
    database: Database,
    policy: PolicySnapshot,
    principal: Principal,
    fields: Iterable[CatalogueField],
    *,
    purpose_name: str,
    glass: Glass | None = None,
    at: datetime,
) -> tuple[Depths, dict[FieldId, ReasonCode]]:
    """How deep each field may be searched as far as no person is meant, and why not at all."""
    wanted = tuple(fields)
    depths: Depths = {}
    refused: dict[FieldId, ReasonCode] = {}
    purpose = policy.purpose(purpose_name) if purpose_name else None
    shown = decide_before_person(
        policy,
        principal,
        wanted,
        subject=NOBODY,
        purpose_name=purpose_name,
        verb=Verb.READ,
        glass=glass,
    )
    for entry in wanted:
        decision = shown[entry.id]
        depth = depth_of(decision)
        if depth is None or purpose is None:
            refused[entry.id] = decision.code
            continue
        may = _may_search(policy, principal, entry.id, purpose, subject=NOBODY, glass=glass)
        if not may:
            refused[entry.id] = may.code
        elif _too_often(database, principal, may, at=at):
            refused[entry.id] = ReasonCode.ACTOR_RATE
        else:
            depths[entry.id] = depth
    return depths, dict(sorted(refused.items()))


def of_person(
    policy: PolicySnapshot,
    principal: Principal,
    decisions: Mapping[FieldId, FieldDecision],
    allowed: Mapping[FieldId, Level],
    *,
    purpose: PurposeRecord,
    subject: SubjectId,
    glass: Glass | None = None,
) -> Depths:
    """How deep each field of this person may be searched; by what is withheld nobody is found."""
    found: Depths = {}
    for name, deepest in allowed.items():
        depth = depth_of(decisions[name])
        may = _may_search(policy, principal, name, purpose, subject=subject, glass=glass)
        if depth is not None and may:
            found[name] = min(depth, deepest)
    return found


def depth_of(decision: FieldDecision) -> Level | None:
    """How deep a field may be searched by what is shown of it."""
    match decision.treatment:
        case Treatment.CLEAR:
            return Level.PART
        case Treatment.MASKED:
            ends = decision.method in _SHOWS_END and decision.keep >= LAST_DIGITS
            return Level.EDGE if ends and form_of(decision.field) is Form.PHONE else Level.EXACT
        case Treatment.WITHHELD:
            return None


def _may_search(
    policy: PolicySnapshot,
    principal: Principal,
    field: FieldId,
    purpose: PurposeRecord,
    *,
    subject: SubjectId,
    glass: Glass | None,
) -> ActorDecision:
    said = decide_actor(
        principal,
        policy,
        field=field,
        action=Verb.SEARCH.value,
        purpose=purpose.id,
        resource={"subject": subject},
    )
    return lifted(said, glass, Verb.SEARCH)


def _too_often(
    database: Database, principal: Principal, decision: ActorDecision, *, at: datetime
) -> bool:
    """Whether the rule's number of searches an hour is used up, by what the log holds."""
    limits = [
        duty.limit
        for duty in decision.obligations
        if duty.kind is ObligationKind.RATE and duty.limit is not None
    ]
    if not limits:
        return False
    with database.read() as tx:
        made = _searches(tx, principal, since=at - RATE_SPAN, most=min(limits))
    return made >= min(limits)


def _searches(tx: Connection, principal: Principal, *, since: datetime, most: int) -> int:
    """Searches of this actor since a moment, counted up to `most`; event ids are in time order."""
    milliseconds = f"{int(since.timestamp() * 1000):012x}"
    some = (
        select(literal(1))
        .select_from(EVENTS)
        .where(
            EVENTS.c.actor == principal.id,
            EVENTS.c.id > f"{milliseconds[:8]}-{milliseconds[8:]}",
            EVENTS.c.action == EventCode.PERSON_SEARCHED.value,
        )
        .limit(most)
        .subquery()
    )
    return int(tx.execute(select(func.count()).select_from(some)).scalar_one())
