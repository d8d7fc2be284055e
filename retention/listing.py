"""The list that goes with a plan: every person with decision, rule, dates and the reason in words.

An officer knows people by the number of the register, which is sealed: it is opened for whom the
policy shows it in clear for the purpose of erasure, and the reading is recorded.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from sqlalchemy import Connection, select

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.terms import FieldId, Lang, PurposeId, SubjectId
from governance.customers.ports import Ports
from governance.customers.store import TABLES
from governance.http.principal import Principal
from policies.actions import Action
from policies.actors import decide_actor
from retention import rules, store
from retention.access import require
from retention.facts import PAGE, all_facts
from retention.plans import Json, decision_json
from retention.types import Decision, Schedule
from retention.words import because

CUSTOMER_ID, ERASURE = FieldId("person.customer_id"), PurposeId("data_erasure")
PERSON = TABLES["person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One person in the list."""

    subject: SubjectId
    decision: Decision


def lines(tx: Connection, *, on: date, schedule: Schedule | None = None) -> Iterator[Line]:
    """Every person whom the schedule covers with the decision on this day, also the kept ones."""
    used = schedule or store.in_force(tx)
    for facts in all_facts(tx, used, at=on):
        yield Line(subject=facts.subject, decision=rules.due(facts, used, at=on))


def people(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    *,
    on: date,
    at: datetime,
    schedule: Schedule | None = None,
) -> Iterator[dict[str, Json]]:
    """The list by register numbers, for `retention plan --json`; the reading is recorded first.

    Whom the policy does not show them gets pseudonyms alone.
    """
    require(ports, principal, Action.RETENTION_PLAN)
    used = schedule or store.in_force(tx)
    opens = may_open(ports, principal)
    record_look(tx, ports, principal, used, opens=opens, at=at)
    found = lines(tx, on=on, schedule=used)
    while page := list(islice(found, PAGE)):
        subjects = [line.subject for line in page]
        numbers = register_ids(tx, ports, subjects) if opens else dict.fromkeys(subjects, ())
        yield from (_json(line, numbers[line.subject], used) for line in page)


def may_open(ports: Ports, principal: Principal) -> bool:
    """Whether register numbers are shown in clear; fails closed: a masked number is not."""
    shown = decide_actor(
        principal, ports.policies.current, field=CUSTOMER_ID, action="read", purpose=ERASURE
    )
    return bool(shown) and shown.masking is None


def record_look(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    schedule: Schedule,
    *,
    opens: bool,
    at: datetime,
) -> None:
    """That this reader looked at persons under the schedule is in the log, before it is shown."""
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.PERSON_READ,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="retention_schedule",
            object_id=schedule.digest,
            outcome=Outcome.DONE,
            purpose=ERASURE,
            fields=(CUSTOMER_ID,) if opens else (),
        ),
    )


def register_ids(
    tx: Connection, ports: Ports, subjects: Sequence[SubjectId]
) -> dict[SubjectId, tuple[str, ...]]:
    """The register's numbers of each person, opened; none for a person in no register."""
    rows = tx.execute(
        select(PERSON.c.id, PERSON.c.subject_id, PERSON.c.customer_id)
        .where(PERSON.c.subject_id.in_(list(subjects)), PERSON.c.customer_id.is_not(None))
        .order_by(PERSON.c.id)
    ).all()
    opened = ports.vault.open_rows(
        [(row.id, {CUSTOMER_ID: bytes(row.customer_id)}) for row in rows]
    )
    found: dict[SubjectId, list[str]] = defaultdict(list)
    for row, cells in zip(rows, opened, strict=True):
        found[SubjectId(row.subject_id)].append(str(cells[CUSTOMER_ID].value))
    return {subject: tuple(found[subject]) for subject in subjects}


def _json(line: Line, numbers: Sequence[str], schedule: Schedule) -> dict[str, Json]:
    shown = decision_json(line.decision, id_=numbers[0] if numbers else line.subject)
    return shown | {
        "subject": line.subject,
        "ids": list(numbers),
        "reason_ja": because(line.decision, schedule, Lang.JA),
        "reason_en": because(line.decision, schedule, Lang.EN),
    }
