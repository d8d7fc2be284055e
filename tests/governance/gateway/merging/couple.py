"""Two pseudonyms of one customer, their candidate pair, and everything that is known of them."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Self

from sqlalchemy import Connection, insert, select, update

import dsar.models  # noqa: F401 # its table follows the person
import governance.identity.models  # noqa: F401 # persons sign in
from consent.choices import Choice
from consent.notices.shipped import publish_shipped
from consent.service import choose, subject_gate
from consent.types import EventKind, SubjectDecision
from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers import store, tokens
from governance.customers.imports import TURN
from governance.customers.search.looking import find_tokens
from governance.customers.store import SUBJECT, TABLES, Record
from governance.customers.tokens import add_tokens
from governance.customers.upkeep.candidates import DUPLICATE
from governance.db.types import insert_ignore
from governance.gateway.intake.tokens import Indexer
from governance.gateway.merge_apply import person_indexer
from governance.gateway.merge_types import Merged, MergeRequest, Side, Unmerged
from governance.gateway.merging import merge, unmerge
from governance.gateway.pairs import pair_id
from tests.retention.town import Town, staff

PAIR = 21_000  # score of the candidate pair of the two; names it in these tests
CLERK = staff("clerk", "data_manager")
NAME, EMAIL, ID = (FieldId(f"person.{name}") for name in ("name", "email", "customer_id"))


@dataclass
class Couple:
    """What the tests ask of the two."""

    town: Town
    older: SubjectId
    newer: SubjectId

    @classmethod
    def settled(cls, town: Town) -> Self:
        """Two customers with purchases, inquiries, choices; the newer one with the later e-mail."""
        older = town.settle(
            "older", registered=date(2015, 4, 1), purchases=({"purchased_on": date(2025, 1, 1)},)
        )
        newer = town.settle(
            "newer", registered=date(2024, 4, 1), purchases=({"purchased_on": date(2026, 1, 1)},)
        )
        made = cls(town=town, older=older, newer=newer)
        town.ports.database.write(publish_shipped)
        town.ports.database.write(made._pair)
        town.ports.database.write(made._index)
        return made

    def _pair(self, tx: Connection) -> None:
        tx.execute(insert_ignore(TURN, tx.dialect.name).values(id=0, turn=0))
        earlier = update(SUBJECT).where(SUBJECT.c.id == self.older)
        tx.execute(earlier.values(created_at=self.town.now - timedelta(days=900)))
        left, right = sorted((self.row(tx, self.older), self.row(tx, self.newer)))
        owner = {self.row(tx, who): who for who in (self.older, self.newer)}
        tx.execute(
            insert(DUPLICATE).values(
                left_id=left,
                right_id=right,
                left_subject_id=owner[left],
                right_subject_id=owner[right],
                score=PAIR,
                evidence="name_same,birth_same,email_differs",
                state="open",
                found_at=self.town.now,
            )
        )

    def _index(self, tx: Connection) -> None:
        """Every kind of token is there, as after the following job."""
        indexer = person_indexer(self.town.ports.vault)
        indexer.look()
        for who in (self.older, self.newer):
            for record in store.records_of(tx, who, "person"):
                opened = self.town.ports.vault.open_row(record.id, record.sealed)
                values = {n: cell.value for n, cell in opened.items() if cell.value is not None}
                add_tokens(tx, indexer.row_tokens("person", record.id, who, values))
                tokens.settle(tx, [record.id])

    def row(self, tx: Connection, subject: SubjectId) -> RowId:
        return store.records_of(tx, subject, "person")[0].id

    @property
    def pair(self) -> str:
        with self.town.ports.database.read() as tx:
            row = tx.execute(
                select(DUPLICATE.c.left_id, DUPLICATE.c.right_id).where(DUPLICATE.c.score == PAIR)
            ).one()
        return pair_id(row.left_id, row.right_id)

    def pair_state(self) -> str:
        with self.town.ports.database.read() as tx:
            found = select(DUPLICATE.c.state).where(DUPLICATE.c.score == PAIR)
            return str(tx.execute(found).scalar_one())

    # Steps

    def merge(self, **more: Any) -> Merged[SubjectId]:
        request = MergeRequest(pair=more.pop("pair", None) or self.pair, **more)
        return merge(self.town.ports, CLERK, request, at=self.town.clock())

    def unmerge(
        self, done: Merged[SubjectId], *, rest: Side | None = None, **more: Any
    ) -> Unmerged[SubjectId]:
        at = self.town.clock()
        return unmerge(self.town.ports, CLERK, done.merge, rest=rest, at=at, **more)

    def choose(self, subject: SubjectId, kind: EventKind, purpose: str = "mail_marketing") -> None:
        choice = Choice(subject=subject, purpose=purpose, kind=kind)
        choose(self.town.ports, CLERK, choice, at=self.town.clock())

    def buy(self, subject: SubjectId) -> RowId:
        """A purchase that comes now."""
        before = set(self.ids(subject, "purchase"))
        bought = {"purchased_on": date(2026, 9, 1)}
        self.town.ports.database.write(lambda tx: self.town._purchase(tx, "later", subject, bought))
        (fresh,) = set(self.ids(subject, "purchase")) - before
        return fresh

    # Looks

    def ids(self, subject: SubjectId, table: str) -> tuple[RowId, ...]:
        with self.town.ports.database.read() as tx:
            return tuple(record.id for record in store.records_of(tx, subject, table))

    def records(self, subject: SubjectId, table: str) -> tuple[Record, ...]:
        with self.town.ports.database.read() as tx:
            return store.records_of(tx, subject, table)

    def values(self, subject: SubjectId, table: str = "person") -> list[dict[str, object]]:
        """Every opened value of the person's rows, oldest first."""
        rows = self.records(subject, table)
        opened = self.town.ports.vault.open_rows([(row.id, row.sealed) for row in rows])
        return [{name: cell.value for name, cell in cells.items()} for cells in opened]

    def found(self, field: FieldId, value: str) -> set[tuple[RowId, SubjectId]]:
        """Rows that the index finds by this value."""
        indexer = Indexer(self.town.ports.vault, ["person"])
        tokens = [token for _, token in indexer.of(field, value)]
        with self.town.ports.database.read() as tx:
            return {(row, who) for _, row, who in find_tokens(tx, [field], tokens)}

    def may(self, subject: SubjectId, purpose: str = "mail_marketing") -> SubjectDecision:
        known = self.town.ports.policies.current.purpose(purpose)
        assert known is not None
        with self.town.ports.database.read() as tx:
            return subject_gate(tx, subject, known, channel=None, recipient=None, at=self.town.now)

    def state(self, subject: SubjectId) -> Any:
        with self.town.ports.database.read() as tx:
            return tx.execute(select(SUBJECT).where(SUBJECT.c.id == subject)).one()

    def world(self) -> dict[str, object]:
        """Everything about the two that a merge may touch, comparable; fences left out."""
        seen: dict[str, object] = {}
        for who in (self.older, self.newer):
            for table in TABLES:
                if table == "merge_trace":
                    continue
                seen[f"{who}/{table}"] = [
                    (record.id, plain(record.clear), values)
                    for record, values in zip(
                        self.records(who, table), self.values(who, table), strict=True
                    )
                ]
            row = self.state(who)
            seen[f"{who}/state"] = (row.state, row.restricted_at, row.birth_band)
        with self.town.ports.database.read() as tx:
            for beside in (tokens.ROW, tokens.POSTING, store.FINDING, store.HOLD, store.LAW):
                rows = tx.execute(select(beside)).all()
                seen[beside.name] = sorted(repr(tuple(row)) for row in rows)
            pairs = tx.execute(select(DUPLICATE).where(DUPLICATE.c.score != PAIR)).all()
            seen["pairs"] = sorted(repr(tuple(row)) for row in pairs)
        return seen


def plain(clear: Any) -> dict[str, object]:
    """Clear columns without the counter of changes."""
    return {name: value for name, value in clear.items() if name != "version"}
