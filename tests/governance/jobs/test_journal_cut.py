import hmac
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.core.terms import EventId, SubjectId
from governance.jobs.errors import (
    JournalBehindError,
    JournalDamagedError,
    JournalForeignError,
    JournalSealError,
    JournalUnwritableError,
)
from governance.jobs.journal import CUTTING, Journal
from governance.jobs.journal_cut import last_to_cut
from governance.jobs.journal_record import JournalEntry, JournalHead, JournalKind, JournalRecord

NOW = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
SUBJECT = SubjectId("3f2b8c1e-0000-4000-8000-0123456789ab")
ENTRY = JournalEntry(
    kind=JournalKind.WITHDRAWAL,
    subject=SUBJECT,
    scope="newsletter/mail/-",
    event=EventId("e"),
    consent_seq=1,
    at=NOW,
)


class Keyed:
    """A seal by a key of the test."""

    def __init__(self, key: bytes = b"one") -> None:
        self.key = key

    def sign(self, seq: int, content: bytes, *, at: datetime) -> bytes:  # noqa: ARG002 - the port
        return hmac.digest(self.key, b"%d" % seq + content, "sha256").hex().encode()

    def holds(self, seq: int, content: bytes, signature: bytes) -> bool:
        return hmac.compare_digest(self.sign(seq, content, at=NOW), signature)


def opened(path: Path, seal: Keyed | None = None) -> Journal:
    return Journal.open(path, installation="i1", seal=seal or Keyed())


def filled(path: Path, count: int) -> list[JournalHead]:
    journal = opened(path)
    heads = journal.append_many(replace(ENTRY, event=EventId(f"e{n}")) for n in range(1, count + 1))
    journal.close()
    return list(heads)


def cut(journal: Journal, seq: int) -> bool:
    return journal.cut(seq, through=NOW, reason="ledger_over", at=NOW) is not None


def events(journal: Journal) -> list[str]:
    return [str(record.entry.event) for record in journal.replay()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.journal"


def test_what_is_cut_has_left_the_file_and_the_rest_is_the_same_bytes(path: Path) -> None:
    heads = filled(path, 6)
    tail = path.read_bytes().splitlines(keepends=True)[5:]
    journal = opened(path)
    assert cut(journal, 4)
    assert journal.head == heads[-1]
    lines = path.read_bytes().splitlines(keepends=True)
    assert lines[1:] == tail
    assert b'"e4"' not in path.read_bytes()
    assert events(opened(path)) == ["e5", "e6"]
    assert opened(path).append(ENTRY).seq == 7
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_anchor_says_what_left_and_why(path: Path) -> None:
    heads = filled(path, 6)
    cut(opened(path), 4)
    left = opened(path).left
    assert left is not None
    assert (left.head, left.entries, left.reason) == (heads[3], 4, "ledger_over")
    assert (left.through, left.at) == (NOW, NOW)


def test_everything_may_leave_and_the_chain_goes_on(path: Path) -> None:
    heads = filled(path, 3)
    journal = opened(path)
    cut(journal, 3)
    assert events(journal) == []
    assert journal.head == heads[-1]
    assert opened(path).append(ENTRY).seq == 4


def test_what_left_before_leaves_no_second_time(path: Path) -> None:
    filled(path, 6)
    journal = opened(path)
    assert cut(journal, 4)
    before = path.read_bytes()
    assert not cut(journal, 4)
    assert not cut(opened(path), 2)
    assert path.read_bytes() == before
    assert cut(opened(path), 5)
    assert events(journal) == ["e6"], "who had it open goes on in the new file"


def test_nothing_beyond_the_end_is_cut(path: Path) -> None:
    filled(path, 2)
    before = path.read_bytes()
    with pytest.raises(JournalBehindError):
        cut(opened(path), 3)
    assert path.read_bytes() == before


def test_heads_noted_outside_hold_before_and_after_the_cut(path: Path) -> None:
    heads = filled(path, 6)
    cut(opened(path), 4)
    journal = opened(path)
    for head in heads:
        journal.confirm(head)
    for wrong in (heads[3], heads[5]):
        with pytest.raises(JournalBehindError):
            journal.confirm(JournalHead(seq=wrong.seq, digest="0" * 64))
    with pytest.raises(JournalBehindError):
        journal.confirm(JournalHead(seq=9, digest=heads[5].digest))


@settings(deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_no_bit_of_the_anchor_can_be_changed(
    place: float, bit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("j") / "j"
    filled(path, 3)
    cut(opened(path), 2)
    content = bytearray(path.read_bytes())
    first = content.index(b"\n")
    content[int(place * first)] ^= 1 << bit
    path.write_bytes(content)
    with pytest.raises((JournalDamagedError, JournalForeignError, JournalSealError)):
        opened(path)
    assert path.read_bytes() == bytes(content)


def test_an_anchor_that_somebody_else_signed_is_refused(path: Path) -> None:
    filled(path, 3)
    cut(opened(path, Keyed(b"another")), 2)
    with pytest.raises(JournalSealError):
        opened(path)
    with pytest.raises(JournalSealError):
        Journal.open(path, installation="i1")


def test_an_anchor_of_another_installation_is_refused(path: Path) -> None:
    filled(path, 3)
    cut(opened(path), 2)
    with pytest.raises(JournalForeignError):
        Journal.open(path, installation="i2", seal=Keyed())


def test_without_a_seal_nothing_leaves(path: Path) -> None:
    filled(path, 3)
    before = path.read_bytes()
    with pytest.raises(JournalSealError):
        cut(Journal.open(path, installation="i1"), 2)
    assert path.read_bytes() == before


def test_a_half_anchor_is_damage_and_no_new_journal(path: Path) -> None:
    filled(path, 3)
    cut(opened(path), 3)
    path.write_bytes(path.read_bytes()[:-10])
    before = path.read_bytes()
    with pytest.raises(JournalDamagedError):
        opened(path)
    assert path.read_bytes() == before


def test_a_cut_journal_that_ends_before_what_was_known_is_not_followed(path: Path) -> None:
    filled(path, 6)
    journal = opened(path)
    cut(opened(path), 4)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(JournalUnwritableError):
        journal.append(ENTRY)


@pytest.mark.parametrize("after", [False, True])
def test_a_death_at_any_step_leaves_all_or_the_rest(path: Path, *, after: bool) -> None:
    """A forked process dies (`_exit`, nothing tidied up) before or after each call of the disk."""
    reached = 0
    for step in range(1, 12):
        path.unlink(missing_ok=True)
        filled(path, 6)
        died = _dies(path, step, after=after)
        journal = opened(path)
        found = events(journal)
        assert found in (["e1", "e2", "e3", "e4", "e5", "e6"], ["e5", "e6"])
        assert journal.append(ENTRY).seq == 7
        assert cut(journal, 4) is (len(found) == 6)
        assert events(opened(path)) == ["e5", "e6", "e"]
        assert not path.with_name(path.name + CUTTING).exists()
        journal.close()
        reached = max(reached, step if died else 0)
    assert reached >= 5, "the file, its lock, its bytes, its name, the name's durability"


def _dies(path: Path, step: int, *, after: bool) -> bool:
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    try:
        journal, count = opened(path), iter(range(1, 1000))

        def counted(real: Callable[..., object]) -> Callable[..., object]:
            def call(*args: object, **kwargs: object) -> object:
                now = next(count)
                if now == step and not after:
                    os._exit(9)
                found = real(*args, **kwargs)
                if now == step:
                    os._exit(9)
                return found

            return call

        for name in ("open", "write", "fsync", "close", "replace"):
            setattr(os, name, counted(getattr(os, name)))
        cut(journal, 4)
    finally:
        os._exit(0)


def test_writers_readers_and_cuts_at_once_lose_nothing(path: Path) -> None:
    filled(path, 5)
    told: dict[int, str] = {}
    stop = threading.Event()

    def write(name: str) -> None:
        journal = opened(path)
        for n in range(25):
            head = journal.append(replace(ENTRY, event=EventId(f"{name}-{n}")))
            told[head.seq] = f"{name}-{n}"
        journal.close()

    def read() -> int:
        journal, times = opened(path), 0
        while not stop.is_set():
            found = [record.seq for record in journal.replay()]
            assert found == list(range(found[0], found[0] + len(found))) if found else True
            times += 1
        journal.close()
        return times

    def trim() -> int:
        journal, cuts = opened(path), 0
        while not stop.is_set():
            cuts += cut(journal, max(1, journal.head.seq - 7))
            journal.append(replace(ENTRY, event=EventId(f"trim-{cuts}")))
        journal.close()
        return cuts

    with ThreadPoolExecutor(6) as pool:
        reading, trimming = pool.submit(read), pool.submit(trim)
        for done in [pool.submit(write, name) for name in "abc"]:
            done.result()
        stop.set()
        assert reading.result() > 0
        assert trimming.result() > 0
    journal = opened(path)
    stored = {record.seq: str(record.entry.event) for record in journal.replay()}
    assert len(told) == 75
    assert journal.head.seq >= 80
    left = journal.left
    assert left is not None
    assert sorted(stored) == list(range(left.head.seq + 1, journal.head.seq + 1))
    assert {seq: event for seq, event in told.items() if seq > left.head.seq}.items() <= (
        stored.items()
    )


def records(*names: tuple[str, JournalKind]) -> list[JournalRecord]:
    return [
        JournalRecord(seq=n, entry=replace(ENTRY, event=EventId(event), kind=kind))
        for n, (event, kind) in enumerate(names, start=1)
    ]


def test_an_act_of_several_choices_is_never_divided() -> None:
    choice = JournalKind.WITHDRAWAL
    several = records(("a", choice), ("b", choice), ("c", choice), ("b", choice), ("d", choice))
    assert [last_to_cut(several, upto=n) for n in range(6)] == [0, 1, 1, 1, 4, 5]


def test_acts_that_reach_into_one_another_leave_together() -> None:
    choice = JournalKind.OBJECTION
    several = records(("a", choice), ("b", choice), ("a", choice), ("b", choice))
    assert [last_to_cut(several, upto=n) for n in range(5)] == [0, 0, 0, 0, 4]


def test_a_hold_that_stands_for_years_keeps_nothing_in_the_journal() -> None:
    held = records(
        ("h", JournalKind.HOLD), ("a", JournalKind.WITHDRAWAL), ("h", JournalKind.RELEASE)
    )
    assert last_to_cut(held, upto=2) == 2
