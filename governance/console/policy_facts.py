"""What the pages of the policy show: what is in force, what waits, what would change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from governance.approvals import store as approvals_store
from governance.approvals.rules import standing
from governance.approvals.types import Approval, ApprovalId, ApprovalKind, ApprovalState
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from policies.admin import store
from policies.admin.diff import PolicyDiff, compare_policies
from policies.admin.people import Concerned, concerned
from policies.admin.rule_words import RuleLine, rules_in_words
from policies.admin.service import Change, change_of
from policies.admin.sources import documents_named
from policies.admin.types import Desk, Entry
from policies.admin.wording import Sentence, sentences
from policies.in_force import number_in_force
from policies.proofs import Proof, prove_all
from policies.snapshot import PolicySnapshot

LISTED = 50  # entries and waiting changes of one page


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLine:
    """One change of the policy in force as a page lists it."""

    number: int
    version: str
    kind: str
    state: str
    at: datetime
    by: str
    changed: int
    here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingLine:
    """One change that waits for a second person."""

    approval: str
    by: str
    at: datetime
    kind: str
    effective: datetime
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The facts of the page of the policy."""

    snapshot: PolicySnapshot
    entries: tuple[EntryLine, ...]
    waiting: tuple[WaitingLine, ...]
    rules: tuple[RuleLine, ...]
    proofs: tuple[Proof, ...]

    @property
    def here(self) -> EntryLine | None:
        """The entry in force."""
        return next((entry for entry in self.entries if entry.here), None)


def standing_of(wiring: Any, lang: Lang, *, role: str | None) -> Standing:
    """What is in force and what waits; the rules are those of one role, if one was asked for."""
    desk, at = wiring.policy_desk, wiring.clock()
    with wiring.database.read() as tx:
        number = number_in_force(tx)
        found = store.entries(tx)[:LISTED]
        open_changes = [
            (one, change_of(desk, one.object_ref, approvals_store.sealed_of(tx, one.id)))
            for one in approvals_store.waiting(tx, at=at, limit=LISTED)
            if one.kind is ApprovalKind.POLICY_CHANGE
        ]
    snapshot = wiring.policies.current
    return Standing(
        snapshot=snapshot,
        entries=tuple(_entry(entry, lang, here=entry.number == number) for entry in found),
        waiting=tuple(_waiting(one, change, lang) for one, change in open_changes),
        rules=rules_in_words(snapshot, lang, role=role),
        proofs=prove_all(snapshot),
    )


def _entry(entry: Entry, lang: Lang, *, here: bool) -> EntryLine:
    return EntryLine(
        number=entry.number,
        version=entry.version,
        kind=text(f"cli.policy.kind.{entry.kind.value}", lang),
        state=text(f"cli.policy.state.{entry.state.value}", lang),
        at=entry.taken_at or entry.effective_from,
        by=" / ".join(
            dict.fromkeys(
                actor.partition(":")[2] or actor
                for actor in (entry.requested_by, entry.approved_by)
            )
        ),
        changed=entry.changed_cells,
        here=here,
    )


def _waiting(approval: Approval, change: Change, lang: Lang) -> WaitingLine:
    return WaitingLine(
        approval=approval.id,
        by=approval.requested_by.partition(":")[2],
        at=approval.requested_at,
        kind=text(f"cli.policy.kind.{change.kind.value}", lang),
        effective=change.effective_from,
        changed=change.changed_cells,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The facts of the page of one change that waits, or waited."""

    approval: Approval
    change: Change
    diff: PolicyDiff
    sentences: tuple[Sentence, ...]
    people: Concerned
    open: bool


def proposal_of(wiring: Any, approval: str, lang: Lang) -> Proposal:
    """What would change from the policy in force; raises ApprovalNotFoundError."""
    desk: Desk = wiring.policy_desk
    with wiring.database.read() as tx:
        asked = approvals_store.find(tx, ApprovalId(approval))
        change = change_of(desk, asked.object_ref, approvals_store.sealed_of(tx, asked.id))
        documents = documents_named(tx, desk, asked.id)
    diff = compare_policies(wiring.policies.current, desk.compiled(documents))
    at = wiring.clock()
    return Proposal(
        approval=asked,
        change=change,
        diff=diff,
        sentences=tuple(sentences(diff, lang)),
        people=concerned(wiring.database, diff, at=at),
        open=standing(asked, at=at) is ApprovalState.REQUESTED,
    )
