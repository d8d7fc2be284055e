"""A run that dies at any statement, and is begun again, ends with the exact sets."""

import contextlib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from audit.models import EVENTS, PARTS
from governance.core.terms import KeyClass
from governance.crypto.frame import dek_id_of
from governance.customers.search import sweeping
from governance.customers.tokens import LEAVING, POSTING, ROW
from governance.db.engine import Database
from governance.keys.errors import KeyDestroyedError
from retention import purge, tombstones, trailing
from retention.plans import RunState
from tests.retention.town import Killed, Killer, Town

STATEMENTS, KEY_STATEMENTS = 125, 20  # more than a run makes here; a test says so


def people(town: Town) -> None:
    town.settle("gone", status="withdrawn", withdrawn=date(2020, 1, 1))
    town.settle(
        "ledger",
        status="withdrawn",
        withdrawn=date(2021, 1, 1),
        purchases=({"purchased_on": date(2021, 3, 1)}, {"purchased_on": date(2012, 1, 1)}),
    )
    town.settle("held", status="withdrawn", withdrawn=date(2015, 1, 1), held=True)
    town.settle("active", purchases=({"purchased_on": date(2025, 1, 1)},))
    town.adopt()


def exact(town: Town) -> None:
    """Who should be gone is gone once, keys and parts included; the others are whole."""
    assert town.present() == {"held", "active"}
    assert town.rows("ledger", "purchase") == 1
    assert town.rows("active", "purchase") == 1
    with town.ports.database.read() as tx:
        stones = tombstones.tombstones(tx)
        named = tx.execute(select(EVENTS.c.id).where(EVENTS.c.action == "retention.purged")).all()
        lost = tx.execute(select(PARTS.c.destroyed_by).where(PARTS.c.payload.is_(None))).scalars()
        assert set(lost) <= {row.id for row in named}
    assert sorted(stone.subject for stone in stones) == sorted(
        town.people[name] for name in ("gone", "ledger")
    )
    assert all(stone.keys_ended_at is not None for stone in stones)


def die_at(town: Town, engine: object, n: int) -> bool:
    """Whether the run died; what it left is taken up by another process."""
    run = town.start(town.plan())
    killer = Killer(engine, n)
    with killer, contextlib.suppress(Killed):
        town.drive(run)
    after = town.restarted()
    report = after.drive(run)
    assert (report.state, report.erased, report.skipped) == (RunState.DONE, 2, 0)
    exact(after)
    assert after.drive(run).rows == report.rows
    return killer.dead


@pytest.mark.timeout(300)
@pytest.mark.parametrize("n", range(1, STATEMENTS))
def test_death_at_a_statement_on_the_data_is_recovered(town: Town, n: int) -> None:
    people(town)
    die_at(town, town.ports.database.writer_engine, n)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("n", range(1, KEY_STATEMENTS))
def test_death_at_a_statement_on_the_keys_is_recovered(town: Town, keys: Database, n: int) -> None:
    people(town)
    die_at(town, keys.writer_engine, n)


@pytest.mark.parametrize("n", [0, 3])
def test_death_while_tokens_go_after_their_persons_is_recovered(
    town: Town, n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(town)
    monkeypatch.setattr(trailing, "FROM", 1)
    with town.ports.database.read() as tx:
        mine = ROW.c.subject_id == town.people["gone"]
        keys = set(tx.execute(select(ROW.c.row_key).where(mine)).scalars())
    run, left, taken = town.start(town.plan()), [None] * n, sweeping.remove

    def dying(tx: Connection, **part: Any) -> None:
        if not left:
            raise Killed
        left.pop()
        taken(tx, **part)

    with monkeypatch.context() as deadly, contextlib.suppress(Killed):
        deadly.setattr(sweeping, "remove", dying)
        town.drive(run)
    with town.ports.database.read() as tx:
        assert tx.execute(select(LEAVING)).first() is not None
        assert keys & set(tx.execute(select(POSTING.c.row_key)).scalars())
    after = town.restarted()
    assert after.drive(run).state is RunState.DONE
    exact(after)
    with after.ports.database.read() as tx:
        assert tx.execute(select(LEAVING)).first() is None
        assert not keys & set(tx.execute(select(POSTING.c.row_key)).scalars())


def test_the_deaths_above_reach_beyond_the_last_statement(town: Town, keys: Database) -> None:
    people(town)
    data, kept = (
        Killer(engine, 10_000) for engine in (town.ports.database.writer_engine, keys.writer_engine)
    )
    run = town.start(town.plan())
    with data, kept:
        town.drive(run)
    assert 10_000 - data.left < STATEMENTS
    assert 10_000 - kept.left < KEY_STATEMENTS


def test_a_worker_that_is_told_to_stop_is_followed_by_another(town: Town) -> None:
    people(town)
    run = town.start(town.plan())
    stopped = purge.run(town.ports, run, worker=town.worker(stopping=lambda: True))
    assert (stopped.state, stopped.erased) == (RunState.RUNNING, 0)
    assert town.drive(run).erased == 2


class TestResidue:
    """No byte of a purged person is left in the files that the database consists of."""

    @pytest.fixture(params=[1, 1_000], ids=["tokens-after", "tokens-with-rows"])
    def purged(
        self, town: Town, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
    ) -> tuple[Town, list[bytes]]:
        monkeypatch.setattr(trailing, "FROM", request.param)
        people(town)
        if town.ports.database.dialect != "sqlite":
            pytest.skip("files of SQLite")
        gone = [town.people[name] for name in ("gone", "ledger")]
        with town.ports.database.read() as tx:
            mine = POSTING.c.row_key == ROW.c.row_key, ROW.c.subject_id.in_(gone)
            rows = tx.execute(select(POSTING.c.token, POSTING.c.row_key).where(*mine))
            marked = [bytes(token) + bytes(row) for token, row in rows]  # as a page holds them
        assert len(marked) >= 30  # of every kind
        assert all(files_hold(town, token) for token in marked)
        assert town.purge().wal_pages == 0
        return town, marked

    def test_no_token_and_no_marked_value_is_in_the_raw_files(
        self, purged: tuple[Town, list[bytes]]
    ) -> None:
        town, marked = purged
        words = [f"MARKED-{name}".encode() for name in ("gone", "ledger")]
        assert [found for found in (*marked, *words) if files_hold(town, found)] == []

    def test_no_frame_of_the_active_key_is_left_for_the_purged(
        self, purged: tuple[Town, list[bytes]]
    ) -> None:
        town, _ = purged
        with town.ports.database.read() as tx:
            from governance.customers.store import records_of  # noqa: PLC0415 # only here

            (left,) = records_of(tx, town.people["ledger"], "purchase")
        with town.ports.vault.ring.look() as look:
            for cell in left.sealed.values():
                assert look.held(dek_id_of(cell)).key_class is KeyClass.KEPT


def files_hold(town: Town, wanted: bytes) -> bool:
    path = Path(str(town.ports.database.engine.url.database))
    files = (path, path.with_name(path.name + "-wal"))
    return any(wanted in file.read_bytes() for file in files if file.exists())


def test_an_old_copy_cannot_be_opened_once_the_keys_ended(town: Town) -> None:
    people(town)
    from governance.customers.store import records_of  # noqa: PLC0415 # only here

    with town.ports.database.read() as tx:
        (before,) = records_of(tx, town.people["gone"], "person")
    town.purge()
    with pytest.raises(KeyDestroyedError):
        town.ports.vault.open_row(before.id, before.sealed)
