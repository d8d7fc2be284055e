"""Customer ids of many persons, for lists that an officer must recognise people in."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.terms import FieldId, PurposeId, RowId, SubjectId
from governance.customers.ports import Ports
from governance.customers.store import IN_LIMIT, TABLES
from governance.http.principal import Principal
from policies.actors import decide_actor

CUSTOMER_ID = FieldId("person.customer_id")


def customer_ids(
    ports: Ports,
    principal: Principal,
    subjects: Iterable[SubjectId],
    *,
    purpose: PurposeId,
    at: datetime,
) -> Mapping[SubjectId, str]:
    """The customer id of each person that has one; nothing when the role may not read it.

    One audit event says how many were opened, and for what.
    """
    policy = ports.policies.current
    if not decide_actor(principal, policy, field=CUSTOMER_ID, action="read", purpose=purpose):
        return {}  # fails closed: pseudonyms stay pseudonyms
    wanted = tuple(dict.fromkeys(subjects))
    with ports.database.read() as tx:
        cells = _cells(tx, wanted)
    opened = ports.vault.open_rows([(row, {CUSTOMER_ID: cell}) for row, _, cell in cells])
    found = {
        subject: str(values[CUSTOMER_ID].value)
        for (_, subject, _), values in zip(cells, opened, strict=True)
    }
    draft = EventDraft(
        action=EventCode.PERSON_READ,
        occurred_at=at,
        actor=principal.id,
        actor_os=principal.os_user,
        object_type="register",
        object_id="person",
        purpose=purpose,
        outcome=Outcome.PERMIT,
        policy_version=policy.version,
        fields=(CUSTOMER_ID,),
        counts=(("persons", len(found)),),
    )
    ports.database.write(lambda tx: ports.audit.append(tx, draft))
    return found


def _cells(tx: Connection, subjects: tuple[SubjectId, ...]) -> list[tuple[RowId, SubjectId, bytes]]:
    person = TABLES["person"]
    found: list[tuple[RowId, SubjectId, bytes]] = []
    for start in range(0, len(subjects), IN_LIMIT):
        rows = tx.execute(
            select(person.c.id, person.c.subject_id, person.c.customer_id).where(
                person.c.subject_id.in_(subjects[start : start + IN_LIMIT]),
                person.c.customer_id.is_not(None),
            )
        )
        found += [(RowId(row), SubjectId(subject), bytes(cell)) for row, subject, cell in rows]
    return found
