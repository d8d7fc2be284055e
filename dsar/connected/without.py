"""Going on without a system that gives no answer: an officer's choice, with a reason, told openly.

What stands in place of its data says so to the person; the answer can then not claim to be whole.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from dsar.case import Case, SourceState
from dsar.errors import RequestStepError
from dsar.found import Found, FoundRecord, FoundValue, to_bytes
from dsar.fulfilment import COLLECTING, demand_status, owner_of
from dsar.records import actor_of, changed, demand, write_down
from dsar.results import SourceResult, add_results
from dsar.store import case_by_id
from dsar.types import Mark, Refusal
from governance.core.ids import new_row_id
from governance.core.terms import FieldId, KeyClass, Lang, RequestId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.i18n.catalogue import text
from policies.actions import Action
from policies.types import Label

MISSING: Final = "missing"


class WithoutReason(StrEnum):
    """Why an answer goes on without a system."""

    OUT_OF_ORDER = "out_of_order"  # for longer than the law lets the person wait
    GONE = "gone"  # it is no longer there
    NOT_IDENTIFIABLE = "not_identifiable"  # nobody can tell whether its data is the person's
    BY_HAND = "by_hand"  # somebody looked at it in another way, the file says how


def go_without(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    request: RequestId,
    source: str,
    reason: WithoutReason,
    *,
    label: Label,
    at: datetime,
) -> Case:
    """The source is on file as left out, for this reason; only one that gave no answer can be."""
    case = case_by_id(tx, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_DECIDE)
    demand_status(case, COLLECTING)
    state = next((one for one in case.sources if one.source == source), None)
    if state is None or state.found or state.without:
        raise RequestStepError(request=request, reason=Refusal.NO_SUCH_STEP.value, law="-")
    row = new_row_id()
    left = SourceState(source=source, found=False, without=True, code=reason.value)
    sealed = ports.vault.seal_part(
        owner_of(case), row, to_bytes(_told(source, label, reason)), key_class=KeyClass.RECORD
    )
    add_results(tx, request, [SourceResult(id=row, state=left, found=sealed)], at=at)
    after = replace(changed(case, at=at), sources=tuple(_with(case.sources, left)))
    return write_down(
        tx,
        ports,
        principal,
        after,
        Mark.WENT_ON,
        EventCode.REQUEST_CHANGED,
        at=at,
        before=case.version,
        ground=reason.value,
        reasons=(f"without.{source}", reason.value, *((state.code,) if state.code else ())),
    )


def _with(states: Iterable[SourceState], left: SourceState) -> Iterable[SourceState]:
    return (left if one.source == left.source else one for one in states)


def _told(source: str, label: Label, reason: WithoutReason) -> Found:
    """What the person reads in place of the system's data."""
    said = {
        lang: text(
            "connectors.missing.text", lang, reason=text(f"connectors.without.{reason}", lang)
        )
        for lang in Lang
    }
    value = FoundValue(
        name=FieldId(f"{source}.{MISSING}"),
        label=Label(
            ja=text("connectors.missing.label", Lang.JA),
            en=text("connectors.missing.label", Lang.EN),
        ),
        text=f"{said[Lang.JA]} / {said[Lang.EN]}",
    )
    return Found(
        source=source, label=label, records=(FoundRecord(row=new_row_id(), values=(value,)),)
    )
