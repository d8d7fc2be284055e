"""What happened to a person's data, from every source that the reader may open, newest first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from audit.log import AuditLog
from audit.review import EventFilter, EventQuery
from audit.reviewing.decided import look_at_decisions
from audit.reviewing.service import Reviewer, person_timeline
from consent.standing import Entry
from dsar.listing import list_requests
from governance.console.choice_facts import entry_occurrences
from governance.console.log_facts import HOME as LOG
from governance.console.log_facts import decided_occurrences, deciders_of, occurrences
from governance.console.naming import names_for
from governance.console.request_facts import request_line
from governance.core.clock import JST
from governance.core.terms import Lang, PurposeId, SubjectId
from governance.customers.store import HOLD
from governance.customers.upkeep.merges import circle
from governance.i18n.catalogue import text
from governance.registers.provisions.store import of_person
from governance.registers.store import all_recipients
from governance.ui.parts import Link, Occurrence, Tone
from policies.actions import Action
from policies.snapshot import PolicySnapshot

SHOWN: Final = 30  # occurrences of one view


class Kind(StrEnum):
    """What a line of the timeline is about."""

    CHOICES = "choices"
    USES = "uses"
    PROVISIONS = "provisions"
    REQUESTS = "requests"
    HOLDS = "holds"
    LOG = "log"


OPENED_BY: Final = {
    Kind.CHOICES: Action.CONSENT_READ,
    Kind.USES: Action.AUDIT_READ,
    Kind.PROVISIONS: Action.REGISTER_READ,
    Kind.REQUESTS: Action.DSAR_READ,
    Kind.HOLDS: Action.HOLD_READ,
    Kind.LOG: Action.AUDIT_READ,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One view of the timeline, and where each kind goes on."""

    lines: tuple[Occurrence, ...]
    kinds: tuple[tuple[Kind, str], ...]  # that the reader may open, with their words
    closed: tuple[str, ...]  # that the reader may not
    more: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who looks at whom, in which language, and what of it they may open."""

    subject: SubjectId
    by: Reviewer
    policy: PolicySnapshot
    lang: Lang
    may: frozenset[Kind]
    choices: tuple[Entry, ...] = field(default=(), repr=False)  # read on record before


def happened(tx: Connection, log: AuditLog, asked: Asking, *, only: Kind | None) -> Happened:
    """The newest lines of the kinds that the reader may open; looks at the log are on record."""
    wanted = [kind for kind in Kind if kind in asked.may and only in (None, kind)]
    lines = [line for kind in wanted for line in _SOURCES[kind](tx, log, asked)]
    lines.sort(key=lambda one: one.at, reverse=True)
    return Happened(
        lines=tuple(lines[:SHOWN]),
        kinds=tuple(
            (kind, text(f"persons.kind.{kind}", asked.lang)) for kind in Kind if kind in asked.may
        ),
        closed=tuple(
            text(f"persons.kind.{kind}", asked.lang) for kind in Kind if kind not in asked.may
        ),
        more=tuple(_more(asked)),
    )


def _more(asked: Asking) -> Iterator[Link]:
    if Kind.CHOICES in asked.may:
        href = f"/console/consents/persons/{asked.subject}"
        yield Link(label=text("persons.more.choices", asked.lang), href=href)
    if Kind.LOG in asked.may:
        href = f"{LOG}/persons/{asked.subject}"
        yield Link(label=text("persons.more.log", asked.lang), href=href)


def _choices(_: Connection, __: AuditLog, asked: Asking) -> Iterable[Occurrence]:
    return entry_occurrences(asked.choices[-SHOWN:], asked.policy, asked.lang)


def _uses(tx: Connection, log: AuditLog, asked: Asking) -> Iterable[Occurrence]:
    query = EventQuery(any_of=(EventFilter(subject=asked.subject),))
    found = look_at_decisions(tx, log, query, asked.by, limit=SHOWN)
    names = names_for(tx, deciders_of(found.decisions), asked.lang)
    return decided_occurrences(found.decisions, _purposes(asked), names, asked.lang)


def _log(tx: Connection, log: AuditLog, asked: Asking) -> Iterable[Occurrence]:
    found = person_timeline(tx, log, asked.subject, asked.by, limit=SHOWN)
    names = names_for(tx, (event.actor for event in found.page.events), asked.lang)
    return occurrences(found.page.events, _purposes(asked), names, asked.lang)


def _purposes(asked: Asking) -> dict[PurposeId, str]:
    return {name: record.label[asked.lang] for name, record in asked.policy.purposes.items()}


def _provisions(tx: Connection, _: AuditLog, asked: Asking) -> Iterable[Occurrence]:
    found = of_person(tx, circle(tx, asked.subject))
    names = {one.id: one.name for one in all_recipients(tx)} if found else {}
    purposes = _purposes(asked)
    for provision, person in found[-SHOWN:]:
        told = (
            names.get(provision.recipient, ""),
            purposes.get(provision.purpose, "") if provision.purpose else "",
        )
        yield Occurrence(
            at=datetime.combine(person.provided_on, time(), tzinfo=JST).astimezone(UTC),
            kind=text(f"persons.provision.{provision.direction}", asked.lang),
            sentence=" / ".join(filter(None, told)),
            record=Link(
                label=text("persons.open", asked.lang), href=f"/console/provisions/{provision.id}"
            ),
        )


def _requests(tx: Connection, _: AuditLog, asked: Asking) -> Iterable[Occurrence]:
    for one in list_requests(tx, subject=asked.subject, limit=SHOWN):
        line = request_line(one, asked.lang)
        yield Occurrence(
            at=one.received_at,
            kind=text("persons.kind.requests", asked.lang),
            sentence=f"{line.right} / {line.status}",
            record=Link(label=line.reference, href=f"/console/requests/{one.id}"),
        )


def _holds(tx: Connection, _: AuditLog, asked: Asking) -> Iterable[Occurrence]:
    rows = tx.execute(
        HOLD.select().where(HOLD.c.subject_id == asked.subject).order_by(HOLD.c.placed_at.desc())
    )
    for row in rows.fetchmany(SHOWN):
        matter = Link(label=row.matter, href=f"/console/holds/{row.matter}")
        for at, word in ((row.placed_at, "placed"), (row.released_at, "released")):
            if at is not None:
                yield Occurrence(
                    at=at,
                    kind=text(f"persons.hold.{word}", asked.lang),
                    sentence="",
                    record=matter,
                    tone=Tone.HOLD if word == "placed" else Tone.PLAIN,
                )


_SOURCES: Final = {
    Kind.CHOICES: _choices,
    Kind.USES: _uses,
    Kind.PROVISIONS: _provisions,
    Kind.REQUESTS: _requests,
    Kind.HOLDS: _holds,
    Kind.LOG: _log,
}
