"""Use cases of access reviews (APPI 23, GDPR 32): start, look, decide, close.

What a reviewer takes away is gone in the same transaction. Nobody decides about themselves, and
a second person closes. Each step appends its event; a closed review is changed by nobody.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome, canonical_json
from governance.approvals.second import hands_of
from governance.core.clock import JST
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, PurposeId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.identity.access import rules, store
from governance.identity.access.holdings import holdings
from governance.identity.access.kept import holding_of
from governance.identity.access.types import (
    Decision,
    Holding,
    Line,
    OwnRowError,
    Review,
    ReviewClosedError,
    ReviewFormError,
    ReviewOpenError,
    ReviewUndecidedError,
    ReviewUnknownError,
    Row,
    RowChangedError,
    RowDecidedError,
    SecondCloserError,
    Sheet,
    Standing,
    Verdict,
)
from governance.identity.accounts import close_client
from governance.identity.clients.service import put_purposes
from governance.identity.lifecycle import leave, put_roles
from governance.identity.store import client_by_id, staff_by_id
from governance.identity.types import AccountState, Limits
from governance.keys.vault import FieldVault
from policies.actions import Action
from policies.api import ensure

REASON = "access_review"  # kind of blob
Holdings = Mapping[ActorId, Holding]


def start(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    limits: Limits,
    *,
    within: int,
    idle: int,
    at: datetime,
) -> Review:
    """The review of this quarter is open, with a row for every account that has not ended."""
    ensure(principal, Action.ACCESS_REVIEW, ports.policies.current)
    earlier, quarter = store.every(tx), rules.quarter_of(at)
    if any(one.closed_at is None or one.quarter == quarter for one in earlier):
        raise ReviewOpenError
    since = earlier[0].started_at if earlier else rules.quarter_start(at)
    review = Review(
        id=new_row_id(),
        quarter=quarter,
        since=since,
        started_at=at,
        started_by=principal.id,
        due_on=(at + timedelta(days=within)).astimezone(JST).date(),
        dormant_days=idle,
    )
    found = _holdings(tx, ports, limits, review, at=at)
    accounts = [one.account for one in found.values() if one.state is not AccountState.ENDED]
    store.add(tx, review, accounts)
    counts = (("accounts", len(accounts)),)
    _record(tx, ports, principal, EventCode.ACCESS_REVIEW_STARTED, review, counts=counts, at=at)
    return review


def _holdings(
    tx: Connection, ports: Ports, limits: Limits, review: Review, *, at: datetime
) -> Holdings:
    policy, idle = ports.policies.current, review.dormant_days
    return holdings(tx, policy, limits, idle=idle, since=review.since, at=at)


def standings(tx: Connection, ports: Ports, principal: Principal) -> tuple[Standing, ...]:
    """Every review, the newest first, with how many rows wait."""
    ensure(principal, Action.STAFF_READ, ports.policies.current)
    return tuple(standing(tx, one) for one in store.every(tx))


def standing(tx: Connection, review: Review) -> Standing:
    """How far a review is; a row whose account has ended waits for nobody."""
    rows = store.rows_of(tx, review.id)
    waiting = sum(one.verdict is None and not _gone(tx, one.account) for one in rows)
    return Standing(review=review, rows=len(rows), waiting=waiting)


def _gone(tx: Connection, account: ActorId) -> bool:
    found = staff_by_id(tx, account) or client_by_id(tx, account)
    return found is None or found.state is AccountState.ENDED


def sheet(
    tx: Connection, ports: Ports, principal: Principal, limits: Limits, review: str, *, at: datetime
) -> Sheet:
    """The review with its rows, those that wait first; what was decided stands as it was seen."""
    ensure(principal, Action.STAFF_READ, ports.policies.current)
    found = known(tx, review)
    return read(tx, ports, found, _holdings(tx, ports, limits, found, at=at))


def known(tx: Connection, review: str) -> Review:
    """The review under this id or quarter; raises ReviewUnknownError."""
    found = store.find(tx, review)
    if found is None:
        raise ReviewUnknownError
    return found


def read(tx: Connection, ports: Ports, review: Review, now: Holdings) -> Sheet:
    """The same, for whoever was let in already (the report)."""
    rows = store.rows_of(tx, review.id)
    lines = [_line(ports, row, now) for row in rows]
    inside = {row.account for row in rows}
    joined = [
        one.account
        for one in now.values()
        if one.account not in inside and one.state is not AccountState.ENDED
    ]
    return Sheet(
        review=review,
        lines=tuple(sorted(lines, key=rules.order)),
        joined=() if review.closed_at is not None else tuple(sorted(joined)),
    )


def _line(ports: Ports, row: Row, now: Holdings) -> Line:
    if row.held:
        return Line(row=row, holding=holding_of(row), reason=_said(ports.vault, row))
    holding = now[row.account]
    return Line(row=row, holding=holding, gone=holding.state is AccountState.ENDED)


def _said(vault: FieldVault, row: Row) -> str:
    return "" if row.reason is None else vault.open_blob(REASON, row.id, row.reason).decode()


def decide(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    limits: Limits,
    review: str,
    decisions: Iterable[Decision],
    *,
    at: datetime,
) -> int:
    """How many rows were decided, all or none; what was taken away is gone from now on."""
    ensure(principal, Action.ACCESS_REVIEW, ports.policies.current)
    found = known(tx, review)
    if not store.lock(tx, found.id):
        raise ReviewClosedError
    now = _holdings(tx, ports, limits, found, at=at)
    done = 0
    for one in decisions:
        row = store.row_of(tx, found.id, one.account)
        if row is None:
            raise ReviewUnknownError
        _demand(principal, row, one, now[row.account])
        _settle(tx, ports, principal, found, row, one, now[row.account], at=at)
        done += 1
    return done


def _demand(principal: Principal, row: Row, decision: Decision, holding: Holding) -> None:
    """Fails closed: the own row, a decided one, other rights than were seen, no reason."""
    if row.account == principal.id:
        raise OwnRowError
    if row.verdict not in (None, Verdict.KEEP) or holding.state is AccountState.ENDED:
        raise RowDecidedError
    if row.verdict is Verdict.KEEP and decision.verdict is Verdict.KEEP:
        raise RowDecidedError
    if decision.seen != holding.fingerprint:
        raise RowChangedError(account=row.account)
    if (field := rules.fault(decision, holding)) is not None:
        raise ReviewFormError(field=field, account=row.account)


def _settle(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    review: Review,
    row: Row,
    decision: Decision,
    holding: Holding,
    *,
    at: datetime,
) -> None:
    _take_away(tx, ports, principal, decision, holding, at=at)
    said, taken = decision.reason.strip(), tuple(sorted(decision.taken))
    decided = replace(
        row,
        verdict=decision.verdict,
        held=canonical_json(holding.as_json()).decode(),
        taken=taken,
        reason=ports.vault.seal_blob(REASON, row.id, said.encode()) if said else None,
        decided_by=principal.id,
        decided_at=at,
    )
    store.decide(tx, decided)
    reasons = (decision.verdict.value, *(f"taken.{name}" for name in taken))
    code = EventCode.ACCESS_REVIEWED
    _record(tx, ports, principal, code, review, about=row.account, reasons=reasons, at=at)


def _take_away(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    decision: Decision,
    holding: Holding,
    *,
    at: datetime,
) -> None:
    """What the verdict takes is gone by the same steps as when the operator takes it."""
    staff, client = staff_by_id(tx, holding.account), client_by_id(tx, holding.account)
    match decision.verdict:
        case Verdict.KEEP | Verdict.GONE:
            return
        case Verdict.REMOVE if staff is not None:
            put_roles(tx, ports, principal, staff, staff.roles - decision.taken, at=at)
        case Verdict.REMOVE if client is not None:
            left = client.purposes - {PurposeId(one) for one in decision.taken}
            put_purposes(tx, ports, principal, client, left, at=at)
        case Verdict.END if staff is not None:
            leave(tx, ports, principal, staff, at=at)
        case Verdict.END if client is not None:
            close_client(tx, ports, principal, client, at=at)
        case _:
            raise ReviewUnknownError  # fails closed: the account is not there any more


def close(
    tx: Connection, ports: Ports, principal: Principal, limits: Limits, review: str, *, at: datetime
) -> Review:
    """The review is closed by a second person; its digest stands in the log."""
    ensure(principal, Action.ACCESS_REVIEW, ports.policies.current)
    found = known(tx, review)
    if not store.lock(tx, found.id):
        raise ReviewClosedError
    seen = read(tx, ports, found, _holdings(tx, ports, limits, found, at=at))
    if seen.waiting:
        raise ReviewUndecidedError(count=seen.waiting)
    hands = hands_of(tx, principal.id, since=found.started_at)
    if not rules.may_close(found, (one.row for one in seen.lines), principal.id, hands=hands):
        raise SecondCloserError
    for line in seen.lines:
        if line.row.verdict is None:
            held = canonical_json(line.holding.as_json()).decode()
            store.decide(tx, replace(line.row, verdict=Verdict.GONE, held=held, decided_at=at))
    rows = store.rows_of(tx, found.id)
    digest = _digest(tx, ports.vault, found)
    store.close(tx, found.id, digest=digest, by=principal.id, at=at)
    counts = tuple((one.value, sum(row.verdict is one for row in rows)) for one in Verdict)
    code = EventCode.ACCESS_REVIEW_CLOSED
    refs = (f"sha256:{digest}",)
    _record(tx, ports, principal, code, found, counts=counts, refs=refs, at=at)
    return replace(found, closed_at=at, closed_by=principal.id, digest=digest)


def intact(tx: Connection, vault: FieldVault, review: Review) -> bool:
    """Whether the rows of a closed review are those that were closed."""
    return review.digest == _digest(tx, vault, review)


def _digest(tx: Connection, vault: FieldVault, review: Review) -> str:
    return rules.digest(review, ((row, _said(vault, row)) for row in store.rows_of(tx, review.id)))


def _record(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    code: EventCode,
    review: Review,
    *,
    at: datetime,
    about: ActorId | None = None,
    reasons: tuple[str, ...] = (),
    counts: tuple[tuple[str, int], ...] = (),
    refs: tuple[str, ...] = (),
) -> None:
    ports.audit.append(
        tx,
        EventDraft(
            action=code,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="access_review" if about is None else "principal",
            object_id=review.id if about is None else about,
            outcome=Outcome.DONE,
            reasons=reasons,
            counts=counts,
            refs=(f"access_review:{review.id}", *refs),
            policy_version=ports.policies.current.version,
        ),
    )
