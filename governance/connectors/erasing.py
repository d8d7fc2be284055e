"""An erasure outside has one outcome under its key, however often and wherever it broke off.

What it is going to do is stored before it is done. If a process dies between the outside commit
and our own, the next call finds less there than was planned and still tells the whole.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select, update

from governance.connectors.models import ConnectorErasureRow
from governance.connectors.types import Asking, Erased, Erasure, Failed, Kept, KeptItem, Pending
from governance.core.ids import new_row_id
from governance.db.engine import Database
from governance.db.types import insert_ignore, table_of
from policies.types import Label

ERASURE = table_of(ConnectorErasureRow)
Done = Erased | Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Where outcomes are kept."""

    database: Database

    def __repr__(self) -> str:
        return "Memory(...)"


def erase_once(
    memory: Memory,
    connector: str,
    asking: Asking,
    *,
    survey: Callable[[], Erasure],
    act: Callable[[], Erasure],
) -> Erasure:
    """What was done under this key now or before; a failure is not remembered."""
    begun = _begun(memory, connector, asking.key)
    if begun is not None and begun[1] is not None:
        return begun[1]
    planned: Erasure = begun[0] if begun is not None else survey()
    if isinstance(planned, Failed | Pending):
        return planned
    if begun is None:
        memory.database.write(lambda tx: _begin(tx, connector, asking, planned))
    outcome = act()
    if isinstance(outcome, Failed | Pending):
        return outcome
    whole = _joined(planned, outcome)
    return memory.database.write(lambda tx: _finish(tx, connector, asking.key, whole, asking.at))


def _joined(planned: Done, outcome: Done) -> Done:
    """The outcome with what an earlier try had done already."""
    before = planned.erased if isinstance(planned, Kept) else planned.records
    if isinstance(outcome, Kept):
        return replace(outcome, erased=max(before, outcome.erased))
    if isinstance(planned, Erased) or outcome.records > before:
        return Erased(records=max(before, outcome.records))
    return planned  # emptied of what named the person, the kept rows are found no more


def _begun(memory: Memory, connector: str, key: str) -> tuple[Done, Done | None] | None:
    with memory.database.read() as tx:
        row = tx.execute(
            select(ERASURE.c.planned, ERASURE.c.outcome).where(
                ERASURE.c.connector == connector, ERASURE.c.key == key
            )
        ).one_or_none()
    if row is None:
        return None
    return _done(row.planned), _done(row.outcome) if row.outcome is not None else None


def _begin(tx: Connection, connector: str, asking: Asking, planned: Done) -> None:
    tx.execute(
        insert_ignore(ERASURE, tx.dialect.name),
        {
            "id": new_row_id(),
            "connector": connector,
            "key": asking.key,
            "planned": _text(planned),
            "started_at": asking.at,
        },
    )


def _finish(tx: Connection, connector: str, key: str, done: Done, at: datetime) -> Done:
    """The outcome stands; another process's that was first stays."""
    mine = (ERASURE.c.connector == connector, ERASURE.c.key == key)
    tx.execute(
        update(ERASURE)
        .where(*mine, ERASURE.c.outcome.is_(None))
        .values(outcome=_text(done), finished_at=at)
    )
    return _done(tx.execute(select(ERASURE.c.outcome).where(*mine)).scalar_one())


def _text(done: Done) -> str:
    if isinstance(done, Erased):
        return json.dumps({"erased": done.records})
    return json.dumps(
        {
            "erased": done.erased,
            "kept": [
                {
                    "place": item.place,
                    "label": [item.label.ja, item.label.en],
                    "records": item.records,
                    "ground": [item.ground.ja, item.ground.en],
                    "until": item.until.isoformat() if item.until else None,
                }
                for item in done.items
            ],
        },
        ensure_ascii=False,
    )


def _done(written: str) -> Done:
    found: dict[str, Any] = json.loads(written)
    if "kept" not in found:
        return Erased(records=found["erased"])
    return Kept(
        erased=found["erased"],
        items=tuple(
            KeptItem(
                place=item["place"],
                label=Label(ja=item["label"][0], en=item["label"][1]),
                records=item["records"],
                ground=Label(ja=item["ground"][0], en=item["ground"][1]),
                until=date.fromisoformat(item["until"]) if item["until"] else None,
            )
            for item in found["kept"]
        ),
    )
