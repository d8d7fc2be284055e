"""Marked persons, purged: no byte of theirs in any file, nor in a backup made after their day."""

import json
import logging
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select, text

from audit.bundle import write_bundle
from audit.review import EventFilter
from audit.sequencer import Turn, sequence_once
from governance.core.terms import RowId, SubjectId
from governance.customers.store import records_of
from governance.customers.tokens import POSTING, ROW
from governance.db.engine import sqlite_url
from governance.keys.epochs import roll
from retention.backups.creating import create
from retention.backups.desk import Desk
from retention.backups.proving import unpack
from retention.certificate import certificate
from retention.finality import Stage, Standing, Terms, stages
from retention.tombstones import tombstones
from tests.audit.worker import keys_at
from tests.retention.backups.conftest import OPERATOR, tools
from tests.retention.town import NOW, Town

PERSONS = 2_000 if "SEKISHO_SOAK" in os.environ else 100
TOGETHER = 100  # persons of one transaction
WORD = 8  # octets that are looked up at once
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")


def desk_of(town: Town, place: Path, outside: Path) -> Desk:
    postgres = town.ports.database.dialect == "postgresql"
    return Desk(
        ports=town.ports,
        verifier_keys=keys_at(place / "checkpoint").verifier_keys,
        folder=outside / "backups",
        work=place / "work",
        hours=24,
        keep=30,
        keep_days=7,
        drill_days=30,
        key_folder=place / "epochs",
        key_copies=(outside / "copies",),
        tools=tools() if postgres else None,
        release="test",
    )


def files(places: list[Path], town: Town) -> Iterator[tuple[str, bytes]]:
    """Every file of the installation, its copies, and of the server where there is one."""
    folders = [*places]
    if town.ports.database.dialect == "postgresql":
        with town.ports.database.read() as tx:
            home = Path(tx.execute(text("SHOW data_directory")).scalar_one())
            own = "SELECT oid FROM pg_database WHERE datname = current_database()"
            folders += [home / "base" / str(tx.execute(text(own)).scalar_one()), home / "pg_wal"]
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield path.name, path.read_bytes()


@pytest.fixture
def traces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where everything lies that the process logs, statements too, and its temporary files."""
    folder = tmp_path / "traces"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    lines = logging.FileHandler(folder / "all.log")
    loggers = [logging.getLogger(name) for name in ("", "sqlalchemy.engine")]
    before = [one.level for one in loggers]
    loggers[0].addHandler(lines)
    for one in loggers:
        one.setLevel(logging.INFO)
    yield folder
    loggers[0].removeHandler(lines)
    for one, level in zip(loggers, before, strict=True):
        one.setLevel(level)
    lines.close()


@pytest.mark.timeout(3600)
def test_nothing_of_a_purged_person_is_left_in_any_file(
    town: Town, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, traces: Path
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    for start in range(0, PERSONS, TOGETHER):
        names = [f"gone{number}" for number in range(start, start + TOGETHER)]
        town.settle_all(names, status="withdrawn", withdrawn=date(2020, 1, 1))
    town.settle("stays", purchases=({"purchased_on": date(2026, 1, 1)},))
    town.adopt()
    gone = [subject for name, subject in town.people.items() if name.startswith("gone")]
    frames, tokens = frames_of(town, gone), tokens_of(town, gone)
    assert len(tokens) > 20 * PERSONS
    desk = desk_of(town, tmp_path, outside)
    create(desk, OPERATOR, at=NOW)
    sqlite = town.ports.database.dialect == "sqlite"
    if sqlite:  # what is looked for is found where it is
        before = b"".join(content for _, content in files([tmp_path], town))
        assert {*tokens, *frames} <= set(found_in(before, [*tokens, *frames]))
    report = town.purge()
    assert (report.erased, report.wal_pages) == (PERSONS, 0)
    final = date(2026, 10, 8)
    roll(town.ports.vault.ring, day=final)
    with town.ports.database.read() as tx:
        finality = stages(tombstones(tx), desk_terms(), on=final, log_pages=report.wal_pages)
    assert finality.at(Stage.UNREADABLE).standing is Standing.REACHED
    assert finality.final_on == final
    after = create(desk, OPERATOR, at=NOW + timedelta(days=7))
    if sqlite:  # what is inside the new backup lies in the open, too
        opened = tmp_path / "opened.db"
        unpack(after.path, town.ports.vault, sqlite_url(opened), tools=None)
    export(town, report.run, tmp_path)
    assert (traces / "all.log").stat().st_size
    words = [mark.encode(name) for mark in ("MARKED-gone", "marked-gone") for name in ENCODINGS]
    for name, content in files([tmp_path, outside], town):
        assert [one for one in words if one in content] == [], name
        if sqlite:
            assert found_in(content, [*tokens, *frames]) == [], name
    assert town.present() == {"stays"}


def export(town: Town, run: RowId, folder: Path) -> None:
    """The whole log with its personal parts opened, and the certificate, as files."""
    ports, keys = town.ports, keys_at(folder / "checkpoint")
    sequence_once(ports.database, keys, ports.audit, at=NOW, turn=Turn.STRICT)
    with ports.database.read() as tx:
        write_bundle(
            tx,
            folder / "log.bundle",
            EventFilter(),
            exported_at=NOW,
            exported_by=OPERATOR.id,
            keys=keys.verifier_keys,
            opener=lambda _subject, row, sealed: ports.vault.open_part(row, sealed),
        )
        told = certificate(tx, run).as_json()
    (folder / "certificate.json").write_text(json.dumps(told))


def found_in(content: bytes, wanted: Sequence[bytes]) -> list[bytes]:
    """Which of these stand in the content; by their first octets, since there are thousands."""
    by_start = defaultdict[int, list[bytes]](list)
    for one in wanted:
        by_start[int.from_bytes(one[:WORD], sys.byteorder)].append(one)
    starts = np.array(sorted(by_start), dtype=np.uint64)
    there: list[bytes] = []
    for offset in range(WORD):
        words = np.frombuffer(
            content[offset : offset + (len(content) - offset) // WORD * WORD], np.uint64
        )
        for place in np.flatnonzero(np.isin(words, starts)):
            at = offset + int(place) * WORD
            there += [one for one in by_start[int(words[place])] if content.startswith(one, at)]
    return there


def desk_terms() -> Terms:
    return Terms(keep_days=7, backups_end_after=timedelta(days=30))


def frames_of(town: Town, subjects: list[SubjectId]) -> list[bytes]:
    """The sealed names of the persons."""
    with town.ports.database.read() as tx:
        found = [records_of(tx, subject, "person")[0].sealed for subject in subjects]
    return [bytes(cell) for cells in found for cell in cells.values()]


def tokens_of(town: Town, subjects: list[SubjectId]) -> list[bytes]:
    """Each token of the persons beside its row, as a page of SQLite holds them."""
    found: list[bytes] = []
    with town.ports.database.read() as tx:
        for start in range(0, len(subjects), 500):
            part = ROW.c.subject_id.in_(subjects[start : start + 500])
            mine = select(POSTING.c.token, POSTING.c.row_key).where(
                POSTING.c.row_key == ROW.c.row_key, part
            )
            found += [bytes(token) + bytes(row) for token, row in tx.execute(mine)]
    return found
