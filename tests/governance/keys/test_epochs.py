"""The daily roll moves every live key, ends old epochs, and survives being cut short anywhere."""

import itertools
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection, select, update

from governance.core.errors import GovernanceError
from governance.core.terms import FieldId, KeyClass, SubjectId
from governance.crypto.frame import Alg
from governance.crypto.providers.env import EnvKeyProvider
from governance.crypto.providers.file import FileKeyProvider
from governance.crypto.providers.types import EpochDestroyedError, EpochId, KeyProvider, WrapContext
from governance.crypto.revealed import Ciphertext
from governance.crypto.wrap import KeyUnwrapError
from governance.db.engine import Database
from governance.keys.epochs import create_key_store, roll, status, unreadable_from
from governance.keys.errors import EpochBackwardsError, KeepDaysError, KeyDestroyedError
from governance.keys.models import DATA_KEY, EPOCH
from governance.keys.signers import ensure_signer
from governance.keys.store import begin_epoch
from governance.keys.types import EpochStage, KeyState, SigningAlgorithm
from governance.keys.vault import FieldVault

T = TypeVar("T")

DAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, tzinfo=UTC)
NAME = FieldId("person.name")
ROW = "01932c00-0000-7000-8000-000000000001"
PEOPLE = tuple(SubjectId(f"person-{number}") for number in range(12))
STEPS = 24  # where a roll over three batches and one ending epoch can die
Cells = dict[FieldId, Ciphertext | None]


def day(number: int) -> date:
    return DAY + timedelta(days=number)


def seal_all(vault: FieldVault) -> dict[SubjectId, Cells]:
    rows = vault.seal_rows([(person, ROW, {NAME: person}) for person in PEOPLE])
    return dict(zip(PEOPLE, rows, strict=True))


def assert_all_open(vault: FieldVault, cells: dict[SubjectId, Cells]) -> None:
    opened = vault.open_rows([(ROW, cell) for cell in cells.values()])
    assert [row[NAME].value for row in opened] == list(cells)


class Killed(BaseException):
    """Stands for a process that dies here."""


class Mortal:
    """Counts the steps of a roll, and dies at one of them."""

    def __init__(self, last: int) -> None:
        self.left = last

    def step(self) -> None:
        if self.left == 0:
            raise Killed
        self.left -= 1


class MortalProvider(FileKeyProvider):
    """A provider whose calls may die before or after they took effect."""

    def __init__(self, folder: Path, life: Mortal) -> None:
        super().__init__(folder)
        self.life = life

    def _around(self, call: Callable[[], T]) -> T:
        self.life.step()
        made = call()
        self.life.step()
        return made

    def create_epoch(self, day: date) -> EpochId:
        return self._around(lambda: FileKeyProvider.create_epoch(self, day))

    def wrap(self, keys: Sequence[bytes], ctx: WrapContext) -> tuple[bytes, ...]:
        return self._around(lambda: FileKeyProvider.wrap(self, keys, ctx))

    def destroy(self, epoch: EpochId, *, at: datetime) -> datetime | None:
        return self._around(lambda: FileKeyProvider.destroy(self, epoch, at=at))


class MortalDatabase:
    """A database whose writes may die before, inside or after their transaction."""

    def __init__(self, inner: Database, life: Mortal) -> None:
        self.inner = inner
        self.life = life

    def write(self, fn: Callable[[Connection], T], *, batch: bool = False) -> T:
        self.life.step()

        def dying(tx: Connection) -> T:
            made = fn(tx)
            if self.life.left == 0:
                raise RuntimeError("killed inside")  # an Exception, so that the writer survives
            self.life.left -= 1
            return made

        try:
            made = self.inner.write(dying, batch=batch)
        except RuntimeError:
            raise Killed from None
        self.life.step()
        return made

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)


def test_a_roll_moves_every_live_key_and_everything_still_opens(
    vault: FieldVault, other_process: FieldVault
) -> None:
    cells = seal_all(vault)
    signer = ensure_signer(vault.ring, "audit", SigningAlgorithm.ED25519)
    vault.indexes.ensure(NAME)
    tokens = vault.tokens(NAME, 1, [b"e-term"])
    blob = vault.seal_blob("query", ROW, b"blob")
    report = roll(vault.ring, day=day(1), batch=5)
    assert (report.epoch, report.rewrapped, report.stuck) == ("2026-11-26", len(PEOPLE) + 3, ())
    assert roll(vault.ring, day=day(1)).rewrapped == 0
    for process in (vault, other_process):
        assert_all_open(process, cells)
        assert process.tokens(NAME, 1, [b"e-term"]) == tokens
        assert process.open_blob("query", ROW, blob) == b"blob"
        again = ensure_signer(process.ring, "audit", SigningAlgorithm.ED25519)
        assert again.public_key == signer.public_key
    assert status(vault.ring, day=day(1)).behind == 0


def test_the_epoch_of_day_d_minus_r_ends_with_its_date(
    vault: FieldVault, provider: FileKeyProvider
) -> None:
    cells = seal_all(vault)
    for number in range(1, 7):
        assert roll(vault.ring, day=day(number)).ended == ()
    report = roll(vault.ring, day=day(7))
    assert [(end.epoch, end.final_at) for end in report.ended] == [
        ("2026-11-25", vault.ring.clock())
    ]
    assert not (provider._folder / "2026-11-25.key").exists()
    assert_all_open(vault, cells)
    shown = status(vault.ring, day=day(7))
    assert shown.epochs[0].stage is EpochStage.DESTROYED
    assert shown.epochs[0].final_at == vault.ring.clock()
    assert (shown.overdue, shown.behind, shown.current) == ((), 0, "2026-12-02")
    assert unreadable_from(EpochId("2026-11-25")) == day(7)


def test_missed_days_are_made_up_in_one_roll(vault: FieldVault) -> None:
    cells = seal_all(vault)
    assert status(vault.ring, day=day(30)).current_age_days == 30
    report = roll(vault.ring, day=day(30))
    assert [end.epoch for end in report.ended] == ["2026-11-25"]
    assert_all_open(vault, cells)


@pytest.mark.parametrize("last", range(STEPS + 1))
def test_a_roll_killed_at_any_step_is_finished_by_the_next(
    vault: FieldVault, provider: FileKeyProvider, last: int
) -> None:
    if vault.ring.db.dialect != "sqlite" and last % 6:
        pytest.skip("one engine tries every step, the other every sixth")
    cells = seal_all(vault)
    erased = PEOPLE[0]
    vault.destroy(erased, KeyClass.ACTIVE)
    db, ring = vault.ring.db, vault.ring
    life = Mortal(last)
    ring.provider = MortalProvider(provider._folder, life)
    ring.db = MortalDatabase(db, life)  # type: ignore[assignment] # the same calls, and a death
    try:
        roll(ring, day=day(7), batch=5)
        died = False
    except Killed:
        died = True
    assert died == (last < STEPS)
    ring.provider, ring.db = provider, db
    fresh = FieldVault.open(db, provider, clock=ring.clock)
    assert_all_open(fresh, {who: cell for who, cell in cells.items() if who != erased})
    report = roll(fresh.ring, day=day(7), batch=5)
    assert (report.stuck, report.held_back) == ((), ())
    shown = status(fresh.ring, day=day(7))
    assert (shown.current, shown.behind, shown.overdue) == ("2026-12-02", 0, ())
    assert [(item.epoch, item.stage) for item in shown.epochs] == [
        ("2026-11-25", EpochStage.DESTROYED),
        ("2026-12-02", EpochStage.CURRENT),
    ]
    assert_all_open(fresh, {who: cell for who, cell in cells.items() if who != erased})
    with pytest.raises(KeyDestroyedError):
        fresh.open_row(ROW, cells[erased])


def test_a_roll_never_brings_a_destroyed_key_back(
    vault: FieldVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = seal_all(vault)
    write = vault.ring.db.write
    calls = itertools.count()

    def erase_first(fn: Callable[[Connection], T], *, batch: bool = False) -> T:
        if batch and next(calls) == 0:  # after the batch was read, before it is written
            monkeypatch.setattr(vault.ring.db, "write", write)
            vault.destroy(PEOPLE[3], KeyClass.ACTIVE)
            monkeypatch.setattr(vault.ring.db, "write", erase_first)
        return write(fn, batch=batch)

    monkeypatch.setattr(vault.ring.db, "write", erase_first)
    roll(vault.ring, day=day(1))
    with pytest.raises(KeyDestroyedError):
        vault.open_row(ROW, cells[PEOPLE[3]])
    with vault.ring.db.read() as tx:
        row = tx.execute(select(DATA_KEY).where(DATA_KEY.c.subject == PEOPLE[3])).one()
    assert (row.wrapped, row.state) == (None, KeyState.DESTROYED.value)


def test_a_key_that_does_not_unwrap_is_named_and_holds_its_epoch_back(
    vault: FieldVault,
) -> None:
    cells = seal_all(vault)
    stuck = cells[PEOPLE[0]][NAME]
    assert stuck is not None
    damaged = update(DATA_KEY).where(DATA_KEY.c.subject == PEOPLE[0]).values(wrapped=bytes(61))
    vault.ring.db.write(lambda tx: tx.execute(damaged))
    report = roll(vault.ring, day=day(7), batch=3)
    assert report.stuck == (f"data_key:{int.from_bytes(stuck[3:11], 'big')}",)
    assert report.held_back == ("2026-11-25",)
    assert report.ended == ()
    assert status(vault.ring, day=day(7)).overdue == ("2026-11-25",)
    vault.ring.forget(-1)
    assert_all_open(vault, {who: cell for who, cell in cells.items() if who != PEOPLE[0]})


def test_ids_above_the_sign_bit_are_rolled_too(vault: FieldVault) -> None:
    made = [
        cell[3] & 0x80 for cells in seal_all(vault).values() if (cell := cells[NAME]) is not None
    ]
    while not any(made):
        vault.ensure_keys([SubjectId(f"more-{len(made)}")])
        made.append(0x80)
    roll(vault.ring, day=day(1), batch=1)
    assert status(vault.ring, day=day(1)).behind == 0


def test_a_key_store_copy_younger_than_r_opens_and_an_older_one_does_not(
    new_database: Callable[..., str], provider: FileKeyProvider, tmp_path: Path
) -> None:
    path = Path(new_database("sqlite").removeprefix("sqlite:///"))
    live = Database.open(f"sqlite:///{path}")
    create_key_store(live, provider, day=DAY, at=datetime.fromisoformat("2026-11-25T03:00Z"))
    vault = FieldVault.open(live, provider)
    cells = seal_all(vault)
    live.checkpoint()
    copied = Path(shutil.copy(path, tmp_path / "copy.db"))
    vault.destroy(PEOPLE[0], KeyClass.ACTIVE)

    def copy_opens() -> bool:
        restored = Database.open(f"sqlite:///{copied}")
        try:
            FieldVault.open(restored, provider).open_row(ROW, cells[PEOPLE[0]])
        except EpochDestroyedError:
            return False
        finally:
            restored.close()
        return True

    roll(vault.ring, day=day(6))
    assert copy_opens()
    roll(vault.ring, day=day(7))
    assert not copy_opens()
    raw = path.read_bytes() + Path(f"{path}-wal").read_bytes()
    assert PEOPLE[0].encode() in raw  # the tombstone stays
    live.close()


def test_a_wrong_or_lost_provider_key_fails_loudly_at_the_start(
    vault: FieldVault, provider: FileKeyProvider, tmp_path: Path
) -> None:
    other = FileKeyProvider(tmp_path / "other")
    with pytest.raises(GovernanceError, match="epoch_unknown"):
        FieldVault.open(vault.ring.db, other)
    other.create_epoch(DAY)
    with pytest.raises(KeyUnwrapError):
        FieldVault.open(vault.ring.db, other)


def test_days_do_not_run_backwards_and_r_is_at_least_one(vault: FieldVault) -> None:
    roll(vault.ring, day=day(2))
    with pytest.raises(EpochBackwardsError):
        roll(vault.ring, day=day(1))
    with pytest.raises(KeepDaysError):
        roll(vault.ring, day=day(3), keep_days=0)


def test_a_provider_that_cannot_destroy_promises_no_date(
    key_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KEK", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    provider: KeyProvider = EnvKeyProvider("env:TEST_KEK")
    create_key_store(
        key_database, provider, day=DAY, at=datetime.fromisoformat("2026-11-25T03:00Z")
    )
    vault = FieldVault.open(key_database, provider)
    report = roll(vault.ring, day=day(7))
    assert [(end.epoch, end.final_at) for end in report.ended] == [("2026-11-25", None)]
    assert roll(vault.ring, day=day(7)).ended == ()
    assert not status(vault.ring, day=day(7)).provider_destroys


def test_creating_a_key_store_twice_keeps_the_first(
    vault: FieldVault, provider: FileKeyProvider
) -> None:
    create_key_store(vault.ring.db, provider, day=day(1), at=vault.ring.clock())
    again = FieldVault.open(vault.ring.db, provider, clock=vault.ring.clock)
    assert again.ring.installation == vault.ring.installation
    assert status(again.ring, day=DAY).current == "2026-11-25"


def test_status_counts_keys_and_shows_the_provider(vault: FieldVault) -> None:
    seal_all(vault)
    vault.destroy(PEOPLE[0], KeyClass.ACTIVE)
    shown = status(vault.ring, day=DAY)
    assert shown.keys == (
        (KeyClass.ACTIVE, KeyState.ACTIVE, len(PEOPLE) - 1),
        (KeyClass.ACTIVE, KeyState.DESTROYED, 1),
        (KeyClass.RECORD, KeyState.ACTIVE, 1),
    )
    assert (shown.provider, shown.health.ok) == ("file", True)
    with vault.ring.db.read() as tx:
        assert [row.alg for row in tx.execute(select(DATA_KEY.c.alg).distinct())] != []
        assert tx.execute(select(EPOCH.c.state)).scalars().all() == ["current"]
    assert set(Alg) == {1, 2}


@pytest.mark.usefixtures("vault")
def test_an_epoch_that_another_process_began_is_not_begun_again(key_database: Database) -> None:
    epoch, on = EpochId("e-2099-01-01"), date(2099, 1, 1)
    began = [
        key_database.write(lambda tx: begin_epoch(tx, epoch, day=on, wrapped=b"wrapped", at=NOW))
        for _ in "ab"
    ]
    assert began == [True, False]
