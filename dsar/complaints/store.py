"""Rows of complaints in and out; their history is only added to."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from dsar.complaints.models import ComplaintEventRow, ComplaintRow
from dsar.complaints.types import Authority, Cause, Complaint, ComplaintStatus
from dsar.errors import ComplaintUnknownError, RequestChangedError
from dsar.store import REQUEST
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RequestId, RowId
from governance.db.types import table_of

COMPLAINT, HISTORY = table_of(ComplaintRow), table_of(ComplaintEventRow)
FILED = "filed"


def add_complaint(tx: Connection, complaint: Complaint, *, actor: ActorId) -> None:
    """The complaint is on file."""
    row = {"id": complaint.id, "request_id": complaint.request, **_state(complaint)}
    row |= {"cause": complaint.cause.value, "received_at": complaint.received_at}
    tx.execute(insert(COMPLAINT).values(**row, answer_by=complaint.answer_by))
    _note(tx, complaint, FILED, actor=actor)


def save_complaint(tx: Connection, complaint: Complaint, event: str, *, actor: ActorId) -> None:
    """The complaint stands as given; raises RequestChangedError when somebody was first."""
    done = tx.execute(
        update(COMPLAINT)
        .where(COMPLAINT.c.id == complaint.id, COMPLAINT.c.version == complaint.version - 1)
        .values(**_state(complaint))
    )
    if done.rowcount != 1:
        raise RequestChangedError(request=complaint.request)
    _note(tx, complaint, event, actor=actor)


def complaint_by_id(tx: Connection, complaint: RowId) -> Complaint:
    """The complaint; raises ComplaintUnknownError."""
    row = tx.execute(select(COMPLAINT).where(COMPLAINT.c.id == complaint)).one_or_none()
    if row is None:
        raise ComplaintUnknownError
    return _complaint(row)


def complaints_of(tx: Connection, request: RequestId | None = None) -> tuple[Complaint, ...]:
    """Complaints about this request, or all, oldest first."""
    wanted = select(COMPLAINT).order_by(COMPLAINT.c.received_at, COMPLAINT.c.id)
    if request is not None:
        wanted = wanted.where(COMPLAINT.c.request_id == request)
    return tuple(_complaint(row) for row in tx.execute(wanted))


def references(tx: Connection) -> dict[RequestId, str]:
    """The numbers of requests that complaints are about, and of those that put them right."""
    about = select(COMPLAINT.c.request_id).union(
        select(COMPLAINT.c.follow_up_id).where(COMPLAINT.c.follow_up_id.is_not(None))
    )
    rows = tx.execute(select(REQUEST.c.id, REQUEST.c.reference).where(REQUEST.c.id.in_(about)))
    return {RequestId(row.id): row.reference for row in rows}


def history(tx: Connection, complaint: RowId) -> tuple[tuple[datetime, str, ActorId], ...]:
    """When which step was taken and by whom."""
    rows = tx.execute(
        select(HISTORY).where(HISTORY.c.complaint_id == complaint).order_by(HISTORY.c.version)
    )
    return tuple((row.at, row.event, ActorId(row.actor)) for row in rows)


def _note(tx: Connection, complaint: Complaint, event: str, *, actor: ActorId) -> None:
    tx.execute(
        insert(HISTORY).values(
            id=new_row_id(),
            complaint_id=complaint.id,
            version=complaint.version,
            at=complaint.last_at,
            event=event,
            actor=actor,
        )
    )


def _state(complaint: Complaint) -> dict[str, Any]:
    return {
        "status": complaint.status.value,
        "last_at": complaint.last_at,
        "reviewer": complaint.reviewer,
        "authority": complaint.authority.value if complaint.authority else None,
        "authority_reference": complaint.authority_reference,
        "follow_up_id": complaint.follow_up,
        "answered_at": complaint.answered_at,
        "version": complaint.version,
    }


def _complaint(row: Row[Any]) -> Complaint:
    return Complaint(
        id=RowId(row.id),
        request=RequestId(row.request_id),
        cause=Cause(row.cause),
        status=ComplaintStatus(row.status),
        received_at=row.received_at,
        last_at=row.last_at,
        answer_by=row.answer_by,
        reviewer=ActorId(row.reviewer) if row.reviewer else None,
        authority=Authority(row.authority) if row.authority else None,
        authority_reference=row.authority_reference,
        follow_up=RequestId(row.follow_up_id) if row.follow_up_id else None,
        answered_at=row.answered_at,
        version=row.version,
    )
