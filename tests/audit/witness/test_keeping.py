"""A witness's folder: a guarded key, a durable memory, one step back for nobody."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from audit.errors import WitnessExistsError, WitnessFolderError, WitnessKeyOpenError
from audit.note import parse_checkpoint, parse_note, parse_vkey, verify_note
from audit.witness.keeping import Witness
from audit.witness.protocol import Refusal, Refused
from tests.audit.bench import NOW
from tests.audit.witness.trees import LOGS, ORIGIN, tree


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    made = Witness.create(tmp_path / "w", "witness.example/w1")
    made.trust([key.vkey for key in LOGS[ORIGIN]])
    return made


def test_a_cosigned_checkpoint_verifies_under_the_witnesss_own_keys(witness: Witness) -> None:
    grown = tree(9)
    lines = witness.witness(grown.asked(0, 5), at=NOW)
    assert isinstance(lines, str)
    note = witness.latest(ORIGIN)
    assert note is not None
    found = verify_note(parse_note(note), map(parse_vkey, witness.vkeys))
    assert {one.key.name for one in found} == {"witness.example/w1"}
    assert len(found) == 2
    assert all(one.at == NOW for one in found)


def test_the_witness_remembers_over_a_restart(witness: Witness) -> None:
    witness.witness(tree(9).asked(0, 5), at=NOW)
    again = Witness.open(witness.folder)
    assert again.vkeys == witness.vkeys
    assert again.witness(tree(9, other_from=3).asked(5, 9), at=NOW) == Refused(
        refusal=Refusal.PROOF
    )
    assert isinstance(again.witness(tree(9).asked(5, 9), at=NOW), str)


def test_many_askers_leave_one_history(witness: Witness) -> None:
    grown = tree(40)
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda size: witness.witness(grown.asked(0, size), at=NOW), range(1, 40))
        )
    cosigned = [answer for answer in answers if isinstance(answer, str)]
    assert len(cosigned) == 1
    note = witness.latest(ORIGIN)
    assert note is not None
    size = parse_checkpoint(parse_note(note).text).size
    assert {a.known_size for a in answers if isinstance(a, Refused)} == {size}


def test_a_key_that_others_can_read_is_refused(witness: Witness) -> None:
    (witness.folder / "key").chmod(0o644)
    with pytest.raises(WitnessKeyOpenError):
        Witness.open(witness.folder)


def test_no_witness_is_made_over_another(witness: Witness, tmp_path: Path) -> None:
    before = (witness.folder / "key").read_text()
    with pytest.raises(WitnessExistsError):
        Witness.create(witness.folder, "witness.example/w2")
    assert (witness.folder / "key").read_text() == before
    with pytest.raises(WitnessFolderError):
        Witness.open(tmp_path / "nothing")


def test_the_key_is_in_no_repr(witness: Witness) -> None:
    assert (witness.folder / "key").read_text().strip() not in repr(witness)
    assert (witness.folder / "key").stat().st_mode & 0o077 == 0
