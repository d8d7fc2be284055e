"""The failure list of field encryption: each of its fourteen points, and the tests that show it.

The list stands in `SHOWN`; docs/decisions/0016-key-work.md says the same for readers. A test here
holds that every named test exists. What had no test of its own elsewhere is tested below, on
stored rows of a whole store.
"""

import ast
import itertools
import logging
import os
import shutil
import threading
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection, Table, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from governance.core.errors import GovernanceError
from governance.core.terms import FieldId, KeyClass, SubjectId
from governance.crypto.frame import (
    Alg,
    BadAlgError,
    BadKindError,
    BadMagicError,
    BadTagError,
    CellKey,
    FieldBindings,
    ShortFrameError,
    row_binding,
)
from governance.crypto.providers.file import FileKeyProvider
from governance.customers.store import TABLES
from governance.db.engine import Database
from governance.keys.errors import KeyDestroyedError, KeyUnknownError
from governance.keys.ring import Look
from governance.keys.types import HeldKey
from governance.keys.vault import FieldVault
from tests.governance.custody.world import NAME, World

ROOT = Path(__file__).parents[3]
KEYS, CRYPTO, CUSTODY = (
    "tests/governance/keys",
    "tests/governance/crypto",
    "tests/governance/custody",
)
SHOWN: dict[int, tuple[str, ...]] = {
    1: (
        f"{CUSTODY}/test_a4.py::test_stored_cells_swapped_in_any_way_are_refused",
        f"{KEYS}/test_vault.py::test_ciphertexts_swapped_between_rows_columns_or_persons_do_not_open",
        f"{CRYPTO}/test_frame.py::test_swapping_cells_between_columns_or_rows_is_refused",
    ),
    2: (
        f"{CUSTODY}/test_a4.py::test_every_value_of_every_header_byte_is_refused_on_a_stored_row",
        f"{CRYPTO}/test_frame.py::test_no_flipped_header_bit_opens",
    ),
    3: (
        f"{CUSTODY}/test_a4.py::test_each_broken_header_has_its_own_refusal_and_no_key_is_tried",
        f"{KEYS}/test_vault.py::test_an_unknown_key_is_refused_and_no_other_is_tried",
        f"{CRYPTO}/test_frame.py::test_refused_vectors_are_refused_for_their_own_reason",
    ),
    4: (
        f"{CUSTODY}/test_a4.py::test_a_lost_epoch_key_stops_the_start_and_its_copy_restores_all",
        f"{KEYS}/test_epochs.py::test_a_wrong_or_lost_provider_key_fails_loudly_at_the_start",
    ),
    5: (
        f"{CUSTODY}/test_kill.py::test_death_at_a_statement_is_recovered",
        f"{CUSTODY}/test_kill.py::test_processes_killed_while_they_rotate_lose_and_double_nothing",
        f"{CUSTODY}/test_clear.py::test_death_at_a_statement_loses_and_doubles_nothing",
        f"{CUSTODY}/test_clear.py::test_a_value_is_never_sealed_twice",
        f"{KEYS}/test_epochs.py::test_a_roll_killed_at_any_step_is_finished_by_the_next",
    ),
    6: (
        f"{CUSTODY}/test_a4.py::test_readers_racing_with_a_shred_see_the_value_or_the_refusal",
        f"{KEYS}/test_vault.py::test_erasing_while_another_process_seals_leaves_no_live_key",
        f"{KEYS}/test_vault.py::test_only_reonboarding_makes_a_new_key_and_the_old_cells_stay_shut",
        f"{CUSTODY}/test_rotation.py::test_who_is_erased_meanwhile_stays_erased",
    ),
    7: (
        f"{CUSTODY}/test_residue.py::test_a_copy_of_day_0_opens_nothing_of_the_erased_after_r_days",
        f"{KEYS}/test_epochs.py::test_a_key_store_copy_younger_than_r_opens_and_an_older_one_does_not",
        "tests/retention/test_kill.py::test_an_old_copy_cannot_be_opened_once_the_keys_ended",
    ),
    8: (
        f"{CUSTODY}/test_residue.py::test_raw_files_hold_neither_a_value_nor_a_token_of_the_erased",
    ),
    9: (
        f"{CUSTODY}/test_a4.py::test_nonces_of_many_draws_never_repeat",
        f"{CRYPTO}/test_frame.py::test_nonces_never_repeat_in_or_across_forks",
    ),
    10: (
        f"{KEYS}/test_vault.py::test_the_commitment_catches_a_key_exchanged_in_the_store",
        f"{KEYS}/test_vault.py::test_a_wrapped_key_moved_to_another_person_does_not_unwrap",
        f"{CRYPTO}/providers/test_file_and_env.py::test_the_commitment_catches_another_key_of_the_same_id",
    ),
    11: (
        "tests/governance/customers/normalise/test_properties.py::test_normalising_twice_changes_nothing",
        "tests/governance/customers/normalise/test_properties.py::test_full_and_half_width_are_one",
        "tests/governance/customers/normalise/test_properties.py::test_keys_are_stable_under_folding",
    ),
    12: (
        f"{CUSTODY}/test_a4.py::test_no_refusal_log_or_repr_quotes_a_value_or_a_key",
        f"{CRYPTO}/test_frame.py::test_no_repr_format_log_or_pickle_shows_a_value",
        f"{CRYPTO}/test_frame.py::test_what_cannot_come_back_is_refused_without_being_quoted",
    ),
    13: (
        f"{CRYPTO}/test_frame.py::test_every_value_comes_back_as_it_was",
        f"{CRYPTO}/test_frame.py::test_a_row_comes_back_as_it_was_and_null_stays_null",
        f"{CRYPTO}/test_frame.py::test_empty_long_and_border_lengths_round_trip",
        f"{CRYPTO}/test_frame.py::test_times_keep_their_instant_and_come_back_in_utc",
        f"{KEYS}/test_vault.py::test_every_kind_of_value_round_trips",
    ),
    14: (
        f"{KEYS}/test_lease.py::test_a_silent_provider_is_waited_out_for_the_lease_and_then_nothing_opens",
        f"{KEYS}/test_lease.py::test_no_key_stays_in_memory_past_the_lease",
        f"{KEYS}/test_lease.py::test_the_start_fails_when_the_provider_is_silent",
        f"{KEYS}/test_vault.py::test_keys_of_epochs_are_asked_from_the_provider_again_in_time",
    ),
}  # fmt: skip
DRAWS = int(os.environ.get("SEKISHO_NONCES", "200000"))
SECRET = "架空の秘密 太郎"


@dataclass(frozen=True, kw_only=True)
class At:
    """One stored cell."""

    table: Table
    row: str
    bound: FieldId

    @property
    def column(self) -> str:
        return self.bound.rpartition(".")[2]


def test_every_point_of_the_list_is_shown_by_tests_that_exist() -> None:
    assert sorted(SHOWN) == list(range(1, 15))
    for name in itertools.chain.from_iterable(SHOWN.values()):
        path, _, test = name.partition("::")
        tree = ast.parse((ROOT / path).read_text("utf-8"))
        defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert test in defined, name


def cells(world: World, table: str = "person") -> Iterator[At]:
    for name, row, bound in world.said:
        if name == table:
            yield At(table=TABLES.get(name, SQLModel.metadata.tables[name]), row=row, bound=bound)


def read(world: World, at: At) -> bytes:
    with world.by.ports.database.read() as tx:
        wanted = select(at.table.c[at.column]).where(at.table.c.id == at.row)
        return bytes(tx.execute(wanted).scalar_one())


def put(world: World, at: At, frame: bytes) -> None:
    change = update(at.table).where(at.table.c.id == at.row).values({at.column: frame})
    world.by.ports.database.write(lambda tx: tx.execute(change))


def opened(world: World, at: At) -> object:
    return world.by.ports.vault.open_row(at.row, {at.bound: read(world, at)})[at.bound].value


def test_stored_cells_swapped_in_any_way_are_refused(world: World) -> None:
    """Between rows of one person, between persons, between columns, between tables."""
    world.settle(2)
    places = [at for table in ("person", "inquiry", "purchase") for at in cells(world, table)]
    for one, two in itertools.combinations(places, 2):
        first, second = read(world, one), read(world, two)
        put(world, one, second)
        put(world, two, first)
        for at in (one, two):
            with pytest.raises(BadTagError):
                opened(world, at)
        put(world, one, first)
        put(world, two, second)
    assert world.wrong() == []


def test_every_value_of_every_header_byte_is_refused_on_a_stored_row(world: World) -> None:
    world.settle(2)
    at = next(cells(world))
    frame, vault = read(world, at), world.by.ports.vault
    for position, value in itertools.product(range(11), range(256)):
        if frame[position] == value:
            continue
        broken = frame[:position] + bytes([value]) + frame[position + 1 :]
        with pytest.raises(
            (BadMagicError, BadAlgError, BadKindError, BadTagError, KeyUnknownError)
        ):
            vault.open_row(at.row, {at.bound: broken})


def test_each_broken_header_has_its_own_refusal_and_no_key_is_tried(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.settle(2)
    one, other = (at for at in cells(world) if at.bound == NAME)
    frame, others, vault = read(world, one), read(world, other), world.by.ports.vault
    tried: list[int] = []
    real = Look.held

    def noted(look: Look, dek_id: int) -> HeldKey:
        tried.append(dek_id)
        return real(look, dek_id)

    monkeypatch.setattr(Look, "held", noted)
    for broken, refusal in (
        (b"\x00" + frame[1:], BadMagicError),
        ("架空".encode(), BadMagicError),
        (b"", ShortFrameError),
        (frame[:9], ShortFrameError),
        (frame[:38], GovernanceError),
        (frame[:1] + b"\x09" + frame[2:], BadAlgError),
        (frame[:1] + b"\x02" + frame[2:], BadAlgError),
        (frame[:2] + b"\x7f" + frame[3:], BadKindError),
        (frame[:3] + bytes(8) + frame[11:], KeyUnknownError),
        (frame[:3] + others[3:11] + frame[11:], BadTagError),
    ):
        tried.clear()
        vault.ring.forget(vault.ring._generation)
        with pytest.raises(refusal):
            vault.open_row(one.row, {one.bound: broken})
        named = int.from_bytes(broken[3:11], "big")
        assert set(tried) <= {named}


def test_a_lost_epoch_key_stops_the_start_and_its_copy_restores_all(
    world: World, tmp_path: Path
) -> None:
    """The drill: the folder of the epoch keys is lost, and comes back from its copy."""
    world.settle(2)
    folder, copied = tmp_path / "epochs", tmp_path / "elsewhere"
    shutil.copytree(folder, copied)
    shutil.rmtree(folder)
    keys, clock = world.by.ports.vault.ring.db, world.clock
    with pytest.raises(GovernanceError, match="epoch_unknown"):
        FieldVault.open(keys, FileKeyProvider(folder), clock=clock)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(copied, folder)
    again = FieldVault.open(keys, FileKeyProvider(folder), clock=clock)
    for at in cells(world):
        assert again.open_row(at.row, {at.bound: read(world, at)})[at.bound].value


def test_readers_racing_with_a_shred_see_the_value_or_the_refusal(
    world: World, keys: Database, tmp_path: Path
) -> None:
    world.settle(1)
    at = next(cells(world))
    frame, said = read(world, at), world.said["person", at.row, at.bound]  # type: ignore[index] # a row id
    other = FieldVault.open(keys, FileKeyProvider(tmp_path / "epochs"), clock=world.clock)
    begun, ended = threading.Event(), threading.Event()
    wrong: list[object] = []

    def look() -> None:
        while True:
            over = ended.is_set()  # read before opening: what follows must be refused
            try:
                value = other.open_row(at.row, {at.bound: frame})[at.bound].value
            except KeyDestroyedError:
                return
            if over or value != said:
                wrong.append(value)
                return
            begun.set()

    thread = threading.Thread(target=look)
    thread.start()
    assert begun.wait(30)
    world.by.ports.vault.destroy(world.people[0], KeyClass.ACTIVE)
    ended.set()
    thread.join(30)
    assert not thread.is_alive()
    assert wrong == []


def test_nonces_of_many_draws_never_repeat() -> None:
    """Ten million in the long campaign; two equal ones would share their first eight bytes."""
    key = CellKey(1, bytes(32), Alg.GCM)
    bindings, row = FieldBindings("drill"), row_binding("row")
    values = {FieldId(f"f{number}"): "x" for number in range(100)}
    drawn = array("Q")
    for _ in range(DRAWS // len(values)):
        sealed = key.seal_cells(values, bindings=bindings, row=row)
        drawn.extend(int.from_bytes(cell[11:19], "big") for cell in sealed.values() if cell)
    assert len(drawn) == DRAWS // len(values) * len(values)
    ordered = np.sort(np.frombuffer(drawn, dtype=np.uint64))
    assert int((ordered[1:] == ordered[:-1]).sum()) == 0


def test_no_refusal_log_or_repr_quotes_a_value_or_a_key(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.settle(1)
    at, vault = next(cells(world)), world.by.ports.vault
    world.rewrite(world.people[0], SECRET)
    frame = read(world, at)
    shown: list[str] = []
    with caplog.at_level(logging.DEBUG):
        row = vault.open_row(at.row, {at.bound: frame})
        shown += [repr(row), str(row), f"{row[at.bound]}", repr(vault), repr(vault.ring)]
        for attempt in (
            lambda: vault.open_row("other", {at.bound: frame}),
            lambda: vault.open_row(at.row, {at.bound: frame[:-1]}),
            lambda: vault.reseal(SubjectId("nobody"), at.row, {at.bound: frame}),
            lambda: vault.open_row(at.row, {at.bound: SECRET.encode()}),
        ):
            with pytest.raises(GovernanceError) as caught:
                attempt()
            shown += [str(caught.value), repr(caught.value), str(caught.value.params)]
            shown.append(str(caught.value.__cause__))

        def twice(tx: Connection) -> None:
            tx.execute(at.table.insert().values(id=at.row, name=frame))

        with pytest.raises(IntegrityError) as refused:
            world.by.ports.database.write(twice)
        shown += [str(refused.value), repr(refused.value)]
    said = " ".join(shown) + caplog.text
    assert SECRET not in said
    assert frame.hex() not in said
    assert repr(frame)[2:40] not in said
