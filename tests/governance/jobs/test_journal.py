import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.core.terms import EventId, SubjectId
from governance.jobs.errors import (
    JournalBehindError,
    JournalDamagedError,
    JournalForeignError,
    JournalRecordError,
    JournalUnwritableError,
)
from governance.jobs.journal import Journal
from governance.jobs.journal_record import (
    JournalEntry,
    JournalHead,
    JournalKind,
    append_line,
    decode_entry,
    encode_entry,
    header_body,
)

NOW = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
SUBJECT = SubjectId("3f2b8c1e-0000-4000-8000-0123456789ab")

SLOW_DISK = settings(deadline=None)  # every example waits for fsync

APPEND = """
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from governance.jobs.journal import Journal
from tests_entry import ENTRY
journal = Journal.open(Path(sys.argv[1]), installation="i1")
for n in range(int(sys.argv[3])):
    head = journal.append(replace(ENTRY, event=f"{sys.argv[2]}-{n}"))
    print(head.seq, f"{sys.argv[2]}-{n}", flush=True)
"""
ENTRY_MODULE = """
from datetime import UTC, datetime
from governance.jobs.journal_record import JournalEntry, JournalKind
ENTRY = JournalEntry(kind=JournalKind.WITHDRAWAL, subject="3f2b8c1e-0000-4000-8000-0123456789ab",
    scope="mail", event="e", consent_seq=1, at=datetime(2026, 3, 10, tzinfo=UTC))
"""


def entry(n: int = 0, **changes: object) -> JournalEntry:
    base = JournalEntry(
        kind=JournalKind.WITHDRAWAL,
        subject=SUBJECT,
        scope="newsletter/mail/-",
        event=EventId(f"e{n}"),
        consent_seq=n,
        at=NOW,
    )
    return replace(base, **changes)  # type: ignore[arg-type] # fields by name


def opened(path: Path) -> Journal:
    return Journal.open(path, installation="i1")


def filled(path: Path, count: int) -> list[JournalHead]:
    journal = opened(path)
    heads = [journal.append(entry(n)) for n in range(1, count + 1)]
    journal.close()
    return heads


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.journal"


@pytest.fixture
def appender(tmp_path: Path, path: Path) -> Callable[[str, int], "subprocess.Popen[str]"]:
    (tmp_path / "tests_entry.py").write_text(ENTRY_MODULE)
    root = Path(__file__).parents[3]

    def start(name: str, count: int) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-c", APPEND, str(path), name, str(count)],
            env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{tmp_path}"},
            stdout=subprocess.PIPE,
            text=True,
        )

    return start


def test_what_was_appended_is_replayed_in_order(path: Path) -> None:
    filled(path, 3)
    journal = opened(path)
    assert [record.entry for record in journal.replay()] == [entry(n) for n in (1, 2, 3)]
    assert [record.seq for record in journal.replay(after=1)] == [2, 3]


def test_the_file_is_for_its_owner_only(path: Path) -> None:
    filled(path, 1)
    assert path.stat().st_mode & 0o777 == 0o600


@SLOW_DISK
@given(cut=st.integers(1, 400))
def test_a_torn_tail_is_cut_to_the_last_whole_record(
    cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("j") / "j"
    filled(path, 6)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    journal = opened(path)
    kept = whole[:-cut].rpartition(b"\n")[0] + b"\n"
    assert path.read_bytes() == kept
    assert journal.repaired == len(whole) - cut - len(kept)
    assert journal.append(entry(9)).seq == kept.count(b"\n")


def test_zeros_that_a_power_cut_left_at_the_end_are_a_torn_tail(path: Path) -> None:
    filled(path, 2)
    with path.open("ab") as stream:
        stream.write(bytes(5000))
    journal = opened(path)
    assert (journal.repaired, journal.head.seq) == (5000, 2)


def test_zeros_in_the_middle_are_damage_and_nothing_is_cut(path: Path) -> None:
    filled(path, 40)
    content = bytearray(path.read_bytes())
    content[1000:5096] = bytes(4096)
    path.write_bytes(content)
    with pytest.raises(JournalDamagedError):
        opened(path)
    assert path.read_bytes() == bytes(content)


@SLOW_DISK
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_of_a_whole_record_is_refused(
    place: float, bit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("j") / "j"
    filled(path, 3)
    content = bytearray(path.read_bytes())
    content[int(place * (len(content) - 1))] ^= 1 << bit  # all but the very last line end
    path.write_bytes(content)
    with pytest.raises((JournalDamagedError, JournalForeignError)):
        opened(path)
    assert path.read_bytes() == bytes(content)


def test_a_record_taken_from_the_middle_is_refused(path: Path) -> None:
    filled(path, 4)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2] + lines[3:]))
    with pytest.raises(JournalDamagedError):
        opened(path)


def test_a_missing_end_is_seen_by_a_head_recorded_outside(path: Path) -> None:
    heads = filled(path, 4)
    opened(path).confirm(heads[-1])
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    journal = opened(path)
    journal.confirm(heads[1])
    with pytest.raises(JournalBehindError):
        journal.confirm(heads[-1])
    journal.append(entry(99))  # another history of the same length
    with pytest.raises(JournalBehindError):
        journal.confirm(heads[-1])


def test_another_installations_journal_is_refused(path: Path) -> None:
    filled(path, 1)
    with pytest.raises(JournalForeignError):
        Journal.open(path, installation="i2")


def test_a_file_that_is_no_journal_is_refused_and_left_alone(path: Path) -> None:
    path.write_bytes(b"customer list\n")
    with pytest.raises(JournalForeignError):
        opened(path)
    assert path.read_bytes() == b"customer list\n"


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "山田 太郎"},
        {"subject": "taro@example.com"},
        {"scope": "taro@example.com"},
        {"scope": "架空 花子"},
        {"event": "a\tb"},
        {"at": NOW.replace(tzinfo=None)},
    ],
)
def test_nothing_but_ids_and_codes_enters_the_journal(path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(JournalRecordError):
        opened(path).append(entry(0, **changes))


def test_line_format_version_1_does_not_drift() -> None:
    first, head = append_line(header_body("i1"), after=None)
    second, _ = append_line(encode_entry(entry(1)), after=head)
    assert first.startswith(b'SJ1\t0\t{"installation":"i1"}\t')
    assert second == (
        b'SJ1\t1\t{"kind":"withdrawal","subject":"3f2b8c1e-0000-4000-8000-0123456789ab",'
        b'"scope":"newsletter/mail/-","event":"e1","consent_seq":1,'
        b'"at":"2026-03-10T03:00:00+00:00"}\t'
        b"62b0655ed879fbe6051f6e793a39558b741dd71b0a58126146c3ec1419227a1b\n"
    )


def test_members_added_later_do_not_stop_this_reader() -> None:
    body = encode_entry(entry(1))[:-1] + b',"added":true}'
    assert decode_entry(body, seq=1) == entry(1)


def test_only_release_and_lifting_widen() -> None:
    widening = {kind for kind in JournalKind if not kind.narrows}
    assert widening == {
        JournalKind.RELEASE,
        JournalKind.OBJECTION_LIFTED,
        JournalKind.RESTRICTION_LIFTED,
        JournalKind.ERASURE_LIFTED,
    }


def test_reconcile_names_the_records_whose_commit_never_came(path: Path) -> None:
    filled(path, 5)
    assert [r.seq for r in opened(path).reconcile([1, 3, 4, 77])] == [2, 5]
    assert [r.seq for r in opened(path).reconcile([])] == [1, 2, 3, 4, 5]


def test_threads_share_fsyncs_and_each_gets_its_own_head(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = opened(path)
    syncs = 0
    real = os.fsync

    def counted(fd: int) -> None:
        nonlocal syncs
        syncs += 1
        time.sleep(0.002)
        real(fd)

    monkeypatch.setattr(os, "fsync", counted)
    with ThreadPoolExecutor(16) as pool:
        heads = list(pool.map(lambda n: journal.append(entry(n)), range(200)))
    assert sorted(head.seq for head in heads) == list(range(1, 201))
    assert {r.seq: r.entry.event for r in journal.replay()} == {
        head.seq: f"e{n}" for n, head in enumerate(heads)
    }
    assert syncs < 200, "at least one was shared"


def test_many_entries_stand_in_order_behind_one_fsync(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = opened(path)
    syncs: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (syncs.append(fd), real(fd)))
    heads = journal.append_many(entry(n) for n in range(1, 501))
    assert len(syncs) == 1
    assert [head.seq for head in heads] == list(range(1, 501))
    assert [record.entry for record in journal.replay()] == [entry(n) for n in range(1, 501)]


def test_many_entries_are_all_refused_or_none(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = opened(path)
    before = path.read_bytes()
    real = os.write

    def full(fd: int, lines: bytes) -> int:
        real(fd, lines[: len(lines) // 2])
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(JournalUnwritableError):
            journal.append_many([entry(1), entry(2), entry(3)])
    assert path.read_bytes() == before


def test_no_entries_write_nothing(path: Path) -> None:
    journal = opened(path)
    before = path.read_bytes()
    assert journal.append_many([]) == ()
    assert path.read_bytes() == before


def test_append_returns_only_after_fsync(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = opened(path)
    gate = threading.Event()
    monkeypatch.setattr(os, "fsync", lambda _: gate.wait())
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(journal.append, entry(1))
        time.sleep(0.05)
        assert not pending.done()
        gate.set()
        assert pending.result().seq == 1


def test_a_full_disk_is_an_error_and_leaves_no_half_record(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = opened(path)
    before = path.read_bytes()
    real = os.write

    def full(fd: int, lines: bytes) -> int:
        real(fd, lines[:10])
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(JournalUnwritableError):
            journal.append(entry(1))
    assert path.read_bytes() == before
    assert journal.append(entry(2)).seq == 1


def test_after_a_failed_fsync_nothing_is_acknowledged_until_reopened(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = opened(path)

    def failing(_: int) -> None:
        raise OSError(errno.EIO, "bad disk")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failing)
        with pytest.raises(JournalUnwritableError):
            journal.append(entry(1))
    with pytest.raises(JournalUnwritableError):
        journal.append(entry(2))
    assert opened(path).append(entry(3)).seq == 2  # the first stands: it only narrows


def test_a_replaced_file_is_not_written_to(path: Path) -> None:
    journal = opened(path)
    path.rename(path.with_suffix(".moved"))
    path.write_bytes(b"")
    with pytest.raises(JournalUnwritableError):
        journal.append(entry(1))


def test_a_file_cut_behind_our_back_is_refused(path: Path) -> None:
    journal = opened(path)
    journal.append(entry(1))
    os.truncate(path, 20)
    with pytest.raises(JournalDamagedError):
        journal.append(entry(2))


def test_two_open_journals_continue_one_chain(path: Path) -> None:
    one, other = opened(path), opened(path)
    assert [j.append(entry(n)).seq for n, j in enumerate([one, other, other, one])] == [1, 2, 3, 4]
    assert len(list(one.replay())) == 4


def test_four_processes_append_to_one_chain(
    path: Path, appender: Callable[[str, int], "subprocess.Popen[str]"]
) -> None:
    running = [appender(name, 50) for name in "abcd"]
    printed = [line.split() for each in running for line in each.communicate()[0].splitlines()]
    assert all(each.returncode == 0 for each in running)
    stored = {str(record.seq): record.entry.event for record in opened(path).replay()}
    assert dict(printed) == stored
    assert len(stored) == 200


def test_kill_9_while_appending_loses_no_acknowledged_record(
    path: Path, appender: Callable[[str, int], "subprocess.Popen[str]"]
) -> None:
    acknowledged: dict[str, str] = {}
    for turn in range(4):
        running = [appender(f"{turn}{name}", 100_000) for name in "ab"]
        for each in running:
            assert each.stdout is not None
            first = [each.stdout.readline() for _ in range(5)]
            acknowledged |= dict(line.split() for line in first)
        time.sleep(0.05 * (turn + 1))
        for each in running:
            each.send_signal(signal.SIGKILL)
        for each in running:
            lines = each.communicate()[0].splitlines()
            acknowledged |= dict(
                line.split()
                for line in lines
                if line.count(" ") == 1 and line.count("-") == 1 and not line.endswith("-")
            )
    stored = {str(record.seq): record.entry.event for record in opened(path).replay()}
    assert len(acknowledged) >= 40
    lost = {seq for seq, event in acknowledged.items() if not stored.get(seq, "").startswith(event)}
    assert lost == set()
