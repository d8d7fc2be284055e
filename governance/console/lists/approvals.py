"""The list of acts that wait for a second person, and where each is decided."""

from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection

from dsar.execution.agreeing import ANEW
from governance.approvals import store
from governance.approvals.types import Approval, ApprovalKind
from governance.console.lists.cells import READ, newest, one_of, row, who
from governance.console.lists.guardians import HOME as GUARDIANS
from governance.console.lists.source import Asked, Source
from governance.i18n.catalogue import text
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action
from retention.holds.releasing import PREFIX as MATTER

HOME: Final = "/console/approvals"
DECLARED: Final = ListOf(
    id="approvals",
    path=HOME,
    title="approvals.list",
    none="approvals.none",
    none_text="approvals.none_text",
    columns=(
        ListColumn(key="kind", label="approvals.what", kind=Kind.CHOICE, filters=True),
        ListColumn(key="asked_by", label="approvals.asked_by", kind=Kind.CHOICE, filters=True),
        ListColumn(key="asked", label="approvals.asked", kind=Kind.MOMENT, filters=True),
        ListColumn(key="until", label="approvals.until", kind=Kind.MOMENT, filters=True),
        ListColumn(key="whose", label="approvals.whose", kind=Kind.CHOICE, filters=True),
        ListColumn(key="where", label="approvals.where"),
    ),
    order="until",
)
PLACES: Final = MappingProxyType(
    {
        ApprovalKind.ERASURE: "/console/retention/plans/{of}",
        ApprovalKind.PURGE: "/console/retention/plans/{of}",
        ApprovalKind.RETENTION_SCHEDULE: "/console/retention/schedules/changes/{id}",
        ApprovalKind.HOLD_RELEASE: "/console/holds/{named}",
        ApprovalKind.POLICY_CHANGE: "/console/policies/changes/{id}",
        ApprovalKind.REQUEST_DECISION: "/console/requests/{named}/review",
        ApprovalKind.ELEVATION: "/console/elevation",
        ApprovalKind.NOTICE: "/console/notices/{of}/versions/{named}",
        ApprovalKind.GUARDIAN: GUARDIANS,
    }
)


def place_of(one: Approval) -> str:
    """The page on which the act is seen and decided; empty where a command alone does it."""
    of, _, named = one.object_ref.partition(":")
    if one.object_ref.startswith(ANEW):
        return f"/console/requests/{named}/execution"
    if one.kind is ApprovalKind.HOLD_RELEASE and not one.object_ref.startswith(MATTER):
        return ""  # of a month of the log
    return PLACES.get(one.kind, "").format(of=of, named=named, id=one.id)


def _rows(tx: Connection, asked: Asked) -> Found:
    return newest(_row(one, asked) for one in store.waiting(tx, at=asked.at, limit=READ))


def _row(one: Approval, asked: Asked) -> Row:
    lang, href = asked.lang, place_of(one)
    mine = one.requested_by == asked.principal.id
    where = (
        Cell(value=text("approvals.open", lang), href=href)
        if href
        else Cell(value=f"sekisho approve {one.id}", mono=True)
    )
    return row(
        one.id,
        kind=one_of("approvals.kind.", one.kind, lang, href=href),
        asked_by=who(one.requested_by, lang),
        asked=Cell(value=one.requested_at),
        until=Cell(value=one.expires_at),
        whose=one_of("approvals.whose.", "mine" if mine else "others", lang),
        where=where,
    )


APPROVALS: Final = Source(declared=DECLARED, any_of=(Action.APPROVAL_DECIDE,), rows=_rows)
