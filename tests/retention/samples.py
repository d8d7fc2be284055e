"""The demo files as facts, one for each register row, with the gold answers beside them."""

import json
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import governance
from governance.core.terms import RowId, SubjectId
from governance.customers.normalise.files import RegisterFile, read_register
from governance.customers.types import NormalisedRow, SourceKind
from governance.gateway.intake.drafts import draft_of
from retention.types import PersonFacts, Purchase, RegisterRow

AT = date(2026, 10, 1)
GOLD = Path(__file__).parents[1] / "data" / "gold"
DEMO = Path(governance.__file__).parent / "app" / "demo" / "data"


def gold(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (GOLD / name).read_text("utf-8").splitlines()]


def read(name: str, kind: SourceKind) -> RegisterFile:
    return read_register(DEMO / name, kind, at=AT)


def purchase_of(row: NormalisedRow) -> Purchase:
    clear = draft_of(row, SourceKind.PURCHASES, file="purchases.csv").clear
    days = {name: clear.get(name) for name in DAYS}
    return Purchase(
        row=RowId(str(row.number)),
        subscription=clear["type"] == "subscription",
        unpaid=clear.get("payment_status") == "unpaid",
        **days,  # type: ignore[arg-type] # dates by their column
    )


DAYS = ("purchased_on", "contracted_on", "renewed_on", "cancelled_on")


def facts_by_row() -> dict[int, PersonFacts]:
    """Facts of every readable register row with the purchases under its own id."""
    purchases: dict[str, list[Purchase]] = defaultdict(list)
    for row in read("purchases.csv", SourceKind.PURCHASES).rows:
        if row.get("customer_id"):
            purchases[str(row.get("customer_id"))].append(purchase_of(row))
    found = {}
    for row in read("customers.csv", SourceKind.CUSTOMERS).rows:
        if row.refused:
            continue
        clear = draft_of(row, SourceKind.CUSTOMERS, file="customers.csv").clear
        register = RegisterRow(
            status=str(clear["status"]),
            registered_on=clear.get("registered_on"),  # type: ignore[arg-type] # a date
            last_purchase_on=clear.get("last_purchase_on"),  # type: ignore[arg-type] # a date
            withdrawn_on=clear.get("withdrawn_on"),  # type: ignore[arg-type] # a date
        )
        key = str(row.get("customer_id"))
        found[row.number] = PersonFacts(
            subject=SubjectId(key),
            held=row.get("legal_hold") == "true",
            rows=(register,),
            purchases=tuple(purchases[key]),
        )
    return found
