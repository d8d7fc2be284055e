"""`--json` prints one JSON value, and the shapes that other programs rely on hold."""

import json
from pathlib import Path

import pytest

from tests.governance.cli.conftest import Home, Run
from tests.installation import customer, register, write_file

VERIFY = {"verdict", "size", "root", "at_seq", "expected", "found", "witness", "witnessed_at"}


def test_check_says_the_decision_with_its_reasons(home: Home, run: Run) -> None:
    told = run(
        "--json", "--data", home.data, "--as", "svc:mailer", "check",
        "--subject", home.subjects[0], "--purpose", "mail_marketing", "--channel", "email",
    )  # fmt: skip
    told = told if told.code == 1 and told.out else run(
        "--json", "--data", home.data, "--as", "support", "check",
        "--subject", home.subjects[0], "--purpose", "order_support",
    )  # fmt: skip
    assert told.err == ""
    shape = told.value
    assert set(shape) == {
        *("decision_id", "decision", "reasons", "obligations", "snapshot", "valid_until"),
    }
    assert isinstance(shape["decision"], bool)
    assert told.code == (0 if shape["decision"] else 1)
    assert shape["reasons"]
    assert all(set(reason) == {"code", "text_ja", "text_en"} for reason in shape["reasons"])
    assert set(shape["snapshot"]) == {"policy_version", "consent_seq"}
    assert isinstance(shape["obligations"], list)


def test_verify_says_its_verdict(home: Home, run: Run) -> None:
    told = run("--json", "--data", home.data, "audit", "verify")
    shape = told.value
    assert {"verdict", "size", "root"} <= set(shape) <= VERIFY
    assert told.code == (0 if shape["verdict"].startswith("verified") else 1)
    assert told.err == ""


def test_checkpoint_then_verify_is_verified_and_an_event_proves(
    home: Home, run: Run, tmp_path: Path
) -> None:
    note = tmp_path / "note"
    made = run("--json", "--data", home.data, "audit", "checkpoint", "--output", note)
    assert made.code == 0
    assert set(made.value) == {"size", "note", "keys"}
    assert note.read_text(encoding="utf-8") == made.value["note"]
    keys = [part for key in made.value["keys"] for part in ("--key", key)]
    verified = run("--json", "--data", home.data, "audit", "verify", *keys)
    assert verified.code == 0
    assert verified.value["verdict"] == "verified_self_signed"


def test_import_counts_add_up(home: Home, run: Run, tmp_path: Path) -> None:
    rows = [customer(3), customer(4, 顧客ID=""), customer(3)]
    path = write_file(tmp_path, register(rows), name="more.csv")
    for dry in (("--dry-run",), ()):
        told = run("--json", "--data", home.data, "--as", "manager", "import", path, *dry)
        counts = told.value
        assert {"read", "stored", "merged", "quarantined", "refused", "encoding"} <= set(counts)
        parts = ("stored", "merged", "quarantined", "refused")
        assert counts["read"] == len(rows) == sum(counts[name] for name in parts)
        assert told.code == (0 if counts["quarantined"] + counts["refused"] == 0 else 1)


def test_duplicates_prints_one_cluster_a_line(home: Home, run: Run) -> None:
    told = run("--json", "--data", home.data, "duplicates", home.files / "customers.csv")
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert lines
    for cluster in lines:
        assert {"file", "rows"} <= set(cluster)
        assert cluster["file"] == "customers.csv"
        assert all(isinstance(row, int) and row >= 1 for row in cluster["rows"])
    assert told.code == 1
    assert any({1, 3} <= set(cluster["rows"]) for cluster in lines)


def test_a_plan_lists_every_person(home: Home, run: Run) -> None:
    told = run("--json", "--data", home.data, "--as", "tanaka", "retention", "plan")
    assert told.code == 0
    assert len(told.value) >= len(home.subjects)
    for item in told.value:
        assert {"id", "decision", "rule", "basis", "due_on", "ledger_until"} <= set(item)
        assert item["decision"] in ("due", "kept", "review")


def test_law_due_prints_the_books_own_keys_and_both_reasons(run: Run) -> None:
    told = run(
        *("--json", "law", "due", "--rule", "gdpr_1m"),
        *("--event", "received=2026-03-05", "--calendar", "DE"),
    )
    assert told.code == 0
    assert told.value["nominal"] == "2026-04-05"
    assert told.value["legal"] == "2026-04-07"
    assert told.value["reason_ja"]
    assert told.value["reason_en"]


@pytest.mark.parametrize(
    "line",
    [
        ("doctor",), ("quality", "report"), ("dsar", "list"), ("dsar", "list", "--all"),
        ("keys", "status"), ("retention", "status"), ("policy", "check"),
        ("policy", "matrix", "--role", "support"), ("law", "show", "APPI-17"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_every_looking_command_prints_one_json_value(
    home: Home, run: Run, line: tuple[str, ...]
) -> None:
    for login in ("tanaka", "auditor", "manager"):
        told = run("--json", "--data", home.data, "--as", login, *line)
        if told.out:
            assert told.err == ""
            json.loads(told.out)
            assert told.code in (0, 1)
        else:
            assert told.problem["status"] == 403
            assert told.code == 1


def test_the_matrix_names_no_person_and_is_complete(run: Run) -> None:
    cells = run("--json", "policy", "matrix").value
    assert {
        *("role", "field", "action", "purpose", "treatment", "method", "conditional"),
        *("code", "rule"),
    } == set(cells[0])
    assert {cell["treatment"] for cell in cells} == {"clear", "masked", "withheld"}


def test_words_are_for_people_and_not_json(home: Home, run: Run) -> None:
    told = run("--data", home.data, "--as", "tanaka", "dsar", "list")
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(told.out)


def test_a_session_belongs_to_its_owner_alone(home: Home) -> None:
    kept = home.data / "cli"
    assert kept.stat().st_mode & 0o077 == 0
    for path in kept.iterdir():
        assert path.stat().st_mode & 0o077 == 0


def test_a_session_ended_is_not_signed_in(home: Home, run: Run) -> None:
    path = home.data / "cli" / "support.session"
    secret = path.read_text()
    path.write_text("another")
    told = run("--json", "--data", home.data, "--as", "support", "dsar", "list")
    path.write_text(secret)
    assert told.problem["code"] == "not_signed_in"
