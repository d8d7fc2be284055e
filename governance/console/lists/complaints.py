"""The list of complaints: those that wait by their day, then the others."""

from datetime import date
from typing import Final

from sqlalchemy import Connection

from dsar.complaints.service import list_complaints
from dsar.complaints.store import references
from dsar.complaints.types import Complaint, ComplaintStatus
from dsar.listing import id_of
from governance.console.lists.cells import newest, one_of, row
from governance.console.lists.source import Asked, Source
from governance.core.clock import JST
from governance.i18n.catalogue import text
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action

HOME: Final = "/console/complaints"
ENDED: Final = frozenset({ComplaintStatus.ANSWERED, ComplaintStatus.WITHDRAWN})
DECLARED: Final = ListOf(
    id="complaints",
    path=HOME,
    title="console.complaints.title",
    keeps=("request",),
    none="console.complaints.none",
    none_text="console.complaints.none_text",
    columns=(
        ListColumn(key="reference", label="console.complaints.request"),
        ListColumn(key="cause", label="console.complaints.cause", kind=Kind.CHOICE, filters=True),
        ListColumn(key="status", label="console.complaints.status", kind=Kind.CHOICE, filters=True),
        ListColumn(
            key="received", label="console.complaints.received", kind=Kind.DAY, filters=True
        ),
        ListColumn(key="until", label="console.complaints.until", kind=Kind.DAY, filters=True),
    ),
)


def _rows(tx: Connection, asked: Asked) -> Found:
    reference = asked.given.get("request", "")
    wanted = id_of(tx, reference) if reference else None
    if reference and wanted is None:
        return Found(rows=())
    found = list_complaints(tx, asked.wiring.ports, asked.principal, wanted)
    names = references(tx)
    order = sorted(found, key=lambda one: (one.status in ENDED, one.answer_by or date.max))
    return newest(_row(one, names[one.request], asked) for one in order)


def _row(one: Complaint, reference: str, asked: Asked) -> Row:
    until = one.answer_by if one.status not in ENDED else None
    late = until is not None and until < asked.today
    return row(
        one.id,
        reference=Cell(value=reference, href=f"{HOME}/{one.id}", whole=True),
        cause=one_of("dsar.complaint.cause.", one.cause.value, asked.lang),
        status=one_of("dsar.complaint.status.", one.status.value, asked.lang),
        received=Cell(value=one.received_at.astimezone(JST).date()),
        until=Cell(
            value=until,
            note=text("console.complaints.late", asked.lang) if late else "",
            note_tone="refused" if late else "",
        ),
    )


COMPLAINTS: Final = Source(declared=DECLARED, any_of=(Action.DSAR_READ,), rows=_rows)
