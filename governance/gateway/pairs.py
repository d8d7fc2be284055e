"""Candidate pairs that wait for a person: found by a short id, shown with their evidence."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, select, update

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import FieldId, PurposeId, RowId, SubjectId
from governance.customers import store
from governance.customers.catalogue import catalogue
from governance.customers.custom.types import is_custom
from governance.customers.imports import DUPLICATE
from governance.customers.matching.evidence import WEIGHTS, Evidence, EvidenceKind
from governance.customers.matching.report import field_of
from governance.customers.ports import Ports
from governance.customers.store import SUBJECT, TABLES
from governance.gateway.reading import read
from governance.gateway.types import ReadRequest, RowView
from governance.http.principal import Principal
from policies.actions import Action
from policies.actors import decide_actor
from policies.api import ensure
from policies.snapshot import PolicySnapshot

PURPOSE = PurposeId("data_quality")
KINDS = frozenset(EvidenceKind)  # words of another release are left out
NAMES_ROW = frozenset({"customer_id", "source_key"})
ID_LENGTH = 12  # hexadecimal digits; pairs of a million rows do not meet
VERSION_LENGTH = 16


class PairState(StrEnum):
    """What became of a candidate pair."""

    OPEN = "open"
    MERGED = "merged"
    DIFFERENT = "different"


class PairUnknownError(NotFoundError):
    """There is no such candidate pair; nothing changed."""

    code = "pair_unknown"


class PairDecidedError(GovernanceError):
    """Somebody decided about the pair already; nothing changed. Params: state."""

    code, status = "pair_decided", 409


class PairChangedError(GovernanceError):
    """One of the rows changed since the pair was shown: look again. Nothing changed."""

    code, status = "pair_changed", 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two register rows that look like one person."""

    id: str
    left: RowId
    right: RowId
    left_subject: SubjectId
    right_subject: SubjectId
    score: float  # bits
    evidence: tuple[Evidence, ...]
    state: PairState
    found_at: datetime

    def as_json(self) -> dict[str, object]:
        """The pair for programs: ids, score and evidence by field; no value."""
        return {
            "id": self.id,
            "state": self.state.value,
            "score": self.score,
            "rows": [self.left, self.right],
            "persons": [self.left_subject, self.right_subject],
            "evidence": [
                {"field": field_of(e.kind), "kind": e.kind.value, "weight": e.weight}
                for e in self.evidence
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PairView:
    """A pair with both rows as the reader may see them."""

    pair: Pair
    version: str
    left: RowView | None
    right: RowView | None


def pair_id(left: str, right: str) -> str:
    """A short name of the pair that stays the same."""
    return sha256(f"{left}/{right}".encode()).hexdigest()[:ID_LENGTH]


def waiting(tx: Connection, ports: Ports, principal: Principal, *, limit: int) -> tuple[Pair, ...]:
    """Open pairs, the surest first."""
    ensure(principal, Action.QUALITY_READ, ports.policies.current)
    rows = tx.execute(
        select(DUPLICATE)
        .where(DUPLICATE.c.state == PairState.OPEN.value)
        .order_by(DUPLICATE.c.score.desc(), DUPLICATE.c.left_id, DUPLICATE.c.right_id)
        .limit(limit)
    )
    return tuple(_pair(row) for row in rows)


def pair_by_id(tx: Connection, wanted: str) -> Pair:
    """The pair of this id, whatever its state; raises PairUnknownError."""
    for left, right in tx.execute(select(DUPLICATE.c.left_id, DUPLICATE.c.right_id)):
        if pair_id(left, right) == wanted:
            row = tx.execute(
                select(DUPLICATE).where(DUPLICATE.c.left_id == left, DUPLICATE.c.right_id == right)
            ).one()
            return _pair(row)
    raise PairUnknownError


def open_pair(tx: Connection, wanted: str, *, version: str | None) -> Pair:
    """The pair, still undecided and as it was shown; raises what is not so."""
    pair = pair_by_id(tx, wanted)
    if pair.state is not PairState.OPEN or pair.left_subject == pair.right_subject:
        raise PairDecidedError(state=pair.state.value)
    if version is not None and version_of(tx, pair) != version:
        raise PairChangedError
    return pair


def version_of(tx: Connection, pair: Pair) -> str:
    """A word that changes with either row and either person (optimistic concurrency)."""
    person = TABLES["person"]
    rows = tx.execute(
        select(person.c.id, person.c.version, SUBJECT.c.id, SUBJECT.c.fence)
        .join(SUBJECT, SUBJECT.c.id == person.c.subject_id)
        .where(person.c.id.in_((pair.left, pair.right)))
        .order_by(person.c.id)
    )
    return sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()[:VERSION_LENGTH]


def show(ports: Ports, principal: Principal, wanted: str, *, at: datetime) -> PairView:
    """The pair with both rows through the gate; each reading is on record."""
    ensure(principal, Action.PERSON_MERGE, ports.policies.current)
    with ports.database.read() as tx:
        pair = pair_by_id(tx, wanted)
        version = version_of(tx, pair)
    views = [
        _row(ports, principal, subject, row, at=at)
        for subject, row in ((pair.left_subject, pair.left), (pair.right_subject, pair.right))
    ]
    return PairView(pair=pair, version=version, left=views[0], right=views[1])


def _row(
    ports: Ports, principal: Principal, subject: SubjectId, row: RowId, *, at: datetime
) -> RowView | None:
    request = ReadRequest(subject=subject, purpose=PURPOSE, tables=("person",))
    answer = read(ports, principal, request, at=at)
    return next((view for view in answer.rows if view.row == row), None)


def tell_apart(ports: Ports, principal: Principal, wanted: str, *, at: datetime) -> Pair:
    """The two are two persons; the search does not propose the pair again."""
    ensure(principal, Action.PERSON_MERGE, ports.policies.current)

    def decide(tx: Connection) -> Pair:
        pair = pair_by_id(tx, wanted)
        for subject in sorted({pair.left_subject, pair.right_subject}):
            store.lock_subject(tx, subject)
        mine = (
            update(DUPLICATE)
            .where(
                DUPLICATE.c.left_id == pair.left,
                DUPLICATE.c.right_id == pair.right,
                DUPLICATE.c.state == PairState.OPEN.value,
            )
            .values(state=PairState.DIFFERENT.value)
        )
        if tx.execute(mine).rowcount != 1:
            raise PairDecidedError(state=pair.state.value)
        ports.audit.append(
            tx,
            EventDraft(
                action=EventCode.QUALITY_REVIEWED,
                occurred_at=at,
                actor=principal.id,
                actor_os=principal.os_user,
                object_type="pair",
                object_id=pair.id,
                purpose=PURPOSE,
                outcome=Outcome.DONE,
                policy_version=ports.policies.current.version or None,
                refs=(
                    f"person:{pair.left_subject}",
                    f"person:{pair.right_subject}",
                    f"decision:{PairState.DIFFERENT.value}",
                ),
            ),
        )
        return pair

    return ports.database.write(decide)


def mergeable_fields(principal: Principal, policy: PolicySnapshot) -> frozenset[FieldId]:
    """Fields of a register row in which one value must stand, and this principal may choose it.

    What names a row belongs to it for ever: files and other systems know the row by it.
    """
    return frozenset(
        entry.id
        for entry in catalogue().table("person").sealed()
        if entry.column not in NAMES_ROW
        and not is_custom(entry.id)
        and decide_actor(principal, policy, field=entry.id, action="merge", purpose=PURPOSE)
    )


def _pair(row: Row[Any]) -> Pair:
    kinds = [EvidenceKind(name) for name in row.evidence.split(",") if name in KINDS]
    evidence = [Evidence(kind=kind, weight=WEIGHTS.get(kind, 0.0)) for kind in kinds]
    return Pair(
        id=pair_id(row.left_id, row.right_id),
        left=RowId(row.left_id),
        right=RowId(row.right_id),
        left_subject=SubjectId(row.left_subject_id),
        right_subject=SubjectId(row.right_subject_id),
        score=row.score / 1000,
        evidence=tuple(sorted(evidence, key=lambda e: (-abs(e.weight), e.kind.value))),
        state=PairState(row.state),
        found_at=row.found_at,
    )
