"""A column in clear that a release declares sealed: sealed online, once, and nothing of it left."""

import contextlib
import dataclasses
import threading
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
from sqlalchemy import Connection, LargeBinary, MetaData, Table, insert, select, text, update

from governance.core.ids import new_row_id, new_subject_id
from governance.core.terms import FieldId, KeyClass, Law, SubjectId
from governance.crypto.frame import dek_id_of
from governance.custody import clear, service
from governance.custody.errors import FieldNotSealableError, SealedDiffersError
from governance.custody.types import Task, TaskState
from governance.customers.catalogue import Catalogue, Storage, catalogue
from governance.customers.store import TABLES, NewSubject, add_subjects
from governance.customers.subjects import SubjectKind
from governance.db.aside import set_aside
from tests.governance.custody.world import NOW, OPERATOR, Killed, Killer, World

PHONE = FieldId("company.phone")
COMPANY = TABLES["company"]
NUMBERS = [f"03-9999-{n:04d}" for n in range(450)]  # of no subscriber
STATEMENTS = 30


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    """The catalogue of a release that seals the telephone numbers of companies."""
    shipped = catalogue()
    sealed = dataclasses.replace(shipped.fields[PHONE], storage=Storage.SEALED)
    fields = MappingProxyType({**shipped.fields, PHONE: sealed})
    made = dataclasses.replace(shipped, fields=fields)
    monkeypatch.setattr(clear, "catalogue", lambda: made)
    return made


@pytest.fixture
def town(world: World, later: Catalogue) -> World:
    """450 companies whose telephone numbers stand in clear; the column is set aside."""
    people = [new_subject_id() for _ in NUMBERS]
    world.people = people

    def write(tx: Connection) -> None:
        add_subjects(
            tx,
            [
                NewSubject(id=one, kind=SubjectKind.CONTACT, laws={Law.APPI: "test"})
                for one in people
            ],
            at=NOW,
        )
        tx.execute(
            insert(COMPANY),
            [
                {
                    "id": new_row_id(), "subject_id": one, "source_key": f"K{n}",
                    "name": "架空商店", "phone": number, "recorded_at": NOW,
                }
                for n, (one, number) in enumerate(zip(people, NUMBERS, strict=True))
            ],
        )  # fmt: skip

    world.by.ports.database.write(write)
    world.by.ports.database.write(lambda tx: set_aside(tx, "company", "phone"))
    assert later.fields[PHONE].storage is Storage.SEALED
    return world


def column(tx: Connection) -> Table:
    """The table as the later release declares it."""
    return Table("company", MetaData(), autoload_with=tx, resolve_fks=False)


def opened(world: World) -> dict[SubjectId, str | None]:
    """What each company's sealed number opens to."""
    with world.by.ports.database.read() as tx:
        table = column(tx)
        assert isinstance(table.c.phone.type, LargeBinary)
        rows = tx.execute(select(table.c.id, table.c.subject_id, table.c.phone)).all()
    found: dict[SubjectId, str | None] = {}
    for row in rows:
        cell = world.by.ports.vault.open_row(row.id, {PHONE: row.phone})[PHONE].value
        found[SubjectId(row.subject_id)] = None if cell is None else str(cell)
    return found


def begin(world: World) -> Task:
    return service.begin_sealing(world.by, OPERATOR, PHONE, at=world.clock())


def seal(world: World, task: Task | None = None, *, name: str = "one") -> Task:
    wanted = begin(world) if task is None else task
    return service.run(world.by, wanted.id, worker=world.worker(name=name))


def waiting(world: World) -> list[tuple[str, int]]:
    with world.by.ports.database.read() as tx:
        return [(item.field, item.count) for item in clear.pending(tx)]


def test_every_value_is_sealed_and_the_clear_column_is_gone(town: World) -> None:
    assert waiting(town) == [(PHONE, 450)]
    done = seal(town)
    assert (done.state, done.moved, done.done) == (TaskState.DONE, 450, 450)
    assert opened(town) == dict(zip(town.people, NUMBERS, strict=True))
    assert waiting(town) == []
    with town.by.ports.database.read() as tx:
        assert "phone__clear" not in column(tx).c
    with pytest.raises(FieldNotSealableError):
        seal(town)


def test_no_clear_value_is_left_in_the_raw_files(town: World) -> None:
    if town.by.ports.database.dialect != "sqlite":
        pytest.skip("files of SQLite")
    path = Path(str(town.by.ports.database.engine.url.database))
    assert NUMBERS[7].encode() in path.read_bytes() + Path(f"{path}-wal").read_bytes()
    seal(town)
    raw = path.read_bytes() + Path(f"{path}-wal").read_bytes()
    assert [number for number in NUMBERS if number.encode() in raw] == []


def test_no_clear_value_is_left_in_the_tables_files_of_a_server(town: World) -> None:
    database = town.by.ports.database
    if database.dialect != "postgresql":
        pytest.skip("files of PostgreSQL")
    seal(town)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as tx:
        tx.execute(text("VACUUM FULL company"))
        tx.execute(text("CHECKPOINT"))
        place = tx.execute(text("SHOW data_directory")).scalar_one()
        name = tx.execute(text("SELECT pg_relation_filepath('company')")).scalar_one()
    raw = (Path(place) / name).read_bytes()
    assert [number for number in NUMBERS if number.encode() in raw] == []


def test_until_a_row_is_sealed_readers_find_nothing(town: World) -> None:
    assert set(opened(town).values()) == {None}


def test_a_value_written_meanwhile_wins_over_the_old_one(town: World) -> None:
    first, second = town.people[0], town.people[1]
    with town.by.ports.database.read() as tx:
        table = column(tx)
        wanted = select(table.c.subject_id, table.c.id).where(
            table.c.subject_id.in_([first, second])
        )
        rows = {row.subject_id: row.id for row in tx.execute(wanted)}
    cells = town.by.ports.vault.seal_row(first, rows[first], {PHONE: "03-9999-9999"})

    def write(tx: Connection) -> None:
        tx.execute(update(table).where(table.c.id == rows[first]).values(phone=cells[PHONE]))
        tx.execute(update(table).where(table.c.id == rows[second]).values(phone=None))

    town.by.ports.database.write(write)
    seal(town)
    found = opened(town)
    assert (found[first], found[second]) == ("03-9999-9999", None)
    assert found[town.people[2]] == NUMBERS[2]


def test_an_erased_persons_value_is_not_sealed_but_removed(town: World) -> None:
    town.by.ports.vault.destroy(town.people[3], KeyClass.ACTIVE)
    done = seal(town)
    assert (done.done, done.moved) == (450, 449)
    assert opened(town)[town.people[3]] is None


@pytest.mark.timeout(300)
@pytest.mark.parametrize("n", range(1, STATEMENTS, 2))
def test_death_at_a_statement_loses_and_doubles_nothing(town: World, n: int) -> None:
    if town.by.ports.database.dialect != "sqlite" and n % 9 != 1:
        pytest.skip("one engine dies at every second statement, the other at every ninth")
    task = begin(town)
    keys = town.by.ports.vault.ring.db
    killer = Killer(n, town.by.ports.database, keys)
    with killer, contextlib.suppress(Killed):
        seal(town, task)
    town.now += timedelta(minutes=5)
    done = seal(town, task, name="two")
    assert done.state is TaskState.DONE
    assert opened(town) == dict(zip(town.people, NUMBERS, strict=True))


def test_a_value_is_never_sealed_twice(town: World) -> None:
    """Two processes at once, the second with a lease that it should not have."""
    task = begin(town)
    turn = iter(range(3))

    def stop() -> bool:
        return next(turn, None) is None

    service.run(town.by, task.id, worker=town.worker(stopping=stop))
    thread = threading.Thread(target=seal, args=(town, task))
    thread.start()
    thread.join()
    for value in opened(town).values():
        assert value in NUMBERS  # a frame within a frame would be bytes
    with town.by.ports.database.read() as tx:
        cells = tx.execute(select(column(tx).c.phone)).scalars().all()
    assert len({dek_id_of(cell) for cell in cells}) == 450


def test_what_does_not_read_back_stops_and_leaves_the_clear_value(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = begin(town)
    vault = town.by.ports.vault
    real = vault.open_rows
    monkeypatch.setattr(type(vault), "open_rows", lambda _self, rows: tuple(reversed(real(rows))))
    with pytest.raises(SealedDiffersError) as caught:
        seal(town, task)
    monkeypatch.undo()
    assert "03-9999" not in str(caught.value)
    assert waiting(town) == [(PHONE, 450)] or waiting(town) == []
