"""Acts of reviews in and out; they have no update, and lose their places with the findings."""

import json
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from audit.types import canonical_json
from dsar.case import Reviewed, WithheldItem
from dsar.found import label_from, label_text
from dsar.review.models import ReviewActRow
from dsar.review.rules import basis_of, items_of
from dsar.review.types import Act, ActKind, Reason, Spot
from dsar.types import Ground
from governance.core.terms import ActorId, FieldId, RequestId, RowId
from governance.db.types import table_of

ACT: Final = table_of(ReviewActRow)


def add_act(
    tx: Connection, request: RequestId, act: Act, *, content: bytes | None, left_out: int | None
) -> None:
    """The act is on file; `content` is what `spots_to_bytes` said, sealed."""
    tx.execute(
        insert(ACT).values(
            id=act.id,
            request_id=request,
            seq=act.seq,
            kind=act.kind.value,
            reason=act.reason.value if act.reason else None,
            lifts=act.lifts,
            basis=act.basis or None,
            items=_items_text(act.items) if act.items else None,
            places=len(act.spots),
            left_out=left_out,
            at=act.at,
            actor=act.by,
            content=content,
        )
    )


def acts_of(tx: Connection, request: RequestId) -> tuple[tuple[Act, bytes | None], ...]:
    """Every act of the request with its sealed places, in order."""
    rows = tx.execute(select(ACT).where(ACT.c.request_id == request).order_by(ACT.c.seq))
    return tuple((_act(row), bytes(row.content) if row.content else None) for row in rows)


def reviewed_of(tx: Connection, request: RequestId, runs: Iterable[RowId]) -> Reviewed | None:
    """The ended review of these runs; None while it is open, or when a source ran again."""
    plain = [column for column in ACT.c if column.name != "content"]
    rows = tx.execute(select(*plain).where(ACT.c.request_id == request).order_by(ACT.c.seq)).all()
    if not rows or rows[-1].kind != ActKind.FINISH.value or rows[-1].basis != basis_of(runs):
        return None
    last = rows[-1]
    items = items_of(_act(row) for row in rows)
    return Reviewed(seq=last.seq, left_out=last.left_out or 0, items=items)


def forget_places(tx: Connection, request: RequestId) -> None:
    """The places that acts name are gone, as the findings are; who judged what and why stays."""
    tx.execute(update(ACT).where(ACT.c.request_id == request).values(content=None))


def spots_to_bytes(spots: Iterable[Spot]) -> bytes:
    """Places as they are sealed; those of one value together."""
    values: dict[tuple[str, str, str, str], list[list[object]]] = {}
    for one in spots:
        key = (one.source, one.row, one.name, one.digest)
        values.setdefault(key, []).append([one.start, one.end, one.label])
    return canonical_json({"version": 1, "values": [[*key, at] for key, at in values.items()]})


def spots_from_bytes(payload: bytes) -> tuple[Spot, ...]:
    """The places that `spots_to_bytes` wrote."""
    document: dict[str, Any] = json.loads(payload)
    return tuple(
        Spot(
            source=source,
            row=RowId(row),
            name=FieldId(name),
            digest=digest,
            start=start,
            end=end,
            label=label,
        )
        for source, row, name, digest, places in document["values"]
        for start, end, label in places
    )


def _items_text(items: Iterable[WithheldItem]) -> str:
    return json.dumps(
        [
            [one.field, one.row, [g.value for g in one.grounds], label_text(one.label)]
            for one in items
        ]
    )


def _items(given: str | None) -> tuple[WithheldItem, ...]:
    return tuple(
        WithheldItem(
            field=FieldId(name),
            row=RowId(row) if row else None,
            grounds=tuple(Ground(code) for code in codes),
            label=label_from(*label),
        )
        for name, row, codes, *label in json.loads(given or "[]")
    )  # entries of earlier versions have no label


def _act(row: Row[Any]) -> Act:
    return Act(
        id=RowId(row.id),
        seq=row.seq,
        kind=ActKind(row.kind),
        by=ActorId(row.actor),
        at=row.at,
        reason=Reason(row.reason) if row.reason else None,
        lifts=RowId(row.lifts) if row.lifts else None,
        basis=row.basis or "",
        items=_items(row.items),
    )
