"""Two rows of one company become one and two again; two companies are never made one."""

import contextlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Self

import pytest
from sqlalchemy import Connection, insert, select

from audit.actions import EventCode
from audit.models import EVENTS
from governance.core.ids import new_row_id
from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers import store
from governance.customers.imports import TURN
from governance.customers.store import TABLES, Record
from governance.customers.upkeep import company_merges
from governance.customers.upkeep.candidates import DUPLICATE, PairKind
from governance.db.types import insert_ignore
from governance.gateway import merging
from governance.gateway.deciding import decided, merge_pair, undo_merge
from governance.gateway.merge_companies import merge, unmerge
from governance.gateway.merge_types import (
    CompanyNumbersError,
    LaterRowsError,
    Merged,
    MergeNotNewestError,
    MergeRequest,
    MergeUndoneError,
    Side,
    Unmerged,
)
from governance.gateway.pairs import (
    PairChangedError,
    PairDecidedError,
    PairUnknownError,
    pair_id,
    show,
    waiting,
)
from governance.gateway.rows import owner_of, page_of
from policies.api import ActionForbiddenError
from tests.governance.gateway.merging.couple import CLERK, plain
from tests.retention.town import SUPPORT, Killed, Killer, Town

NUMBER = "1180301018771"


@dataclass
class Firms:
    """Rows of the register of companies with their contacts and deals."""

    town: Town
    reps: dict[RowId, SubjectId]

    @classmethod
    def founded(cls, town: Town) -> Self:
        made = cls(town=town, reps={})
        town.ports.database.write(
            lambda tx: tx.execute(insert_ignore(TURN, tx.dialect.name).values(id=0, turn=0))
        )
        made.found(
            "架空商事", phone="+81355551234", employees=30, address="東京都千代田区丸の内1-1"
        )
        made.found(
            "架空商事株式会社", corporate_number=NUMBER, industry="卸売", since=date(2020, 4, 1)
        )
        older, newer = made.rows
        made.speak(older, primary=True)
        made.speak(newer, primary=True)
        made.deal(newer)
        made.pair(older, newer)
        return made

    @property
    def rows(self) -> list[RowId]:
        return list(self.reps)

    def found(self, name: str, **facts: Any) -> RowId:
        """A company with a representative of its own, recorded a day after the one before."""
        subject = self.town.settle(f"rep{len(self.reps)}")
        row, at = new_row_id(), self.town.now + timedelta(days=len(self.reps))
        clear = {"source_key": row, "name": name, "recorded_at": at, "version": 1, **facts}
        sealed = {FieldId("company.representative"): f"代表 {len(self.reps)}（架空）"}
        self.town.ports.database.write(
            lambda tx: self.town._insert(tx, "company", row, subject, clear, sealed)  # type: ignore[arg-type] # plain text
        )
        self.reps[row] = subject
        return row

    def speak(self, company: RowId, *, primary: bool) -> RowId:
        row = new_row_id()
        subject = self.town.settle(f"contact{len(self.town.people)}")
        clear = {"company_id": company, "is_primary": primary, "version": 1}
        clear |= {"recorded_at": self.town.now}
        self.town.ports.database.write(
            lambda tx: self.town._insert(tx, "contact", row, subject, clear, {})
        )
        return row

    def deal(self, company: RowId) -> RowId:
        row, subject = new_row_id(), self.reps[company]
        clear = {"source_key": row, "company_id": company, "version": 1}
        clear |= {"recorded_at": self.town.now}
        self.town.ports.database.write(
            lambda tx: self.town._insert(tx, "deal", row, subject, clear, {})
        )
        return row

    def pair(self, one: RowId, other: RowId) -> str:
        left, right = sorted((one, other))
        row = {
            "left_id": left,
            "right_id": right,
            "left_subject_id": self.reps[left],
            "right_subject_id": self.reps[right],
            "score": 12_000,
            "evidence": "name_same,landline_same",
            "state": "open",
            "kind": "company",
            "found_at": self.town.now,
        }
        self.town.ports.database.write(lambda tx: tx.execute(insert(DUPLICATE).values(**row)))
        return pair_id(left, right)

    # Steps

    def merge(self, *rows: RowId, **more: Any) -> Merged[RowId]:
        one, other = rows or self.rows[:2]
        request = MergeRequest(pair=pair_id(*sorted((one, other))), **more)
        return merge(self.town.ports, CLERK, request, at=self.town.clock())

    def unmerge(self, done: Merged[RowId], **more: Any) -> Unmerged[RowId]:
        return unmerge(self.town.ports, CLERK, done.merge, at=self.town.clock(), **more)

    def correct(self, row: RowId, **facts: Any) -> None:
        changed = Record(table="company", id=row, subject=self.reps[row], clear=facts, sealed={})

        def write(tx: Connection) -> bool:
            held = store.record_by_id(tx, "company", row)
            assert held is not None
            return store.update_record(tx, changed, expected_version=held.clear["version"])

        assert self.town.ports.database.write(write)

    # Looks

    def facts(self, row: RowId) -> dict[str, Any]:
        with self.town.ports.database.read() as tx:
            record = store.record_by_id(tx, "company", row)
        assert record is not None
        return plain(record.clear)

    def of(self, company: RowId, table: str) -> list[RowId]:
        with self.town.ports.database.read() as tx:
            return [row for row, _ in page_of(tx, table, after=None, limit=9, where=_at(company))]

    def waiting(self) -> list[str]:
        with self.town.ports.database.read() as tx:
            found = waiting(tx, self.town.ports, CLERK, kind=PairKind.COMPANY, limit=9)
        return [pair.id for pair in found]

    def world(self) -> dict[str, object]:
        """Everything that a merge of companies may touch, without counters of changes."""
        with self.town.ports.database.read() as tx:
            return {
                name: [
                    (row["id"], plain({k: v for k, v in row.items() if not isinstance(v, bytes)}))
                    for row in tx.execute(
                        select(TABLES[name]).order_by(TABLES[name].c.id)
                    ).mappings()
                ]
                for name in ("company", "contact", "deal")
            }


def _at(company: RowId) -> tuple[str, RowId]:
    return "company_id", company


@pytest.fixture
def firms(town: Town) -> Firms:
    return Firms.founded(town)


def test_the_row_that_is_known_longer_has_contacts_deals_and_every_known_fact(firms: Firms) -> None:
    older, newer = firms.rows
    done = firms.merge()
    assert (done.survivor, done.absorbed) == (older, newer)
    assert done.rows == 2
    assert len(firms.of(older, "contact")) == 2
    assert len(firms.of(older, "deal")) == 1
    assert firms.of(newer, "deal") == []
    facts = firms.facts(older)
    assert facts["corporate_number"] == NUMBER
    assert facts["name"] == "架空商事株式会社"  # of the row that was recorded last
    assert (facts["phone"], facts["employees"]) == ("+81355551234", 30)
    assert facts["since"] == date(2020, 4, 1)


def test_the_officer_may_choose_who_survives_and_what_stands(firms: Firms) -> None:
    older, newer = firms.rows
    done = firms.merge(survivor=newer, choices={FieldId("company.name"): older})
    assert done.survivor == newer
    assert firms.facts(newer)["name"] == "架空商事"


def test_each_row_keeps_its_own_representative(firms: Firms) -> None:
    older, newer = firms.rows
    firms.merge()
    for row in (older, newer):
        with firms.town.ports.database.read() as tx:
            record = store.record_by_id(tx, "company", row)
        assert record is not None
        assert record.subject == firms.reps[row]


def test_a_company_has_one_main_contact(firms: Firms) -> None:
    older, newer = firms.rows
    (theirs,) = firms.of(newer, "contact")

    def main() -> set[RowId]:
        contact = TABLES["contact"]
        with firms.town.ports.database.read() as tx:
            found = tx.execute(select(contact.c.id).where(contact.c.is_primary.is_(True)))
            return set(found.scalars())

    assert theirs in main()
    done = firms.merge()
    assert theirs not in main()
    assert len(main() & set(firms.of(older, "contact"))) == 1
    firms.unmerge(done)
    assert theirs in main()


def test_two_corporate_numbers_are_two_companies(firms: Firms) -> None:
    before = firms.world()
    firms.correct(firms.rows[0], corporate_number="7000012050002")
    with pytest.raises(CompanyNumbersError):
        firms.merge()
    firms.correct(firms.rows[0], corporate_number=None)
    assert firms.world() == before


def test_the_absorbed_row_is_no_longer_listed_or_written_to(firms: Firms) -> None:
    older, newer = firms.rows
    done = firms.merge()

    def seen(tx: Connection) -> tuple[list[RowId], SubjectId | None, RowId]:
        rows = [row for row, _ in page_of(tx, "company", after=None, limit=9)]
        return rows, owner_of(tx, "company", newer), company_merges.standing_company(tx, newer)

    with firms.town.ports.database.read() as tx:
        assert seen(tx) == ([older], None, older)
    firms.unmerge(done)
    with firms.town.ports.database.read() as tx:
        assert seen(tx) == ([older, newer], firms.reps[newer], newer)


class TestUndoing:
    def test_all_rows_are_exactly_as_before(self, firms: Firms) -> None:
        before = firms.world()
        done = firms.unmerge(firms.merge())
        assert firms.world() == before
        assert done.rows == 2
        assert firms.waiting() == []  # told apart

    def test_a_correction_made_since_stays(self, firms: Firms) -> None:
        older, _ = firms.rows
        done = firms.merge()
        firms.correct(older, industry="小売", name="新架空商事")
        firms.unmerge(done)
        facts = firms.facts(older)
        assert (facts["industry"], facts["name"]) == ("小売", "新架空商事")
        assert facts["corporate_number"] is None

    def test_a_deal_that_came_since_is_asked_for(self, firms: Firms) -> None:
        older, newer = firms.rows
        done = firms.merge()
        fresh = firms.deal(older)
        with pytest.raises(LaterRowsError):
            firms.unmerge(done)
        firms.unmerge(done, later={fresh: Side.ABSORBED})
        assert fresh in firms.of(newer, "deal")

    def test_it_happens_once_and_the_newer_merge_goes_first(self, firms: Firms) -> None:
        older, _ = firms.rows
        third = firms.found("カクウ商事")
        firms.pair(older, third)
        first, second = firms.merge(), firms.merge(older, third)
        with pytest.raises(MergeNotNewestError):
            firms.unmerge(first)
        firms.unmerge(second)
        firms.unmerge(first)
        with pytest.raises(MergeUndoneError):
            firms.unmerge(first)


def test_a_pair_of_what_is_one_by_other_merges_waits_no_more(firms: Firms) -> None:
    older, newer = firms.rows
    third = firms.found("カクウ商事")
    firms.pair(older, third)
    between = firms.pair(newer, third)
    firms.merge()
    assert between in firms.waiting()
    firms.merge(newer, third)  # third becomes part of the older row
    assert firms.waiting() == []
    with pytest.raises(PairDecidedError):
        firms.merge(older, third)
    with firms.town.ports.database.read() as tx:
        assert company_merges.standing_company(tx, third) == older


def test_merging_twice_changes_nothing_the_second_time(firms: Firms) -> None:
    firms.merge()
    one = firms.world()
    with pytest.raises(PairDecidedError):
        firms.merge()
    assert firms.world() == one


def test_a_pair_that_changed_since_it_was_shown_is_refused(firms: Firms) -> None:
    pair = firms.waiting()[0]
    shown = show(firms.town.ports, CLERK, pair, at=firms.town.now)
    assert shown.left is not None
    names = {view.field: view.shown.value for view in shown.left.fields}
    assert names[FieldId("company.name")] in ("架空商事", "架空商事株式会社")
    firms.correct(firms.rows[0], industry="小売")
    with pytest.raises(PairChangedError):
        firms.merge(version=shown.version)


def test_a_pair_of_companies_is_no_pair_of_persons(firms: Firms) -> None:
    request = MergeRequest(pair=firms.waiting()[0])
    with pytest.raises(PairUnknownError):
        merging.merge(firms.town.ports, CLERK, request, at=firms.town.now)
    with firms.town.ports.database.read() as tx:
        assert waiting(tx, firms.town.ports, CLERK, limit=9) == ()


def test_who_may_not_merge_merges_nothing(firms: Firms) -> None:
    request = MergeRequest(pair=firms.waiting()[0])
    with pytest.raises(ActionForbiddenError):
        merge_pair(firms.town.ports, SUPPORT, request, at=firms.town.now)


def test_both_acts_are_events_and_listed_without_a_value(firms: Firms) -> None:
    done = merge_pair(
        firms.town.ports, CLERK, MergeRequest(pair=firms.waiting()[0]), at=firms.town.now
    )
    undo_merge(firms.town.ports, CLERK, done.merge, at=firms.town.now)
    codes = (EventCode.COMPANY_MERGED.value, EventCode.COMPANY_UNMERGED.value)
    with firms.town.ports.database.read() as tx:
        told = tx.execute(select(EVENTS).where(EVENTS.c.action.in_(codes)).order_by(EVENTS.c.id))
        found = told.all()
        (listed,) = decided(tx, firms.town.ports, CLERK, limit=9)
    assert [row.action for row in found] == list(codes)
    assert "company.name" in found[0].fields
    assert "架空" not in repr([tuple(row) for row in found])
    assert (listed["kind"], listed["state"]) == ("company", "undone")


def test_death_at_any_statement_changes_nothing(firms: Firms) -> None:
    engine = firms.town.ports.database.writer_engine
    two = firms.world()

    def until_it_lives(act: Any, before: object) -> int:
        for n in range(1, 200):
            with Killer(engine, n) as killer, contextlib.suppress(Killed):
                act()
            if not killer.dead:
                return n - 1
            assert firms.world() == before
        raise AssertionError

    assert until_it_lives(firms.merge, two) > 10
    one = firms.world()
    with firms.town.ports.database.read() as tx:
        (standing,) = company_merges.all_merges(tx, limit=9)
    undo = lambda: unmerge(firms.town.ports, CLERK, standing.id, at=firms.town.now)  # noqa: E731 # one act
    assert until_it_lives(undo, one) > 10
    assert firms.world() == two
