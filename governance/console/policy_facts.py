"""What the pages of the policy show: what is in force, what waits, what would change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from governance.approvals import store as approvals_store
from governance.approvals.rules import standing
from governance.approvals.types import Approval, ApprovalId, ApprovalKind, ApprovalState
from governance.console.naming import names_for
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from policies.admin import store
from policies.admin.diff import PolicyDiff, compare_policies
from policies.admin.people import Concerned, concerned
from policies.admin.service import Change, change_of
from policies.admin.sources import documents_named
from policies.admin.types import Desk, Entry
from policies.admin.wording import Sentence, sentences
from policies.in_force import number_in_force
from policies.proofs import Proof, prove_all
from policies.snapshot import PolicySnapshot

LISTED = 500  # open approvals among which changes of the policy are looked for


_PROVED: Final[list[tuple[PolicySnapshot, tuple[Proof, ...]]]] = []  # the newest that was asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLine:
    """One change of the policy in force as a page lists it."""

    number: int
    version: str
    kind: str
    kind_code: str
    state: str
    state_code: str
    at: datetime
    by: str
    changed: int
    here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingLine:
    """One change that waits for a second person."""

    approval: str
    by: str
    by_id: str
    at: datetime
    kind: str
    kind_code: str
    effective: datetime
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The facts of the page of the policy."""

    snapshot: PolicySnapshot
    here: EntryLine | None  # the entry in force
    proofs: tuple[Proof, ...]


def standing_of(wiring: Any, lang: Lang) -> Standing:
    """What is in force, and what every policy must hold."""
    with wiring.database.read() as tx:
        here = next((one for one in entry_lines(tx, lang) if one.here), None)
    snapshot = wiring.policies.current
    return Standing(snapshot=snapshot, here=here, proofs=proved(snapshot))


def proved(snapshot: PolicySnapshot) -> tuple[Proof, ...]:
    """The proofs of this very policy, which never changes: made once, not for each view."""
    for known, proofs in _PROVED:
        if known is snapshot:
            return proofs
    found = prove_all(snapshot)
    _PROVED[:] = [(snapshot, found)]
    return found


def entry_lines(tx: Connection, lang: Lang) -> tuple[EntryLine, ...]:
    """Every change that was taken, the newest first."""
    number = number_in_force(tx)
    found = store.entries(tx)
    names = names_for(tx, (by for one in found for by in (one.requested_by, one.approved_by)), lang)
    return tuple(_entry(one, names, lang, here=one.number == number) for one in found)


def waiting_lines(
    tx: Connection, wiring: Any, lang: Lang, *, at: datetime
) -> tuple[WaitingLine, ...]:
    """Changes that wait for a second person."""
    desk = wiring.policy_desk
    found = [
        (one, change_of(desk, one.object_ref, approvals_store.sealed_of(tx, one.id)))
        for one in approvals_store.waiting(tx, at=at, limit=LISTED)
        if one.kind is ApprovalKind.POLICY_CHANGE
    ]
    names = names_for(tx, (one.requested_by for one, _ in found), lang)
    return tuple(_waiting(one, change, names, lang) for one, change in found)


def _entry(entry: Entry, names: Mapping[str, str], lang: Lang, *, here: bool) -> EntryLine:
    return EntryLine(
        number=entry.number,
        version=entry.version,
        kind=text(f"cli.policy.kind.{entry.kind.value}", lang),
        kind_code=entry.kind.value,
        state=text(f"cli.policy.state.{entry.state.value}", lang),
        state_code=entry.state.value,
        at=entry.taken_at or entry.effective_from,
        by=" / ".join(dict.fromkeys((names[entry.requested_by], names[entry.approved_by]))),
        changed=entry.changed_cells,
        here=here,
    )


def _waiting(
    approval: Approval, change: Change, names: Mapping[str, str], lang: Lang
) -> WaitingLine:
    return WaitingLine(
        approval=approval.id,
        by=names[approval.requested_by],
        by_id=approval.requested_by,
        at=approval.requested_at,
        kind=text(f"cli.policy.kind.{change.kind.value}", lang),
        kind_code=change.kind.value,
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
