"""The officers' procedure after an older database was put back: shown, agreed to by two, declared.

Choices and erasures that the older database does not know stand in the control journal; how many
of each kind is shown, because they must be done again before the installation serves anybody:
the declaration closes it (`retention/backups/restoring.py` opens it).
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from audit.restoring.loss import Loss, RestoreReason, declare, follow, loss_of
from audit.sequencer import LogKeys, integrate_now
from audit.types import canonical_json
from governance.approvals.executors import Executor
from governance.approvals.service import Approvals
from governance.approvals.types import Approval, ApprovalKind, Consumed
from governance.core.terms import EventId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action
from retention.access import require, require_approver
from retention.backups import store
from retention.backups.ending_entries import require_told_since
from retention.errors import LossChangedError

BLOB: Final = "log_restore"
PREFIX: Final = "log_restored:"  # of what an execution answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoring:
    """An installation whose log is smaller than its last checkpoint outside."""

    ports: Ports
    log_keys: LogKeys

    def loss(self, tx: Connection) -> Loss:
        """What is lost; raises NothingLostError."""
        return loss_of(tx, self.log_keys.anchor, self.log_keys.verifier_keys)


def to_do_again(ports: Ports, *, since: datetime | None) -> Mapping[str, int]:
    """How many decisions of each kind the journal has that the database cannot know."""
    found = Counter[str]()
    for record in ports.journal.replay():
        if since is None or record.entry.at >= since:
            found[record.entry.kind.value] += 1
    return dict(sorted(found.items()))


def ask(
    tx: Connection,
    desk: Restoring,
    approvals: Approvals,
    principal: Principal,
    reason: RestoreReason,
    *,
    words: str,
    at: datetime,
) -> Approval:
    """The declaration waits for a second person, with its reason; words are sealed.

    Raises JournalLeftError for a database older than what the journal can tell.
    """
    require(desk.ports, principal, Action.BACKUP_RESTORE)
    loss = desk.loss(tx)
    require_told_since(desk.ports.journal.left, loss.signed_at)
    reference = f"restore:{loss.size}-{loss.lost.size}"
    params = _agreed(loss) | {"reason": reason.value, "words": words}
    sealed = desk.ports.vault.seal_blob(BLOB, reference, canonical_json(params))
    return approvals.request(
        tx, ApprovalKind.RESTORE, object_ref=reference, sealed=sealed, by=principal, at=at
    )


def restore_executor(desk: Restoring) -> Executor:
    """Declares the agreed loss in the log; answers `log_restored:<event>`."""

    def execute(tx: Connection, consumed: Consumed, /, *, by: Principal, at: datetime) -> str:
        approval = consumed.approval
        require_approver(desk.ports, approval, by)
        agreed = json.loads(desk.ports.vault.open_blob(BLOB, approval.object_ref, consumed.sealed))
        loss = desk.loss(tx)
        if {name: agreed[name] for name in _agreed(loss)} != _agreed(loss):
            raise LossChangedError  # fails closed: not the loss that both persons saw
        event = declare(
            tx,
            desk.ports.audit,
            loss,
            RestoreReason(agreed["reason"]),
            by=by.id,
            os_user=by.os_user,
            approval=approval.id,
            at=at,
        )
        if store.closed_since(tx) is None:  # the files were put back by hand
            store.close_gate(tx, backup=None, at=at)
        return f"{PREFIX}{event}"

    return execute


def finish(desk: Restoring, *, at: datetime) -> EventId | None:
    """The declared tree goes on: the lost head is kept as evidence and the event has its place.

    None when nothing was declared. It can be called again after a kill anywhere.
    """
    with desk.ports.database.read() as tx:
        event = follow(tx, desk.log_keys.anchor)
    if event is not None:
        integrate_now(desk.ports.database, desk.log_keys, desk.ports.audit, event, at=at)
    return event


def _agreed(loss: Loss) -> dict[str, object]:
    return {
        "size": loss.size,
        "root": loss.root.hex(),
        "lost": loss.lost.size,
        "note": loss.digest,
    }
