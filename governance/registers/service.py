"""Use cases of the register of recipients: enter, change, check; every change is on record."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime

from sqlalchemy import Connection, exists, select

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from governance.core.clock import JST
from governance.core.ids import new_row_id
from governance.core.terms import Law, RowId
from governance.customers.changes import counter
from governance.customers.ports import Ports
from governance.customers.store import LAW
from governance.http.principal import Principal
from governance.keys.vault import FieldVault
from governance.registers import store
from governance.registers.errors import (
    RecipientChangedError,
    RecipientFieldError,
    RecipientKeyTakenError,
    RecipientUnregisteredError,
)
from governance.registers.reading import KEY, NEEDED, Vocabulary, changed, changed_contact
from governance.registers.rules import gaps_of, problems_of
from governance.registers.sealing import FINDINGS, opened_contact, sealed_contact
from governance.registers.types import (
    Check,
    CheckKind,
    CheckMethod,
    CheckOutcome,
    Contact,
    Recipient,
    RecipientRole,
    Subprocessor,
    Version,
)
from policies.actions import Action
from policies.api import ensure


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A recipient with what is missing about it today."""

    recipient: Recipient
    subprocessors: tuple[Subprocessor, ...]
    missing: tuple[str, ...]  # problems and gaps, by their codes


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Everything that the register holds about one recipient."""

    listed: Listed
    contact: Contact
    checks: tuple[tuple[Check, str], ...]  # with the findings opened
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCheck:
    """What was looked at, how, and what was found."""

    kind: CheckKind
    method: CheckMethod
    outcome: CheckOutcome
    checked_on: date
    next_due: date | None = None
    findings: str = ""

    def __repr__(self) -> str:
        return f"NewCheck(kind={self.kind.value})"


def listing(
    tx: Connection, ports: Ports, principal: Principal, *, at: datetime
) -> tuple[Listed, ...]:
    """Every recipient with what is missing about it."""
    ensure(principal, Action.REGISTER_READ, ports.policies.current)
    return every_one(tx, ports.vault, at=at)


def show(tx: Connection, ports: Ports, principal: Principal, key: str, *, at: datetime) -> Shown:
    """One recipient with contacts, checks and versions; raises RecipientUnregisteredError."""
    ensure(principal, Action.REGISTER_READ, ports.policies.current)
    one = known(tx, key)
    subs = store.subprocessors(tx).get(one.id, ())
    return Shown(
        listed=_listed(tx, ports.vault, one, subs, gdpr=gdpr_persons(tx), at=at),
        contact=contact_of(tx, ports.vault, one.id),
        checks=tuple((check, _findings(ports, check)) for check in store.checks_of(tx, one.id)),
        versions=store.versions_of(tx, one.id),
    )


def enter(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    key: str,
    given: Mapping[str, object],
    *,
    at: datetime,
) -> Recipient:
    """The recipient is registered; raises RecipientFieldError, RecipientKeyTakenError."""
    ensure(principal, Action.REGISTER_WRITE, ports.policies.current)
    if KEY.fullmatch(key) is None:
        raise RecipientFieldError(field="key")
    for name in sorted(NEEDED - given.keys()):
        raise RecipientFieldError(field=name)
    if store.recipient_by_key(tx, key) is not None:
        raise RecipientKeyTakenError(key=key)
    blank = Recipient(
        id=new_row_id(), source_key=key, name="", role=RecipientRole.PROCESSOR, country=None
    )
    made = changed(blank, given, _vocabulary(ports))
    contact = sealed_contact(ports.vault, made.id, changed_contact(Contact(), given))
    store.add_recipient(tx, made, contact=contact, at=at)
    _noted(tx, ports, principal, made, names=tuple(sorted(given)), at=at)
    return made


def change(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    key: str,
    given: Mapping[str, object],
    *,
    version: int,
    at: datetime,
) -> Recipient:
    """The recipient is as given, at its next version; raises RecipientChangedError."""
    ensure(principal, Action.REGISTER_WRITE, ports.policies.current)
    before = known(tx, key)
    made = replace(changed(before, given, _vocabulary(ports)), version=version + 1)
    if before.version != version or not store.change_recipient(tx, made, before=version):
        raise RecipientChangedError(key=key, version=before.version)
    contact = changed_contact(contact_of(tx, ports.vault, made.id), given)
    store.set_contact(tx, made.id, sealed_contact(ports.vault, made.id, contact))
    _noted(tx, ports, principal, made, names=tuple(sorted(given)), at=at)
    return made


def note_check(
    tx: Connection, ports: Ports, principal: Principal, key: str, new: NewCheck, *, at: datetime
) -> Recipient:
    """The look is on file; after `stop` nothing goes there, until a later sound one lifts it."""
    ensure(principal, Action.REGISTER_WRITE, ports.policies.current)
    before = known(tx, key)
    if new.checked_on > at.astimezone(JST).date():
        raise RecipientFieldError(field="checked_on")
    check = Check(
        id=(row := new_row_id()),
        kind=new.kind,
        method=new.method,
        outcome=new.outcome,
        checked_on=new.checked_on,
        next_due=new.next_due,
        checked_by=principal.id,
        findings=ports.vault.seal_blob(FINDINGS, row, new.findings.encode())
        if new.findings
        else None,
    )
    store.add_check(tx, before.id, check, at=at)
    after = _after(before, check)
    if not store.change_recipient(tx, after, before=before.version):
        raise RecipientChangedError(key=key, version=before.version)
    names = tuple(
        f.name for f in fields(after) if getattr(after, f.name) != getattr(before, f.name)
    )
    _noted(tx, ports, principal, after, names=names, refs=(f"check:{row}",), at=at)
    return after


def _after(before: Recipient, check: Check) -> Recipient:
    """What a look says of the recipient from now on."""
    stopped = before.stopped_on
    match check.outcome:
        case CheckOutcome.STOP:
            stopped = stopped or check.checked_on
        case CheckOutcome.SOUND:
            stopped = None
        case CheckOutcome.FINDINGS:
            pass
    after = replace(
        before, version=before.version + 1, stopped_on=stopped, check_due_on=check.next_due
    )
    match check.kind:
        case CheckKind.SUPERVISION:
            return replace(after, audited_on=_later(before.audited_on, check.checked_on))
        case CheckKind.TRANSFER:
            last = _later(before.transfer_checked_on, check.checked_on)
            return replace(after, transfer_checked_on=last)


def _later(one: date | None, other: date) -> date:
    return other if one is None else max(one, other)


def name_subprocessor(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    key: str,
    given: Subprocessor,
    *,
    at: datetime,
) -> None:
    """Somebody more works for the recipient; an earlier entry of the name ends."""
    ensure(principal, Action.REGISTER_WRITE, ports.policies.current)
    recipient, day = known(tx, key), at.astimezone(JST).date()
    store.end_subprocessor(tx, recipient.id, given.name, on=day)
    if given.ended_on is None:
        store.add_subprocessor(tx, recipient.id, given, at=at)
    ports.audit.append(
        tx, changed_event(ports, principal, recipient, names=("subprocessors",), at=at)
    )


def known(tx: Connection, key: str) -> Recipient:
    """The recipient of this key; raises RecipientUnregisteredError."""
    found = store.recipient_by_key(tx, key)
    if found is None:
        raise RecipientUnregisteredError
    return found


def contact_of(tx: Connection, vault: FieldVault, recipient: RowId) -> Contact:
    """The persons at a recipient, opened."""
    return opened_contact(vault, recipient, store.contact_of(tx, recipient))


def every_one(tx: Connection, vault: FieldVault, *, at: datetime) -> tuple[Listed, ...]:
    """Every recipient with what is missing about it, for who may see the register."""
    subs, gdpr = store.subprocessors(tx), gdpr_persons(tx)
    return tuple(
        _listed(tx, vault, one, subs.get(one.id, ()), gdpr=gdpr, at=at)
        for one in store.all_recipients(tx)
    )


def gdpr_persons(tx: Connection) -> bool:
    """Whether any of our persons is under the GDPR."""
    return bool(tx.execute(select(exists().where(LAW.c.law == Law.GDPR.value))).scalar())


def _listed(
    tx: Connection,
    vault: FieldVault,
    recipient: Recipient,
    subs: tuple[Subprocessor, ...],
    *,
    gdpr: bool,
    at: datetime,
) -> Listed:
    day = at.astimezone(JST).date()
    if recipient.ended_on is not None and recipient.ended_on <= day:
        return Listed(recipient=recipient, subprocessors=subs, missing=())
    head = contact_of(tx, vault, recipient.id).representative
    gaps = gaps_of(recipient, subs, representative=bool(head), gdpr=gdpr, on=day)
    problems = problems_of(recipient, on=day)
    missing = sorted({*(p.value for p in problems), *(g.value for g in gaps)})
    return Listed(recipient=recipient, subprocessors=subs, missing=tuple(missing))


def _findings(ports: Ports, check: Check) -> str:
    if check.findings is None:
        return ""
    return ports.vault.open_blob(FINDINGS, check.id, check.findings).decode()


def _vocabulary(ports: Ports) -> Vocabulary:
    policy = ports.policies.current.policy
    if policy is None:
        return Vocabulary(purposes=(), categories=())  # fails closed: no word is known
    return Vocabulary(
        purposes=tuple(purpose.id for purpose in policy.purposes),
        categories=tuple(category.id for category in policy.categories),
    )


def _noted(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    recipient: Recipient,
    *,
    names: tuple[str, ...],
    refs: tuple[str, ...] = (),
    at: datetime,
) -> None:
    """Version, problems and event of a change, on which every decision about a passage rests."""
    counter.note_everyone(tx)
    day = at.astimezone(JST).date()
    store.note_version(tx, recipient, by=principal.id, at=at)
    store.replace_problems(tx, recipient.id, problems_of(recipient, on=day), on=day)
    ports.audit.append(
        tx, changed_event(ports, principal, recipient, names=names, refs=refs, at=at)
    )


def changed_event(
    ports: Ports,
    principal: Principal,
    recipient: Recipient,
    *,
    names: tuple[str, ...],
    refs: tuple[str, ...] = (),
    at: datetime,
) -> EventDraft:
    """That these members of the entry were changed; no value of any."""
    return EventDraft(
        action=EventCode.REGISTER_CHANGED,
        occurred_at=at,
        actor=principal.id,
        actor_os=principal.os_user,
        object_type="recipient",
        object_id=recipient.id,
        outcome=Outcome.DONE,
        policy_version=ports.policies.current.version or None,
        network=Network(principal.network) if principal.network else None,
        fields=names,
        counts=(("version", recipient.version),),
        refs=refs,
    )
