"""What the overview shows, from stored counts alone; no value is opened for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from audit.review import EventFilter, RecordedEvent, events, waiting
from audit.store import frontier_of
from consent import ledger
from governance.console.naming import names_for
from governance.core.terms import Lang
from governance.gateway.quality import figures as counted
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


def unit(count: int, lang: Lang) -> str:
    """The word after a figure, which in English is another one for one."""
    return text("console.figure.unit_one" if count == 1 else "console.figure.unit", lang)


def overview(tx: Connection, lang: Lang, *, lists: bool) -> Overview:
    """Counts, the newest records and how far the log is in the tree.

    `lists` tells whether the reader may open what has a list of its own; else a figure leads to
    what it is made of.
    """
    found = counted(tx)

    def figure(name: str) -> Figure:
        own = f"/console/figures/{name}"
        tone = Tone.ATTENTION if name in ALARMING and found[name] else Tone.PLAIN
        return Figure(
            label=text(f"console.figure.{name}", lang),
            count=found[name],
            href=LISTS.get(name, own) if lists else own,
            unit=unit(found[name], lang),
            note=text(f"console.figure.{name}_note", lang),
            tone=tone,
        )

    newest = tuple(events(tx, EventFilter(), limit=LATEST))
    names = names_for(tx, (event.actor for event in newest), lang)
    return Overview(
        store=tuple(figure(name) for name in STORE),
        care=tuple(figure(name) for name in CARE),
        latest=tuple(_line(event, names, lang) for event in newest),
        size=frontier_of(tx).size,
        waiting=waiting(tx),
        consent_seq=ledger.head(tx),
    )


def _line(event: RecordedEvent, names: Mapping[str, str], lang: Lang) -> EventLine:
    refused = event.outcome in ("deny", "failed")
    return EventLine(
        seq=event.seq,
        at=event.recorded_at,
        what=text(f"audit.event.{event.action}", lang),
        actor=names[event.actor],
        outcome=text(f"console.outcome.{event.outcome}", lang),
        tone=(Tone.REFUSED if refused else Tone.PLAIN).value,
        href=f"/console/persons/{event.subject}" if event.subject else "",
    )
