"""`sekisho policy`: a policy is put in force by two persons, compared, tried and taken back."""

import json
import shutil
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from tests.governance.cli.line import Line

OFFICER, APPROVER = "hanako", "taro"


def folder_of(target: Path, *, version: str, **changes: tuple[str, str]) -> Path:
    """The shipped policy with another version and these replacements in its files."""
    with as_file(files("policies") / "data" / "default") as shipped:
        shutil.copytree(shipped, target)
    first = target / "00_policy.yaml"
    first.write_text(first.read_text("utf-8").replace('"2026-10-01.1"', f'"{version}"'), "utf-8")
    for name, (old, new) in changes.items():
        path = next(target.glob(f"*_{name}.yaml"))
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")
    return target


AUDITOR_SEES_RANK = ("fields: [name, status]", "fields: [name, status, rank]")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the requests are put to Casbin; other tests put all."""
    monkeypatch.setattr("policies.compare.BUDGET", 5_000)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Line:
    """An installation with an officer, an approver and an operator."""
    made = Line(folder=tmp_path_factory.mktemp("policy") / "data")
    made.found()
    return made


def agreed(line: Line, *words: str) -> str:
    """What the approval of this command did."""
    said = line.run("policy", *words, by=OFFICER)
    assert said.refusal == "approval_required", said.err
    approval = str(json.loads(said.err)["params"]["approval"])
    assert line.refused("approve", approval, by=OFFICER) in {
        "approval_forbidden",
        "action_forbidden",
    }
    return str(line.done("approve", approval, by=APPROVER)["done"])


def numbers(line: Line) -> list[tuple[int, str, str]]:
    found = line.done("policy", "list", by=OFFICER)
    return [(e["number"], e["kind"], e["state"]) for e in found["entries"]]


def test_a_policy_comes_into_force_by_two_persons_and_goes_back_by_two(
    line: Line, tmp_path: Path
) -> None:
    assert numbers(line) == [(1, "shipped", "taken")]
    wider = folder_of(tmp_path / "wider", version="2027-04-01.1", rules=AUDITOR_SEES_RANK)
    changes = line.run("policy", "diff", "current", str(wider), by=OFFICER)
    assert changes.code == 1
    assert changes.value["changed_cells"] == 1
    assert changes.value["people"] == 0
    assert "監査担当" in changes.value["changes"][0]["text_ja"]
    assert "gains" in changes.value["changes"][0]["text_en"]
    assert agreed(line, "apply", str(wider)) == "policy:2"
    cells = line.done("policy", "matrix", "--role", "auditor", "--purpose", "audit_review")
    assert "person.rank" in {c["field"] for c in cells if c["treatment"] == "clear"}
    assert line.refused("policy", "apply", str(wider), by=OFFICER) == "policy_unchanged"
    assert agreed(line, "rollback") == "policy:3"
    assert numbers(line)[0] == (3, "rollback", "taken")
    cells = line.done("policy", "matrix", "--role", "auditor", "--purpose", "audit_review")
    assert "person.rank" not in {c["field"] for c in cells if c["treatment"] == "clear"}
    verdict = line.done("audit", "verify", by=OFFICER)
    assert verdict["verdict"] == "unpinned" or verdict["verdict"].startswith("verified")


def test_a_policy_with_a_fault_or_a_finding_is_refused_and_changes_nothing(
    line: Line, tmp_path: Path
) -> None:
    before = numbers(line)
    broken = folder_of(tmp_path / "broken", version="9", rules=("allow: [support]", "allow: [x]"))
    assert line.refused("policy", "apply", str(broken), by=OFFICER) == "policy_refused"
    said = line.run("policy", "check", str(broken))
    assert said.code == 1
    assert said.value["findings"][0]["file"] == "50_rules.yaml"
    wrong = folder_of(
        tmp_path / "wrong", version="8", tests=("expect: permit, by: R-101", "expect: deny")
    )
    assert line.refused("policy", "apply", str(wrong), by=OFFICER) == "policy_faulty"
    nameless = folder_of(
        tmp_path / "nameless", version="7", purposes=("marketing@3.1", "marketing@99")
    )
    said = line.run("policy", "check", str(nameless))
    assert "notice_version_unknown" in {f["code"] for f in said.value["findings"]}
    assert line.refused("policy", "apply", str(nameless), by=OFFICER) == "policy_faulty"
    taken = folder_of(tmp_path / "taken", version="2026-10-01.1", rules=AUDITOR_SEES_RANK)
    assert line.refused("policy", "apply", str(taken), by=OFFICER) == "policy_name_taken"
    assert line.refused("policy", "apply", str(wrong), by="jiro") == "action_forbidden"
    assert numbers(line) == before


def test_recorded_decisions_are_judged_by_another_policy(line: Line, tmp_path: Path) -> None:
    line.hire("saburo", "support")
    assert line.refused("policy", "list", by="saburo") == "action_forbidden"
    opened = folder_of(
        tmp_path / "opened",
        version="2028-05-01.1",
        roles=("dsar:write, message:send, glass:break]", "dsar:write, message:send, policy:read]"),
    )
    found = line.run("policy", "dry-run", str(opened), "--last", "2d", by=OFFICER)
    assert found.code == 1
    (flip,) = found.value["flips"]
    assert (flip["who"], flip["before"], flip["after"]) == (
        "support", "denied.actor.no_rule", "permit",
    )  # fmt: skip
    assert found.value["flipped"] == flip["decisions"] == 1
    assert line.refused("policy", "shadow", by=OFFICER) == "no_shadow"
    assert line.done("policy", "shadow", str(opened), by=OFFICER)["shadow"] == "2028-05-01.1"
    assert line.done("policy", "shadow", by=OFFICER)["flips"] == []
    assert line.done("policy", "shadow", "--off", by=OFFICER) == {"shadow": None}
