"""The record of a provision beside an export: begun first, filled part by part, counted last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

from sqlalchemy import Connection

from audit.types import EventDraft
from consent.types import SubjectDecision
from governance.core.terms import EventId, FieldId, RowId, SubjectId
from governance.gateway.bulk.deciding import Bulk
from governance.gateway.provided import act_of, identities
from governance.registers.provisions import store, writing
from governance.registers.provisions.writing import Provided


@dataclass(frozen=True, slots=True, kw_only=True)
class Providing:
    """One record in preparation."""

    bulk: Bulk
    record: RowId

    @classmethod
    def of(cls, bulk: Bulk, fields: Sequence[FieldId]) -> Self | None:
        """The record that the law asks for; None for a provision that needs none."""
        act = act_of(bulk.recipient, bulk.purpose, fields, bulk.policy.version)
        if act is None:
            return None
        begin = partial(
            writing.begin, ports=bulk.ports, principal=bulk.principal, act=act, at=bulk.at
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
        writing.add_people(tx, self.bulk.ports, self.record, provided, at=self.bulk.at)

    def finish(self, tx: Connection, draft: EventDraft, *, event: EventId) -> None:
        """The record counts from now on."""
        writing.finish(tx, self.bulk.ports, draft, self.record, event=event)

    def discard(self) -> None:
        """Nothing left, so nothing is recorded."""
        self.bulk.ports.database.write(partial(store.discard, provision=self.record))
