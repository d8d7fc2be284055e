"""What the global search finds: pages by their words, single things by their number or id.

Each source answers whoever may open what it leads to, and nobody else: not even that it is there.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, Connection, exists, select

from audit.decisions.store import decision_by_id
from audit.errors import EventNotFoundError
from audit.review import event_by_id
from dsar.complaints.store import COMPLAINT
from dsar.listing import id_of
from governance.console.law_words import HOME as LAW
from governance.console.law_words import article_words
from governance.console.menu import MENU
from governance.console.report_pages import HOME as REPORTS
from governance.console.report_pages import offered
from governance.core.terms import EventId, Lang
from governance.customers.store import SUBJECT
from governance.db.types import table_of
from governance.i18n.catalogue import text
from governance.registers.store import all_recipients
from policies.actions import Action
from policies.law.in_force import law_in_force
from policies.law.load import rules_of
from retention.holds.store import matter_row
from retention.models import PlanRow, RunRow

ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOST: Final = 8  # hits of one kind
WORDS: Final = 200  # characters that are looked at
May = Callable[[Action], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One place to go to."""

    kind: str
    label: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What was typed, as the sources read it."""

    words: str = field(repr=False)
    lang: Lang
    day: date
    may: May

    @property
    def parts(self) -> tuple[str, ...]:
        """The words apart, without width and case."""
        return tuple(folded(self.words).split())

    def meets(self, *texts: str) -> bool:
        """Whether every word stands in one of the texts."""
        held = folded(" ".join(texts))
        return all(one in held for one in self.parts)


def folded(words: str) -> str:
    """Words for a comparison: width and case make no difference."""
    return unicodedata.normalize("NFKC", words[:WORDS]).casefold().strip()


def hits(tx: Connection, sought: Sought) -> tuple[Hit, ...]:
    """Everything that the words lead to, numbers first; all pages for no words."""
    if not sought.parts:
        return tuple(_pages(tx, sought))
    return tuple(hit for source in SOURCES for hit in source(tx, sought))


def _pages(_: Connection, sought: Sought) -> Iterator[Hit]:
    for group, places in MENU:
        for place in places:
            if not any(sought.may(action) for action in place.any_of):
                continue
            told = [text(key, lang) for key in (place.label, group) for lang in Lang]
            if sought.meets(place.href, *told):
                label = text(place.label, sought.lang)
                yield Hit(kind="page", label=label, href=place.href)


def _requests(tx: Connection, sought: Sought) -> Iterator[Hit]:
    reads, enters = sought.may(Action.DSAR_READ), sought.may(Action.DSAR_WRITE)
    reference = unicodedata.normalize("NFKC", sought.words).strip().upper()
    if not (reads or enters) or (found := id_of(tx, reference)) is None:
        return
    end = "" if reads else "/identity"
    yield Hit(kind="request", label=reference, href=f"/console/requests/{found}{end}")


def _complaints(tx: Connection, sought: Sought) -> Iterator[Hit]:
    name = sought.words.strip()
    if sought.may(Action.DSAR_READ) and ID.fullmatch(name) and _there(tx, COMPLAINT.c.id, name):
        yield Hit(kind="complaint", label=name, href=f"/console/complaints/{name}")


def _holds(tx: Connection, sought: Sought) -> Iterator[Hit]:
    number = sought.words.strip()
    if sought.may(Action.HOLD_READ) and matter_row(tx, number) is not None:
        yield Hit(kind="hold", label=number, href=f"/console/holds/{number}")


def _runs(tx: Connection, sought: Sought) -> Iterator[Hit]:
    name = sought.words.strip()
    if not sought.may(Action.RETENTION_READ) or not ID.fullmatch(name):
        return
    if _there(tx, table_of(RunRow).c.id, name):
        yield Hit(kind="certificate", label=name, href=f"/console/retention/runs/{name}")
    if _there(tx, table_of(PlanRow).c.id, name):
        yield Hit(kind="plan", label=name, href=f"/console/retention/plans/{name}")


def _log(tx: Connection, sought: Sought) -> Iterator[Hit]:
    name = sought.words.strip()
    if not sought.may(Action.AUDIT_READ) or not ID.fullmatch(name):
        return
    if event_by_id(tx, EventId(name)) is not None:
        yield Hit(kind="event", label=name, href=f"/console/audit/events/{name}")
        return
    try:
        decision_by_id(tx, EventId(name))
    except EventNotFoundError:
        return
    yield Hit(kind="decision", label=name, href=f"/console/decisions/{name}")


def _subjects(tx: Connection, sought: Sought) -> Iterator[Hit]:
    name = sought.words.strip()
    if sought.may(Action.PERSON_READ) and ID.fullmatch(name) and _there(tx, SUBJECT.c.id, name):
        yield Hit(kind="person", label=name, href=f"/console/persons/{name}")


def _recipients(tx: Connection, sought: Sought) -> Iterator[Hit]:
    if not sought.may(Action.REGISTER_READ):
        return
    found = (one for one in all_recipients(tx) if sought.meets(one.name, one.source_key))
    for _, one in zip(range(MOST), found, strict=False):
        href = f"/console/recipients/{one.source_key}"
        yield Hit(kind="recipient", label=one.name, href=href)


def _law(_: Connection, sought: Sought) -> Iterator[Hit]:
    if not sought.may(Action.POLICY_READ):
        return
    found = (
        (duty, article_words(duty.law, duty.article, sought.lang))
        for duty in rules_of(law_in_force(), sought.day).obligations.values()
    )
    met = (pair for pair in found if sought.meets(pair[1], pair[0].law, pair[0].id))
    for _n, (duty, words) in zip(range(MOST), met, strict=False):
        yield Hit(kind="law", label=words, href=f"{LAW}/{duty.id}")


def _there(tx: Connection, column: ColumnElement[str], value: str) -> bool:
    return bool(tx.execute(select(exists().where(column == value))).scalar())


def _reports(_: Connection, sought: Sought) -> Iterator[Hit]:
    """The form that makes a report, by the report's number and title."""
    word = {lang: text("persons.seek.kind.report", lang) for lang in Lang}
    for report in offered(sought.may):
        told = [text(f"reports.{report}.title", lang) for lang in Lang]
        if sought.meets(report, *told, *word.values()):
            title = text(f"reports.{report}.title", sought.lang)
            href = f"{REPORTS}?report={report}#report"
            yield Hit(kind="report", label=f"{report} {title}", href=href)


SOURCES: Final = (
    *(_requests, _complaints, _holds, _runs, _log, _subjects),
    *(_pages, _reports, _law, _recipients),
)
