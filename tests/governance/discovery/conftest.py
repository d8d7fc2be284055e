"""A scan without worker processes: the analyser of this process answers."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import starmap
from pathlib import Path

import pytest

from governance.discovery.scan import Scan
from governance.discovery.types import ScanReport
from governance.pii.engine import Analyzer
from governance.pii.types import Span

NOW = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
Look = Callable[[Path | str], ScanReport]


@pytest.fixture(scope="session")
def analyzer() -> Analyzer:
    return Analyzer()


@pytest.fixture
def look(analyzer: Analyzer) -> Look:
    """The report of a whole scan."""

    def answer(texts: Iterable[tuple[str, str]]) -> Iterator[tuple[Span, ...]]:
        return starmap(analyzer.analyze, texts)

    def scanned(target: Path | str) -> ScanReport:
        scan = Scan(
            target=str(target),
            analyse=answer,
            sample=200,
            began=NOW,
            progress=lambda _done, _of: None,
        )
        scan.run()
        return scan.report(at=NOW)

    return scanned
