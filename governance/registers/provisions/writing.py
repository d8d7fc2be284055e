"""Records of provisions as the gate writes them: what leaves and its record are one.

One answer stands in the month's batch where the law allows one; a file has a record of its own,
which counts for nothing until the file may leave.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome, canonical_json
from governance.core.clock import JST
from governance.core.ids import new_row_id
from governance.core.terms import EventId, KeyClass, RowId, SubjectId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.registers.errors import (
    ProvisionPartyError,
)
from governance.registers.provisions import store
from governance.registers.provisions.rules import BATCH, SINGLE, batch_allowed, keeping
from governance.registers.provisions.types import (
    Direction,
    Party,
    ProvidedPerson,
    Provision,
    Recorded,
)
from governance.registers.sealing import (
    IDENTITY,
    opened_contact,
    sealed_party,
)
from governance.registers.store import contact_of
from governance.registers.types import Recipient
from policies.purposes import PurposeRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What is provided to whom, before the record is written."""

    recipient: Recipient
    purpose: PurposeRecord
    recorded: Recorded
    fields: tuple[str, ...]
    categories: tuple[str, ...]
    policy_version: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provided:
    """One person of a provision: on which event the ground rests, and what identifies them."""

    subject: SubjectId
    consent_seq: int | None
    identity: Mapping[str, str] = field(repr=False)


def begin(tx: Connection, ports: Ports, principal: Principal, act: Act, *, at: datetime) -> RowId:
    """A record in preparation; raises ProvisionPartyError where the law's items are missing."""
    provision = _provision(tx, ports, principal, act, batch=False, at=at)
    store.add(tx, provision, state=store.PREPARING)
    return provision.id


def add_people(
    tx: Connection, ports: Ports, provision: RowId, people: Sequence[Provided], *, at: datetime
) -> None:
    """These persons are in the record, what identifies them under their record keys."""
    day = at.astimezone(JST).date()
    rows = [new_row_id() for _ in people]
    sealed = ports.vault.seal_rows(
        [
            (one.subject, row, {IDENTITY: canonical_json(dict(one.identity))})
            for one, row in zip(people, rows, strict=True)
        ],
        key_class=KeyClass.RECORD,
    )
    store.add_persons(
        tx,
        provision,
        [
            ProvidedPerson(
                id=row,
                subject=one.subject,
                provided_on=day,
                consent_seq=one.consent_seq,
                identity=cells[IDENTITY],
            )
            for one, row, cells in zip(people, rows, sealed, strict=True)
        ],
    )


def finish(
    tx: Connection, ports: Ports, draft: EventDraft, provision: RowId, *, event: EventId
) -> EventId:
    """The record counts from now on, with its event; `event` is the one of the provision."""
    persons = store.release(tx, provision, event=event)
    counts, refs = (("persons", persons),), (f"event:{event}",)
    return ports.audit.append(tx, _recorded(draft, provision, counts=counts, refs=refs))


def note_single(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    act: Act,
    person: Provided,
    draft: EventDraft,
    *,
    event: EventId,
    at: datetime,
) -> RowId:
    """One person was provided: in the month's batch where the law allows one, else alone."""
    day = at.astimezone(JST).date()
    before = _open_batch(tx, act, day=day)
    if before is None:
        before = _provision(tx, ports, principal, act, batch=batch_allowed(act.recorded), at=at)
        store.add(tx, replace(before, event_id=event))
        refs = (f"event:{event}", f"recipient:{act.recipient.id}")
        ports.audit.append(tx, _recorded(draft, before.id, refs=refs))
    if not store.has_person(tx, before.id, person.subject):
        add_people(tx, ports, before.id, (person,), at=at)
    store.extend(
        tx,
        before.id,
        last=day,
        keeping=keeping(before.keeping.rule, created=before.first_on, last=day),
        fields=(*before.fields, *act.fields),
        categories=(*before.categories, *act.categories),
    )
    return before.id


def _open_batch(tx: Connection, act: Act, *, day: date) -> Provision | None:
    """The record of this month that one more provision may stand in (Rule 19(2))."""
    if not batch_allowed(act.recorded):
        return None
    ground, first = act.recorded.ground, day.replace(day=1)
    return store.open_batch(tx, act.recipient.id, act.purpose.id, ground=ground, first=first)


def _recorded(
    draft: EventDraft,
    provision: RowId,
    *,
    counts: tuple[tuple[str, int], ...] = (),
    refs: tuple[str, ...],
) -> EventDraft:
    """The event of a record, by who did what the draft says."""
    return replace(
        draft,
        action=EventCode.PROVISION_RECORDED,
        object_type="provision",
        object_id=provision,
        outcome=Outcome.DONE,
        counts=counts or draft.counts,
        refs=refs,
    )


def _provision(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    act: Act,
    *,
    batch: bool,
    at: datetime,
) -> Provision:
    row, day = new_row_id(), at.astimezone(JST).date()
    party = party_of(tx, ports, act.recipient)
    rule = BATCH if batch else SINGLE
    return Provision(
        id=row,
        direction=Direction.PROVIDED,
        recipient=act.recipient.id,
        recorded=act.recorded,
        batch=batch,
        first_on=day,
        last_on=day,
        purpose=act.purpose.id,
        categories=act.categories,
        fields=act.fields,
        country=act.recipient.country,
        persons=0,
        event_id=None,
        policy_version=act.policy_version,
        keeping=keeping(rule, created=day, last=day),
        recorded_by=principal.id,
        recorded_at=at,
        party=sealed_party(ports.vault, row, party),
    )


def party_of(tx: Connection, ports: Ports, recipient: Recipient) -> Party:
    """氏名又は名称、住所、代表者 of the company; raises ProvisionPartyError (Rules 20, 24)."""
    head = opened_contact(ports.vault, recipient.id, contact_of(tx, recipient.id)).representative
    for name, value in (("address", recipient.address), ("representative", head)):
        if not value:
            raise ProvisionPartyError(recipient=recipient.source_key, field=name)
    return Party(name=recipient.name, address=recipient.address or "", representative=head)
