"""The lists of scans and of data sets."""

from typing import Final

from sqlalchemy import Connection

from governance.console.dataset_facts import labels_of
from governance.console.lists.cells import READ, newest, one_of, row, who, words
from governance.console.lists.source import Asked, Source
from governance.discovery import store
from governance.discovery.store import KeptScan
from governance.i18n.catalogue import text
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action
from retention.datasets import service
from retention.datasets.types import Dataset

SCANS_HOME: Final = "/console/scans"
DATASETS_HOME: Final = "/console/datasets"
SCANS_LIST: Final = ListOf(
    id="scans",
    path=SCANS_HOME,
    title="console.scans.all",
    none="console.scans.none",
    none_text="console.scans.none_text",
    columns=(
        ListColumn(key="name", label="console.scans.place", personal=True),
        ListColumn(key="began", label="console.scans.began", kind=Kind.MOMENT, filters=True),
        ListColumn(key="actor", label="console.scans.actor", kind=Kind.CHOICE, filters=True),
        ListColumn(key="source", label="console.scans.source", kind=Kind.CHOICE, filters=True),
        ListColumn(key="personal", label="console.scans.personal", kind=Kind.NUMBER, filters=True),
        ListColumn(key="missed", label="console.scans.missed", kind=Kind.NUMBER, filters=True),
        ListColumn(key="care", label="console.scans.care", kind=Kind.NUMBER, filters=True),
    ),
)
DATASETS_LIST: Final = ListOf(
    id="datasets",
    path=DATASETS_HOME,
    title="console.datasets.title",
    none="console.datasets.none",
    none_text="console.datasets.none_text",
    columns=(
        ListColumn(key="name", label="console.datasets.name", kind=Kind.NAME),
        ListColumn(key="kind", label="console.datasets.kind", kind=Kind.CHOICE, filters=True),
        ListColumn(key="items", label="console.datasets.items"),
        ListColumn(key="persons", label="console.datasets.persons", kind=Kind.NUMBER, filters=True),
        ListColumn(key="state", label="console.datasets.state", kind=Kind.CHOICE, filters=True),
        ListColumn(key="until", label="console.datasets.until", kind=Kind.DAY, filters=True),
    ),
)


def _scans(tx: Connection, asked: Asked) -> Found:
    found = store.scans(tx, asked.wiring.vault, before=None, limit=READ)
    return newest(_scan(one, asked) for one in found)


def _scan(one: KeptScan, asked: Asked) -> Row:
    lang = asked.lang
    partial = "" if one.complete else text("console.scans.partial", lang)
    return row(
        one.id,
        name=Cell(
            value=one.name,
            href=f"{SCANS_HOME}/{one.id}",
            note=partial,
            note_tone="attention" if partial else "",
        ),
        began=Cell(value=one.began_at),
        actor=who(one.actor, lang),
        source=one_of("console.scans.source.", one.source.value, lang),
        personal=Cell(value=one.personal, note=f"/ {one.places:,}"),
        missed=Cell(value=one.missed),
        care=Cell(value=one.special_care),
    )


def _datasets(tx: Connection, asked: Asked) -> Found:
    return newest(
        _dataset(one, asked) for one in service.listed(tx, asked.wiring.ports, asked.principal)
    )


def _dataset(one: Dataset, asked: Asked) -> Row:
    lang, state = asked.lang, one.state.value
    between = text("console.datasets.comma", lang)
    tone = "attention" if state == "made" else "plain"
    return row(
        one.id,
        name=Cell(value=one.name, href=f"{DATASETS_HOME}/{one.id}"),
        kind=one_of("retention.dataset.kind.", one.kind.value, lang),
        items=words(between.join(labels_of(one.fields, lang))),
        persons=Cell(value=one.persons),
        state=one_of("retention.dataset.state.", state, lang, tone=tone),
        until=Cell(value=one.expires_on),
    )


SCANS: Final = Source(declared=SCANS_LIST, any_of=(Action.PII_ANALYZE,), rows=_scans)
DATASETS: Final = Source(declared=DATASETS_LIST, any_of=(Action.DATASET_READ,), rows=_datasets)
