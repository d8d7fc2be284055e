"""A candidate pair is decided, whatever its rows are rows of: one, or two again."""

from collections.abc import Mapping
from datetime import datetime
from typing import assert_never

from sqlalchemy import Connection

from governance.core.terms import RowId, SubjectId
from governance.customers.ports import Ports
from governance.customers.upkeep import company_merges, merges
from governance.customers.upkeep.candidates import PairKind
from governance.customers.upkeep.company_merges import CompanyMerge
from governance.customers.upkeep.merges import Merge
from governance.gateway import merge_companies, merging
from governance.gateway.merge_types import Merged, MergeRequest, Side, Unmerged
from governance.gateway.pairs import pair_by_id
from governance.http.principal import Principal
from policies.actions import Action
from policies.api import ensure


def merge_pair(
    ports: Ports, principal: Principal, request: MergeRequest, *, at: datetime
) -> Merged[SubjectId] | Merged[RowId]:
    """The two of the pair are one person or one company; raises what forbids it."""
    ensure(principal, Action.PERSON_MERGE, ports.policies.current)
    with ports.database.read() as tx:
        kind = pair_by_id(tx, request.pair).kind
    match kind:
        case PairKind.PERSON:
            return merging.merge(ports, principal, request, at=at)
        case PairKind.COMPANY:
            return merge_companies.merge(ports, principal, request, at=at)
        case _:
            assert_never(kind)


def undo_merge(
    ports: Ports,
    principal: Principal,
    merge_id: str,
    *,
    later: Mapping[RowId, Side] | None = None,
    rest: Side | None = None,
    at: datetime,
) -> Unmerged[SubjectId] | Unmerged[RowId]:
    """The two are two again, persons or companies; raises what forbids it."""
    ensure(principal, Action.PERSON_MERGE, ports.policies.current)
    with ports.database.read() as tx:
        company = company_merges.merge_by_id(tx, merge_id) is not None
    undo = merge_companies.unmerge if company else merging.unmerge
    return undo(ports, principal, merge_id, later=later, rest=rest, at=at)


def decided(
    tx: Connection, ports: Ports, principal: Principal, *, limit: int
) -> list[dict[str, object]]:
    """Merges of persons and of companies for programs, the newest first, standing and undone."""
    ensure(principal, Action.QUALITY_READ, ports.policies.current)
    registers = (
        (PairKind.PERSON, merges.all_merges(tx, limit=limit)),
        (PairKind.COMPANY, company_merges.all_merges(tx, limit=limit)),
    )
    found = [_shape(kind, one) for kind, some in registers for one in some]
    found.sort(key=lambda shape: str(shape["merge"]), reverse=True)  # ids rise with time
    return found[:limit]


def _shape(kind: PairKind, merge: Merge | CompanyMerge) -> dict[str, object]:
    return {
        "merge": merge.id,
        "kind": kind.value,
        "state": merge.state.value,
        "survivor": merge.survivor,
        "absorbed": merge.absorbed,
        "merged_at": merge.merged_at.isoformat(),
        "merged_by": merge.merged_by,
        "undone_at": merge.undone_at.isoformat() if merge.undone_at else None,
        "undone_by": merge.undone_by,
    }
