"""Asking for a second person, deciding as that person, and executing once.

The parameters of an act are sealed by whoever asks; both persons decide about their digest.
Execution consumes the approval in the transaction of its own effects, so it happens once
or not at all; its audit event is the executor's own and names ``approval:<id>``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.log import AuditLog
from audit.types import EventDraft, Outcome
from governance.approvals import rules, store, ties
from governance.approvals.errors import (
    ApprovalClosedError,
    ApprovalForbiddenError,
    ApprovalFormError,
)
from governance.approvals.executors import Executor
from governance.approvals.types import (
    ABOUT_THE_PRINCIPAL,
    Approval,
    ApprovalId,
    ApprovalKind,
    ApprovalState,
    Consumed,
    Reason,
    Refused,
    Rule,
    Verdict,
)
from governance.core.ids import new_row_id
from governance.http.principal import Principal

REFERENCE = re.compile(
    r"[A-Za-z0-9_.:/+-]{1,150}"
)  # with its prefix it must fit a reference of the log
REASON_CODE = re.compile(r"[a-z][a-z0-9_.]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """The use cases, wired once with the log, the rules and the executors of every kind."""

    audit: AuditLog
    executors: Mapping[ApprovalKind, Executor]
    separation: Mapping[ApprovalKind, Rule] = field(default_factory=lambda: rules.RULES)

    def request(
        self,
        tx: Connection,
        kind: ApprovalKind,
        *,
        object_ref: str,
        sealed: bytes,
        by: Principal,
        at: datetime,
    ) -> Approval:
        """The act waits for a second person under the returned approval."""
        if not REFERENCE.fullmatch(object_ref):
            raise ApprovalFormError(field="object_ref")
        approval = Approval(
            id=ApprovalId(new_row_id()),
            kind=kind,
            object_ref=object_ref,
            digest=rules.digest_of(kind, object_ref, sealed),
            state=ApprovalState.REQUESTED,
            requested_by=by.id,
            requested_os=by.os_user,
            requested_at=at,
            expires_at=at + self.separation[kind].lifetime,
            decided_by=None,
            decided_os=None,
            decided_at=None,
            reason_code=None,
            executed_by=None,
            executed_at=None,
        )
        store.insert(tx, approval, sealed=sealed)
        self._record(tx, EventCode.APPROVAL_REQUESTED, approval, by=by, at=at)
        return approval

    def approve(
        self, tx: Connection, approval_id: ApprovalId, *, digest: str, by: Principal, at: datetime
    ) -> Approval:
        """The second person agrees to what this digest stands for."""
        approval = store.find(tx, approval_id)
        known = ties.between(tx, by.id, approval.requested_by)
        verdict = rules.may_approve(by, approval, self.separation[approval.kind], ties=known, at=at)
        _demand(verdict, approval)
        if digest != approval.digest:
            _demand(Refused(Reason.DIGEST), approval)
        decided = self._decide(tx, approval, ApprovalState.APPROVED, reason_code=None, by=by, at=at)
        self._record(tx, EventCode.APPROVAL_GIVEN, decided, by=by, at=at)
        return decided

    def refuse(
        self,
        tx: Connection,
        approval_id: ApprovalId,
        *,
        reason_code: str,
        by: Principal,
        at: datetime,
    ) -> Approval:
        """The request has ended without effect; the requester may take it back this way too."""
        if not REASON_CODE.fullmatch(reason_code):
            raise ApprovalFormError(field="reason_code")
        approval = store.find(tx, approval_id)
        _demand(rules.may_refuse(by, approval, at=at), approval)
        decided = self._decide(
            tx, approval, ApprovalState.REFUSED, reason_code=reason_code, by=by, at=at
        )
        self._record(tx, EventCode.APPROVAL_REFUSED, decided, by=by, at=at)
        return decided

    def consume(
        self, tx: Connection, approval_id: ApprovalId, *, digest: str, by: Principal, at: datetime
    ) -> Consumed:
        """The approval is used up, in the transaction that does what it allows; exactly once."""
        approval = store.find(tx, approval_id)
        rule = self.separation[approval.kind]
        _demand(rules.may_execute(by, approval, rule, digest=digest, at=at), approval)
        sealed = store.sealed_of(tx, approval_id)
        if rules.digest_of(approval.kind, approval.object_ref, sealed) != approval.digest:
            _demand(Refused(Reason.DIGEST), approval)  # fails closed: the stored row was changed
        used = {"state": ApprovalState.EXECUTED.value, "executed_by": by.id, "executed_at": at}
        if not store.move(tx, approval, at=at, to=used):
            _demand(Refused(Reason.NOT_APPROVED), approval)
        executed = replace(
            approval, state=ApprovalState.EXECUTED, executed_by=by.id, executed_at=at
        )
        return Consumed(approval=executed, sealed=sealed)

    def execute(
        self, tx: Connection, approval_id: ApprovalId, *, digest: str, by: Principal, at: datetime
    ) -> str:
        """The executor's reference to what was done or started."""
        kind = store.find(tx, approval_id).kind
        executor = self.executors.get(kind)
        if executor is None:
            raise ApprovalClosedError(reason=Reason.NO_EXECUTOR.value, approval=approval_id)
        consumed = self.consume(tx, approval_id, digest=digest, by=by, at=at)
        return executor(tx, consumed, by=by, at=at)

    def approve_and_execute(
        self, tx: Connection, approval_id: ApprovalId, *, digest: str, by: Principal, at: datetime
    ) -> str | None:
        """What was done, or None if the rule leaves the execution to somebody else."""
        approved = self.approve(tx, approval_id, digest=digest, by=by, at=at)
        if not rules.executes(by, approved, self.separation[approved.kind].executor):
            return None
        return self.execute(tx, approval_id, digest=digest, by=by, at=at)

    def _decide(
        self,
        tx: Connection,
        approval: Approval,
        state: ApprovalState,
        *,
        reason_code: str | None,
        by: Principal,
        at: datetime,
    ) -> Approval:
        decision = {
            "state": state.value,
            "decided_by": by.id,
            "decided_os": by.os_user,
            "decided_at": at,
            "reason_code": reason_code,
        }
        if not store.move(tx, approval, at=at, to=decision):
            _demand(Refused(Reason.DECIDED), approval)
        return replace(
            approval,
            state=state,
            decided_by=by.id,
            decided_os=by.os_user,
            decided_at=at,
            reason_code=reason_code,
        )

    def _record(
        self, tx: Connection, code: EventCode, approval: Approval, *, by: Principal, at: datetime
    ) -> None:
        self.audit.append(
            tx,
            EventDraft(
                action=code,
                occurred_at=at,
                actor=by.id,
                actor_os=by.os_user,
                object_type="approval",
                object_id=approval.id,
                outcome=Outcome.DONE,
                reasons=() if approval.reason_code is None else (approval.reason_code,),
                refs=(
                    f"object:{approval.object_ref}",
                    f"kind:{approval.kind.value}",
                    f"digest:{approval.digest}",
                ),
            ),
        )


def _demand(verdict: Verdict, approval: Approval) -> None:
    """Nothing if allowed; otherwise the refusal with its reason."""
    if isinstance(verdict, Refused):
        if verdict.reason in ABOUT_THE_PRINCIPAL:
            raise ApprovalForbiddenError(reason=verdict.reason.value, approval=approval.id)
        raise ApprovalClosedError(reason=verdict.reason.value, approval=approval.id)
