"""What a provision record says: what was provided to whom, and what identifies each person.

Of whom is recorded what identifies them (Rule 20(1)(iii)): customer id and name, which the gate
opens for this record alone, whether or not they leave.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection, select

from governance.core.terms import FieldId, SubjectId
from governance.customers.catalogue import catalogue
from governance.customers.ports import Ports
from governance.customers.store import TABLES, record_of
from governance.registers.provisions.rules import recorded_as
from governance.registers.provisions.types import Exempt
from governance.registers.provisions.writing import Act
from governance.registers.types import Recipient
from policies.purposes import PurposeRecord

IDENTIFYING: Final = (FieldId("person.customer_id"), FieldId("person.name"))


def act_of(
    recipient: Recipient | None,
    purpose: PurposeRecord | None,
    fields: Iterable[FieldId],
    policy_version: str,
) -> Act | None:
    """What would be recorded of this provision; None where the law asks for no record."""
    if recipient is None or purpose is None:
        return None
    recorded = recorded_as(recipient, purpose)
    if isinstance(recorded, Exempt):
        return None
    provided = tuple(sorted(fields))
    return Act(
        recipient=recipient,
        purpose=purpose,
        recorded=recorded,
        fields=provided,
        categories=tuple(dict.fromkeys(catalogue().fields[name].category for name in provided)),
        policy_version=policy_version or None,
    )


def identities(
    tx: Connection, ports: Ports, subjects: Sequence[SubjectId]
) -> dict[SubjectId, dict[str, str]]:
    """Customer id and name of each person, from the first row of the register that has them."""
    person = TABLES["person"]
    wanted = select(person).where(person.c.subject_id.in_(subjects)).order_by(person.c.id)
    rows = [record_of("person", row) for row in tx.execute(wanted).mappings()]
    cells = [
        (row.id, {name: row.sealed[name] for name in IDENTIFYING if row.sealed.get(name)})
        for row in rows
    ]
    found: dict[SubjectId, dict[str, str]] = {}
    for row, opened in zip(rows, ports.vault.open_rows(cells), strict=True):
        known = found.setdefault(row.subject, {})
        for name, value in opened.reveal().items():
            if value is not None:
                known.setdefault(name, str(value))
    return found
