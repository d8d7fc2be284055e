"""A store with any number of persons, filled by bulk statements and not by an import.

Each person has a register row, one purchase that no law keeps, the law that applies, the index of
the register row as real names and addresses make it, and a data key. What is sealed is random:
nobody opens it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import cycle
from secrets import token_bytes
from typing import Final

from sqlalchemy import Connection, text

from governance.app.bench.people import AT, persons
from governance.app.wiring import Wiring
from governance.core.ids import new_row_id, new_subject_id
from governance.core.terms import FieldId, Law, RowId, SubjectId
from governance.customers import store
from governance.customers.indexing import EVERY
from governance.customers.store import NewSubject, Record
from governance.customers.subjects import SubjectKind
from governance.customers.tokens import ENTRY, ROW, Due, number_indexes, packed
from governance.db.prepared import PreparedInsert
from governance.gateway.intake.tokens import Indexer

SAMPLES: Final = 64  # invented persons whose index shows how many tokens a person has
BATCH: Final = 2_000  # persons of one commit
POSTED: Final = 100_000  # persons whose postings are stored in key order together
FRAME: Final = 120  # octets of a sealed value
LEFT_ON: Final = date(2020, 1, 1)
_ROWS: Final = PreparedInsert(ROW)
_ENTRIES: Final = PreparedInsert(ENTRY)
BOUGHT_ON: Final = date(2001, 4, 1)  # no law keeps it any more
_SQLITE: Final = text(
    "INSERT OR IGNORE INTO search_posting (index_id, token, row_key)"
    " WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :most)"
    " SELECT index_id, substr(tokens, 2 + :width * i, :width) AS token, row_key"
    " FROM search_entry CROSS JOIN n WHERE index_id = :number AND row_key >= :first"
    " AND 1 + :width * (i + 1) <= length(tokens) ORDER BY 2, 3"
)
_POSTGRES: Final = text(
    "INSERT INTO search_posting (index_id, token, row_key)"
    " SELECT index_id, substring(tokens FROM 2 + :width * i FOR :width) AS token, row_key"
    " FROM search_entry, generate_series(0, :most) AS i"
    " WHERE index_id = :number AND row_key >= :first"
    " AND 1 + :width * (i + 1) <= length(tokens) ORDER BY 2, 3 ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Who is due, as many others spread alike, and some register rows of the rest."""

    due: tuple[SubjectId, ...] = field(repr=False)
    alike: tuple[SubjectId, ...] = field(repr=False)
    staying: tuple[RowId, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """How many tokens of which width a person has in one index."""

    number: int
    width: int
    count: int


def fill(wiring: Wiring, count: int, *, due: int) -> Crowd:
    """So many persons are here, of whom these many, evenly spread, are due by the schedule."""
    shapes = wiring.database.write(lambda tx: _shapes(wiring, tx))
    step = count // due
    people = cycle(shapes)
    gone, alike, staying = list[SubjectId](), list[SubjectId](), list[RowId]()
    first = bytes(16)
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        batch = [(n, new_subject_id(), new_row_id()) for n in numbers]
        wiring.vault.ensure_keys([subject for _, subject, _ in batch])
        leaving = {n for n in numbers if n % step == 0 and n // step < due}
        wiring.database.write(lambda tx, b=batch, o=leaving: _settle(tx, b, o, people), batch=True)  # type: ignore[misc] # bound at once
        beside = {n for n in numbers if n % step == step // 2 and n // step < due} - leaving
        gone += [subject for n, subject, _ in batch if n in leaving]
        alike += [subject for n, subject, _ in batch if n in beside]
        staying += [row for n, _, row in batch[:20] if n not in leaving | beside]
        if (start + BATCH) % POSTED == 0 or start + BATCH >= count:
            _post(wiring, shapes, since=first)
            first = packed(new_row_id())
    wiring.database.checkpoint()
    return Crowd(due=tuple(gone), alike=tuple(alike), staying=tuple(staying))


def _shapes(wiring: Wiring, tx: Connection) -> list[tuple[_Shape, ...]]:
    """The index of some invented persons: its numbers of tokens, without the tokens."""
    indexer = Indexer(wiring.vault, ["person"], kinds=EVERY)
    found: list[tuple[_Shape, ...]] = []
    for one in persons(SAMPLES):
        (row,) = indexer.row_tokens("person", one.row, one.subject, one.plain)
        numbers = number_indexes(tx, row.tokens).numbers
        found.append(tuple(_shaped(numbers[v], made) for v, made in row.tokens.items() if made))
    return found


def _shaped(number: int, made: Sequence[bytes]) -> _Shape:
    return _Shape(number=number, width=len(made[0]), count=len(made))


def _settle(
    tx: Connection,
    batch: Sequence[tuple[int, SubjectId, RowId]],
    leaving: set[int],
    people: Iterator[tuple[_Shape, ...]],
) -> None:
    laws = {Law.APPI: "controller"}
    fresh = [NewSubject(id=one, kind=SubjectKind.CUSTOMER, laws=laws) for _, one, _ in batch]
    store.add_subjects(tx, fresh, at=AT)
    records = list[Record]()
    for number, subject, row in batch:
        records.append(_person(row, subject, number, leaves=number in leaving))
        records.append(purchase(subject, on=BOUGHT_ON if number in leaving else AT.date()))
    store.insert_records(tx, records)
    place = {"source": "person", "due": int(Due.NOTHING)}
    keys = {row: packed(row) for _, _, row in batch}
    _ROWS.rows(tx, [place | {"row_key": keys[row], "subject_id": one} for _, one, row in batch])
    _ENTRIES.rows(
        tx,
        [
            {
                "row_key": keys[row],
                "index_id": shape.number,
                "tokens": bytes([shape.width]) + token_bytes(shape.width * shape.count),
            }
            for _, _, row in batch
            for shape in next(people)
        ],
    )


def _person(row: RowId, subject: SubjectId, number: int, *, leaves: bool) -> Record:
    clear = {
        "version": 1,
        "source_file": "bench.csv",
        "source_row": number,
        "recorded_at": AT,
        "status": "withdrawn" if leaves else "active",
        "registered_on": date(2000, 4, 1) if leaves else AT.date(),
        "withdrawn_on": LEFT_ON if leaves else None,
        "contact_permission": "unknown",
        "problems": 0,
    }
    names = ("customer_id", "name", "kana", "address", "mobile", "email")
    sealed = {FieldId(f"person.{name}"): token_bytes(FRAME) for name in names}
    return Record(table="person", id=row, subject=subject, clear=clear, sealed=sealed)


def purchase(subject: SubjectId, *, on: date = BOUGHT_ON) -> Record:
    """A purchase of the person; one of that day no law keeps any more."""
    row = new_row_id()
    clear = {
        "source_key": row,
        "type": "single",
        "amount": 1200,
        "recorded_at": AT,
        "purchased_on": on,
    }
    sealed = {FieldId("purchase.product_name"): token_bytes(FRAME)}
    return Record(table="purchase", id=row, subject=subject, clear=clear, sealed=sealed)


def _post(wiring: Wiring, shapes: Sequence[tuple[_Shape, ...]], *, since: bytes) -> None:
    """What finds the newest persons is stored, index by index in key order."""
    every = [shape for one in shapes for shape in one]
    widths = {shape.number: shape.width for shape in every}
    most = {n: max(shape.count for shape in every if shape.number == n) for n in widths}
    statement = _SQLITE if wiring.database.dialect == "sqlite" else _POSTGRES
    for number, width in sorted(widths.items()):
        facts = {"number": number, "width": width, "first": since, "most": most[number] - 1}
        wiring.database.write(lambda tx, facts=facts: tx.execute(statement, facts), batch=True)  # type: ignore[misc] # bound at once
