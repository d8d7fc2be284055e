"""`sekisho pii scan`: on record where somebody is signed in, and said where not."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import pytest
from sqlalchemy import select

from audit.actions import EventCode
from audit.models import EVENTS
from governance.discovery import store
from governance.discovery.store import KeptScan, ScanSource
from governance.pii.types import Entity, Reason, Span
from tests.governance.cli.line import Line


class Pool:
    """Stands for the worker processes: every text is a name."""

    def __init__(self, *_arguments: object, **_options: object) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None: ...

    def analyze_many(self, texts: Sequence[tuple[str, str]]) -> Iterator[tuple[Span, ...]]:
        for words, _ in texts:
            end = len(words)
            yield (Span(start=0, end=end, entity=Entity.PERSON, score=1.0, reason=Reason.LABEL),)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("governance.pii.pool.PiiPool", Pool)
    path = tmp_path / "架空花子.txt"
    path.write_text("架空花子\n")
    return str(path)


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(folder=tmp_path / "data")


def scans(line: Line) -> list[str]:
    wiring = line.wiring()
    with wiring.database.read() as tx:
        rows = tx.execute(select(EVENTS).where(EVENTS.c.action == EventCode.PII_SCANNED)).all()
    wiring.close()
    return [" ".join(map(str, row)) for row in rows]


def kept_scans(line: Line) -> list[KeptScan]:
    wiring = line.wiring()
    with wiring.database.read() as tx:
        found = list(store.scans(tx, wiring.vault, before=None, limit=5))
    wiring.close()
    return found


def test_scan_by_somebody_signed_in_is_on_record_without_a_name(line: Line, place: str) -> None:
    line.found()
    said = line.run("pii", "scan", place, by="jiro")
    assert (said.code, said.value["recorded"]) == (1, True), said.err
    (event,) = scans(line)
    assert "u:jiro" in event
    assert "places_personal" in event
    assert "架空" not in event
    (kept,) = kept_scans(line)
    assert (kept.source, kept.name, kept.actor) == (ScanSource.COMMAND, place, "u:jiro")


def test_scan_without_an_installation_says_that_nothing_is_on_record(
    line: Line, place: str
) -> None:
    said = line.run("pii", "scan", place)
    assert (said.code, said.value["recorded"]) == (1, False), said.err
    assert "not on record" in line.run("pii", "scan", place, as_json=False).out
    assert not line.folder.exists()


def test_scan_by_nobody_is_shown_and_not_on_record(line: Line, place: str) -> None:
    line.found()
    said = line.run("pii", "scan", place, by="ghost")
    assert (said.code, said.value["recorded"]) == (1, False), said.err
    assert scans(line) == []


def test_log_that_takes_no_event_ends_with_three_and_the_result(line: Line, place: str) -> None:
    line.folder.mkdir()
    (line.folder / "sekisho.db").write_bytes(b"")
    said = line.run("pii", "scan", place)
    assert (said.code, said.value["recorded"], said.value["found"]) == (3, False, True), said.err
