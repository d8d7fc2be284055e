"""Candidate pairs that wait for a person: found by a short id, shown with their evidence."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, assert_never

from sqlalchemy import Connection, Row, select

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import FieldId, PurposeId, RowId, SubjectId
from governance.customers import store
from governance.customers.catalogue import catalogue
from governance.customers.custom.types import is_custom
from governance.customers.matching import companies, evidence
from governance.customers.matching.evidence import Evidence, EvidenceKind
from governance.customers.matching.report import field_of
from governance.customers.ports import Ports
from governance.customers.store import SUBJECT, TABLES
from governance.customers.upkeep.candidates import (
    DUPLICATE,
    PairKind,
    PairState,
    open_pairs,
    settle,
)
from governance.customers.upkeep.company_merges import standing_companies, standing_company
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
WEIGHTS = {PairKind.PERSON: evidence.WEIGHTS, PairKind.COMPANY: companies.WEIGHTS}


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
    """Two register rows that look like one person, or one company."""

    id: str
    kind: PairKind
    left: RowId
    right: RowId
    left_subject: SubjectId  # of a company: its representative
    right_subject: SubjectId
    score: float  # bits
    evidence: tuple[Evidence, ...]
    state: PairState
    found_at: datetime

    @property
    def refs(self) -> tuple[str, str]:
        """The two as the log names them."""
        both = (self.left_subject, self.right_subject)
        left, right = both if self.kind is PairKind.PERSON else (self.left, self.right)
        return f"{self.kind.value}:{left}", f"{self.kind.value}:{right}"

    def as_json(self) -> dict[str, object]:
        """The pair for programs: ids, score and evidence by field; no value."""
        return {
            "id": self.id,
            "kind": self.kind.value,
            "state": self.state.value,
            "score": self.score,
            "rows": [self.left, self.right],
            "persons": [self.left_subject, self.right_subject],
            "found_at": self.found_at.isoformat(),
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


def waiting(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    *,
    kind: PairKind = PairKind.PERSON,
    limit: int,
) -> tuple[Pair, ...]:
    """Open pairs of a kind, the surest first."""
    ensure(principal, Action.QUALITY_READ, ports.policies.current)
    order = (DUPLICATE.c.score.desc(), DUPLICATE.c.left_id, DUPLICATE.c.right_id)
    wanted = select(DUPLICATE).where(open_pairs(kind)).order_by(*order)
    if kind is PairKind.PERSON:
        return tuple(_pair(row) for row in tx.execute(wanted.limit(limit)))
    home = standing_companies(tx)
    found = (_pair(row) for row in tx.execute(wanted))
    apart = [p for p in found if home.get(p.left, p.left) != home.get(p.right, p.right)]
    return tuple(apart[:limit])


def pair_by_id(tx: Connection, wanted: str) -> Pair:
    """The pair of this id, whatever its state; raises PairUnknownError."""
    for left, right in tx.execute(select(DUPLICATE.c.left_id, DUPLICATE.c.right_id)):
        if pair_id(left, right) == wanted:
            row = tx.execute(
                select(DUPLICATE).where(DUPLICATE.c.left_id == left, DUPLICATE.c.right_id == right)
            ).one()
            return _pair(row)
    raise PairUnknownError


def open_pair(
    tx: Connection, wanted: str, *, kind: PairKind = PairKind.PERSON, version: str | None
) -> Pair:
    """The pair of this kind, still undecided and as it was shown; raises what is not so."""
    pair = pair_by_id(tx, wanted)
    if pair.kind is not kind:
        raise PairUnknownError
    if pair.state is not PairState.OPEN or _is_one(tx, pair):
        raise PairDecidedError(state=pair.state.value)
    if version is not None and version_of(tx, pair) != version:
        raise PairChangedError
    return pair


def _is_one(tx: Connection, pair: Pair) -> bool:
    """Whether other merges made the two one already."""
    match pair.kind:
        case PairKind.PERSON:
            return pair.left_subject == pair.right_subject
        case PairKind.COMPANY:
            return standing_company(tx, pair.left) == standing_company(tx, pair.right)
        case _:
            assert_never(pair.kind)


def version_of(tx: Connection, pair: Pair) -> str:
    """A word that changes with either row and either person (optimistic concurrency)."""
    table = TABLES[pair.kind.value]
    rows = tx.execute(
        select(table.c.id, table.c.version, SUBJECT.c.id, SUBJECT.c.fence)
        .join(SUBJECT, SUBJECT.c.id == table.c.subject_id)
        .where(table.c.id.in_((pair.left, pair.right)))
        .order_by(table.c.id)
    )
    return sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()[:VERSION_LENGTH]


def show(ports: Ports, principal: Principal, wanted: str, *, at: datetime) -> PairView:
    """The pair with both rows through the gate; each reading is on record."""
    ensure(principal, Action.PERSON_MERGE, ports.policies.current)
    with ports.database.read() as tx:
        pair = pair_by_id(tx, wanted)
        version = version_of(tx, pair)
    views = [
        _row(ports, principal, pair.kind, subject, row, at=at)
        for subject, row in ((pair.left_subject, pair.left), (pair.right_subject, pair.right))
    ]
    return PairView(pair=pair, version=version, left=views[0], right=views[1])


def _row(
    ports: Ports,
    principal: Principal,
    kind: PairKind,
    subject: SubjectId,
    row: RowId,
    *,
    at: datetime,
) -> RowView | None:
    request = ReadRequest(
        subject=subject,
        purpose=PURPOSE,
        tables=(kind.value,),
        row=row,
        company=kind is PairKind.COMPANY,
    )
    answer = read(ports, principal, request, at=at)
    return next((view for view in answer.rows if view.row == row), None)


def tell_apart(ports: Ports, principal: Principal, wanted: str, *, at: datetime) -> Pair:
    """The two are two persons or companies; the search does not propose the pair again."""
    ensure(principal, Action.PERSON_MERGE, ports.policies.current)

    def decide(tx: Connection) -> Pair:
        pair = pair_by_id(tx, wanted)
        for subject in sorted({pair.left_subject, pair.right_subject}):
            store.lock_subject(tx, subject)
        if not settle(tx, pair.left, pair.right, PairState.DIFFERENT, over=PairState.OPEN):
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
                    *pair.refs,
                    f"decision:{PairState.DIFFERENT.value}",
                ),
            ),
        )
        return pair

    return ports.database.write(decide)


def mergeable_fields(
    principal: Principal, policy: PolicySnapshot, kind: PairKind = PairKind.PERSON
) -> frozenset[FieldId]:
    """Fields of a register row in which one value must stand, and this principal may choose it.

    What names a row belongs to it for ever: files and other systems know the row by it. Of a
    company that is what is about no person: each row keeps its own representative.
    """
    table = catalogue().table(kind.value)
    match kind:
        case PairKind.PERSON:
            fields = [entry for entry in table.sealed() if not is_custom(entry.id)]
        case PairKind.COMPANY:
            fields = [entry for entry in table.fields if entry.category == "company"]
        case _:
            assert_never(kind)
    return frozenset(
        entry.id
        for entry in fields
        if entry.column not in NAMES_ROW
        and decide_actor(principal, policy, field=entry.id, action="merge", purpose=PURPOSE)
    )


def _pair(row: Row[Any]) -> Pair:
    kinds = [EvidenceKind(name) for name in row.evidence.split(",") if name in KINDS]
    weights = WEIGHTS[PairKind(row.kind)]
    seen = [Evidence(kind=kind, weight=weights.get(kind, 0.0)) for kind in kinds]
    return Pair(
        id=pair_id(row.left_id, row.right_id),
        kind=PairKind(row.kind),
        left=RowId(row.left_id),
        right=RowId(row.right_id),
        left_subject=SubjectId(row.left_subject_id),
        right_subject=SubjectId(row.right_subject_id),
        score=row.score / 1000,
        evidence=tuple(sorted(seen, key=lambda e: (-abs(e.weight), e.kind.value))),
        state=PairState(row.state),
        found_at=row.found_at,
    )
