"""A backup is whole or not there, opens with the key store alone, and proves what is in it."""

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from audit.actions import EventCode
from governance.app.wiring import Wiring
from governance.core.ids import new_row_id
from governance.core.terms import KeyClass
from governance.crypto.stream import FileDamagedError
from governance.keys.renewal import count_holders, holders
from retention.backups import creating, store
from retention.backups.creating import create, kept, manifest_in
from retention.backups.desk import Desk, at_work
from retention.backups.errors import (
    BackupBusyError,
    BackupFailedError,
    BackupForeignError,
    BackupUnknownError,
    BackupUnnamedError,
    KeysNotApartError,
    ToolMissingError,
)
from retention.backups.key_copies import key_copies
from retention.backups.proving import verify
from retention.errors import RetentionRefusedError
from tests.installation import AT, OFFICER, events
from tests.retention.backups.conftest import BOTH, OPERATOR


def folder_of(desk: Desk) -> Path:
    assert desk.folder is not None
    return desk.folder


def names(desk: Desk) -> set[str]:
    return {path.name for path in folder_of(desk).iterdir()}


@BOTH
def test_a_backup_is_made_proven_and_on_record(wiring: Wiring, desk: Desk) -> None:
    made = create(desk, OPERATOR, at=AT)
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert names(desk) == {made.path.name}
    proven = verify(desk, OPERATOR, made.path, at=AT + timedelta(hours=1))
    assert proven.manifest == made.manifest
    assert proven.ending == made.ending
    (listed,) = kept(desk, folder_of(desk))
    assert (listed.verified, listed.size) == (store.GOOD, made.size)
    with wiring.database.read() as tx:
        (created,) = events(tx, EventCode.BACKUP_CREATED)
        (verified,) = events(tx, EventCode.BACKUP_VERIFIED)
    assert created.object_id == verified.object_id == made.manifest.backup
    assert not list(desk.work.rglob("*.db"))


@BOTH
def test_the_file_names_what_a_restore_needs_and_shows_nobody(wiring: Wiring, desk: Desk) -> None:
    made = create(desk, OPERATOR, at=AT)
    manifest = manifest_in(made.path)
    assert manifest.journal == wiring.journal.head
    assert manifest.checkpoint == wiring.settings.checkpoint.read_text()
    assert manifest.key_copies == ("keys-20261001T030000Z",)
    content = made.path.read_bytes()
    assert b"SQLite format" not in content
    assert b"PGDMP" not in content
    assert "架空".encode() not in content


def test_no_key_lies_with_the_data(desk: Desk) -> None:
    for apart in (desk.key_folder, desk.key_folder.parent, desk.key_copies[0] / "x"):
        with pytest.raises(KeysNotApartError):
            create(desk, OPERATOR, at=AT, to=apart)
    assert not desk.key_copies[0].exists()


def test_copies_of_the_key_store_lie_in_two_places_and_go_after_r_days(desk: Desk) -> None:
    create(desk, OPERATOR, at=AT)
    for copy in key_copies(desk):
        path = copy.folder / copy.name
        with closing(sqlite3.connect(path / "keys.db")) as opened:
            assert opened.execute("SELECT count(*) FROM data_key").fetchone()[0] > 3
        assert {one.name for one in (path / "epochs").iterdir()} == {
            one.name for one in desk.key_folder.iterdir()
        }
    create(desk, OPERATOR, at=AT + timedelta(days=desk.keep_days))
    assert [copy.made_at for copy in key_copies(desk)] == [AT + timedelta(days=desk.keep_days)] * 2


def test_only_as_many_are_kept_as_the_settings_say(desk: Desk) -> None:
    few = replace(desk, keep=2)
    made = [create(few, OPERATOR, at=AT + timedelta(hours=n)) for n in range(3)]
    assert [one.ended for one in made] == [0, 0, 1]
    assert names(desk) == {one.path.name for one in made[1:]}
    with desk.ports.database.read() as tx:
        rows = tx.execute(select(store.BACKUP.c.id, store.BACKUP.c.ended_at)).all()
    assert {row.id for row in rows if row.ended_at is not None} == {made[0].manifest.backup}


def test_another_folder_keeps_what_it_is_given(desk: Desk, tmp_path: Path) -> None:
    few = replace(desk, keep=1)
    made = [
        create(few, OPERATOR, at=AT + timedelta(hours=n), to=tmp_path / "usb") for n in range(2)
    ]
    assert all(one.path.exists() for one in made)


@pytest.mark.postgres
@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_without_the_right_tool_nothing_is_written(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(ToolMissingError) as refused:
        create(replace(desk, tools=tmp_path), OPERATOR, at=AT)
    assert refused.value.params == {"tool": "pg_dump", "reason": "missing"}
    assert names(desk) == set()
    old = tmp_path / "pg_dump"
    old.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "pg_dump (PostgreSQL) 9.6" && exit\nexit 1\n'
    )
    old.chmod(0o700)
    with pytest.raises(ToolMissingError) as refused:
        create(replace(desk, tools=tmp_path), OPERATOR, at=AT)
    assert refused.value.params["reason"] == "older"
    assert names(desk) == set()


def test_a_full_disk_leaves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:

    def full(_descriptor: int) -> None:
        raise OSError(28, "full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(BackupFailedError):
            create(replace(desk, key_copies=()), OPERATOR, at=AT)
    assert names(desk) == set()
    assert not [path for path in desk.work.rglob("*") if path.is_file() and path.name != ".lock"]
    with monkeypatch.context() as patch:
        patch.setattr(creating, "ROOM", 1e12)
        with pytest.raises(BackupFailedError) as refused:
            create(desk, OPERATOR, at=AT)
    assert refused.value.params == {"reason": "space"}


def test_what_a_killed_process_left_is_no_backup_and_goes(desk: Desk) -> None:
    folder = desk.place()
    left = folder / "sekisho-20260101T000000Z-abcdefabcdef.skb.part"
    left.write_bytes(b"\0" * 100)
    (desk.work / "copies").mkdir(parents=True)
    (desk.work / "copies" / "copy.db").write_bytes(b"left")
    assert kept(desk, folder) == ()
    made = create(desk, OPERATOR, at=AT)
    assert names(desk) == {made.path.name}
    assert not (desk.work / "copies").exists()


def test_one_process_at_a_time(desk: Desk) -> None:
    with at_work(desk), pytest.raises(BackupBusyError):
        create(desk, OPERATOR, at=AT)


def test_no_file_is_replaced(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    one = new_row_id()
    monkeypatch.setattr(creating, "new_row_id", lambda: one)
    first = create(desk, OPERATOR, at=AT)
    content = first.path.read_bytes()
    with pytest.raises(BackupFailedError):
        create(desk, OPERATOR, at=AT)
    assert first.path.read_bytes() == content
    assert names(desk) == {first.path.name}


@pytest.mark.parametrize("damage", ["byte", "cut", "empty", "other"])
def test_a_damaged_file_is_told_and_on_record(wiring: Wiring, desk: Desk, damage: str) -> None:
    made = create(desk, OPERATOR, at=AT)
    content = bytearray(made.path.read_bytes())
    match damage:
        case "byte":
            content[-5] ^= 1
        case "cut":
            del content[-1:]
        case "empty":
            content = bytearray()
        case _:
            content = bytearray("氏名,住所\n".encode("cp932") * 9)
    made.path.write_bytes(content)
    with pytest.raises(FileDamagedError):
        verify(desk, OPERATOR, made.path, at=AT)
    with wiring.database.read() as tx:
        (told,) = events(tx, EventCode.BACKUP_VERIFIED)
    assert (told.outcome, told.reasons) == ("failed", "file_damaged")
    assert not [path for path in desk.work.rglob("*") if path.is_file() and path.name != ".lock"]


def test_another_installations_file_is_refused(desk: Desk, tmp_path: Path) -> None:
    from tests.installation import create as another  # noqa: PLC0415 # of the same name

    made = create(desk, OPERATOR, at=AT)
    strange = another(tmp_path / "strange")
    try:
        with pytest.raises(BackupForeignError):
            verify(
                replace(desk, ports=strange.ports, work=tmp_path / "w"), OPERATOR, made.path, at=AT
            )
    finally:
        strange.close()
    with pytest.raises(BackupUnknownError):
        verify(desk, OPERATOR, tmp_path / "nowhere.skb", at=AT)


def test_no_rotation_of_persons_keys_renews_the_key_of_files(wiring: Wiring, desk: Desk) -> None:
    ring = wiring.vault.ring
    before = count_holders(ring, KeyClass.RECORD)
    create(desk, OPERATOR, at=AT)
    assert count_holders(ring, KeyClass.RECORD) == before
    assert "~files" not in holders(ring, KeyClass.RECORD, after=None, limit=500)


def test_only_who_may_make_backups_makes_and_proves_them(desk: Desk) -> None:
    with pytest.raises(RetentionRefusedError):
        create(desk, OFFICER, at=AT)
    with pytest.raises(RetentionRefusedError):
        verify(desk, OFFICER, Path("x"), at=AT)
    with pytest.raises(BackupUnnamedError):
        create(replace(desk, folder=None), OPERATOR, at=AT)


@BOTH
def test_the_index_is_left_out_and_owed_again(desk: Desk) -> None:
    assert create(desk, OPERATOR, at=AT).ending.tokens_left_out > 0 or (
        desk.ports.database.dialect == "postgresql"
    )
