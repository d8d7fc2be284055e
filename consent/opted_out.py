"""Whoever said no to marketing is recognised by keyed tokens when a file brings them anew.

Basis: GDPR 21(3) and APPI 35 ask for a no that holds; recognising it needs a trace of the person.
The tokens stand under keys of their own, tell nobody who they are of, and end after five years or
with the person's own new word. A file or staff lifts nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from consent import ledger
from consent.choices import Choice
from consent.ledger import NewEvent
from consent.types import By, EventKind
from governance.core.clock import JST
from governance.core.terms import EventId, FieldId, SubjectId
from governance.customers.ports import Ports
from governance.customers.store import suppressed
from governance.customers.suppression import OPTED_OUT, Listed, Marks, delist, enlist, marks
from governance.jobs.journal_record import JournalEntry, JournalKind
from policies.law.counting import add_months
from policies.purposes import PurposeRecord

FIELDS: Final = (FieldId("person.email"), FieldId("person.mobile"))
RULE: Final = "OPTED_OUT"
KEPT: Final = 60  # months; then a no of long ago binds nobody who is not in the register any more
NO: Final = frozenset({EventKind.OBJECTED, EventKind.RESTRICTED})
YES: Final = frozenset({EventKind.GIVEN, EventKind.OBJECTION_LIFTED, EventKind.RESTRICTION_LIFTED})
EVERYTHING: Final = "*"


def follow_word(
    tx: Connection,
    ports: Ports,
    choice: Choice,
    purpose: PurposeRecord | None,
    *,
    by: By,
    at: datetime,
) -> None:
    """A no to marketing is on the list from now on; a yes of the person's own takes it off."""
    if purpose is not None and not purpose.direct_marketing:
        return
    if choice.kind in NO:
        until = add_months(at.astimezone(JST).date(), KEPT)
        listed = Listed(subject=choice.subject, fields=FIELDS, rule=RULE, until=until)
        enlist(tx, ports.vault, [listed], at=at, mark=OPTED_OUT)
    elif choice.kind in YES and by is By.PERSON:
        delist(tx, ports.vault, choice.subject, FIELDS, mark=OPTED_OUT)


def list_of(tx: Connection, ports: Ports) -> Marks:
    """What recognises whoever said no."""
    return marks(tx, ports.vault, FIELDS, mark=OPTED_OUT)


def said_no(
    tx: Connection, known: Marks, values: Sequence[tuple[FieldId, str]], *, at: datetime
) -> bool:
    """Whether one of these values is of somebody who said no."""
    tokens = [token for name, value in values for token in known.of(name, value)]
    return bool(tokens and suppressed(tx, tokens, on=at.astimezone(JST).date()))


def keep_out(
    tx: Connection, ports: Ports, persons: Iterable[SubjectId], *, at: datetime, run: str | None
) -> int:
    """The no of before stands for these new rows too, for every purpose of marketing."""
    purposes = [one.id for one in ports.policies.current.purposes.values() if one.direct_marketing]
    events = [
        NewEvent(
            id=ledger.new_event_id(),
            subject=subject,
            purpose=purpose,
            kind=EventKind.OBJECTED,
            occurred_at=at,
            acted_by=By.SYSTEM,
            import_run=run,
        )
        for subject in persons
        for purpose in purposes
    ]
    if events:
        ports.journal.append_many(_entry(event) for event in events)
        ledger.append(tx, events, at=at)
    return len(events)


def _entry(event: NewEvent) -> JournalEntry:
    return JournalEntry(
        kind=JournalKind.OBJECTION,
        subject=event.subject,
        scope=f"{event.purpose}/{EVERYTHING}/{EVERYTHING}",
        event=EventId(event.id),
        consent_seq=None,
        at=event.occurred_at,
    )
