"""Use cases of provision records: confirmed at each receipt, shown, ended after their period."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from governance.core.clock import JST
from governance.core.ids import new_row_id
from governance.core.terms import RowId, SubjectId
from governance.customers.ports import Ports
from governance.customers.store import subject_by_id
from governance.customers.upkeep.merges import survivor_of
from governance.http.principal import Principal
from governance.keys.vault import FieldVault
from governance.registers.errors import (
    ProvisionUnknownError,
    ReceivedFormError,
)
from governance.registers.provisions import store
from governance.registers.provisions.rules import SINGLE, keeping
from governance.registers.provisions.types import (
    Direction,
    Party,
    ProvidedPerson,
    Provision,
    ProvisionGround,
    Recorded,
)
from governance.registers.provisions.writing import Provided, add_people, party_of
from governance.registers.sealing import (
    ACQUISITION,
    IDENTITY,
    opened_party,
    sealed_party,
)
from governance.registers.service import known
from governance.registers.types import Recipient
from policies.actions import Action
from policies.api import ensure

LEFT_BEHIND = timedelta(days=1)  # after which a prepared record of a dead process goes
ACQUISITION_LONGEST = 2_000  # characters
PERSONS_MOST = 10_000  # of one confirmation
RECEIVED_DUTY = "APPI-30"


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
