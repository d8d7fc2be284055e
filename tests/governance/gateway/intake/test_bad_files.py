"""Files that are broken: a clear refusal before the first row, or every row accounted for."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from governance.app.wiring import Wiring
from governance.core.errors import GovernanceError
from governance.customers import imports, store
from governance.customers.workbooks import SourceMalformedError
from governance.gateway.intake import preparer
from governance.gateway.intake.preparer import Preparer
from governance.gateway.intake.service import take_in
from governance.gateway.intake.types import ImportRequest
from tests.installation import AT, MANAGER, REGISTER, customer, import_file, register, write_file

HEAD = ",".join(REGISTER) + "\r\n"
ROW = ",".join(customer(1).get(name, "") for name in REGISTER) + "\r\n"
PADDING = "".join(
    ",".join(customer(n).get(name, "") for name in REGISTER) + "\r\n" for n in range(2, 2600)
)


def bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/workbook.xml", "<workbook/>")
        book.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)


REFUSED: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "cut in a character": lambda path: path.write_bytes(
        (HEAD + ROW).encode("cp932")[:-30] + b"\x8b"
    ),
    "two encodings": lambda path: path.write_bytes(
        (HEAD + ROW).encode("utf-8") + PADDING.encode("utf-8") + "架空".encode("euc_jp")
    ),
    "a cell of five megabytes": lambda path: path.write_bytes(
        (HEAD + ROW + ROW.replace("C000001", "あ" * 1_700_000)).encode()
    ),
    "an open quote": lambda path: path.write_bytes((HEAD + '"' + ROW + PADDING * 4).encode()),
    "binary": lambda path: path.write_bytes(bytes(range(256)) * 40),
    "a bomb": bomb,
}


@pytest.mark.parametrize("spoil", REFUSED.values(), ids=REFUSED)
def test_a_file_that_cannot_be_read_is_refused_and_nothing_is_half_done(
    on_sqlite: Wiring, tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    path = tmp_path / "bad.csv"
    spoil(path)
    told = ""
    try:
        assert import_file(on_sqlite, path).counts.adds_up()
    except GovernanceError as refused:
        told = str(refused)
    assert "架空" not in told
    with on_sqlite.database.read() as tx:
        runs = imports.all_runs(tx)
        rows = store.count_rows(tx, "person")
    assert rows == sum(run.counts["stored"] for run in runs)


def test_a_broken_row_far_down_is_refused_before_the_first_is_stored(
    on_sqlite: Wiring, tmp_path: Path
) -> None:
    long = ROW.replace("C000001", "あ" * 1_700_000)
    path = write_file(tmp_path, HEAD + PADDING + long)
    with pytest.raises(SourceMalformedError) as refused:
        import_file(on_sqlite, path)
    assert refused.value.params == {"row": PADDING.count("\n") + 2}
    with on_sqlite.database.read() as tx:
        assert imports.all_runs(tx) == ()
        assert store.count_rows(tx, "person") == 0


def test_headers_alone_are_a_file_of_no_rows(on_sqlite: Wiring, tmp_path: Path) -> None:
    outcome = import_file(on_sqlite, write_file(tmp_path, HEAD))
    assert (outcome.counts.read, outcome.counts.adds_up()) == (0, True)


def test_ragged_rows_are_accounted_for(installation: Wiring, tmp_path: Path) -> None:
    lines = [
        ROW,
        "C000002\r\n",
        ROW.replace("C000001", "C000003").strip() + ",x,y,z\r\n",
        ",,,\r\n",
    ]
    outcome = import_file(installation, write_file(tmp_path, HEAD + "".join(lines)))
    assert outcome.counts.read == 4
    assert outcome.counts.adds_up()


def test_nul_after_the_sample_is_not_stored(installation: Wiring, tmp_path: Path) -> None:
    odd = customer(9_999, 備考="前\x00後", 取得元="店\x00頭", 氏名="架空　\x00花子")
    content = HEAD + PADDING + register([odd]).split("\r\n", 1)[1]
    assert len(content.encode()) > 256 * 1024
    outcome = import_file(installation, write_file(tmp_path, content))
    assert outcome.counts.read == 2_599
    assert outcome.counts.adds_up()
    assert outcome.problems["CONTROL_CHAR"] >= 1


def test_a_large_file_is_prepared_beside_and_comes_to_the_same(
    on_sqlite: Wiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_file(tmp_path, HEAD + ROW + PADDING)
    monkeypatch.setattr(preparer, "WORTH", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    started: list[bool] = []
    start = Preparer._start  # to see that it ran

    def watched(self: Preparer) -> None:
        start(self)
        started.append(self._ready.wait(60))  # loaded before the first batch

    monkeypatch.setattr(Preparer, "_start", watched)
    dry = take_in(on_sqlite.ports, MANAGER, ImportRequest(path=path, dry_run=True), at=AT)
    assert started == [True]
    monkeypatch.setattr(preparer, "WORTH", 1 << 40)
    run = import_file(on_sqlite, path)
    assert (dry.counts, dict(dry.problems)) == (run.counts, dict(run.problems))
    assert run.counts.stored == 2_599


def test_a_dying_preparer_is_replaced_by_our_own_work(
    on_sqlite: Wiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_file(tmp_path, HEAD + ROW + PADDING)
    monkeypatch.setattr(preparer, "WORTH", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    start = Preparer._start  # to end it at once

    def ended(self: Preparer) -> None:
        start(self)
        if self._child is not None and self._ready.wait(60):
            self._child.kill()

    monkeypatch.setattr(Preparer, "_start", ended)
    outcome = import_file(on_sqlite, path)
    assert (outcome.counts.read, outcome.counts.stored) == (2_599, 2_599)
