"""The queue of requests: in the order of their days, until another order is asked for."""

from typing import Final

from sqlalchemy import Connection

from dsar.listing import Summary
from dsar.messages.store import unread_of
from dsar.reading import list_requests
from dsar.types import Status
from governance.console.lists.cells import READ, days_asked, newest, one_of, row, who
from governance.console.lists.source import Asked, Source
from governance.core.clock import JST
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action
from policies.actors import may

HOME: Final = "/console/requests"
DECLARED: Final = ListOf(
    id="requests",
    path=HOME,
    title="console.requests.title",
    keeps=("all",),
    reaches=True,
    none="console.requests.none",
    none_text="console.requests.none_text",
    columns=(
        ListColumn(key="reference", label="console.requests.reference"),
        ListColumn(key="right", label="console.requests.right", kind=Kind.CHOICE, filters=True),
        ListColumn(
            key="law", label="console.requests.law", kind=Kind.CHOICE, filters=True, shown=False
        ),
        ListColumn(key="status", label="console.requests.status", kind=Kind.CHOICE, filters=True),
        ListColumn(key="received", label="console.requests.received", kind=Kind.DAY, filters=True),
        ListColumn(key="until", label="console.requests.until", kind=Kind.DAY, filters=True),
        ListColumn(key="urgency", label="console.requests.urgency", kind=Kind.CHOICE, filters=True),
        ListColumn(
            key="assignee", label="console.requests.assignee", kind=Kind.CHOICE, filters=True
        ),
        ListColumn(
            key="unread",
            label="console.requests.unread_count",
            kind=Kind.NUMBER,
            filters=True,
            shown=False,
        ),
    ),
)
SOON: Final = 7  # days before the day of the answer
ANSWERED: Final = frozenset({Status.RESPONDED, Status.WITHDRAWN, Status.CLOSED})
URGENT: Final = {"overdue": "refused", "soon": "attention", "later": "", "undated": ""}


def _rows(tx: Connection, asked: Asked) -> Found:
    is_open = None if asked.given.get("all") == "yes" else True
    found = list_requests(
        tx,
        asked.wiring.ports,
        asked.principal,
        is_open=is_open,
        received=days_asked(asked.view, "received"),
        limit=READ,
    )
    unread = unread_of(tx, (one.id for one in found))
    reads = bool(may(asked.principal, Action.DSAR_READ, asked.wiring.policies.current))
    return newest(_row(one, asked, unread.get(one.id, 0), reads=reads) for one in found)


def _row(one: Summary, asked: Asked, unread: int, *, reads: bool) -> Row:
    lang = asked.lang
    told = text("console.requests.unread", lang, count=unread) if unread else ""
    place = f"{HOME}/{one.id}" if reads else f"{HOME}/{one.id}/identity"
    return row(
        one.id,
        reference=Cell(
            value=one.reference,
            href=place,
            whole=True,
            note=told,
            note_tone="attention" if told else "",
        ),
        right=_joined(one, "right", lang),
        law=_joined(one, "law", lang),
        status=_joined(one, "status", lang),
        received=Cell(value=one.received_at.astimezone(JST).date()),
        until=Cell(value=one.answer_by if one.open and not _answered(one) else None),
        urgency=_urgency(one, asked),
        assignee=_hands(one, lang),
        unread=Cell(value=unread),
    )


def _joined(one: Summary, part: str, lang: Lang) -> Cell:
    """What the tracks of the laws say; each thing once."""
    codes, words = [], []
    for law, kind, status in one.tracks:
        code, key = {
            "right": (kind.value, f"dsar.right.{kind}"),
            "law": (law.value, f"consent.law.{law}"),
            "status": (f"{law}.{status}", f"dsar.status.{law}.{status}"),
        }[part]
        codes.append(code)
        words.append(text(key, lang))
    said = " / ".join(dict.fromkeys(words))
    return Cell(value=said or None, code="_".join(dict.fromkeys(codes)))


def _answered(one: Summary) -> bool:
    """Whether no law waits for an answer any more; that the case is still open is no lateness."""
    return all(status in ANSWERED for _, _, status in one.tracks)


def _urgency(one: Summary, asked: Asked) -> Cell:
    if not one.open:
        return one_of("console.requests.urgency.", "closed", asked.lang)
    if _answered(one):
        return one_of("console.requests.urgency.", "answered", asked.lang)
    code = "undated"
    if one.answer_by is not None:
        left = (one.answer_by - asked.today).days
        code = "overdue" if left < 0 else "soon" if left <= SOON else "later"
    found = one_of("console.requests.urgency.", code, asked.lang, tone=URGENT[code])
    return Cell(
        value=found.value,
        code=code,
        tone=found.tone,
        order=one.answer_by.isoformat() if one.answer_by else None,
    )


def _hands(one: Summary, lang: Lang) -> Cell:
    if one.assignee:
        return who(one.assignee, lang)
    return Cell(value=text("console.requests.nobody", lang), code="nobody")


REQUESTS: Final = Source(
    declared=DECLARED, any_of=(Action.DSAR_READ, Action.DSAR_WRITE), rows=_rows
)
