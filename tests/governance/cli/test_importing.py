"""`sekisho import`: preview, errors out and back, runs, sources, wrong use, an interruption."""

import csv
from pathlib import Path

import pytest

from governance.cli import importing
from governance.gateway.intake import service
from tests.governance.cli.conftest import Home, Run
from tests.installation import customer, register, write_file


def test_a_preview_is_one_json_value_and_changes_nothing(
    home: Home, run: Run, tmp_path: Path
) -> None:
    path = write_file(tmp_path, register([customer(900)]), name="p.csv")
    before = home.state()[0]
    told = run("--json", "--data", home.data, "--as", "manager", "import", path, "--preview")
    assert (told.code, told.err) == (0, "")
    shape = told.value
    assert {"encoding", "confidence", "alternatives", "delimiter", "header_row", "kind"} <= set(
        shape
    )
    columns = {column["header"]: column for column in shape["columns"]}
    assert columns["氏名"] | {"looks_like": None, "filled": None} == {
        "header": "氏名", "field": "name", "confidence": 1.0, "why": "exact",
        "looks_like": None, "filled": None,
    }  # fmt: skip
    after = home.state()[0]
    changed = {name for name in before if before[name] != after[name]}  # type: ignore[index, attr-defined] # counts by table
    assert all(name.startswith("audit_") for name in changed)
    words = run("--data", home.data, "--as", "manager", "--lang", "en", "import", path, "--preview")
    assert "header is known" in words.out


def test_errors_go_out_and_come_back(home: Home, run: Run, tmp_path: Path) -> None:
    rows = [customer(910), customer(911, 氏名="")]
    path = write_file(tmp_path, register(rows), name="q.csv")
    told = run("--json", "--data", home.data, "--as", "manager", "import", path)
    assert (told.code, told.value["quarantined"]) == (1, 1)
    number, out = told.value["run"], tmp_path / "errors.csv"
    wrote = run(
        "--json", "--data", home.data, "--as", "manager", "import", "errors", number, "--out", out
    )
    assert (wrote.code, wrote.value["rows"], wrote.value["run"]) == (0, 1, number)
    again = run("--data", home.data, "--as", "manager", "import", "errors", number, "--out", out)
    assert again.code == 2, "nothing is replaced"
    with out.open(encoding="utf-8-sig", newline="") as stream:
        (row,) = csv.DictReader(stream)
        header = list(row)
    fixed = tmp_path / "fixed.csv"
    with fixed.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, header)
        writer.writeheader()
        writer.writerow(row | {"氏名": "架空　直子"})
    back = run("--json", "--data", home.data, "--as", "manager", "import", fixed)
    assert (back.code, back.value["stored"], back.value["corrects"]) == (0, 1, number)
    listed = run("--json", "--data", home.data, "--as", "manager", "import", "runs")
    by_run = {item["run"]: item for item in listed.value}
    assert (by_run[number]["waiting"], by_run[number]["resolved"]) == (0, 1)
    assert run("--data", home.data, "--as", "manager", "import", "runs").code == 0


def test_a_source_is_saved_and_listed(home: Home, run: Run, tmp_path: Path) -> None:
    path = write_file(tmp_path, "会員さま,いつ\n架空　花子,2024/01/01\n", name="s.csv")
    told = run(
        "--json", "--data", home.data, "--as", "manager", "import", path, "--kind", "customers",
        "--map", "会員さま=name", "--map", "いつ=registered_on", "--source", "card",
        "--acquired-from", "third_party", "--ground", "consent", "--provider", "架空商事",
    )  # fmt: skip
    assert (told.code, told.value["stored"], told.value["source"]) == (0, 1, "card")
    listed = run("--json", "--data", home.data, "--as", "manager", "import", "sources")
    (saved,) = [item for item in listed.value if item["name"] == "card"]
    assert (saved["columns"], saved["ground"], saved["rows"]) == (2, "consent", 1)
    assert run("--data", home.data, "--as", "manager", "import", "sources").code == 0
    kinds = run("--json", "--data", home.data, "--as", "manager", "import", "kinds").value
    assert {"customers", "contacts", "tags"} < kinds.keys()
    (wanted,) = (column for column in kinds["permissions"] if column["column"] == "wanted")
    assert wanted["required"]
    assert wanted["words"]["不可"] == "unwanted"
    assert "連絡手段" in run("--data", home.data, "--as", "manager", "import", "kinds").out


WRONG: dict[str, tuple[str, ...]] = {
    "errors without a run": ("errors",),
    "errors without a place": ("errors", "x"),
    "a word too many": ("runs", "x"),
    "a mapping without a field": ("{file}", "--map", "氏名"),
    "a mapping of nothing": ("{file}", "--map", "無い=name"),
    "a field that is none": ("{file}", "--map", "氏名=frog"),
    "a delimiter of two signs": ("{file}", "--delimiter", "ab"),
    "a source of odd letters": ("{file}", "--source", "Ａ B"),
    "a ground that is none": ("{file}", "--ground", "because"),
    "a method that is none": ("{file}", "--method", "magic"),
    "a day that is none": ("{file}", "--acquired-on", "2026-02-30"),
    "a country that is none": ("{file}", "--origin", "Japan"),
    "a sheet of a text file": ("{file}", "--header-row", "99"),
}


@pytest.mark.parametrize("words", WRONG.values(), ids=WRONG)
def test_wrong_use_is_one_sentence_and_changes_nothing(
    home: Home, run: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    path = write_file(tmp_path, register([customer(920)]), name="w.csv")
    before = home.state()
    told = run(
        "--data", home.data, "--as", "manager", "import", *(w.format(file=path) for w in words)
    )
    assert told.code == 2, told.err
    assert len(told.err.strip().splitlines()) == 1
    assert "Error" not in told.err
    assert home.state() == before


def test_an_unknown_run_and_a_role_without_the_right_are_findings(
    home: Home, run: Run, tmp_path: Path
) -> None:
    out = tmp_path / "e.csv"
    assert (
        run("--data", home.data, "--as", "manager", "import", "errors", "x", "--out", out).code == 1
    )
    assert run("--data", home.data, "--as", "support", "import", "runs").code == 1
    assert not out.exists()


def test_an_interruption_says_how_to_go_on(
    home: Home, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_file(tmp_path, register([customer(n) for n in range(930, 936)]), name="i.csv")

    def interrupted(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(service, "_store", interrupted)
        told = run("--data", home.data, "--as", "manager", "import", path)
    assert (told.code, told.out) == (1, "")
    assert "もう一度実行" in told.err
    again = run("--json", "--data", home.data, "--as", "manager", "import", path)
    assert (again.code, again.value["stored"], again.value["repeated"]) == (0, 6, False)


def test_a_bar_is_shown_on_a_terminal_alone_and_never_in_the_result(
    home: Home, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_file(tmp_path, register([customer(n) for n in range(940, 944)]), name="b.csv")
    quiet = run("--json", "--data", home.data, "--as", "manager", "import", path, "--dry-run")
    assert quiet.err == ""
    monkeypatch.setattr(importing.sys.stderr, "isatty", lambda: True)
    told = run("--json", "--data", home.data, "--as", "manager", "import", path)
    assert (told.code, told.value["stored"]) == (0, 4)
