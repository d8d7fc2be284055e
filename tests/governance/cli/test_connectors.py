"""`sekisho connectors` and `dsar go-without`: from the file to the answer of a colleague."""

from pathlib import Path

import pytest

from governance.core.clock import utc_now
from governance.core.ids import new_subject_id
from governance.core.terms import Law
from governance.customers.store import NewSubject, add_subjects
from governance.customers.subjects import SubjectKind
from tests.governance.cli.line import Line

FILE = """connectors:
  archive:
    label: 書庫 / Archive
    kind: manual
    mail: archive@example.com
    days: 7
  closed:
    label: 通販サイト / Online shop
    kind: database
    address: postgresql://127.0.0.1:9/none
    tables:
      members: {label: 会員 / Members, person: {email: mail}, columns: {n: 名 / Name},
                erase: delete}
"""


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    made = Line(folder=tmp_path / "data")
    made.found()
    path = tmp_path / "connectors.yaml"
    path.write_text(FILE, encoding="utf-8")
    monkeypatch.setenv("SEKISHO_CONNECTORS_FILE", str(path))
    return made


def person(line: Line) -> str:
    wiring = line.wiring()
    new = NewSubject(id=new_subject_id(), kind=SubjectKind.CUSTOMER, laws={Law.APPI: "test"})
    wiring.database.write(lambda tx: add_subjects(tx, [new], at=utc_now()))
    wiring.close()
    return new.id


def test_a_request_is_collected_over_systems_and_goes_on_without_one(line: Line) -> None:
    assert [one["name"] for one in line.done("connectors", "check")["connectors"]] == [
        "archive", "closed",
    ]  # fmt: skip
    line.hire("manager", "data_manager")
    made = line.done(
        *("dsar", "receive", "--kind", "disclosure", "--subject", person(line)),
        *("--channel", "counter"),
        by="hanako",
    )
    case = made["id"]
    for words in (
        ("dsar", "identity", case, "--evidence", "document"),
        ("dsar", "identity", case, "--evidence", "email_code", "--contact-days", "400"),
        ("dsar", "advance", case, "start"),
    ):
        line.done(*words, by="hanako")
    told = line.run("dsar", "collect", case, by="hanako")
    assert told.code == 1
    states = {one["source"]: one for one in told.value["sources"]}
    assert states["connector.archive"]["code"] == "pending"
    assert states["connector.closed"]["code"] == "unreachable"
    assert states["person"]["found"]
    (task,) = line.done("connectors", "tasks", by="manager")
    shown = line.done("connectors", "task", task["id"], by="manager")
    assert shown["reference"] == made["reference"]
    assert line.refused("connectors", "task", task["id"], by="hanako") == "connector_task_unknown"
    answer = ("connectors", "answer", task["id"], "--answer")
    assert line.refused(*answer, "cannot", by="manager") == "connector_task_answer"
    line.done(*answer, "nothing", by="manager")
    assert line.refused(*answer, "nothing", by="manager") == "connector_task_answered"
    line.run("dsar", "collect", case, by="hanako")
    assert line.refused("dsar", "advance", case, "finish_collecting", by="hanako") == "request_step"
    left = ("dsar", "go-without", case, "--source", "closed", "--reason", "out_of_order")
    line.done(*left, by="hanako")
    line.done("dsar", "advance", case, "finish_collecting", by="hanako")
    listed = {one["name"]: one for one in line.done("connectors", "list", by="manager")}
    assert (listed["closed"]["failures_30_days"], listed["archive"]["last_code"]) == (2, None)
    health = line.run("connectors", "health", by="manager")
    assert health.code == 1
    assert [one["health"]["ok"] for one in health.value] == [True, False]


def test_a_fault_is_told_with_its_line_and_stops_the_start(line: Line, tmp_path: Path) -> None:
    (tmp_path / "connectors.yaml").write_text(FILE.replace("days: 7", "days: x"), encoding="utf-8")
    told = line.run("connectors", "check")
    assert told.code == 1
    (fault,) = told.value["faults"]
    assert (fault["line"], fault["code"]) == (6, "not_a_number")
    assert line.refused("dsar", "list", by="hanako") == "connectors_refused"
