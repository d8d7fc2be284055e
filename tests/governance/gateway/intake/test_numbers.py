"""個人番号 and full card numbers: in no column, no notation and no file of the installation."""

import csv
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.app.wiring import Wiring
from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from governance.customers import imports, store
from governance.customers.types import SourceKind
from governance.gateway.intake.aside import cells_of
from governance.gateway.intake.errors_file import NothingWaitsError, write_errors
from governance.gateway.intake.screening import mask_cells, masked, without_numbers
from governance.gateway.intake.service import take_in
from governance.gateway.intake.types import Draft, ImportRequest
from tests.installation import AT, MANAGER, REGISTER, create, customer

MY_NUMBER, CARD = "123456789018", "4111111111111111"
WIDE = str.maketrans("0123456789-", "０１２３４５６７８９－")


def grouped(digits: str, gap: str) -> str:
    return gap.join(digits[n : n + 4] for n in range(0, len(digits), 4))


WRITTEN = [
    before + form
    for number, labels in ((MY_NUMBER, ("個人番号", "控え")), (CARD, ("カード ", "番号: ")))
    for before in ("", *labels)
    for plain in (number, grouped(number, "-"), grouped(number, " "))
    for form in (plain, plain.translate(WIDE))
]


def digits(text: str) -> str:
    return "".join(
        c
        for c in text.translate(str.maketrans("０１２３４５６７８９", "0123456789"))
        if c.isdigit()
    )


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    wiring = create(tmp_path_factory.mktemp("numbers"))
    yield wiring
    wiring.close()


def everything(wiring: Wiring) -> Iterator[str]:
    """Every opened value of every row, and every cell that waits."""
    for table in ("person", "purchase"):
        with wiring.database.read() as tx:
            rows = store.records_after(tx, table, after=None, limit=9999)
        for row, values in zip(
            rows, wiring.vault.open_rows([(r.id, r.sealed) for r in rows]), strict=True
        ):
            yield from (str(value) for value in row.clear.values())
            yield from (str(cell.value) for cell in values.values())
    with wiring.database.read() as tx:
        found = [row for run in imports.all_runs(tx) for row in imports.waiting(tx, run.id)]
    for row in found:
        yield from cells_of(wiring.ports, row)[1]


def holds_none(texts: Iterator[str]) -> None:
    for text in texts:
        assert MY_NUMBER not in digits(text), "個人番号"
        assert CARD not in digits(text), "card"


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    column=st.sampled_from(REGISTER),
    written=st.sampled_from(WRITTEN),
    waits=st.booleans(),
)
def test_a_number_in_any_column_is_stored_nowhere(
    shared: Wiring, tmp_path: Path, column: str, written: str, *, waits: bool
) -> None:
    row = customer(1, 顧客ID="C000001") | {column: written}
    if waits and column != "氏名":
        row["氏名"] = ""
    out = StringIO()
    writer = csv.DictWriter(out, REGISTER, restval="")
    writer.writeheader()
    writer.writerow(row)
    path = tmp_path / "people.csv"
    path.write_text(out.getvalue(), encoding="utf-8")
    outcome = take_in(shared.ports, MANAGER, ImportRequest(path=path), at=AT)
    assert outcome.counts.adds_up()
    holds_none(everything(shared))
    target = tmp_path / f"errors-{len(list(tmp_path.iterdir()))}.csv"
    try:
        write_errors(shared.ports, MANAGER, outcome.run or "", target, lang=Lang.JA, at=AT)
    except NothingWaitsError:
        return
    with target.open(encoding="utf-8-sig", newline="") as stream:
        holds_none(cell for line in csv.reader(stream) for cell in line)


@pytest.mark.parametrize("number", [MY_NUMBER, CARD])
def test_a_file_without_headers_gives_no_number_away(
    shared: Wiring, tmp_path: Path, number: str
) -> None:
    path = tmp_path / "bare.csv"
    path.write_text(
        f"架空　花子,{number},2020/01/01\n架空　次郎,{number},2020/01/02\n", encoding="utf-8"
    )
    with pytest.raises(GovernanceError) as told:
        take_in(shared.ports, MANAGER, ImportRequest(path=path), at=AT)
    assert number not in str(told.value)
    mapped = ImportRequest(
        path=path, header_row=0, kind=SourceKind.CUSTOMERS,
        columns={"列1": "name", "列2": "customer_id", "列3": "registered_on"},
    )  # fmt: skip
    outcome = take_in(shared.ports, MANAGER, mapped, at=AT)
    assert (outcome.counts.read, outcome.counts.quarantined) == (2, 2)
    holds_none(everything(shared))


def test_ids_of_twelve_digits_are_ids(shared: Wiring, tmp_path: Path) -> None:
    rows = [
        customer(n, 顧客ID=f"{700000000000 + n}", 携帯番号="", メールアドレス="") for n in range(60)
    ]
    out = StringIO()
    writer = csv.DictWriter(out, REGISTER, restval="")
    writer.writeheader()
    writer.writerows(rows)
    path = tmp_path / "ids.csv"
    path.write_text(out.getvalue(), encoding="utf-8")
    outcome = take_in(shared.ports, MANAGER, ImportRequest(path=path), at=AT)
    assert outcome.counts.stored == 60
    assert "NUMBER_MASKED" not in outcome.problems


def test_a_number_over_neighbouring_cells_is_masked() -> None:
    cells, count = mask_cells(("山", *(MY_NUMBER[n : n + 4] for n in (0, 4, 8)), "川"))
    assert (cells[0], cells[4], count) == ("山", "川", 1)
    assert not digits("".join(cells))


def test_an_announced_column_shows_no_digit() -> None:
    cells, _ = mask_cells(("1234", "03-1234-5678"), headers=("マイナンバー下4桁", "電話"))
    assert cells[1] == "03-1234-5678"
    assert not digits(cells[0])


def test_a_reference_keeps_digits_that_have_a_check_digit_by_chance() -> None:
    row = "01a21949-b193-7479-9967-0c33e6e4a74d"  # 193-7479-9967-0 would be a 個人番号
    assert without_numbers(row)[0] != row
    clear = {"inquiry_id": row, "author": f"控え {MY_NUMBER}"}
    draft = Draft(
        number=1, table="inquiry_message", key=None, owner_key=None, clear=clear, plain={}
    )
    (found,) = masked([draft]).drafts
    assert found.clear["inquiry_id"] == row
    assert MY_NUMBER not in str(found.clear["author"])
