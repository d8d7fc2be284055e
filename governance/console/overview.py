"""What the overview shows, from stored counts alone; no value is opened for it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from audit.review import EventFilter, RecordedEvent, events, waiting
from audit.store import frontier_of
from consent import ledger
from governance.core.terms import Lang
from governance.gateway.quality import figures as counted
from governance.i18n.actors import actor_name
from governance.i18n.catalogue import text
from governance.ui.parts import Figure, Tone

LATEST = 12  # events shown on the overview


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """One record as the overview lists it."""

    seq: int
    at: datetime
    what: str
    actor: str
    outcome: str
    tone: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The facts of the page."""

    store: tuple[Figure, ...]
    care: tuple[Figure, ...]
    latest: tuple[EventLine, ...]
    size: int
    waiting: int
    consent_seq: int


STORE = ("persons", "companies", "purchases", "inquiries", "deals", "problems")
CARE = (
    *("quarantined", "duplicates", "sensitive", "numbers_masked", "held"),
    *("recipient_problems", "reviews"),
)
LISTS = {"duplicates": "/console/duplicates?kind=person", "reviews": "/console/quality#tasks"}
ALARMING = frozenset({"quarantined", "recipient_problems"})


def overview(tx: Connection, lang: Lang) -> Overview:
    """Counts, the newest records and how far the log is in the tree."""
    found = counted(tx)

    def figure(name: str) -> Figure:
        tone = Tone.ATTENTION if name in ALARMING and found[name] else Tone.PLAIN
        return Figure(
            label=text(f"console.figure.{name}", lang),
            count=found[name],
            href=LISTS.get(name, f"/console/figures/{name}"),
            unit=text("console.figure.unit", lang),
            note=text(f"console.figure.{name}_note", lang),
            tone=tone,
        )

    return Overview(
        store=tuple(figure(name) for name in STORE),
        care=tuple(figure(name) for name in CARE),
        latest=tuple(_line(event, lang) for event in events(tx, EventFilter(), limit=LATEST)),
        size=frontier_of(tx).size,
        waiting=waiting(tx),
        consent_seq=ledger.head(tx),
    )


def _line(event: RecordedEvent, lang: Lang) -> EventLine:
    refused = event.outcome in ("deny", "failed")
    return EventLine(
        seq=event.seq,
        at=event.recorded_at,
        what=text(f"audit.event.{event.action}", lang),
        actor=actor_name(event.actor, lang),
        outcome=text(f"console.outcome.{event.outcome}", lang),
        tone=(Tone.REFUSED if refused else Tone.PLAIN).value,
        href=f"/console/persons/{event.subject}" if event.subject else "",
    )
