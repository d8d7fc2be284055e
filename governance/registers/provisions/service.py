"""Use cases of provision records: written with each provision, confirmed at each receipt, shown.

The caller of `begin`, `add_people` and `finish` is the gate: what leaves and its record are one.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome, canonical_json
from governance.core.clock import JST
from governance.core.ids import new_row_id
from governance.core.terms import EventId, KeyClass, RowId, SubjectId
from governance.customers.ports import Ports
from governance.customers.store import subject_by_id
from governance.customers.upkeep.merges import survivor_of
from governance.http.principal import Principal
from governance.keys.vault import FieldVault
from governance.registers.errors import (
    ProvisionPartyError,
    ProvisionUnknownError,
    ReceivedFormError,
)
from governance.registers.provisions import store
from governance.registers.provisions.rules import BATCH, SINGLE, batch_allowed, keeping
from governance.registers.provisions.types import (
    Direction,
    Party,
    ProvidedPerson,
    Provision,
    ProvisionGround,
    Recorded,
)
from governance.registers.sealing import (
    ACQUISITION,
    IDENTITY,
    opened_contact,
    opened_party,
    sealed_party,
)
from governance.registers.service import known
from governance.registers.store import contact_of
from governance.registers.types import Recipient
from policies.actions import Action
from policies.api import ensure
from policies.purposes import PurposeRecord

LEFT_BEHIND = timedelta(days=1)  # after which a prepared record of a dead process goes
ACQUISITION_LONGEST = 2_000  # characters
PERSONS_MOST = 10_000  # of one confirmation
RECEIVED_DUTY = "APPI-30"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedRecord:
    """What was confirmed when data came from a third party (APPI 30, Rules 22 to 24)."""

    recipient: str  # key of the register
    received_on: date
    acquisition: str = field(repr=False)  # 取得の経緯
    ground: ProvisionGround
    categories: tuple[str, ...]
    fields: tuple[str, ...]
    subjects: tuple[SubjectId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownProvision:
    """A record with what is sealed in it."""

    provision: Provision
    party: Party
    acquisition: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPerson:
    """A person of a record with what identifies them."""

    person: ProvidedPerson
    identity: Mapping[str, str] = field(repr=False)


# Written by the gate


def begin(tx: Connection, ports: Ports, principal: Principal, act: Act, *, at: datetime) -> RowId:
    """A record in preparation; raises ProvisionPartyError where the law's items are missing."""
    row, day = new_row_id(), at.astimezone(JST).date()
    provision = _provision(tx, ports, principal, act, row=row, day=day, batch=False, at=at)
    store.add(tx, provision, state=store.PREPARING)
    return row


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
    return ports.audit.append(
        tx,
        replace(
            draft,
            action=EventCode.PROVISION_RECORDED,
            object_type="provision",
            object_id=provision,
            outcome=Outcome.DONE,
            counts=(("persons", persons),),
            refs=(f"event:{event}",),
        ),
    )


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
    batch = batch_allowed(act.recorded)
    open_ = None
    if batch:
        open_ = store.open_batch(
            tx,
            act.recipient.id,
            act.purpose.id,
            ground=act.recorded.ground,
            first=day.replace(day=1),
        )
    if open_ is None:
        row = new_row_id()
        made = _provision(tx, ports, principal, act, row=row, day=day, batch=batch, at=at)
        store.add(tx, replace(made, event_id=event))
        refs = (f"event:{event}", f"recipient:{act.recipient.id}")
        ports.audit.append(
            tx,
            replace(
                draft,
                action=EventCode.PROVISION_RECORDED,
                object_type="provision",
                object_id=row,
                outcome=Outcome.DONE,
                refs=refs,
            ),
        )
    else:
        row = open_.id
    if not store.has_person(tx, row, person.subject):
        add_people(tx, ports, row, (person,), at=at)
    before = open_ or made
    store.extend(
        tx,
        row,
        last=day,
        keeping=keeping(before.keeping.rule, created=before.first_on, last=day),
        fields=(*before.fields, *act.fields),
        categories=(*before.categories, *act.categories),
    )
    return row


def _provision(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    act: Act,
    *,
    row: RowId,
    day: date,
    batch: bool,
    at: datetime,
) -> Provision:
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


# Confirmed at a receipt


def note_received(
    tx: Connection, ports: Ports, principal: Principal, new: ReceivedRecord, *, at: datetime
) -> RowId:
    """The confirmation is on record (APPI 30(3)); raises ReceivedFormError and kin."""
    ensure(principal, Action.REGISTER_WRITE, ports.policies.current)
    recipient, row = known(tx, new.recipient), new_row_id()
    subjects = _known_subjects(tx, new, at=at)
    party = party_of(tx, ports, recipient)
    store.add(
        tx,
        Provision(
            id=row,
            direction=Direction.RECEIVED,
            recipient=recipient.id,
            recorded=Recorded(duty=RECEIVED_DUTY, ground=new.ground),
            batch=False,
            first_on=new.received_on,
            last_on=new.received_on,
            purpose=None,
            categories=new.categories,
            fields=new.fields,
            country=recipient.country,
            persons=len(subjects),
            event_id=None,
            policy_version=ports.policies.current.version or None,
            keeping=keeping(SINGLE, created=at.astimezone(JST).date(), last=new.received_on),
            recorded_by=principal.id,
            recorded_at=at,
            party=sealed_party(ports.vault, row, party),
            acquisition=ports.vault.seal_blob(ACQUISITION, row, new.acquisition.encode()),
        ),
    )
    people = [Provided(subject=one, consent_seq=None, identity={}) for one in subjects]
    add_people(tx, ports, row, people, at=at)
    event = ports.audit.append(tx, _received_event(ports, principal, recipient, row, new, at=at))
    store.name_event(tx, row, event)
    return row


def _known_subjects(tx: Connection, new: ReceivedRecord, *, at: datetime) -> tuple[SubjectId, ...]:
    if not new.acquisition.strip() or len(new.acquisition) > ACQUISITION_LONGEST:
        raise ReceivedFormError(field="acquisition")
    if new.received_on > at.astimezone(JST).date():
        raise ReceivedFormError(field="received_on")
    if not new.categories or not set(new.fields):
        raise ReceivedFormError(field="categories")
    if not 0 < len(new.subjects) <= PERSONS_MOST:
        raise ReceivedFormError(field="subjects")
    found = tuple(dict.fromkeys(survivor_of(tx, one) for one in new.subjects))
    for place, one in enumerate(found):
        if subject_by_id(tx, one, on=at.date()) is None:
            raise ReceivedFormError(field=f"subjects.{place}")
    return found


def _received_event(
    ports: Ports,
    principal: Principal,
    recipient: Recipient,
    row: RowId,
    new: ReceivedRecord,
    *,
    at: datetime,
) -> EventDraft:
    return EventDraft(
        action=EventCode.PROVISION_RECORDED,
        occurred_at=at,
        actor=principal.id,
        actor_os=principal.os_user,
        object_type="provision",
        object_id=row,
        outcome=Outcome.DONE,
        reasons=(Direction.RECEIVED.value,),
        policy_version=ports.policies.current.version or None,
        network=Network(principal.network) if principal.network else None,
        fields=new.fields,
        counts=(("persons", len(new.subjects)),),
        refs=(f"recipient:{recipient.id}",),
    )


# Shown


def listing(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    *,
    recipient: str | None = None,
    since: date | None = None,
    until: date | None = None,
    before: RowId | None = None,
    limit: int,
) -> tuple[Provision, ...]:
    """Records, the newest first; nobody in them is named."""
    ensure(principal, Action.REGISTER_READ, ports.policies.current)
    wanted = known(tx, recipient).id if recipient is not None else None
    return store.recorded(
        tx, recipient=wanted, since=since, until=until, before=before, limit=limit
    )


def show(tx: Connection, ports: Ports, principal: Principal, provision: str) -> ShownProvision:
    """One record with the company as it was; raises ProvisionUnknownError."""
    ensure(principal, Action.REGISTER_READ, ports.policies.current)
    found = store.by_id(tx, provision)
    if found is None:
        raise ProvisionUnknownError
    return opened(ports.vault, found)


def opened(vault: FieldVault, found: Provision) -> ShownProvision:
    """The record with what is sealed in it."""
    acquisition = ""
    if found.acquisition is not None:
        acquisition = vault.open_blob(ACQUISITION, found.id, found.acquisition).decode()
    return ShownProvision(
        provision=found,
        party=opened_party(vault, found.id, found.party),
        acquisition=acquisition,
    )


def people(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    provision: str,
    *,
    after: RowId | None = None,
    limit: int,
    at: datetime,
) -> tuple[ShownPerson, ...]:
    """A page of the persons of a record, named; that they were shown is on record."""
    found = show(tx, ports, principal, provision).provision
    page = store.persons_of(tx, found.id, after=after, limit=limit)
    shown = identified(ports, page)
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.PROVISION_SHOWN,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="provision",
            object_id=found.id,
            outcome=Outcome.PERMIT,
            policy_version=ports.policies.current.version or None,
            network=Network(principal.network) if principal.network else None,
            counts=(("persons", len(page)),),
            refs=tuple(f"person:{one.subject}" for one in page),
        ),
    )
    return shown


def identified(ports: Ports, page: Iterable[ProvidedPerson]) -> tuple[ShownPerson, ...]:
    """The persons with what identifies them, opened."""
    rows = tuple(page)
    cells = ports.vault.open_rows([(one.id, {IDENTITY: one.identity}) for one in rows])
    return tuple(
        ShownPerson(person=one, identity=_identity(opened_cells.reveal().get(IDENTITY)))
        for one, opened_cells in zip(rows, cells, strict=True)
    )


def _identity(stored: object) -> Mapping[str, str]:
    if not isinstance(stored, bytes):
        return {}
    return {str(name): str(value) for name, value in json.loads(stored).items()}


def purge(tx: Connection, *, at: datetime, limit: int) -> int:
    """How many rows of records went whose keeping is over; prepared ones of dead processes too."""
    store.discard_older(tx, at=at - LEFT_BEHIND)
    return store.purge(tx, on=at.astimezone(JST).date(), limit=limit)
