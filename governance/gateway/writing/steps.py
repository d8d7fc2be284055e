"""Steps that creating and correcting share, inside the caller's transaction."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome, PersonalPart
from governance.core.clock import JST
from governance.core.errors import GovernanceError
from governance.core.terms import FieldId, SubjectId
from governance.customers import store
from governance.customers.catalogue import catalogue
from governance.customers.ports import Ports
from governance.customers.subjects import SubjectState
from governance.gateway.decisions import decide_fields
from governance.gateway.intake.placing import CUSTOMER_ID, owners
from governance.gateway.intake.tokens import Indexer
from governance.gateway.writing import store as statements
from governance.gateway.writing.gates import may_know, refused
from governance.gateway.writing.prepare import Ready, notices_of, shown_back
from governance.gateway.writing.types import (
    Creation,
    KeyTakenError,
    Written,
)
from governance.http.principal import Principal
from policies.snapshot import PolicySnapshot
from policies.types import Verb

ENDING = frozenset({SubjectState.ERASING, SubjectState.ERASED})
KEYED = frozenset({"purchase", "inquiry", "deal", "company"})  # rows with a number of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Who writes for what purpose, under which policy, when: the same for every item."""

    ports: Ports
    indexer: Indexer
    policy: PolicySnapshot
    principal: Principal
    purpose: str
    request_id: str | None
    at: datetime

    @property
    def day(self) -> date:
        """The day in Japan."""
        return self.at.astimezone(JST).date()

    def may_know(self, table: str, subject: SubjectId) -> bool:
        """Whether the writer may know that such a row exists."""
        return may_know(
            self.policy, self.principal, table, subject=subject, purpose_name=self.purpose
        )


def gates(tx: Connection, writer: Writer, ready: Ready) -> GovernanceError | None:
    """All three gates on every field that is to change."""
    table = ready.item.table
    asked = {FieldId(f"{table}.{name}") for name in ready.item.members}
    fields = [entry for entry in catalogue().table(table).fields if entry.id in asked]
    return refused(
        decide_fields(
            tx,
            writer.policy,
            writer.principal,
            fields,
            subject=ready.subject,
            purpose_name=writer.purpose,
            verb=Verb.WRITE,
            company=table == "company",
            at=writer.at,
        )
    )


def taken_key(tx: Connection, writer: Writer, ready: Ready) -> KeyTakenError | None:
    """A number that another row bears; decided one writer at a time."""
    key = ready.draft.clear.get("source_key") if ready.item.table in KEYED else None
    number = ready.plain.get(CUSTOMER_ID)
    if key is None and number is None:
        return None
    statements.take_turn(tx)
    if key is not None and statements.source_key_taken(tx, ready.item.table, str(key)):
        return KeyTakenError([("source_key", "taken")])
    if number is not None:
        found = owners(tx, writer.ports, writer.indexer, [str(number)]).get(str(number))
        if found is not None and found[0] != ready.row:
            return KeyTakenError([("customer_id", "taken")])
    return None


def index(tx: Connection, writer: Writer, ready: Ready) -> None:
    """The row is found by its new values."""
    table = ready.item.table
    store.add_tokens(tx, writer.indexer.row_tokens(table, ready.row, ready.subject, ready.plain))


def note_findings(tx: Connection, writer: Writer, ready: Ready) -> None:
    """What was found in the new texts is noted beside the row: kinds, counts, grounds."""
    store.add_findings(
        tx,
        [
            {
                "row_id": ready.row,
                "field": finding.field,
                "entity": finding.entity,
                "kind": finding.kind,
                "subject_id": ready.subject,
                "found": finding.found,
                "ground": ready.grounds.get(finding.field)
                if finding.entity == "SENSITIVE"
                else None,
                "found_at": writer.at,
            }
            for finding in ready.draft.findings
        ],
    )


def record_event(
    tx: Connection,
    writer: Writer,
    ready: Ready,
    *,
    reasons: tuple[str, ...],
    counts: tuple[tuple[str, int], ...] = (),
    before: tuple[PersonalPart, ...] = (),
) -> None:
    """The event of this writing: which fields, why, by whom; no value."""
    item = ready.item
    new_person = isinstance(item, Creation) and item.table == "person"
    code = EventCode.PERSON_CREATED if new_person else EventCode.PERSON_CHANGED
    purpose = writer.policy.purpose(writer.purpose)
    network = writer.principal.network
    writer.ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.COMPANY_CHANGED if item.table == "company" else code,
            occurred_at=writer.at,
            actor=writer.principal.id,
            actor_os=writer.principal.os_user,
            object_type=item.table,
            object_id=ready.subject if item.table == "person" else ready.row,
            subject=ready.subject,
            purpose=purpose.id if purpose is not None else None,
            outcome=Outcome.DONE,
            reasons=reasons,
            policy_version=writer.policy.version or None,
            request_id=writer.request_id,
            network=Network(network) if network else None,
            fields=ready.fields,
            counts=counts,
        ),
        before,
    )


def written(ready: Ready, *, version: int | None, created: bool) -> Written:
    """What the writer is told."""
    return Written(
        created=created,
        subject=ready.subject,
        row=ready.row,
        version=version,
        fields=tuple(name.partition(".")[2] for name in ready.fields),
        normalised=shown_back(ready),
        masked=ready.masked,
        notices=tuple(notices_of(ready)),
    )
