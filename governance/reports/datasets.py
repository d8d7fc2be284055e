"""R22, pseudonymised and anonymised data: the standard item by item, items, access to the method.

Sources: APPI 41, 43, 44; 施行規則 31条, 34条 to 37条.
"""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.models import EVENTS
from governance.core.clock import JST
from governance.core.terms import Lang
from governance.customers.catalogue import catalogue
from governance.i18n.catalogue import text
from governance.reports.types import Document, Listing, Made, Period, ReportId, Section
from governance.reports.words import Words
from retention.datasets import store
from retention.datasets.types import Dataset, DatasetKind, State

LIST = "sekisho dataset list"
EVENT = "action=dataset.method_read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Datasets:
    """The facts of R22."""

    every: tuple[Dataset, ...]
    standards: dict[str, tuple[str, ...]]  # what each was checked against, by its id
    looked: tuple[tuple[datetime, str, str], ...]  # at, by whom, which: looks at a method


def collect(tx: Connection, *, period: Period) -> Datasets:
    """Every data set, and the looks at methods in the period."""
    every = store.every(tx)
    looks = EVENTS.select().where(
        EVENTS.c.action == EventCode.DATASET_METHOD_READ.value,
        EVENTS.c.occurred_at >= period.since,
        EVENTS.c.occurred_at < period.until,
    )
    return Datasets(
        every=every,
        standards={
            one.id: tuple(json.loads(store.method_of(tx, one.id)[1])["standards"]) for one in every
        },
        looked=tuple(
            (row.occurred_at, row.actor, row.object_id)
            for row in tx.execute(looks.order_by(EVENTS.c.id))
        ),
    )


def write(facts: Datasets, made: Made, lang: Lang) -> Document:
    """The document of these facts; it names data sets, and nobody in them."""
    words = Words(ReportId.R22, made, lang)
    waiting = sum(one.state is State.MADE for one in facts.every)
    return Document(
        id=ReportId.R22,
        lang=lang,
        title=words.say("title"),
        finding=words.say("finding", count=f"{len(facts.every):,}", waiting=f"{waiting:,}"),
        made=made,
        sections=(
            _register(facts, words),
            _standards(facts, words),
            _provisions(facts, words),
            _looks(facts, words),
        ),
        complete=True,
    )


def _register(facts: Datasets, words: Words) -> Section:
    kinds = Counter(one.kind for one in facts.every)
    states = Counter(one.state for one in facts.every)
    return Section(
        key="register",
        title=words.say("section.register"),
        figures=(
            words.figure("datasets", len(facts.every), LIST),
            *(words.figure(kind.value, kinds[kind], "dataset.kind") for kind in DatasetKind),
            *(words.figure(state.value, states[state], "dataset.state") for state in State),
        ),
        listing=Listing(
            columns=words.columns(
                *("dataset", "name", "kind", "items", "persons_in", "k", "smallest"),
                *("made_on", "released_on", "last_day", "state"),
            ),
            rows=tuple(_row(one, words.lang) for one in facts.every),
            total=len(facts.every),
            source=LIST,
        ),
    )


def _row(one: Dataset, lang: Lang) -> tuple[str, ...]:
    fields = catalogue().fields
    items = [fields[name].label(lang) if name in fields else name for name in one.fields]
    return (
        one.id,
        one.name,
        text(f"retention.dataset.kind.{one.kind.value}", lang),
        ", ".join(items),
        f"{one.persons:,}",
        f"{one.k:,}" if one.kind is DatasetKind.ANONYMISED else "-",
        f"{one.smallest:,}",
        _day(one.made_at),
        _day(one.released_at),
        one.expires_on.isoformat(),
        text(f"retention.dataset.state.{one.state.value}", lang),
    )


def _day(at: datetime | None) -> str:
    return "-" if at is None else at.astimezone(JST).date().isoformat()


def _standards(facts: Datasets, words: Words) -> Section:
    """What each was checked against before it was made; one that missed an item does not exist."""
    rows = tuple(
        (one.id, text(f"retention.dataset.standard.{name}", words.lang), words.say("met"))
        for one in facts.every
        for name in facts.standards[one.id]
    )
    return Section(
        key="standards",
        title=words.say("section.standards"),
        figures=(words.figure("checked", len(rows), "dataset.found"),),
        listing=Listing(
            columns=words.columns("dataset", "standard", "answer"),
            rows=rows,
            total=len(rows),
            source="sekisho dataset show ID --method",
        ),
    )


def _provisions(facts: Datasets, words: Words) -> Section:
    rows = tuple(
        (one.id, given.recipient, _day(given.told_at), given.by)
        for one in facts.every
        for given in one.provisions
    )
    return Section(
        key="provisions",
        title=words.say("section.provisions"),
        figures=(words.figure("provided", len(rows), "dataset_provision"),),
        listing=Listing(
            columns=words.columns("dataset", "recipient", "told_on", "by"),
            rows=rows,
            total=len(rows),
            source=LIST,
        ),
    )


def _looks(facts: Datasets, words: Words) -> Section:
    rows = tuple((_day(at), by, dataset) for at, by, dataset in facts.looked)
    return Section(
        key="method",
        title=words.say("section.method"),
        figures=(words.figure("looked", len(rows), words.events(EVENT)),),
        listing=Listing(
            columns=words.columns("day", "by", "dataset"),
            rows=rows,
            total=len(rows),
            source=words.events(EVENT),
        ),
    )
