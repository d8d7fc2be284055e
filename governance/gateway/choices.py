"""Choices of persons read and made through the gate by staff and by systems.

A system sees and changes its own purposes alone; of others it learns nothing, not even that they
are chosen about. Reading is on record. Who may not know reasons about a person sees none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from consent import ledger
from consent.choices import Choice, ChoiceUnknownError
from consent.standing import Entry, Standing, entries, standing
from consent.types import EVERY, EventKind
from governance.core.terms import PurposeId, SubjectId
from governance.customers.ports import Ports
from governance.customers.store import subject_by_id
from governance.customers.upkeep.merges import survivor_of
from governance.gateway.types import UnknownPersonError
from governance.http.principal import Principal, PrincipalKind
from policies.actions import Action
from policies.actors import may
from policies.purposes import PurposeRecord
from policies.reasons import ReasonCode, hidden
from policies.snapshot import PolicySnapshot

MADE = frozenset(  # what a caller can say for a person; ends and invalidations are ours
    {
        EventKind.GIVEN, EventKind.RENEWED, EventKind.REFUSED, EventKind.WITHDRAWN,
        EventKind.OBJECTED, EventKind.OBJECTION_LIFTED, EventKind.RESTRICTED,
        EventKind.RESTRICTION_LIFTED, EventKind.REQUESTED, EventKind.SIGNAL,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """How a person's choices stand, as far as the caller may know."""

    subject: SubjectId
    cells: tuple[Standing, ...] = field(repr=False)
    explained: bool  # whether reasons about the person may be shown
    seq: int  # the person's last event
    head: int


def purposes_for(policy: PolicySnapshot, principal: Principal) -> tuple[PurposeRecord, ...]:
    """The purposes that the caller deals with: all of them for staff, its own for a system."""
    every = policy.purposes.values()
    if principal.kind is PrincipalKind.STAFF:
        return tuple(every)
    return tuple(purpose for purpose in every if purpose.id in principal.purposes)


def chosen_among(
    policy: PolicySnapshot, principal: Principal, purpose: str | None
) -> tuple[PurposeRecord, ...]:
    """The purposes of the caller, or the named one; raises ChoiceUnknownError for another's."""
    known = purposes_for(policy, principal)
    if purpose is None:
        return known
    named = policy.purpose(purpose)
    if named is None or named not in known:
        raise ChoiceUnknownError(part="purpose")
    return (named,)


def look(
    ports: Ports, principal: Principal, subject: SubjectId, purpose: str | None, *, at: datetime
) -> Choices:
    """How the person's choices stand; that they were read is on record."""
    policy = ports.policies.current
    wanted = chosen_among(policy, principal, purpose)
    with ports.database.read() as tx:
        person = _known(tx, subject, at=at)
        found = Choices(
            subject=person,
            cells=standing(tx, person, wanted, at=at),
            explained=bool(may(principal, Action.EXPLAIN_SUBJECT, policy)),
            seq=ledger.last_seq_of(tx, person),
            head=ledger.head(tx),
        )
    _on_record(ports, principal, person, wanted, found.head, at=at)
    return found


def history(
    ports: Ports,
    principal: Principal,
    subject: SubjectId,
    purpose: str | None,
    *,
    after: int,
    limit: int,
    at: datetime,
) -> tuple[Entry, ...]:
    """A page of the person's entries about the caller's purposes; the reading is on record."""
    wanted = chosen_among(ports.policies.current, principal, purpose)
    with ports.database.read() as tx:
        person = _known(tx, subject, at=at)
        found = entries(tx, person, [one.id for one in wanted], after=after, limit=limit)
        head = ledger.head(tx)
    _on_record(ports, principal, person, wanted, head, at=at)
    return found


def permitted(ports: Ports, principal: Principal, choice: Choice) -> Choice:
    """The choice, when this caller may make it; raises ChoiceUnknownError.

    A system speaks about its own purposes alone. What narrows everything at once (an objection or
    a restriction to all, a browser signal) it may pass on whatever its purposes are.
    """
    if choice.kind not in MADE:
        raise ChoiceUnknownError(part="kind")
    everything = choice.purpose == EVERY and choice.kind in {
        EventKind.OBJECTED, EventKind.RESTRICTED, EventKind.SIGNAL, EventKind.WITHDRAWN,
    }  # fmt: skip
    if principal.kind is PrincipalKind.STAFF or everything:
        return choice
    (purpose,) = chosen_among(ports.policies.current, principal, choice.purpose)
    return replace(choice, purpose=purpose.id)


def shown_code(found: Choices, cell: Standing) -> ReasonCode:
    """The reason that this caller may know."""
    return cell.decision.code if found.explained else hidden(cell.decision.code)


def _known(tx: Connection, subject: SubjectId, *, at: datetime) -> SubjectId:
    person = survivor_of(tx, subject)
    stored = subject_by_id(tx, person, on=at.date())
    if stored is None or stored.gone:
        raise UnknownPersonError
    return person


def _on_record(
    ports: Ports,
    principal: Principal,
    subject: SubjectId,
    purposes: Sequence[PurposeRecord],
    head: int,
    *,
    at: datetime,
) -> None:
    one: PurposeId | None = purposes[0].id if len(purposes) == 1 else None
    draft = EventDraft(
        action=EventCode.CONSENT_LISTED,
        occurred_at=at,
        actor=principal.id,
        actor_os=principal.os_user,
        object_type="consent",
        object_id=subject,
        subject=subject,
        purpose=one,
        outcome=Outcome.DONE,
        policy_version=ports.policies.current.version or None,
        consent_seq=head,
        network=Network(principal.network) if principal.network else None,
        counts=(("purposes", len(purposes)),),
    )
    ports.database.write(lambda tx: ports.audit.append(tx, draft))
