"""Use cases of two persons: put a policy in force, now or later, or the one before again.

One person proposes documents that passed every check; the second approves exactly their digest.
What was agreed about one policy is not done to another: when the policy in force changed in
between, the approval is worth nothing any more.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from audit.types import canonical_json
from governance.approvals import store as approvals_store
from governance.approvals.executors import Executor
from governance.approvals.service import Approvals
from governance.approvals.types import Approval, ApprovalId, ApprovalKind, Consumed
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RowId
from governance.http.principal import Principal
from policies.actions import Action
from policies.admin import store
from policies.admin.checking import demand_sound
from policies.admin.diff import compare_policies
from policies.admin.documents import Documents, shipped_documents
from policies.admin.errors import (
    NoEarlierPolicyError,
    PolicyBrokenError,
    PolicyMovedError,
    PolicyNameTakenError,
    PolicyTimeError,
    PolicyUnchangedError,
    PolicyUnknownError,
)
from policies.admin.loading import documents_of, entry_of, judging, proved
from policies.admin.sealing import entry_message, signed, version_message
from policies.admin.taking import SYSTEM, put
from policies.admin.types import Desk, Entry, StoredVersion
from policies.api import ensure
from policies.in_force import EntryKind, EntryState, in_force, number_in_force
from policies.snapshot import PolicySnapshot

BLOB: Final = "policy_change"
SLACK: Final = timedelta(minutes=1)  # a moment this near is now


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What two persons decide about."""

    version_id: RowId
    digest: str
    base: int  # number of the entry in force, whose policy the change was compared with
    kind: EntryKind
    effective_from: datetime
    changed_cells: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """Checked documents, ready to be proposed."""

    documents: Documents
    snapshot: PolicySnapshot
    kind: EntryKind
    changed_cells: int


def prepare(desk: Desk, principal: Principal, documents: Documents) -> Proposed:
    """The documents passed every check here; raises what refuses them. Nothing is stored."""
    with desk.ports.database.read() as tx:
        ensure(principal, Action.POLICY_PROPOSE, judging(tx, desk))
    return _checked(desk, documents, EntryKind.APPLIED)


def prepare_rollback(desk: Desk, principal: Principal, *, number: int | None) -> Proposed:
    """The policy of an earlier entry, by default the one before, proved and checked anew."""
    with desk.ports.database.read() as tx:
        ensure(principal, Action.POLICY_PROPOSE, judging(tx, desk))
        target = _earlier(tx, number_in_force(tx)) if number is None else entry_of(tx, number)
        if target.state is not EntryState.TAKEN:
            raise PolicyUnknownError
        documents = documents_of(tx, desk, target)
    return _checked(desk, documents, EntryKind.ROLLBACK)


def _checked(desk: Desk, documents: Documents, kind: EntryKind) -> Proposed:
    snapshot, current = demand_sound(desk, documents), desk.ports.policies.current
    return Proposed(
        documents=documents,
        snapshot=snapshot,
        kind=kind,
        changed_cells=(
            0 if current.policy is None else len(compare_policies(current, snapshot).changes)
        ),
    )


def propose(
    tx: Connection,
    desk: Desk,
    approvals: Approvals,
    principal: Principal,
    proposed: Proposed,
    *,
    effective_from: datetime | None = None,
    at: datetime,
) -> Approval:
    """The documents are stored and wait for a second person."""
    if effective_from is not None and effective_from < at - SLACK:
        raise PolicyTimeError
    now, digest, version = in_force(tx), proposed.documents.digest, proposed.snapshot.version
    if now is not None and now.digest == digest and desk.ports.policies.current.table is not None:
        raise PolicyUnchangedError(version=now.version)
    for entry in store.entries(tx):
        if entry.version == version and entry.digest != digest:
            raise PolicyNameTakenError(version=version, number=entry.number)
    stored = _stored(tx, desk, proposed.documents, version, by=principal.id, at=at)
    change = Change(
        version_id=stored.id,
        digest=digest,
        base=0 if now is None else now.number,
        kind=proposed.kind,
        effective_from=effective_from or at,
        changed_cells=proposed.changed_cells,
    )
    return _ask(tx, desk, approvals, principal, change, at=at)


def _earlier(tx: Connection, now: int) -> Entry:
    """The newest entry that was in force before this one with other documents."""
    here = entry_of(tx, now)
    for entry in store.entries(tx):
        taken = entry.state is EntryState.TAKEN and entry.number < now
        if taken and entry.digest != here.digest:
            return entry
    raise NoEarlierPolicyError


def _ask(
    tx: Connection,
    desk: Desk,
    approvals: Approvals,
    principal: Principal,
    change: Change,
    *,
    at: datetime,
) -> Approval:
    reference = new_row_id()
    words = {
        "version_id": change.version_id,
        "digest": change.digest,
        "base": change.base,
        "kind": change.kind.value,
        "effective_from": change.effective_from.isoformat(),
        "changed_cells": change.changed_cells,
    }
    return approvals.request(
        tx,
        ApprovalKind.POLICY_CHANGE,
        object_ref=reference,
        sealed=desk.ports.vault.seal_blob(BLOB, reference, canonical_json(words)),
        by=principal,
        at=at,
    )


def change_of(desk: Desk, reference: str, sealed: bytes) -> Change:
    """What an approval of a policy change is about."""
    found = json.loads(desk.ports.vault.open_blob(BLOB, reference, sealed))
    return Change(
        version_id=RowId(found["version_id"]),
        digest=found["digest"],
        base=int(found["base"]),
        kind=EntryKind(found["kind"]),
        effective_from=datetime.fromisoformat(found["effective_from"]),
        changed_cells=int(found["changed_cells"]),
    )


def demand_ready(desk: Desk, approval: ApprovalId) -> Change:
    """What the approval is about; raises what would refuse it, before any transaction is held."""
    with desk.ports.database.read() as tx:
        asked = approvals_store.find(tx, approval)
        change = change_of(desk, asked.object_ref, approvals_store.sealed_of(tx, approval))
        stored = store.version_by_id(tx, change.version_id)
        if stored is None or stored.digest != change.digest:
            raise PolicyBrokenError(reason="digest")  # fails closed: not what was agreed to
    demand_sound(desk, proved(desk, stored))
    return change


def policy_executor(desk: Desk) -> Executor:
    """Puts an agreed policy in force or schedules it; answers ``policy:<number>``."""

    def execute(tx: Connection, consumed: Consumed, /, *, by: Principal, at: datetime) -> str:
        approval = consumed.approval
        ensure(by, Action.POLICY_APPLY, judging(tx, desk))
        change = change_of(desk, approval.object_ref, consumed.sealed)
        stored = store.version_by_id(tx, change.version_id)
        if stored is None or stored.digest != change.digest:
            raise PolicyBrokenError(reason="digest")  # fails closed: not what was agreed to
        store.hold_in_force(tx)  # of two approvals at one instant the second sees the first
        if number_in_force(tx) != change.base:
            raise PolicyMovedError(number=change.base)
        snapshot = demand_sound(desk, proved(desk, stored))
        effective = max(change.effective_from, at)
        due = effective <= at
        entry = Entry(
            number=store.last_number(tx) + 1,
            version_id=stored.id,
            version=snapshot.version,
            digest=stored.digest,
            base=change.base,
            kind=change.kind,
            state=EntryState.TAKEN if due else EntryState.SCHEDULED,
            effective_from=effective,
            recorded_at=at,
            taken_at=at if due else None,
            changed_cells=change.changed_cells,
            approval=RowId(approval.id),
            requested_by=approval.requested_by,
            approved_by=approval.decided_by or by.id,
        )
        put(tx, desk, _signed(desk, entry), by=by.id, at=at)
        return f"policy:{entry.number}"

    return execute


def first_start(tx: Connection, desk: Desk, documents: Documents, *, at: datetime) -> bool:
    """Whether this call put the first policy of an installation in force, as version 1."""
    if number_in_force(tx) or store.last_number(tx):
        return False
    snapshot = desk.compiled(documents)
    stored = _stored(tx, desk, documents, snapshot.version, by=SYSTEM, at=at)
    entry = Entry(
        number=1,
        version_id=stored.id,
        version=stored.version,
        digest=stored.digest,
        base=0,
        kind=EntryKind.SHIPPED if documents == shipped_documents() else EntryKind.APPLIED,
        state=EntryState.TAKEN,
        effective_from=at,
        recorded_at=at,
        taken_at=at,
        changed_cells=0,
        approval=None,
        requested_by=SYSTEM,
        approved_by=SYSTEM,
    )
    put(tx, desk, _signed(desk, entry), by=SYSTEM, at=at)
    return True


def _signed(desk: Desk, entry: Entry) -> Entry:
    vault = desk.ports.vault
    return replace(entry, signature=signed(vault, entry_message(vault.ring.installation, entry)))


def _stored(
    tx: Connection,
    desk: Desk,
    documents: Documents,
    version: str,
    *,
    by: ActorId,
    at: datetime,
) -> StoredVersion:
    """The documents as a signed row; the same documents are stored once."""
    known = store.version_by_digest(tx, documents.digest)
    if known is not None:
        return known
    made = StoredVersion(
        id=new_row_id(),
        version=version,
        digest=documents.digest,
        content=documents.content,
        stored_by=by,
        stored_at=at,
        signature=b"",
    )
    vault = desk.ports.vault
    sealed = replace(made, signature=signed(vault, version_message(vault.ring.installation, made)))
    store.add_version(tx, sealed)
    return sealed
