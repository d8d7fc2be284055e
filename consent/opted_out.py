"""Whoever said no to marketing is recognised by keyed tokens when a file brings them anew.

Basis: GDPR 21(3) and APPI 35 ask for a no that holds, and 特定電子メール法 3(3) forbids sending
against a no in whatever words it comes, a withdrawal too; knowing it again needs a trace.
The tokens stand under keys of their own, tell nobody who they are of, and end months after the no
(`opt_out_months`) or with the person's own new word. A file or staff lifts nothing. A file of
choices that says no feeds the list as the person's own word does, from the day that it names.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, select

from consent import ledger
from consent.choices import Choice
from consent.ledger import EVENT, NewEvent
from consent.types import GRANTS, By, EventKind
from governance.core.clock import JST
from governance.core.controller import Controller
from governance.core.retention_settings import RetentionSettings
from governance.core.terms import EventId, FieldId, SubjectId
from governance.customers.ports import Ports
from governance.customers.store import IN_LIMIT, suppressed
from governance.customers.suppression import OPTED_OUT, Listed, Marks, delist, enlist, marks
from governance.jobs.journal_record import JournalEntry, JournalKind
from policies.law.counting import add_months
from policies.purposes import PurposeRecord

FIELDS: Final = (FieldId("person.email"), FieldId("person.mobile"))
RULE: Final = "OPTED_OUT"
KEPT: Final = 60  # months, where the settings say nothing else
NO: Final = frozenset({EventKind.OBJECTED, EventKind.RESTRICTED, EventKind.WITHDRAWN})
YES: Final = GRANTS | {EventKind.OBJECTION_LIFTED, EventKind.RESTRICTION_LIFTED}
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
        until = add_months(at.astimezone(JST).date(), months_of(ports.controller))
        listed = Listed(subject=choice.subject, fields=FIELDS, rule=RULE, until=until)
        enlist(tx, ports.vault, [listed], at=at, mark=OPTED_OUT)
    elif choice.kind in YES and by is By.PERSON:
        delist(tx, ports.vault, choice.subject, FIELDS, mark=OPTED_OUT)


def follow_file(tx: Connection, ports: Ports, events: Iterable[NewEvent], *, at: datetime) -> int:
    """How many tokens are on the list for the noes to marketing among these stored events.

    A no that the ledger knows to be followed by a yes lists nobody, nor one of too long ago.
    """
    purposes = ports.policies.current.purposes
    marketing = sorted(one.id for one in purposes.values() if one.direct_marketing)
    named = {one.subject for one in events if one.kind in NO and one.purpose in marketing}
    listed = []
    for subject, said_on in _standing_noes(tx, sorted(named), marketing).items():
        until = add_months(said_on, months_of(ports.controller))
        if until > at.astimezone(JST).date():
            listed.append(Listed(subject=subject, fields=FIELDS, rule=RULE, until=until))
    return enlist(tx, ports.vault, listed, at=at, mark=OPTED_OUT) if listed else 0


def _standing_noes(
    tx: Connection, subjects: Sequence[SubjectId], purposes: Sequence[str]
) -> dict[SubjectId, date]:
    """The day of the last no of each person about a purpose to which no yes came after it."""
    last: dict[tuple[str, str], tuple[datetime, bool]] = {}
    for start in range(0, len(subjects), IN_LIMIT):
        mine = (
            EVENT.c.subject_id.in_(subjects[start : start + IN_LIMIT]),
            EVENT.c.purpose.in_(purposes),
            EVENT.c.kind.in_([kind.value for kind in (*NO, *YES)]),
        )
        columns = EVENT.c.subject_id, EVENT.c.purpose, EVENT.c.occurred_at, EVENT.c.kind
        for subject, purpose, when, kind in tx.execute(select(*columns).where(*mine)):
            said = when, EventKind(kind) in NO  # at the same instant the no decides
            last[subject, purpose] = max(said, last.get((subject, purpose), said))
    found: dict[SubjectId, date] = {}
    for (subject, _), (when, no) in last.items():
        if no:
            day = when.astimezone(JST).date()
            found[SubjectId(subject)] = max(day, found.get(SubjectId(subject), day))
    return found


def months_of(controller: Controller) -> int:
    """How long a no is recognised, by the settings."""
    return controller.opt_out_months if isinstance(controller, RetentionSettings) else KEPT


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
