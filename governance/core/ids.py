"""Identifiers: UUIDv7 for rows (RFC 9562, time-ordered), random UUIDv4 for persons."""

import uuid
from datetime import datetime

import uuid_utils

from governance.core.terms import EventId, RequestId, RowId, SubjectId


def new_row_id() -> RowId:
    """A fresh UUIDv7 as text; rows made later sort later."""
    return RowId(str(uuid_utils.uuid7()))


def new_event_id() -> EventId:
    """A fresh audit event id."""
    return EventId(str(uuid_utils.uuid7()))


def new_request_id() -> RequestId:
    """A fresh id of a data-subject request."""
    return RequestId(str(uuid_utils.uuid7()))


def new_subject_id() -> SubjectId:
    """A fresh pseudonym of a person; random, so that it tells no registration time."""
    return SubjectId(str(uuid.uuid4()))


def first_id_at(at: datetime) -> str:
    """What sorts before every UUIDv7 of this moment and after those of earlier milliseconds."""
    stamp = f"{int(at.timestamp() * 1000):012x}"
    return f"{stamp[:8]}-{stamp[8:]}"
