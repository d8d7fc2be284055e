"""The record of a provision beside an export: begun first, filled part by part, counted last.

Of whom is recorded what identifies them (Rule 20(1)(iii)): customer id and name, which the gate
opens for this record alone, whether or not they leave with the file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Self

from sqlalchemy import Connection, select

from audit.types import EventDraft
from consent.types import SubjectDecision
from governance.core.terms import EventId, FieldId, RowId, SubjectId
from governance.customers.catalogue import catalogue
from governance.customers.ports import Ports
from governance.customers.store import TABLES, record_of
from governance.gateway.bulk.deciding import Bulk
from governance.registers.provisions import service, store
from governance.registers.provisions.rules import recorded_as
from governance.registers.provisions.service import Act, Provided
from governance.registers.provisions.types import Exempt

IDENTIFYING: Final = (FieldId("person.customer_id"), FieldId("person.name"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Providing:
    """One record in preparation."""

    bulk: Bulk
    record: RowId

    @classmethod
    def of(cls, bulk: Bulk, fields: Sequence[FieldId]) -> Self | None:
        """The record that the law asks for; None for a provision that needs none."""
        act = act_of(bulk, fields)
        if act is None:
            return None
        begin = partial(
            service.begin, ports=bulk.ports, principal=bulk.principal, act=act, at=bulk.at
        )
        return cls(bulk=bulk, record=bulk.ports.database.write(begin))

    def people(
        self,
        tx: Connection,
        subjects: Sequence[SubjectId],
        gates: Mapping[SubjectId, SubjectDecision],
    ) -> tuple[Provided, ...]:
        """These persons with what identifies them and the event that the ground rests on."""
        names = identities(tx, self.bulk.ports, subjects)
        return tuple(
            Provided(subject=one, consent_seq=gates[one].event_seq, identity=names.get(one, {}))
            for one in subjects
        )

    def note(self, tx: Connection, provided: Sequence[Provided]) -> None:
        """They are in the record."""
        service.add_people(tx, self.bulk.ports, self.record, provided, at=self.bulk.at)

    def finish(self, tx: Connection, draft: EventDraft, *, event: EventId) -> None:
        """The record counts from now on."""
        service.finish(tx, self.bulk.ports, draft, self.record, event=event)

    def discard(self) -> None:
        """Nothing left, so nothing is recorded."""
        self.bulk.ports.database.write(partial(store.discard, provision=self.record))


def act_of(bulk: Bulk, fields: Sequence[FieldId]) -> Act | None:
    """What would be recorded of this provision; None where the law asks for no record."""
    recorded = recorded_as(bulk.recipient, bulk.purpose)
    if isinstance(recorded, Exempt) or bulk.recipient is None:
        return None
    return Act(
        recipient=bulk.recipient,
        purpose=bulk.purpose,
        recorded=recorded,
        fields=tuple(fields),
        categories=tuple(dict.fromkeys(catalogue().fields[name].category for name in fields)),
        policy_version=bulk.policy.version or None,
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
