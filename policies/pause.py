"""Whether all processing is paused (一時停止): one row that every process watches.

A pause stops uses, leases, jobs, deletions and what is sent. It never stops withdrawals, requests,
clocks of duties or the sign-in of officers (design 3.8).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, select, update

from governance.core.errors import GovernanceError
from governance.core.terms import ActorId, RowId
from governance.db.types import insert_ignore, table_of
from policies.models import ProcessingPauseRow
from policies.snapshot import PolicySnapshot

PAUSE: Final = table_of(ProcessingPauseRow)


class PauseReason(StrEnum):
    """Why everything stands still; a closed list, for no person is to be named here."""

    BREACH = "breach"
    KEY_COMPROMISE = "key_compromise"
    FAULT = "fault"
    ORDER = "order"  # of a court or an authority
    DRILL = "drill"


class AlreadyPausedError(GovernanceError):
    """Processing is paused already; nothing was changed."""

    code, status = "already_paused", 409


class NotPausedError(GovernanceError):
    """Processing is not paused; nothing was changed."""

    code, status = "not_paused", 409


class PausedError(GovernanceError):
    """All processing is paused; nothing was used, deleted or sent."""

    code, status, exit_code = "processing_paused", 503, 3


def refuse_paused(policy: PolicySnapshot) -> None:
    """Fails closed: what uses, deletes or hands out does not begin while all stands still."""
    if policy.paused:
        raise PausedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A pause that stands."""

    id: RowId
    reason: PauseReason
    paused_by: ActorId
    paused_at: datetime


def standing(tx: Connection) -> Pause | None:
    """The pause that stands; None where everything goes on."""
    row = tx.execute(select(PAUSE).where(PAUSE.c.standing == 1)).one_or_none()
    if row is None:
        return None
    return Pause(
        id=RowId(row.id),
        reason=PauseReason(row.reason),
        paused_by=ActorId(row.paused_by),
        paused_at=row.paused_at,
    )


def enter(tx: Connection, pause: Pause) -> None:
    """It stands; raises AlreadyPausedError where one does."""
    entry = insert_ignore(PAUSE, tx.dialect.name).values(
        id=pause.id,
        reason=pause.reason.value,
        paused_by=pause.paused_by,
        paused_at=pause.paused_at,
        standing=1,
    )
    if tx.execute(entry.returning(PAUSE.c.id)).first() is None:
        raise AlreadyPausedError


def end(tx: Connection, *, by: ActorId, at: datetime) -> None:
    """It stands no longer; raises NotPausedError where none does."""
    lifted = (
        update(PAUSE)
        .where(PAUSE.c.standing == 1)
        .values(standing=None, lifted_by=by, lifted_at=at)
        .returning(PAUSE.c.id)
    )
    if tx.execute(lifted).first() is None:
        raise NotPausedError
