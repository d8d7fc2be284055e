"""Duplicates among the stored persons: opened through the gate, compared, kept for review."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.errors import ForbiddenError
from governance.core.terms import PurposeId, RowId
from governance.customers import imports, store
from governance.customers.matching.clusters import Duplicates, find_duplicates
from governance.customers.matching.evidence import Comparison
from governance.customers.matching.persons import Person, person_from
from governance.customers.ports import Ports
from governance.customers.store import Record
from governance.http.principal import Principal
from policies.actors import decide_actor

PURPOSE = PurposeId("data_quality")
PAGE = 1_000  # rows opened at once
COMPARED = (
    "customer_id",
    "name",
    "kana",
    "sex",
    "birth_date",
    "company_name",
    "postal_code",
    "address",
    "phone",
    "mobile",
    "email",
    "sns",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the search came to."""

    rows: int
    clusters: int
    pairs: int


def look_for_duplicates(
    ports: Ports,
    principal: Principal,
    *,
    at: datetime,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Found:
    """Candidate pairs are stored for review; fields that the role may not read are not compared."""
    policy = ports.policies.current
    fields = tuple(
        name
        for column in COMPARED
        if decide_actor(
            principal, policy, field=(name := f"person.{column}"), action="read", purpose=PURPOSE
        )
    )
    if "person.name" not in fields:
        raise ForbiddenError
    records = _records(ports, progress)
    persons = _persons(ports, records, fields)
    found = find_duplicates(persons)
    every = [pair for cluster in found.clusters for pair in cluster.comparisons]
    every += found.review
    pairs = [pair for pair in every if records[pair.a].subject != records[pair.b].subject]
    ports.database.write(
        partial(
            _keep,
            ports=ports,
            principal=principal,
            records=records,
            pairs=pairs,
            found=found,
            at=at,
        ),
        batch=True,
    )
    return Found(rows=len(records), clusters=len(found.clusters), pairs=len(pairs))


def _records(ports: Ports, progress: Callable[[int, int], None]) -> tuple[Record, ...]:
    found: list[Record] = []
    after: RowId | None = None
    with ports.database.read() as tx:
        total = store.count_rows(tx, "person")
        while page := store.records_after(tx, "person", after=after, limit=PAGE):
            found += page
            after = page[-1].id
            progress(len(found), total)
    return tuple(found)


def _persons(
    ports: Ports, records: tuple[Record, ...], fields: tuple[str, ...]
) -> tuple[Person, ...]:
    """Keys of the rows in their order; the opened values live only here."""
    opened = ports.vault.open_rows(
        [(r.id, {name: cell for name, cell in r.sealed.items() if name in fields}) for r in records]
    )
    persons = []
    for number, (record, cells) in enumerate(zip(records, opened, strict=True)):
        values = {name.partition(".")[2]: str(cell.value) for name, cell in cells.items()}
        persons.append(person_from(values, row=number, source=str(record.clear["source_file"])))
    return tuple(persons)


def _keep(
    tx: Connection,
    *,
    ports: Ports,
    principal: Principal,
    records: tuple[Record, ...],
    pairs: list[Comparison],
    found: Duplicates,
    at: datetime,
) -> None:
    imports.note_duplicates(tx, [_row(records, pair, at=at) for pair in pairs])
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.QUALITY_REVIEWED,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="register",
            object_id="person",
            purpose=PURPOSE,
            outcome=Outcome.DONE,
            policy_version=ports.policies.current.version,
            counts=(
                ("rows", len(records)),
                ("compared", found.compared),
                ("clusters", len(found.clusters)),
                ("pairs", len(pairs)),
            ),
        ),
    )


def _row(records: tuple[Record, ...], pair: Comparison, *, at: datetime) -> dict[str, object]:
    left, right = sorted((records[pair.a], records[pair.b]), key=lambda record: record.id)
    return {
        "left_id": left.id,
        "right_id": right.id,
        "left_subject_id": left.subject,
        "right_subject_id": right.subject,
        "score": round(pair.score * 1000),
        "evidence": ",".join(sorted(kind.value for kind in pair.kinds)),
        "state": "open",
        "found_at": at,
    }
