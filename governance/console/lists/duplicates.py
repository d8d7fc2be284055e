"""The lists of duplicates: pairs that wait for a decision, and merges that were made."""

from collections import Counter
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from governance.console.duplicate_facts import HOME, clusters, evidence_words
from governance.console.lists.cells import READ, newest, who
from governance.console.lists.source import Asked, Source
from governance.customers.upkeep.candidates import PairKind
from governance.gateway.deciding import decided
from governance.gateway.pairs import waiting
from governance.i18n.catalogue import text
from governance.ui.lists.types import MOST, Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action

PAIRS: Final = ListOf(
    id="duplicates",
    path=HOME,
    title="upkeep.dup.waiting",
    columns=(
        ListColumn(key="pair", label="upkeep.dup.pair"),
        ListColumn(key="kind", label="upkeep.dup.kind", kind=Kind.CHOICE, filters=True),
        ListColumn(key="score", label="upkeep.dup.score", kind=Kind.NUMBER),
        ListColumn(key="evidence", label="upkeep.dup.evidence", sorts=False),
        ListColumn(key="cluster", label="upkeep.dup.cluster", kind=Kind.CHOICE, filters=True),
        ListColumn(key="found", label="upkeep.dup.found", kind=Kind.MOMENT, filters=True),
    ),
    order="-score",
    none="upkeep.dup.none",
    none_text="upkeep.dup.none_text",
)
MERGES: Final = ListOf(
    id="merges",
    path=HOME,
    title="upkeep.dup.merges",
    prefix="merged-",
    columns=(
        ListColumn(key="merge", label="upkeep.dup.merge"),
        ListColumn(key="kind", label="upkeep.dup.kind", kind=Kind.CHOICE, filters=True),
        ListColumn(key="state", label="upkeep.dup.state", kind=Kind.CHOICE, filters=True),
        ListColumn(key="at", label="upkeep.dup.merged_at", kind=Kind.MOMENT, filters=True),
        ListColumn(key="by", label="upkeep.dup.merged_by", kind=Kind.CHOICE, filters=True),
    ),
    order="-at",
    none="upkeep.dup.no_merges",
)
SHORT: Final = 8
EACH: Final = MOST // len(PairKind) - 1  # pairs of a kind, the surest first


def _pairs(tx: Connection, asked: Asked) -> Found:
    ports, who = asked.wiring.ports, asked.principal
    found = [
        pair for kind in PairKind for pair in waiting(tx, ports, who, kind=kind, limit=EACH + 1)
    ]
    more = any(n > EACH for n in Counter(pair.kind for pair in found).values())
    near = clusters(found)
    rows = []
    for pair in found:
        name, size = near[pair.id]
        together = text("upkeep.dup.rows", asked.lang, n=size)
        rows.append(
            Row(
                key=pair.id,
                cells={
                    "pair": Cell(value=pair.id, href=f"{HOME}/{pair.id}", mono=True, whole=True),
                    "kind": _kind(pair.kind.value, asked),
                    "score": Cell(value=round(pair.score)),
                    "evidence": Cell(value=evidence_words(pair, asked.lang)),
                    "cluster": Cell(
                        value=f"{name} ({together})", code=name, order=size, whole=True
                    ),
                    "found": Cell(value=pair.found_at),
                },
            )
        )
    return Found(rows=tuple(rows), more=more)


def _kind(kind: str, asked: Asked) -> Cell:
    return Cell(value=text(f"upkeep.dup.kind.{kind}", asked.lang), code=kind)


def _merges(tx: Connection, asked: Asked) -> Found:
    made = decided(tx, asked.wiring.ports, asked.principal, limit=READ)
    return newest(
        Row(
            key=str(one["merge"]),
            cells={
                "merge": Cell(
                    value=f"…{str(one['merge'])[-SHORT:]}", href=f"{HOME}/merges/{one['merge']}"
                ),
                "kind": _kind(str(one["kind"]), asked),
                "state": Cell(
                    value=text(f"upkeep.dup.state.{one['state']}", asked.lang),
                    code=str(one["state"]),
                    tone="attention" if one["state"] == "undone" else "",
                ),
                "at": Cell(value=datetime.fromisoformat(str(one["merged_at"]))),
                "by": who(str(one["merged_by"]), asked.lang),
            },
        )
        for one in made
    )


DUPLICATES: Final = Source(declared=PAIRS, any_of=(Action.QUALITY_READ,), rows=_pairs)
MERGED: Final = Source(declared=MERGES, any_of=(Action.QUALITY_READ,), rows=_merges)
