"""A parent or guardian acts for a child in their own session; every event names both.

What they do is done by their own account and about the child. A child who is old enough to choose
alone is told that somebody acts for them, once a day, and no consent is given in their place.
"""

from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from consent.ages import age_table
from governance.core.clock import JST
from governance.core.errors import NotFoundError
from governance.core.terms import Lang, RowId, SubjectId
from governance.customers.master.guardians import Acting, acting_by
from governance.customers.ports import Ports
from governance.customers.post import own_address, post
from governance.customers.store import subject_by_id
from governance.http.principal import Principal
from governance.identity.store import act_by
from governance.outbound.mail import Mail
from governance.signon.errors import OwnChoiceError


def begin(
    tx: Connection, ports: Ports, principal: Principal, relation: RowId, *, at: datetime
) -> Acting:
    """The session acts for the child until midnight; raises NotFoundError for whatever is no right.

    The birthday is looked at here, so a right that ended today begins nothing.
    """
    right = acting_by(tx, ports.vault, relation, at=at)
    if right is None or principal.session is None or principal.id != f"p:{right.guardian}":
        raise NotFoundError  # fails closed, and tells of no relation of others
    act_by(tx, principal.session, relation, on=at.astimezone(JST).date())
    if chooses_alone(tx, right.child, right.age, at=at):
        _tell(tx, ports, right, at=at)
    _record(tx, ports, principal, EventCode.ACTING_BEGUN, right.child, relation, at=at)
    return right


def end(tx: Connection, ports: Ports, principal: Principal, *, at: datetime) -> None:
    """The session acts for its holder alone; nothing happens where it does already."""
    if principal.acts_for is None or principal.by_relation is None or principal.session is None:
        return
    act_by(tx, principal.session, None, on=at.astimezone(JST).date())
    child, relation = principal.acts_for, principal.by_relation
    _record(tx, ports, principal, EventCode.ACTING_ENDED, child, relation, at=at)


def demand_no_own_choice(
    tx: Connection, ports: Ports, principal: Principal, *, at: datetime
) -> None:
    """Raises OwnChoiceError where the child is old enough to consent alone (GDPR 8, Q&A 1-62)."""
    if principal.acts_for is None or principal.by_relation is None:
        return
    right = acting_by(tx, ports.vault, principal.by_relation, at=at)
    if right is None:
        raise NotFoundError  # fails closed: the right has ended meanwhile
    if chooses_alone(tx, right.child, right.age, at=at):
        raise OwnChoiceError


def chooses_alone(tx: Connection, child: SubjectId, age: int, *, at: datetime) -> bool:
    """Whether the child has reached the age of consent of every law that applies."""
    person = subject_by_id(tx, child, on=at.astimezone(JST).date())
    if person is None or not person.laws:
        return False
    return age >= age_table().of_consent(person.laws, person.country)


def _tell(tx: Connection, ports: Ports, right: Acting, *, at: datetime) -> None:
    """The child is told at the own address; not where it is the guardian's, who knows."""
    address = own_address(tx, ports, right.child, at=at).value
    if not address or address == own_address(tx, ports, right.guardian, at=at).value:
        return
    # one letter a day: a key that waits or went already is not enqueued again
    key = f"portal/acting/{right.relation}/{at.astimezone(JST).date().isoformat()}"
    mail = Mail(idem_key=key, to=address, template="portal.mail.acting", lang=Lang.JA, params={})
    post(tx, ports.vault, mail, subject=right.child, at=at)


def _record(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    code: EventCode,
    child: SubjectId,
    relation: RowId,
    *,
    at: datetime,
) -> None:
    told = EventDraft(
        action=code,
        occurred_at=at,
        actor=principal.id,
        object_type="relation",
        object_id=relation,
        subject=child,
        outcome=Outcome.DONE,
        network=Network(principal.network) if principal.network else None,
    )
    ports.audit.append(tx, told)
