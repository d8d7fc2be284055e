"""`sekisho recipients`, `provision`, `export`, `use` on the command line."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest

from tests.governance.cli.conftest import Home, Run, Said

ENTRY = (
    "--set", "name=架空提携株式会社", "--set", "role=third_party", "--set", "country=JP",
    "--set", "contracted_on=2026-04-01", "--set", "address=東京都千代田区",
    "--set", "representative=架空　代表",
)  # fmt: skip
PROVISION = ("--purpose", "third_party_provision", "--recipient", "third_party:V900")


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing stands on standard input."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))


def by(run: Run, home: Home, login: str, *words: str, as_json: bool = True) -> Said:
    shared = ("--data", home.data, "--as", login, *(("--json",) if as_json else ()))
    return run(*shared, *words)


@pytest.mark.usefixtures("silent")
def test_recipients_are_kept_and_an_export_follows_them(
    run: Run, home: Home, tmp_path: Path
) -> None:
    made = by(run, home, "tanaka", "recipients", "add", "V900", *ENTRY)
    assert (made.code, made.value["version"]) == (0, 1), made.err
    changed = by(
        run, home, "tanaka", "recipients", "change", "V900", "--version", "1",
        "--set", "safeguards=暗号化",
    )  # fmt: skip
    assert changed.value["version"] == 2
    stale = by(
        run, home, "tanaka", "recipients", "change", "V900", "--version", "1",
        "--set", "safeguards=",
    )  # fmt: skip
    assert (stale.code, stale.problem["code"]) == (1, "recipient_changed")
    checked = by(
        run, home, "tanaka", "recipients", "check", "V900", "--kind", "supervision",
        "--method", "document", "--outcome", "sound", "--on", "2026-01-02",
    )  # fmt: skip
    assert checked.code == 0, checked.err
    listed = by(run, home, "tanaka", "recipients", "list", "--missing")
    assert listed.code == 1  # something is missing
    assert "PURPOSES_MISSING" in listed.value[0]["missing"]
    words = by(run, home, "tanaka", "recipients", "show", "V900", as_json=False)
    assert "架空　代表" in words.out
    assert "利用目的がない" in words.out

    path = tmp_path / "export.csv"
    gone = by(run, home, "manager", "export", *PROVISION, "--output", str(path))
    assert gone.code == 0, gone.err
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows: list[Any] = list(csv.DictReader(stream))
    assert len(rows) == gone.value["rows"]
    again = by(run, home, "manager", "export", *PROVISION, "--output", str(path))
    assert again.problem["code"] == "output_exists"
    records = by(run, home, "tanaka", "provision", "list")
    assert [one["provision"] for one in records.value] == [gone.value["provision"]]
    shown = by(run, home, "tanaka", "provision", "show", gone.value["provision"], "--persons")
    assert shown.value["party"]["representative"] == "架空　代表"
    assert len(shown.value["items"]) == gone.value["persons"]


def test_a_refused_export_leaves_nothing_and_tells_why(
    run: Run, home: Home, tmp_path: Path
) -> None:
    path = tmp_path / "no.csv"
    words = ("export", "--purpose", "third_party_provision", "--output", str(path))
    refused = by(run, home, "manager", *words, "--recipient", "third_party:V404")
    assert (refused.code, refused.problem["code"]) == (1, "export_refused")
    assert refused.problem["params"]["reason"] == "denied.purpose.recipient_unknown"
    assert not path.exists()
    wrong = by(run, home, "manager", *words, "--format", "exe")
    assert wrong.code == 2


def test_a_use_prints_pseudonyms(run: Run, home: Home) -> None:
    found = by(run, home, "support", "use", "--purpose", "mail_marketing")
    assert (found.code, found.problem["code"]) == (1, "action_forbidden")


def test_a_permit_says_in_words_until_when_it_is_one(run: Run, home: Home) -> None:
    for purpose, permits in (("order_support", True), ("mail_marketing", False)):
        asked = ("check", "--subject", home.subjects[0], "--purpose", purpose)
        said = run("--data", home.data, "--as", "support", "--lang", "en", *asked).out
        until = re.search(r"The permit ends at: 20\d\d-\S+\.\d{3}\+09:00", said)
        assert (until is not None) == permits, said


def test_an_emergency_access_is_opened_and_reviewed_by_another(
    run: Run, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def typed(words: str) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(words.encode())))

    typed("本人の生命に関わる連絡のため（架空）")
    made = by(
        run, home, "support", "break-glass", "open", "--purpose", "order_support",
        "--minutes", "10", "--subject", home.subjects[0],
    )  # fmt: skip
    assert (made.code, made.value["open"]) == (0, True), made.err
    name = made.value["break_glass"]
    waiting = by(run, home, "auditor", "break-glass", "list", "--unreviewed")
    assert (waiting.code, len(waiting.value)) == (1, 1)
    assert by(run, home, "support", "break-glass", "end", name).value["open"] is False
    typed("記録と照合した（架空）")
    done = by(run, home, "auditor", "break-glass", "review", name, "--verdict", "justified")
    assert (done.code, done.value["verdict"]) == (0, "justified"), done.err
    words = by(run, home, "auditor", "break-glass", "show", name, as_json=False)
    assert "記録と照合した" in words.out
    assert by(run, home, "auditor", "break-glass", "list", "--unreviewed").code == 0


@pytest.mark.usefixtures("silent")
def test_a_recipients_webhook_is_set_shown_and_taken_away(
    run: Run, home: Home, tmp_path: Path
) -> None:
    assert by(run, home, "tanaka", "recipients", "add", "V901", *ENTRY).code == 0
    hook = ("recipients", "webhook", "V901")
    url = "https://hooks.example.com/in"
    made = by(run, home, "tanaka", *hook, "--url", url)
    assert made.value["secret"].startswith("whsec_")
    secret = tmp_path / "secret"
    secret.write_text(made.value["secret"] + "\n")
    secret.chmod(0o600)
    given = by(run, home, "tanaka", *hook, "--url", url, "--secret-file", str(secret))
    assert given.value == {"url": url, "secrets": 1}, "what was given is not shown"
    assert by(run, home, "tanaka", *hook).value == {"url": url, "secrets": 1}
    turned = by(run, home, "tanaka", *hook, "--rotate").value
    assert turned["secrets"] == 2
    assert turned["secret"].startswith("whsec_")
    assert by(run, home, "tanaka", *hook, "--settle").value == {"url": url, "secrets": 1}
    assert by(run, home, "tanaka", *hook, "--rotate", "--settle").code == 2
    wrong = by(run, home, "tanaka", *hook, "--url", "http://hooks.example.com/in")
    assert (wrong.code, wrong.problem["code"]) == (2, "recipient_hook")
    assert by(run, home, "tanaka", *hook, "--remove").code == 0
    assert by(run, home, "tanaka", *hook).value == {"url": None, "secrets": 0}
