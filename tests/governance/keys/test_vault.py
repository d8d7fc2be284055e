"""Rows are sealed per person, open only in their place, and end with the person's key."""

import logging
import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select, update

from governance.core.errors import GovernanceError
from governance.core.terms import FieldId, KeyClass, SubjectId
from governance.crypto.frame import BadTagError
from governance.crypto.index import exact_terms
from governance.crypto.revealed import Ciphertext
from governance.crypto.signing import verify_ed25519, verify_mldsa44
from governance.crypto.values import Plain
from governance.crypto.wrap import KeyCommitmentError, KeyUnwrapError
from governance.db.engine import Database
from governance.keys.errors import (
    IndexBusyError,
    IndexUnknownError,
    KeyDestroyedError,
    KeyStateError,
    KeyStoreMissingError,
    KeyStoreNewerError,
    KeyUnknownError,
    SubjectErasedError,
    WrongSubjectError,
)
from governance.keys.models import DATA_KEY, EPOCH, META, SIGNING_KEY
from governance.keys.signers import ensure_signer, public_keys
from governance.keys.types import IndexState, KeyState, SigningAlgorithm
from governance.keys.vault import FieldVault

NAME, KANA, BORN = FieldId("person.name"), FieldId("person.kana"), FieldId("person.born")
TARO, HANAKO = (
    SubjectId("7d0c1f4e-0000-4000-8000-000000000001"),
    SubjectId("7d0c1f4e-0000-4000-8000-000000000002"),
)
ROW, ROW_2 = "01932c00-0000-7000-8000-000000000001", "01932c00-0000-7000-8000-000000000002"
VALUES: dict[FieldId, Plain | None] = {NAME: "架空 太郎", KANA: None, BORN: date(1975, 3, 9)}


def count_keys(database: Database) -> int:
    with database.read() as tx:
        return int(tx.execute(select(func.count()).select_from(DATA_KEY)).scalar_one())


def sealed(vault: FieldVault, subject: SubjectId, row: str) -> Ciphertext:
    cell = vault.seal_row(subject, row, {NAME: "架空"})[NAME]
    assert cell is not None
    return cell


def test_a_row_opens_in_another_process_as_it_was(
    vault: FieldVault, other_process: FieldVault
) -> None:
    cells = vault.seal_row(TARO, ROW, VALUES)
    opened = other_process.open_row(ROW, cells)
    assert {field: item.value for field, item in opened.items()} == VALUES
    assert cells[KANA] is None


def test_every_kind_of_value_round_trips(vault: FieldVault) -> None:
    values: dict[FieldId, Plain | None] = {
        FieldId("a"): "",
        FieldId("b"): "x" * 2**20,
        FieldId("c"): Decimal("1234567890123456789.00010"),
        FieldId("d"): datetime(2026, 1, 1, 9, tzinfo=UTC),
        FieldId("e"): {"趣味": ["茶道", 1, None]},
        FieldId("f"): False,
        FieldId("g"): "\ud800",
        FieldId("h"): -(2**80),
        FieldId("i"): b"\x00\x80",
        FieldId("j"): None,
    }
    opened = vault.open_row(ROW, vault.seal_row(TARO, ROW, values))
    assert {field: item.value for field, item in opened.items()} == values


def test_many_rows_seal_and_open_in_order_with_one_key_each(
    vault: FieldVault, key_database: Database
) -> None:
    before = count_keys(key_database)
    people = [SubjectId(f"person-{number}") for number in range(700)]
    rows = [
        (subject, f"row-{number}", {NAME: f"架空 {number}"})
        for number, subject in enumerate(people * 2)
    ]
    cells = vault.seal_rows(rows)
    assert count_keys(key_database) - before == 700
    opened = vault.open_rows([(row, cell) for (_, row, _), cell in zip(rows, cells, strict=True)])
    assert [row[NAME].value for row in opened] == [f"架空 {n}" for n in range(1400)]


def test_ciphertexts_swapped_between_rows_columns_or_persons_do_not_open(
    vault: FieldVault,
) -> None:
    taro, hanako = sealed(vault, TARO, ROW), sealed(vault, HANAKO, ROW_2)
    for row, cells in ((ROW, {NAME: hanako}), (ROW_2, {NAME: taro}), (ROW, {KANA: taro})):
        with pytest.raises(BadTagError):
            vault.open_row(row, cells)


def test_an_unknown_key_is_refused_and_no_other_is_tried(vault: FieldVault) -> None:
    cell = bytearray(sealed(vault, TARO, ROW))
    cell[3:11] = b"\xff" * 8
    with pytest.raises(KeyUnknownError):
        vault.open_row(ROW, {NAME: bytes(cell)})


def test_a_destroyed_key_is_refused_everywhere_in_the_next_call(
    vault: FieldVault, other_process: FieldVault
) -> None:
    taro, hanako = sealed(vault, TARO, ROW), sealed(vault, HANAKO, ROW_2)
    other_process.open_rows([(ROW, {NAME: taro}), (ROW_2, {NAME: hanako})])
    done = vault.destroy(TARO, KeyClass.ACTIVE)
    assert (done.keys, done.last_epoch) == (1, "2026-11-25")
    for process in (vault, other_process):
        with pytest.raises(KeyDestroyedError):
            process.open_row(ROW, {NAME: taro})
        with pytest.raises(SubjectErasedError):
            process.seal_row(TARO, ROW, VALUES)
        with pytest.raises(SubjectErasedError):
            process.ensure_keys([HANAKO, TARO])
        assert process.open_row(ROW_2, {NAME: hanako})[NAME].value == "架空"


def test_destruction_leaves_no_wrapped_key_and_twice_equals_once(
    vault: FieldVault, key_database: Database
) -> None:
    sealed(vault, TARO, ROW)
    vault.destroy(TARO, KeyClass.ACTIVE)
    assert vault.destroy(TARO, KeyClass.ACTIVE).keys == 0
    with key_database.read() as tx:
        row = tx.execute(select(DATA_KEY).where(DATA_KEY.c.subject == TARO)).one()
    assert (row.wrapped, row.state) == (None, "destroyed")
    assert row.destroyed_at is not None


def test_a_person_erased_before_having_a_key_gets_none_later(vault: FieldVault) -> None:
    assert vault.destroy(TARO, KeyClass.ACTIVE).keys == 0
    with pytest.raises(SubjectErasedError):
        vault.seal_row(TARO, ROW, VALUES)


def test_only_reonboarding_makes_a_new_key_and_the_old_cells_stay_shut(
    vault: FieldVault, other_process: FieldVault
) -> None:
    old = sealed(vault, TARO, ROW)
    with pytest.raises(KeyStateError):
        vault.reonboard(TARO)
    for _ in range(2):
        vault.destroy(TARO, KeyClass.ACTIVE)
        vault.reonboard(TARO)
    new = sealed(other_process, TARO, ROW)
    assert vault.open_row(ROW, {NAME: new})[NAME].value == "架空"
    with pytest.raises(KeyDestroyedError):
        vault.open_row(ROW, {NAME: old})


def test_fields_kept_by_law_open_after_the_active_key_ended(vault: FieldVault) -> None:
    cells = vault.seal_row(TARO, ROW, VALUES)
    kept = vault.reseal(TARO, ROW, {BORN: cells[BORN], KANA: None}, to=KeyClass.KEPT)
    vault.destroy(TARO, KeyClass.ACTIVE)
    opened = vault.open_row(ROW, kept)
    assert (opened[BORN].value, opened[KANA].value) == (date(1975, 3, 9), None)
    vault.destroy(TARO, KeyClass.KEPT)
    with pytest.raises(KeyDestroyedError):
        vault.open_row(ROW, kept)


def test_resealing_refuses_the_cell_of_another_person(vault: FieldVault) -> None:
    cell = sealed(vault, HANAKO, ROW)
    with pytest.raises(WrongSubjectError):
        vault.reseal(TARO, ROW, {NAME: cell})


def test_a_rotated_key_opens_until_it_is_dropped(vault: FieldVault) -> None:
    old = sealed(vault, TARO, ROW)
    vault.rotate(TARO, KeyClass.ACTIVE)
    assert vault.open_row(ROW, {NAME: old})[NAME].value == "架空"
    moved = vault.reseal(TARO, ROW, {NAME: old}, to=KeyClass.ACTIVE)
    new = moved[NAME]
    assert new is not None
    assert new[3:11] != old[3:11]
    assert vault.drop_retired(TARO, KeyClass.ACTIVE) == 1
    assert vault.open_row(ROW, moved)[NAME].value == "架空"
    with pytest.raises(KeyDestroyedError):
        vault.open_row(ROW, {NAME: old})
    with pytest.raises(KeyStateError):
        vault.rotate(HANAKO, KeyClass.ACTIVE)


def test_one_erasure_ends_rotated_keys_too(vault: FieldVault) -> None:
    old = sealed(vault, TARO, ROW)
    vault.rotate(TARO, KeyClass.ACTIVE)
    new = sealed(vault, TARO, ROW)
    assert vault.destroy(TARO, KeyClass.ACTIVE).keys == 2
    for cell in (old, new):
        with pytest.raises(KeyDestroyedError):
            vault.open_row(ROW, {NAME: cell})


def test_two_processes_minting_for_one_person_agree(
    vault: FieldVault, other_process: FieldVault
) -> None:
    people = [SubjectId(f"person-{number}") for number in range(100)]
    cells: dict[str, tuple[dict[FieldId, Ciphertext | None], ...]] = {}

    def seal(name: str, process: FieldVault) -> None:
        cells[name] = process.seal_rows([(person, ROW, {NAME: "架空"}) for person in people])

    threads = [
        threading.Thread(target=seal, args=pair)
        for pair in (("one", vault), ("two", other_process))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, two in zip(cells["one"], cells["two"], strict=True):
        first, second = one[NAME], two[NAME]
        assert first is not None
        assert second is not None
        assert first[3:11] == second[3:11]


def test_erasing_while_another_process_seals_leaves_no_live_key(
    vault: FieldVault, other_process: FieldVault, key_database: Database
) -> None:
    people = [SubjectId(f"person-{number}") for number in range(40)]
    unexpected: list[BaseException] = []

    def seal() -> None:
        for person in people * 2:
            try:
                other_process.seal_row(person, ROW, VALUES)
            except SubjectErasedError:
                continue
            except Exception as error:  # noqa: BLE001 # the test looks at it
                unexpected.append(error)

    thread = threading.Thread(target=seal)
    thread.start()
    for person in people:
        vault.destroy(person, KeyClass.ACTIVE)
    thread.join()
    assert unexpected == []
    with key_database.read() as tx:
        mine = DATA_KEY.c.subject.like("person-%"), DATA_KEY.c.wrapped.is_not(None)
        assert tx.execute(select(DATA_KEY.c.dek_id).where(*mine)).all() == []


def test_the_commitment_catches_a_key_exchanged_in_the_store(
    vault: FieldVault, key_database: Database
) -> None:
    cell = sealed(vault, TARO, ROW)
    damaged = update(DATA_KEY).where(DATA_KEY.c.subject == TARO)
    key_database.write(lambda tx: tx.execute(damaged.values(commitment=bytes(16))))
    vault.ring.forget(-1)
    with pytest.raises(KeyCommitmentError):
        vault.open_row(ROW, {NAME: cell})


def test_a_wrapped_key_moved_to_another_person_does_not_unwrap(
    vault: FieldVault, key_database: Database
) -> None:
    cell = sealed(vault, TARO, ROW)
    moved = update(DATA_KEY).where(DATA_KEY.c.subject == TARO).values(subject=HANAKO)
    key_database.write(lambda tx: tx.execute(moved))
    vault.ring.forget(-1)
    with pytest.raises(KeyUnwrapError):
        vault.open_row(ROW, {NAME: cell})


def test_parts_and_blobs_open_only_in_their_place(vault: FieldVault) -> None:
    part = vault.seal_part(TARO, ROW, b"part")
    blob = vault.seal_blob("query", ROW, b"blob")
    assert (part[1], blob[1]) == (1, 2)
    assert vault.open_part(ROW, part) == b"part"
    assert vault.open_blob("query", ROW, blob) == b"blob"
    with pytest.raises(BadTagError):
        vault.open_part(ROW_2, part)
    with pytest.raises(BadTagError):
        vault.open_blob("outbox", ROW, blob)
    vault.destroy(TARO, KeyClass.ACTIVE)
    with pytest.raises(KeyDestroyedError):
        vault.open_part(ROW, part)
    later = vault.seal_part(TARO, ROW, b"erasure", key_class=KeyClass.RECORD)
    assert vault.open_part(ROW, later) == b"erasure"


def test_live_keys_make_the_tokens_of_every_version_that_is_written(
    vault: FieldVault, other_process: FieldVault
) -> None:
    vault.indexes.ensure(NAME)
    vault.indexes.begin_version(NAME, bits=20)
    live = other_process.indexes.live_keys()
    assert sorted(live) == [(NAME, 1), (NAME, 2)]
    terms = exact_terms("かくう")
    for (field, version), key in live.items():
        assert key.tokens(terms) == vault.tokens(field, version, terms)
    vault.indexes.activate(NAME, 2)
    vault.indexes.destroy(NAME, 1)
    assert list(other_process.indexes.live_keys()) == [(NAME, 2)]


def test_an_index_rotates_without_a_gap(vault: FieldVault, other_process: FieldVault) -> None:
    first = vault.indexes.ensure(NAME)
    assert vault.indexes.ensure(NAME) == first
    assert (first.version, first.bits, first.state) == (1, 32, IndexState.ACTIVE)
    terms = exact_terms("かくう")
    tokens = vault.tokens(NAME, 1, terms)
    assert tokens == other_process.tokens(NAME, 1, terms)
    assert tokens != vault.tokens(KANA, vault.indexes.ensure(KANA).version, terms)
    second = vault.indexes.begin_version(NAME, bits=20)
    with pytest.raises(IndexBusyError):
        vault.indexes.begin_version(NAME, bits=20)
    assert [item.version for item in other_process.indexes.versions(NAME)] == [1, 2]
    assert len(other_process.tokens(NAME, 2, terms)[0]) == 3
    vault.indexes.activate(NAME, second.version)
    vault.indexes.destroy(NAME, first.version)
    assert vault.indexes.ensure(NAME).version == 2
    for process in (vault, other_process):
        with pytest.raises(IndexUnknownError):
            process.tokens(NAME, 1, terms)


@pytest.mark.parametrize("algorithm", list(SigningAlgorithm))
def test_a_named_signer_is_the_same_in_every_process(
    vault: FieldVault, other_process: FieldVault, algorithm: SigningAlgorithm
) -> None:
    signer = ensure_signer(vault.ring, "audit", algorithm)
    again = ensure_signer(other_process.ring, "audit", algorithm)
    assert signer.public_key == again.public_key
    assert public_keys(vault.ring, "audit") == ((algorithm, signer.public_key),)
    verify = {
        SigningAlgorithm.ED25519: verify_ed25519,
        SigningAlgorithm.ML_DSA_44: verify_mldsa44,
    }[algorithm]
    assert verify(signer.public_key, b"root", again.sign(b"root"))


def test_the_store_holds_no_key_in_the_clear(vault: FieldVault, key_database: Database) -> None:
    sealed(vault, TARO, ROW)
    ensure_signer(vault.ring, "audit", SigningAlgorithm.ED25519)
    with key_database.read() as tx:
        for table in (DATA_KEY, SIGNING_KEY, EPOCH):
            for row in tx.execute(select(table.c.wrapped)):
                assert len(row.wrapped) == 61


def test_a_missing_or_newer_key_store_is_refused(key_database: Database, vault: FieldVault) -> None:
    newer = update(META).values(schema_version=999)
    key_database.write(lambda tx: tx.execute(newer))
    with pytest.raises(KeyStoreNewerError):
        FieldVault.open(key_database, vault.ring.provider)
    key_database.write(META.drop)
    with pytest.raises(KeyStoreMissingError):
        FieldVault.open(key_database, vault.ring.provider)


def test_nothing_shows_a_value_or_key(vault: FieldVault, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    cells = vault.seal_row(TARO, ROW, VALUES)
    opened = vault.open_row(ROW, cells)
    shown = f"{opened} {opened[NAME]!r} {vault} {vault.ring} {vault.ring.provider}"
    with pytest.raises(GovernanceError) as caught:
        vault.open_row(ROW_2, cells)
    chain: BaseException | None = caught.value
    while chain is not None:
        shown += repr(chain) + str(chain)
        chain = chain.__cause__
    for text in ("架空", "太郎", "1975"):
        assert text not in shown + caplog.text


def test_a_small_ring_forgets_the_oldest_and_still_opens(vault: FieldVault) -> None:
    vault.ring._capacity = 3
    people = [SubjectId(f"person-{number}") for number in range(10)]
    cells = vault.seal_rows([(person, ROW, {NAME: person}) for person in people])
    opened = vault.open_rows([(ROW, cell) for cell in cells])
    assert [row[NAME].value for row in opened] == people
    assert len(vault.ring._held) == 3
    assert len(vault.ring._sealing) <= 3


def forget_data_keys(vault: FieldVault) -> None:
    vault.ring._held.clear()
    vault.ring._known.clear()


def test_keys_of_epochs_are_asked_from_the_provider_again_in_time(
    vault: FieldVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = sealed(vault, TARO, ROW)
    (vault.ring.provider._folder / "2026-11-25.key").unlink()  # type: ignore[attr-defined] # the file provider
    forget_data_keys(vault)
    assert vault.open_row(ROW, {NAME: cell})[NAME].value == "架空"
    forget_data_keys(vault)
    vault.ring.clock.forward(timedelta(minutes=16))  # type: ignore[attr-defined] # the test's clock
    with pytest.raises(GovernanceError, match="epoch_unknown"):
        vault.open_row(ROW, {NAME: cell})
    with pytest.raises(GovernanceError, match="epoch_unknown"):
        FieldVault.open(vault.ring.db, vault.ring.provider, clock=vault.ring.clock)


def test_a_key_read_before_an_ending_is_not_kept_after_it(vault: FieldVault) -> None:
    cell = sealed(vault, TARO, ROW)
    vault.ring.forget(vault.ring._generation)
    with vault.ring.look() as look:
        vault.ring.forget(look.seen + 1)  # as another thread does when a key ended meanwhile
        look.held(int.from_bytes(cell[3:11], "big"))
    assert len(vault.ring._held) == 0


def test_a_look_from_before_an_ending_leaves_no_opener_behind(
    vault: FieldVault, other_process: FieldVault
) -> None:
    cell = sealed(vault, TARO, ROW)
    with vault.ring.look() as look:
        early = look.openers()
        other_process.destroy(TARO, KeyClass.ACTIVE)
        with vault.ring.look():
            pass  # another thread sees the ending first
        early.opener(cell[:11])
    with pytest.raises(GovernanceError, match="key_destroyed"):
        vault.open_row(ROW, {NAME: cell})


def test_openers_are_bounded_and_still_found_again(vault: FieldVault) -> None:
    vault.ring._capacity = 2
    people = [SubjectId(f"person-{number}") for number in range(8)]
    cells = vault.seal_rows([(person, ROW, {NAME: person}) for person in people])
    for person, cell in zip(people, cells, strict=True):
        assert vault.open_row(ROW, cell).reveal() == {NAME: person}
    assert len(vault.ring._known) <= 6


def test_states_are_words_of_the_store() -> None:
    assert {state.value for state in KeyState} == {"active", "retired", "destroyed"}
