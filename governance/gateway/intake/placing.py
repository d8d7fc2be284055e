"""Where each row of a batch belongs: new, known, put aside or refused; decided without a write.

A dry run decides by the same functions as the run, with what it would have stored in mind.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from governance.core.terms import SubjectId
from governance.customers import store
from governance.customers.master.types import FORMS
from governance.customers.ports import Ports
from governance.customers.types import ProblemKind
from governance.gateway.intake.people import owners, place_persons
from governance.gateway.intake.places import (
    Result,
    Work,
    load_stored,
    merge,
    new,
    reject,
    same_owner,
)
from governance.gateway.intake.placing_around import place_around
from governance.gateway.intake.referring import companies_by_key
from governance.gateway.intake.tokens import Indexer
from governance.gateway.intake.types import Draft, RunFacts, Seen

OWNED = frozenset({"purchase"})  # rows of these tables need a known customer


def place(
    tx: Connection,
    ports: Ports,
    indexer: Indexer,
    run: RunFacts,
    drafts: Sequence[Draft],
    result: Result,
) -> None:
    """Every draft has found its place in the result."""
    if not drafts:
        return
    seen = run.dry if run.dry is not None else Seen()
    work = Work(tx=tx, ports=ports, indexer=indexer, run=run, result=result, seen=seen, stored={})
    PLACE[drafts[0].table](work, drafts)


def _place_owned(work: Work, drafts: Sequence[Draft]) -> None:
    """Rows that belong to a customer, a contact or a writer; a known source key is merged."""
    tx, table = work.tx, drafts[0].table
    drafts = _linked(work, drafts) if table == "deal" else drafts
    keys = [str(draft.clear["source_key"]) for draft in drafts]
    known = store.known_source_keys(tx, table, keys)
    by_customer = owners(tx, work.ports, work.indexer, (d.owner_key for d in drafts))
    load_stored(work, table, ((row, SubjectId("")) for row in known.values()))
    for draft, key in zip(drafts, keys, strict=True):
        owner = by_customer.get(draft.owner_key) if draft.owner_key else None
        if owner is None and draft.owner_key:
            owner = work.seen.rows.get(f"id:{draft.owner_key}")
        name = f"{table}:{key}"
        if key in known:
            stored = work.stored[known[key]]
            same_owner(work, draft, stored, owner[1] if owner is not None else None)
            merge(work, draft, stored.row, fill=False)
        elif name in work.seen.rows:
            work.result.counts.merged += 1
        elif owner is None and (table in OWNED or draft.owner_key):
            rejected = reject(draft, ProblemKind.CUSTOMER_UNKNOWN, refused=False)
            work.result.rejected.append(rejected)
        else:
            new(work, draft, [name], owner=owner)


def _linked(work: Work, drafts: Sequence[Draft]) -> list[Draft]:
    """The deals with the company's row in place of the file's id; one of no known company waits."""
    keys = {str(key) for draft in drafts if (key := draft.clear.get("company_id"))}
    known = companies_by_key(work.tx, keys)
    linked: list[Draft] = []
    for draft in drafts:
        key = draft.clear.get("company_id")
        if key and str(key) not in known:
            column = "deal.company_id"
            waits = reject(draft, ProblemKind.COMPANY_UNKNOWN, refused=False, column=column)
            work.result.rejected.append(waits)
            continue
        row = known[str(key)][0] if key else None
        linked.append(replace(draft, clear={**draft.clear, "company_id": row}))
    return linked


PLACE: Mapping[str, Callable[[Work, Sequence[Draft]], object]] = {
    "person": place_persons,
    "company": _place_owned,
    "purchase": _place_owned,
    "inquiry": _place_owned,
    "deal": _place_owned,
    **dict.fromkeys(FORMS, place_around),
}
