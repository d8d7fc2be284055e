"""A policy on trial beside the one in force: what it would answer is counted, never given.

The decisions on record are judged after the fact, a batch at a time by whichever process ticks,
so that the trial costs the living decisions nothing and cannot change one.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from audit.actions import EventCode
from audit.decisions.models import DECISIONS
from audit.models import EVENTS
from audit.types import EventDraft, Outcome
from governance.core.ids import first_id_at, new_row_id
from governance.core.terms import ActorId, RowId
from governance.db.engine import Database
from governance.db.types import table_of
from governance.http.principal import Principal
from governance.jobs.types import Step
from policies.actions import Action
from policies.admin.documents import Documents, parse_documents
from policies.admin.errors import NoShadowError
from policies.admin.judging import Judge, actors_of
from policies.admin.replay import ASKED, Flip, decision_of, exported
from policies.admin.types import Desk
from policies.api import ensure
from policies.models import PolicyShadowCountRow, PolicyShadowRow

SHADOW, COUNT = table_of(PolicyShadowRow), table_of(PolicyShadowCountRow)
LAG: Final = timedelta(seconds=30)  # by then the decisions of every process are on record
BATCH: Final = 2_000  # decisions judged in one step
OBJECT: Final = "policy_shadow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One policy on trial and what was counted so far."""

    id: RowId
    version: str
    digest: str
    content: bytes = field(repr=False)
    started_by: ActorId
    started_at: datetime
    cursor: str
    decisions: int
    flips: tuple[tuple[Flip, int], ...] = ()


def open_trial(
    tx: Connection, desk: Desk, by: Principal, documents: Documents, *, at: datetime
) -> str:
    """The policy is on trial from now on, in the place of any other; its version."""
    ensure(by, Action.POLICY_PROPOSE, desk.ports.policies.current)
    snapshot = desk.compiled(documents)
    _end_all(tx, at=at)
    shadow = new_row_id()
    tx.execute(
        insert(SHADOW).values(
            id=shadow,
            version=snapshot.version,
            digest=documents.digest,
            documents=documents.content,
            started_by=by.id,
            started_at=at,
            cursor=first_id_at(at),
            decisions=0,
        )
    )
    _tell(tx, desk, shadow, snapshot.version, documents.digest, by=by, at=at, step="begun")
    return snapshot.version


def close_trial(tx: Connection, desk: Desk, by: Principal, *, at: datetime) -> None:
    """No policy is on trial any more; what was counted stays on file."""
    ensure(by, Action.POLICY_PROPOSE, desk.ports.policies.current)
    trial = trial_of(tx)
    _end_all(tx, at=at)
    _tell(tx, desk, trial.id, trial.version, trial.digest, by=by, at=at, step="ended")


def _end_all(tx: Connection, *, at: datetime) -> None:
    tx.execute(update(SHADOW).where(SHADOW.c.ended_at.is_(None)).values(ended_at=at))


def _tell(
    tx: Connection,
    desk: Desk,
    shadow: RowId,
    version: str,
    digest: str,
    *,
    by: Principal,
    at: datetime,
    step: str,
) -> None:
    desk.ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.POLICY_DRY_RUN,
            occurred_at=at,
            actor=by.id,
            actor_os=by.os_user,
            object_type=OBJECT,
            object_id=shadow,
            outcome=Outcome.DONE,
            reasons=(f"shadow.{step}",),
            policy_version=version,
            refs=(f"sha256:{digest}",),
        ),
    )


def trial_of(tx: Connection) -> Trial:
    """The policy on trial with its counts; raises NoShadowError."""
    row = tx.execute(select(SHADOW).where(SHADOW.c.ended_at.is_(None))).first()
    if row is None:
        raise NoShadowError
    counted = tx.execute(select(COUNT).where(COUNT.c.shadow_id == row.id))
    flips = sorted(((_flip(one), int(one.decisions)) for one in counted), key=lambda one: -one[1])
    return Trial(
        id=RowId(row.id),
        version=row.version,
        digest=row.digest,
        content=bytes(row.documents),
        started_by=ActorId(row.started_by),
        started_at=row.started_at,
        cursor=row.cursor,
        decisions=int(row.decisions),
        flips=tuple(flips),
    )


def _flip(row: Row[Any]) -> Flip:
    return Flip("use", row.who, row.purpose, row.before, row.after)


def count_all(desk: Desk, *, at: datetime) -> None:
    """Every decision that is old enough is judged."""
    finished = False
    while not finished:
        step = count_step(
            desk, desk.ports.database, cursor=None, limit=BATCH, at=at, heartbeat=lambda: None
        )
        finished = step.finished


def count_step(
    desk: Desk,
    db: Database,
    /,
    *,
    cursor: str | None,
    limit: int,
    at: datetime,
    heartbeat: Callable[[], None],  # noqa: ARG001 - a step is short
) -> Step:
    """Some more of the recorded decisions are judged; twice equals once."""
    with db.read() as tx:
        try:
            trial = trial_of(tx)
        except NoShadowError:
            return Step(done=0, cursor=cursor, finished=True)
        found = _judged(tx, desk, trial, limit=limit, at=at)
    done = db.write(partial(_keep, trial=trial, found=found))
    return Step(done=done, cursor=cursor, finished=found.decisions < limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """What one batch came to."""

    last: str
    decisions: int
    flips: Counter[Flip]


def _judged(tx: Connection, desk: Desk, trial: Trial, *, limit: int, at: datetime) -> _Judged:
    query = (
        select(*ASKED)
        .where(DECISIONS.c.id > trial.cursor, DECISIONS.c.id < first_id_at(at - LAG))
        .order_by(DECISIONS.c.id)
        .limit(limit)
    )
    rows = tx.execute(query).all()
    flips: Counter[Flip] = Counter()
    if rows:
        candidate = desk.compiled(parse_documents(trial.content))
        judge = Judge(desk.ports.policies.current, candidate, actors_of(tx))
        exports = exported(tx, EVENTS.c.id > trial.cursor)  # an export's event follows its parts
        for row in rows:
            asked = decision_of(row, at=at)
            verdict = judge.use(tx, asked, exported=exports.get(row.stream, ()), at=at)
            if verdict is not None and verdict.permits is not (asked.outcome is Outcome.PERMIT):
                who, purpose = judge.who(asked.actor), asked.purpose or ""
                flips[Flip("use", who, purpose, asked.reasons, verdict.code)] += 1
    return _Judged(last=rows[-1].id if rows else trial.cursor, decisions=len(rows), flips=flips)


def _keep(tx: Connection, *, trial: Trial, found: _Judged) -> int:
    """The counts are kept, unless another process judged these decisions first."""
    moved = (
        update(SHADOW)
        .where(SHADOW.c.id == trial.id, SHADOW.c.cursor == trial.cursor)
        .values(cursor=found.last, decisions=SHADOW.c.decisions + found.decisions)
    )
    if not found.decisions or tx.execute(moved).rowcount != 1:
        return 0
    for flip, number in found.flips.items():
        key = (
            COUNT.c.shadow_id == trial.id,
            COUNT.c.who == flip.who,
            COUNT.c.purpose == flip.purpose,
            COUNT.c.before == flip.before,
            COUNT.c.after == flip.after,
        )
        more = update(COUNT).where(*key).values(decisions=COUNT.c.decisions + number)
        if tx.execute(more).rowcount == 0:
            tx.execute(
                insert(COUNT).values(
                    shadow_id=trial.id,
                    who=flip.who,
                    purpose=flip.purpose,
                    before=flip.before,
                    after=flip.after,
                    decisions=number,
                )
            )
    return found.decisions
