"""The review as use cases: look, judge, cover, except, take back, end; each on record.

Findings are opened and places sealed outside a transaction. The act is then written in one, and
only onto what it was made from: the same runs of the sources, no other act in between.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, select

from audit.actions import EventCode
from audit.models import EVENTS
from dsar.case import Case, WithheldItem
from dsar.errors import RequestChangedError, RequestStepError
from dsar.found import Found, FoundFile
from dsar.fulfilment import demand_status, opened, owner_of
from dsar.records import actor_of, changed, demand, draft, write_down
from dsar.report import asked_for
from dsar.results import newest_results
from dsar.review import rules
from dsar.review.applying import shown, standing
from dsar.review.errors import ReviewActError, ReviewStaleError
from dsar.review.store import acts_of, add_act, spots_from_bytes, spots_to_bytes
from dsar.review.types import COVERING, REVEALING, REVIEWED, Act, ActKind, Reason, Review, Spot
from dsar.rules import unreviewed
from dsar.store import case_by_id, save_case
from dsar.types import Ground, Mark, Refusal, Status
from governance.core.ids import new_row_id
from governance.core.terms import KeyClass, RequestId, RowId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.pii.redaction import Marked
from governance.pii.types import Entity
from policies.actions import Action

LOOKING: Final = (Action.DSAR_EXECUTE, Action.DSAR_APPROVE)  # who approves sees what leaves
LABELS: Final = (
    *(Entity.PERSON, Entity.ADDRESS, Entity.PHONE, Entity.EMAIL, Entity.BIRTH_DATE),
    *(Entity.SNS_ACCOUNT, Entity.CUSTOMER_NUMBER, Marked.PASSAGE),
)  # what an officer may call a place


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who reviews which request now, and on what: `basis` of the findings that were looked at."""

    ports: Ports
    principal: Principal
    request: RequestId
    at: datetime
    basis: str | None = None  # None: whatever was found last


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """One act before it has its number."""

    kind: ActKind
    reason: Reason | None = None
    lifts: RowId | None = None
    spots: tuple[Spot, ...] = ()
    items: tuple[WithheldItem, ...] = ()


Planning = Callable[[Review], tuple[_Plan, ...]]


def review_of(ports: Ports, case: Case) -> Review:
    """What was found with every act about it, opened."""
    with ports.database.read() as tx:
        results = newest_results(tx, case.id)
        sealed = acts_of(tx, case.id)
    return Review(
        basis=rules.basis_of(result.id for result in results),
        findings=_asked_for(opened(ports, results), case),
        acts=tuple(replace(act, spots=_spots(ports, act, content)) for act, content in sealed),
    )


def _asked_for(findings: tuple[Found, ...], case: Case) -> tuple[Found, ...]:
    """What the answer can show: nobody looks at, or leaves out, what it does not open anyway."""
    kinds = frozenset(track.kind for track in case.tracks)
    return asked_for(findings, kinds) if kinds & REVIEWED else findings


def _spots(ports: Ports, act: Act, content: bytes | None) -> tuple[Spot, ...]:
    return spots_from_bytes(ports.vault.open_part(act.id, content)) if content else ()


def look(ports: Ports, principal: Principal, request: RequestId, *, at: datetime) -> Review:
    """The review for whoever judges or approves it; the look is recorded before it is given."""
    with ports.database.read() as tx:
        case = case_by_id(tx, request)
    may_look(ports, principal, case)
    review = review_of(ports, case)
    fields = {value.name for _, _, value in rules.values_of(review.findings)}
    code = EventCode.PERSON_READ
    told = draft(ports, principal, case, code, at=at, reasons=("review",))
    told = replace(told, fields=tuple(sorted(fields)))
    ports.database.write(lambda tx: ports.audit.append(tx, told))
    return review


def may_look(ports: Ports, principal: Principal, case: Case) -> None:
    """Raises unless the principal fulfils or approves requests."""
    actor = actor_of(principal, ports.policies.current, case)
    if actor.actions.isdisjoint(LOOKING):
        demand(actor, Action.DSAR_EXECUTE)


def leaving(ports: Ports, case: Case) -> tuple[Found, ...]:
    """The findings as they leave; raises while anything of them is unjudged.

    Fails closed: the acts are read anew and must end in a review of these very runs.
    """
    review = review_of(ports, case)
    ended = rules.finished(review.findings, review.acts, basis=review.basis)
    if unreviewed(replace(case, reviewed=case.reviewed if ended else None)):
        raise RequestStepError(request=case.id, reason=Refusal.REVIEW_MISSING.value, law="-")
    return shown(review.findings, review.acts)


def accept(desk: Desk, places: Iterable[int] | None = None) -> Case:
    """These suggested redactions stand; all that are open where none is named."""

    def plan(review: Review) -> tuple[_Plan, ...]:
        if places is None:
            spots = rules.open_suggestions(review.findings, review.acts)
        else:
            spots = tuple(_suggested(review, place) for place in places)
        if not spots:
            raise ReviewActError(reason="place_unknown")
        return (_Plan(kind=ActKind.ACCEPT, spots=spots),)

    return _act(desk, plan)


def accept_all(desk: Desk, *, seen: int | None = None) -> Case:
    """Every open suggestion stands, and the review is ended."""

    def plan(review: Review) -> tuple[_Plan, ...]:
        _unmoved(review, seen)
        spots = rules.open_suggestions(review.findings, review.acts)
        accepting = (_Plan(kind=ActKind.ACCEPT, spots=spots),) if spots else ()
        return (*accepting, _Plan(kind=ActKind.FINISH))

    return _act(desk, plan)


def reveal(desk: Desk, place: int, reason: Reason, *, everywhere: bool = False) -> Case:
    """A suggested redaction is undone for a reason, or all of the same words."""
    if reason not in REVEALING:
        raise ReviewActError(reason="reason_missing")

    def plan(review: Review) -> tuple[_Plan, ...]:
        spot = _suggested(review, place)
        if (file := rules.file_at(review.findings, spot)) is not None:
            _demand_seen(desk, file)
            return (_Plan(kind=ActKind.REVEAL, reason=reason, spots=(spot,)),)
        spots = rules.alike(review.findings, spot) if everywhere else (spot,)
        return (_Plan(kind=ActKind.REVEAL, reason=reason, spots=spots),)

    return _act(desk, plan)


def cover(
    desk: Desk, phrase: str, label: str, reason: Reason, *, where: rules.Where | None = None
) -> Case:
    """Every place of these words is blacked out, in one value or in the whole answer."""
    if reason not in COVERING:
        raise ReviewActError(reason="reason_missing")
    if label not in {one.value for one in LABELS}:
        raise ReviewActError(reason="label_unknown")

    def plan(review: Review) -> tuple[_Plan, ...]:
        spots = rules.places_of(phrase, review.findings, label=label, where=where)
        if not spots:
            raise ReviewActError(reason="phrase_missing")
        if len(spots) > rules.MOST_PLACES:
            raise ReviewActError(reason="too_many")
        return (_Plan(kind=ActKind.COVER, reason=reason, spots=spots),)

    return _act(desk, plan)


def withhold(desk: Desk, where: rules.Where, grounds: Sequence[Ground]) -> Case:
    """A field, or a whole record, is left out on these grounds (APPI 33(2); GDPR 15(4), 23)."""
    with desk.ports.database.read() as tx:
        laws = case_by_id(tx, desk.request).laws
    if not rules.grounds_fit(grounds, laws):
        raise ReviewActError(reason="ground_missing")

    def plan(review: Review) -> tuple[_Plan, ...]:
        items = rules.items_at(where, review.findings, tuple(dict.fromkeys(grounds)))
        if not items:
            raise ReviewActError(reason="nothing_there")
        return (_Plan(kind=ActKind.WITHHOLD, items=items),)

    return _act(desk, plan)


def lift(desk: Desk, act: int) -> Case:
    """An own cover or an exception is taken back."""

    def plan(review: Review) -> tuple[_Plan, ...]:
        stands = standing(review.acts)
        mine = {one.seq: one for one in (*stands.covers, *stands.exceptions)}
        if act not in mine:
            raise ReviewActError(reason="act_unknown")
        return (_Plan(kind=ActKind.LIFT, lifts=mine[act].id),)

    return _act(desk, plan)


def finish(desk: Desk, *, seen: int | None = None) -> Case:
    """The review is ended; raises while a suggestion is open or a cover covers nothing."""

    def plan(review: Review) -> tuple[_Plan, ...]:
        _unmoved(review, seen)
        return (_Plan(kind=ActKind.FINISH),)

    return _act(desk, plan)


def look_at_file(
    ports: Ports, principal: Principal, request: RequestId, place: int, *, at: datetime
) -> FoundFile:
    """The file of this place for whoever judges or approves; the look is on record before.

    Raises ReviewActError for a place that is in a text.
    """
    with ports.database.read() as tx:
        case = case_by_id(tx, request)
    may_look(ports, principal, case)
    review = review_of(ports, case)
    file = rules.file_at(review.findings, _suggested(review, place))
    if file is None:
        raise ReviewActError(reason="place_unknown")
    code, refs = EventCode.PERSON_READ, (_seen(file),)
    told = draft(ports, principal, case, code, at=at, reasons=("file",), refs=refs)
    told = replace(told, fields=(file.stands_for,))
    ports.database.write(lambda tx: ports.audit.append(tx, told))
    return file


def _seen(file: FoundFile) -> str:
    return f"sha256:{sha256(file.content).hexdigest()}"


def _demand_seen(desk: Desk, file: FoundFile) -> None:
    """Fails closed: no file is handed over by who has not looked at these very octets."""
    looks = select(EVENTS.c.refs).where(
        EVENTS.c.object_id == desk.request,
        EVENTS.c.action == EventCode.PERSON_READ.value,
        EVENTS.c.actor == desk.principal.id,
    )
    with desk.ports.database.read() as tx:
        seen = any(_seen(file) in (refs or "").split(",") for refs in tx.scalars(looks))
    if not seen:
        raise ReviewActError(reason="file_unseen")


def _unmoved(review: Review, seen: int | None) -> None:
    """What is ended is what was looked at: no act came after."""
    if seen is not None and seen != review.head:
        raise ReviewStaleError


def _suggested(review: Review, place: int) -> Spot:
    every = rules.suggestions(review.findings)
    if not 0 < place <= len(every):
        raise ReviewActError(reason="place_unknown")
    return every[place - 1]


def _act(desk: Desk, plan: Planning) -> Case:
    """The planned acts are on file under one change of the case, or nothing is."""
    ports = desk.ports
    with ports.database.read() as tx:
        case = case_by_id(tx, desk.request)
    demand(actor_of(desk.principal, ports.policies.current, case), Action.DSAR_DECIDE)
    demand_status(case, frozenset({Status.REVIEW}))
    review = review_of(ports, case)
    if desk.basis is not None and desk.basis != review.basis:
        raise ReviewStaleError
    acts = [
        _made(desk, one, seq=seq, basis=review.basis)
        for seq, one in enumerate(plan(review), start=review.head + 1)
    ]
    after = replace(review, acts=(*review.acts, *acts))
    if any(act.kind is ActKind.FINISH for act in acts):
        lack = rules.lacking(after.findings, after.acts)
        if lack is not None:
            raise ReviewActError(reason=lack.value)
    sealed = [(act, _content(ports, case, act)) for act in acts]
    return ports.database.write(partial(_write, desk=desk, review=after, sealed=sealed))


def _made(desk: Desk, plan: _Plan, *, seq: int, basis: str) -> Act:
    return Act(
        id=new_row_id(),
        seq=seq,
        kind=plan.kind,
        by=desk.principal.id,
        at=desk.at,
        reason=plan.reason,
        lifts=plan.lifts,
        basis=basis if plan.kind is ActKind.FINISH else "",
        spots=plan.spots,
        items=plan.items,
    )


def _content(ports: Ports, case: Case, act: Act) -> bytes | None:
    if not act.spots:
        return None
    payload = spots_to_bytes(act.spots)
    return ports.vault.seal_part(owner_of(case), act.id, payload, key_class=KeyClass.RECORD)


def _write(
    tx: Connection, *, desk: Desk, review: Review, sealed: Sequence[tuple[Act, bytes | None]]
) -> Case:
    case = case_by_id(tx, desk.request)
    demand_status(case, frozenset({Status.REVIEW}))
    runs = (result.id for result in newest_results(tx, case.id))
    if rules.basis_of(runs) != review.basis:
        raise ReviewStaleError  # fails closed: a source ran again meanwhile
    if [act.id for act, _ in acts_of(tx, case.id)] != [
        act.id for act in review.acts[: len(review.acts) - len(sealed)]
    ]:
        raise RequestChangedError(request=case.id)
    for act, content in sealed:
        ended = act.kind is ActKind.FINISH
        out = rules.left_out(review.findings, review.acts) if ended else None
        add_act(tx, case.id, act, content=content, left_out=out)
    return _recorded(tx, desk, case, [act for act, _ in sealed])


def _recorded(tx: Connection, desk: Desk, case: Case, acts: Sequence[Act]) -> Case:
    """The case one version on, with an event for each act, and a line of history for the end."""
    ports, code = desk.ports, EventCode.REQUEST_REVIEWED
    moved = changed(case, at=desk.at)
    for act in acts:
        counts = (("places", len(act.spots)), ("items", len(act.items)))
        if act.kind is ActKind.FINISH:
            write_down(
                *(tx, ports, desk.principal, moved, Mark.REVIEWED, code),
                at=desk.at,
                before=case.version,
            )
            continue
        reasons = (act.kind.value, *((act.reason.value,) if act.reason else ()))
        told = draft(ports, desk.principal, case, code, at=desk.at, reasons=reasons, counts=counts)
        ports.audit.append(tx, told)
    if all(act.kind is not ActKind.FINISH for act in acts):
        save_case(tx, moved, expected=case.version)
    return case_by_id(tx, case.id)
