"""Steps that creating and correcting share, inside the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome, PersonalPart
from governance.core.clock import JST
from governance.core.errors import GovernanceError
from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers import store
from governance.customers.catalogue import catalogue
from governance.customers.ports import Ports
from governance.customers.subjects import SubjectState
from governance.customers.suppression import Marks, marks
from governance.customers.tokens import add_tokens
from governance.gateway.decisions import decide_fields
from governance.gateway.intake.people import CUSTOMER_ID, SUPPRESSING, owners
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


@dataclass(slots=True, kw_only=True)
class Ahead:
    """What was looked up for all items at once, and is kept up to date by each."""

    marks: Marks = field(default_factory=Marks)
    barred: set[bytes] = field(default_factory=set)  # tokens of erased and opted-out persons
    numbers: dict[str, RowId] = field(default_factory=dict, repr=False)  # customer ids in use
    keys: set[tuple[str, str]] = field(default_factory=set, repr=False)  # source keys in use


def look_ahead(
    tx: Connection, ports: Ports, indexer: Indexer, wanted: Sequence[Ready], *, on: date
) -> Ahead:
    """What decides whether rows are new; nobody else decides that until the transaction ends."""
    numbers = [str(one.plain[CUSTOMER_ID]) for one in wanted if CUSTOMER_ID in one.plain]
    keys = [
        (one.item.table, str(key))
        for one in wanted
        if one.item.table in KEYED and (key := one.draft.clear.get("source_key")) is not None
    ]
    if numbers or keys:
        statements.take_turn(tx)
    held = owners(tx, ports, indexer, numbers) if numbers else {}
    known = marks(tx, ports.vault, SUPPRESSING)  # after: whoever is erased meanwhile is on the list
    tokens = [token for one in wanted if one.is_new_person for token in marks_in(known, one)]
    return Ahead(
        marks=known,
        barred=set(store.suppressed(tx, tokens, on=on)) if tokens else set(),
        numbers={number: row for number, (row, _) in held.items()},
        keys={key for key in keys if statements.source_key_taken(tx, *key)},
    )


def marks_in(known: Marks, ready: Ready) -> frozenset[bytes]:
    """Tokens by which an erased person would be recognised: e-mail, mobile, customer id."""
    return frozenset(
        token
        for name in SUPPRESSING
        if isinstance(value := ready.plain.get(name), str)
        for token in known.of(name, value)
    )


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
    ahead: Ahead

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


def taken_key(writer: Writer, ready: Ready) -> KeyTakenError | None:
    """A number that another row bears; from now on this row bears it."""
    ahead, table = writer.ahead, ready.item.table
    key = ready.draft.clear.get("source_key") if table in KEYED else None
    if key is not None and (table, str(key)) in ahead.keys:
        return KeyTakenError([("source_key", "taken")])
    number = ready.plain.get(CUSTOMER_ID)
    if number is not None and ahead.numbers.get(str(number), ready.row) != ready.row:
        return KeyTakenError([("customer_id", "taken")])
    if key is not None:
        ahead.keys.add((table, str(key)))
    if number is not None:
        ahead.numbers[str(number)] = ready.row
    return None


def index(tx: Connection, writer: Writer, ready: Ready) -> None:
    """The row is found by its new values."""
    table = ready.item.table
    add_tokens(
        tx,
        writer.indexer.row_tokens(
            table, ready.row, ready.subject, ready.plain, clear=ready.draft.clear
        ),
    )


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
