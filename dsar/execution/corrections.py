"""Correction of named fields: asked for, judged one by one, made through the gate, with its proof.

What is wanted, what stood there and what stands there now is sealed under the file's own key; the
event of the change is named beside it (APPI 34, GDPR 16). Of a refused field the person may add a
statement, which stays with the file (GDPR 16, second sentence).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, select

from audit.actions import EventCode
from audit.models import EVENTS
from dsar.case import Case
from dsar.errors import RequestChangedError
from dsar.execution.correction_store import (
    GRANTED,
    CorrectionItem,
    CorrectionState,
    add_correction,
    change_correction,
    corrections_of,
)
from dsar.execution.errors import CorrectionError
from dsar.execution.store import execution_of, move
from dsar.execution.types import Measure, Stage
from dsar.reading import request_by_id
from dsar.records import actor_of, demand, draft
from dsar.store import case_by_id, joined
from dsar.types import Ground, RequestKind
from governance.core.ids import new_row_id
from governance.core.terms import FieldId, KeyClass, RequestId, RowId
from governance.customers.catalogue import CatalogueField, Storage, catalogue
from governance.customers.ports import Ports
from governance.customers.store import Record, records_of
from governance.customers.upkeep.merges import survivor_of
from governance.gateway.intake.screening import without_numbers
from governance.gateway.writing.service import write
from governance.gateway.writing.types import Batch, Correction, Once, Reason, Written
from governance.http.principal import Principal
from policies.actions import Action

CORRECTING: Final = frozenset({RequestKind.CORRECTION, RequestKind.RECTIFICATION})
PURPOSE: Final = "dsar_fulfilment"
MOST: Final = 2_000  # characters of a value or a statement
MOST_ITEMS: Final = 40  # fields of one request
NOT_OF_THE_PERSON: Final = frozenset({"company", "merge_trace"})  # a company's fact, a history
OURS: Final = frozenset({"record_keeping", "acquisition"})  # bookkeeping, not a fact of the person
JUDGED: Final = frozenset(
    {CorrectionState.ACCEPTED, CorrectionState.EDITED, CorrectionState.REFUSED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What stands sealed of one correction, opened."""

    wanted: str = field(default="", repr=False)
    judged: str | None = field(default=None, repr=False)  # in another form than was asked for
    before: str | None = field(default=None, repr=False)
    after: str | None = field(default=None, repr=False)
    said: str | None = field(default=None, repr=False)  # the person's statement
    read: bool = False  # what stood there was put on file before the change

    @property
    def new(self) -> str:
        """What is to stand there."""
        return self.wanted if self.judged is None else self.judged


def fields_to_correct() -> Mapping[FieldId, CatalogueField]:
    """Fields of the register that a person can have corrected, what is sealed first.

    What we made of the person (a rank, a status, a memo) is a judgement, not a fact (APPI 34(1)).
    """
    found = {
        name: one
        for name, one in catalogue().fields.items()
        if one.category not in OURS
        and not (one.third_person or one.derived)
        and name.partition(".")[0] not in NOT_OF_THE_PERSON
    }
    return dict(sorted(found.items(), key=lambda item: item[1].storage is not Storage.SEALED))


def ask(
    ports: Ports,
    principal: Principal,
    request: RequestId,
    name: FieldId,
    wanted: str,
    *,
    row: RowId | None = None,
    at: datetime,
) -> RowId:
    """The field is asked to be corrected, by the person or by an officer on the person's word."""
    item, words = new_row_id(), _clean(wanted)
    if name not in fields_to_correct():
        raise CorrectionError(request=request, reason="field")
    with ports.database.read() as tx:
        case = _open_case(tx, ports, principal, request)
    sealed = _sealed(ports, case, item, Told(wanted=words))
    asked = CorrectionItem(
        id=item,
        request=request,
        name=name,
        row=row,
        state=CorrectionState.ASKED,
        content=sealed,
    )

    def store(tx: Connection) -> None:
        case = _open_case(tx, ports, principal, request)
        if len(corrections_of(tx, request)) >= MOST_ITEMS:
            raise CorrectionError(request=request, reason="many")
        if row is not None and _record(tx, case, name, row) is None:
            raise CorrectionError(request=request, reason="row")  # unknown and foreign alike
        add_correction(tx, asked, by=principal.id, at=at)
        _note(tx, ports, principal, case, asked, at=at)

    ports.database.write(store)
    return item


def _clean(words: str) -> str:
    """The words without 個人番号 and card numbers; raises CorrectionError for too many of them."""
    if len(words) > MOST:
        raise CorrectionError(reason="long", most=MOST)
    return without_numbers(words.strip())[0]


def _open_case(tx: Connection, ports: Ports, principal: Principal, request: RequestId) -> Case:
    case = case_by_id(tx, request)
    actor = actor_of(principal, ports.policies.current, case)
    if not actor.is_requester:
        demand(actor, Action.DSAR_WRITE)
    right = any(track.kind in CORRECTING for track in case.tracks)
    decided = case.decision is not None and case.decision.approved_by is not None
    if not right or case.subject is None or case.closed or decided:
        raise CorrectionError(request=request, reason="case")
    return case


def judge(
    ports: Ports,
    principal: Principal,
    request: RequestId,
    item: RowId,
    state: CorrectionState,
    *,
    value: str | None = None,
    grounds: Sequence[Ground] = (),
    at: datetime,
) -> None:
    """An officer accepts the field, in another form if need be, or refuses it on its grounds."""
    with ports.database.read() as tx:
        case, found = _find(tx, ports, principal, request, item)
    fits = bool(grounds) and {ground.law for ground in grounds} == case.laws
    refused = state is CorrectionState.REFUSED
    if state not in JUDGED or refused is not fits or (grounds and not refused):
        raise CorrectionError(request=request, reason="ground")
    if (state is CorrectionState.EDITED) is not bool(value):
        raise CorrectionError(request=request, reason="value")
    told = replace(open_told(ports, found), judged=_clean(value) if value else None)
    sealed = _sealed(ports, case, item, told)

    def store(tx: Connection) -> None:
        now_case, now = _find(tx, ports, principal, request, item)
        if now.state is CorrectionState.APPLIED:
            raise CorrectionError(request=request, reason="applied")
        changed = change_correction(
            tx,
            item,
            before=found.state,
            state=state.value,
            judged_at=at,
            judged_by=principal.id,
            ground=joined(grounds) or None,
            content=sealed,
        )
        if not changed:
            raise RequestChangedError(request=request)
        _note(tx, ports, principal, now_case, replace(now, state=state), at=at)

    ports.database.write(store)


def _find(
    tx: Connection, ports: Ports, principal: Principal, request: RequestId, item: RowId
) -> tuple[Case, CorrectionItem]:
    """The item of a request whose decision nobody has agreed to yet."""
    case = case_by_id(tx, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_DECIDE)
    found = {one.id: one for one in corrections_of(tx, request)}.get(item)
    decided = case.decision is not None and case.decision.approved_by is not None
    if found is None or decided:
        raise CorrectionError(request=request, reason="case")
    return case, found


def look(
    ports: Ports, principal: Principal, request: RequestId, *, at: datetime
) -> tuple[tuple[CorrectionItem, Told], ...]:
    """What is wanted, was and is, for the officer or the person; an officer's look is recorded."""
    with ports.database.read() as tx:
        case = request_by_id(tx, ports, principal, request)
        items = corrections_of(tx, request)
    if items and not actor_of(principal, ports.policies.current, case).is_requester:
        told = draft(ports, principal, case, EventCode.PERSON_READ, at=at, reasons=("correction",))
        read = replace(told, fields=tuple(sorted({item.name for item in items})))
        ports.database.write(lambda tx: ports.audit.append(tx, read))
    return tuple((item, open_told(ports, item)) for item in items)


def supplement(
    ports: Ports, principal: Principal, request: RequestId, item: RowId, words: str, *, at: datetime
) -> None:
    """The person's own statement stands with the field that was refused (GDPR 16)."""
    said = _clean(words)
    with ports.database.read() as tx:
        case = case_by_id(tx, request)
        found = {one.id: one for one in corrections_of(tx, request)}.get(item)
    actor = actor_of(principal, ports.policies.current, case)
    if not actor.is_requester:
        demand(actor, Action.DSAR_WRITE)
    if found is None or found.state is not CorrectionState.REFUSED or not said:
        raise CorrectionError(request=request, reason="statement")
    sealed = _sealed(ports, case, item, replace(open_told(ports, found), said=said))

    def store(tx: Connection) -> None:
        if not change_correction(tx, item, before=CorrectionState.REFUSED, content=sealed):
            raise RequestChangedError(request=request)
        code, reasons = EventCode.REQUEST_CHANGED, ("statement",)
        ports.audit.append(tx, draft(ports, principal, case, code, at=at, reasons=reasons))

    ports.database.write(store)


def apply(ports: Ports, principal: Principal, request: RequestId, *, at: datetime) -> int:
    """Every granted field has its new value, by the gate and under its rules; how many were made.

    A second call goes on where the first one stopped. Raises what the gate refuses.
    """
    with ports.database.read() as tx:
        case, found = case_by_id(tx, request), execution_of(tx, request)
        items = corrections_of(tx, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_EXECUTE)
    if found is None or found.measure is not Measure.CORRECT or found.stage is not Stage.ROWS:
        raise CorrectionError(request=request, reason="case")
    waiting = [item for item in items if item.state in GRANTED]
    for item in waiting:
        _apply_one(ports, principal, case, item, at=at)

    def go_on(tx: Connection) -> None:
        if move(tx, found, Stage.TELLING) is None:
            raise RequestChangedError(request=request)

    ports.database.write(go_on)
    return len(waiting)


def _apply_one(
    ports: Ports, principal: Principal, case: Case, item: CorrectionItem, *, at: datetime
) -> None:
    """What stood there is on file before it is changed; what stands there now, after it."""
    with ports.database.read() as tx:
        record = _record(tx, case, item.name, item.row)
    if record is None:
        raise CorrectionError(request=case.id, reason="row")
    told = open_told(ports, item)
    if not told.read:
        told = replace(told, before=_value(ports, record, item.name), read=True)
        _keep(ports, case, item, told)
    version = int(record.clear["version"])
    table, _, column = item.name.partition(".")
    made = Correction(
        table=table,
        members={column: told.new or None},
        match=frozenset({(record.id, version)}),
        reason=Reason.PERSON_REQUEST,
        subject=record.subject,
        row=record.id if table != "person" else None,
    )
    key = hashlib.sha256(f"{item.id} {version} {told.new}".encode()).hexdigest()
    batch = Batch(
        items=(made,),
        purpose=PURPOSE,
        once=Once(key=key, fingerprint=key),
        request_id=case.id,
    )
    (result,) = write(ports, principal, batch, at=at).results
    if not isinstance(result, Written):
        raise result
    with ports.database.read() as tx:
        after = _record(tx, case, item.name, item.row)
        event = _event_of(tx, record, item.name, since=case.received_at)
    told = replace(told, after=_value(ports, after, item.name) if after is not None else None)
    values = {"state": CorrectionState.APPLIED.value, "applied_at": at, "event_id": event}
    _keep(ports, case, item, told, **values)


def _keep(ports: Ports, case: Case, item: CorrectionItem, told: Told, **values: object) -> None:
    sealed = _sealed(ports, case, item.id, told)

    def keep(tx: Connection) -> None:
        if not change_correction(tx, item.id, before=item.state, content=sealed, **values):
            raise RequestChangedError(request=case.id)

    ports.database.write(keep)


def _event_of(tx: Connection, record: Record, name: FieldId, *, since: datetime) -> str | None:
    """The event of the newest change of this field of the person."""
    mine = (
        select(EVENTS.c.id, EVENTS.c.fields)
        .where(
            EVENTS.c.subject == record.subject,
            EVENTS.c.action == EventCode.PERSON_CHANGED.value,
            EVENTS.c.occurred_at >= since,
        )
        .order_by(EVENTS.c.id.desc())
    )
    named = (row.id for row in tx.execute(mine) if name in (row.fields or "").split(","))
    return next(named, None)


def _record(tx: Connection, case: Case, name: FieldId, row: RowId | None) -> Record | None:
    """The row that is meant: of this person, and of no other."""
    if case.subject is None:
        return None
    table = name.partition(".")[0]
    rows = records_of(tx, survivor_of(tx, case.subject), table)
    return next((one for one in rows if row is None or one.id == row), None)


def _value(ports: Ports, record: Record, name: FieldId) -> str | None:
    declared = catalogue().fields[name]
    if declared.storage is Storage.SEALED:
        if name not in record.sealed:
            return None
        opened = ports.vault.open_row(record.id, {name: record.sealed[name]})[name].value
        return None if opened is None else str(opened)
    stored = record.clear.get(declared.column)
    return (
        stored.isoformat() if isinstance(stored, date) else None if stored is None else str(stored)
    )


def open_told(ports: Ports, item: CorrectionItem) -> Told:
    """What stands sealed of the item."""
    if item.content is None:
        return Told()
    return Told(**json.loads(ports.vault.open_part(item.id, item.content)))


def _sealed(ports: Ports, case: Case, item: RowId, told: Told) -> bytes:
    said = {name: getattr(told, name) for name in Told.__dataclass_fields__}
    payload = json.dumps(said, ensure_ascii=False).encode()
    return ports.vault.seal_part(case.requester_id, item, payload, key_class=KeyClass.RECORD)


def _note(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    case: Case,
    item: CorrectionItem,
    *,
    at: datetime,
) -> None:
    code, reasons = EventCode.REQUEST_CHANGED, ("correction", item.state.value)
    told = draft(ports, principal, case, code, at=at, reasons=reasons)
    ports.audit.append(tx, replace(told, fields=(item.name,)))
