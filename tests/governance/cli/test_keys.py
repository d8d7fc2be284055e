"""`sekisho keys` by the command line: state, rotations, and what takes two persons to end."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from audit.models import EVENTS
from governance.core.clock import JST, utc_now
from governance.core.terms import KeyClass, SubjectId
from governance.keys.epochs import roll
from governance.keys.errors import KeyDestroyedError
from tests.governance.cli.line import Line
from tests.installation import customer, register, subjects, write_file


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Line:
    """An installation with two customers, an officer, an approver, an operator and a manager."""
    folder: Path = tmp_path_factory.mktemp("keys")
    made = Line(folder=folder / "data")
    made.found()
    made.hire("kacho", "data_manager")
    path = write_file(folder, register([customer(1), customer(2)]))
    made.done("import", str(path), by="kacho")
    return made


def person(line: Line, number: int) -> SubjectId:
    wiring = line.wiring()
    try:
        return subjects(wiring)[number]
    finally:
        wiring.close()


def event(line: Line, action: str) -> tuple[str, str]:
    """Object and references of the newest event of this kind."""
    wiring = line.wiring()
    with wiring.database.read() as tx:
        newest = select(EVENTS.c.object_type, EVENTS.c.refs).where(EVENTS.c.action == action)
        row = tx.execute(newest.order_by(EVENTS.c.id.desc()).limit(1)).one()
    wiring.close()
    return row.object_type, row.refs


def test_a_rotation_of_all_persons_is_shown_with_its_progress(line: Line) -> None:
    done = line.done("keys", "rotate", "--all-subjects", by="jiro")
    assert (done["kind"], done["phase"], done["renewed"]) == ("subjects", "wait", 2)
    assert done["moved"] >= 4
    (shown, *_) = line.done("keys", "status", by="hanako")["tasks"]
    assert shown["task"] == done["task"]
    assert (shown["state"], shown["done"]) == ("running", shown["total"])
    assert shown["end_after"] > shown["started_at"]


def test_the_status_in_words_names_the_work(line: Line) -> None:
    line.done("keys", "rotate", "--subject", person(line, 0), "--keep-old", "0", by="jiro")
    said = line.run("keys", "status", by="hanako", as_json=False)
    assert "Rotation of persons' keys" in said.out
    assert "Keeping the old keys" in said.out


def test_an_index_gets_a_new_key_and_still_finds(line: Line) -> None:
    done = line.done("keys", "rotate", "--index", "person.name", by="jiro")
    assert (done["state"], done["done"]) == ("done", 2)
    assert done["dropped"] > 0
    (shown, *_) = line.done("keys", "status", by="hanako")["index_rotations"]
    assert shown["run"] == done["run"]
    said = line.run("keys", "status", by="hanako", as_json=False)
    assert "person.name" in said.out
    assert line.refused("keys", "rotate", "--index", "person.sex", by="jiro") == "index_unknown"


def test_the_epoch_rolls_without_an_option(line: Line) -> None:
    assert line.done("keys", "rotate", by="jiro")["stuck"] == 0


def test_an_epoch_ends_when_a_second_person_agrees(line: Line) -> None:
    wiring = line.wiring()
    today = utc_now().astimezone(JST).date()
    roll(wiring.vault.ring, day=today + timedelta(days=1))
    wiring.close()
    said = line.run("keys", "destroy", "--epoch", today.isoformat(), by="jiro")
    assert (said.code, said.refusal) == (1, "approval_required")
    again = line.run("keys", "destroy", "--epoch", today.isoformat(), by="jiro")
    assert again.err == said.err
    approval = line.run("keys", "destroy", "--epoch", today.isoformat(), by="jiro").err
    wanted = approval.split('"approval": "')[1].split('"')[0]
    assert line.refused("approve", wanted, by="kacho") != ""
    line.done("approve", wanted, by="taro")
    epochs = {item["epoch"]: item for item in line.done("keys", "status", by="hanako")["epochs"]}
    assert epochs[today.isoformat()]["stage"] == "destroyed"
    kind, refs = event(line, "key.destroyed")
    assert kind == "key_task.end_epoch"
    assert f"epoch:{today.isoformat()}" in refs
    assert "final_at:" in refs
    assert line.refused("keys", "destroy", "--epoch", today.isoformat(), by="jiro") == (
        "epoch_not_endable"
    )


def test_a_persons_record_key_ends_when_a_second_person_agrees(line: Line) -> None:
    subject = person(line, 1)
    wiring = line.wiring()
    part = wiring.vault.seal_part(subject, "x", b"proof", key_class=KeyClass.RECORD)
    wiring.close()
    words = ("keys", "destroy", "--subject", subject, "--class", "record")
    said = line.run(*words, by="jiro")
    assert (said.code, said.refusal) == (1, "approval_required")
    wanted = said.err.split('"approval": "')[1].split('"')[0]
    assert line.refused("approve", wanted, by="jiro") != ""
    line.done("approve", wanted, by="taro")
    kind, refs = event(line, "key.destroyed")
    assert kind == "key_task.end_subject"
    assert "class:record" in refs
    assert "final_at:" in refs
    assert f"approval:{wanted}" in refs
    wiring = line.wiring()
    with pytest.raises(KeyDestroyedError):
        wiring.vault.open_part("x", part)
    wiring.close()


def test_only_who_may_asks_for_the_end_of_a_key(line: Line) -> None:
    words = ("keys", "destroy", "--subject", person(line, 0), "--class", "record")
    assert line.refused(*words, by="kacho") == "key_act_forbidden"


def test_nothing_to_seal_is_nothing_done(line: Line) -> None:
    assert line.done("keys", "seal", by="jiro") == []
    assert line.refused("keys", "seal", "--field", "person.name", by="jiro") == (
        "field_not_sealable"
    )


def test_the_active_key_of_a_person_in_use_ends_by_their_erasure(line: Line) -> None:
    subject = person(line, 0)
    words = ("keys", "destroy", "--subject", subject, "--class", "active")
    assert line.refused(*words, by="jiro") == "retention_refused"
    refusal = line.refused(*words, by="hanako")
    assert refusal in {"approval_required", "schedule_missing"}
