"""Exports of the log prove themselves, are on record, and replace nothing."""

import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from audit.actions import EventCode
from audit.models import EVENTS
from audit.note import parse_vkey
from audit.program import built
from audit.sequencer import sequence_once
from audit.types import EventDraft, Outcome, PersonalPart
from governance.app.wiring import SYSTEM, Wiring
from governance.core.clock import utc_now
from governance.core.terms import SubjectId
from tests.governance.cli.line import Line
from tests.installation import add_person

ROOT = Path(__file__).parents[3]
SECRET = "架空花子"


@pytest.fixture
def line(tmp_path: Path) -> Line:
    made = Line(folder=tmp_path / "data")
    made.found()
    made.hire("ogawa", "auditor")
    return made


@pytest.fixture
def wiring(line: Line) -> Iterator[Wiring]:
    opened = line.wiring()
    yield opened
    opened.close()


@pytest.fixture
def person(wiring: Wiring) -> SubjectId:
    """A person about whom the log holds one sealed part; another one has a part too."""
    one, other = add_person(wiring), add_person(wiring)
    for subject in (one, other):
        draft = EventDraft(
            action=EventCode.PERSON_CHANGED,
            occurred_at=utc_now(),
            actor=SYSTEM,
            object_type="person",
            object_id=subject,
            subject=subject,
            outcome=Outcome.DONE,
            refs=(f"person:{other}",),
        )
        parts = [
            PersonalPart(subject=who, payload=json.dumps({"name": SECRET}).encode())
            for who in (one, other)
        ]
        wiring.database.write(partial(wiring.audit.append, draft=draft, parts=parts))
    return one


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(raw) for raw in path.read_bytes().splitlines()]


def test_an_export_verifies_with_the_program_that_is_written(line: Line, tmp_path: Path) -> None:
    bundle, program = tmp_path / "log.bundle", tmp_path / "verifier.pyz"
    told = line.done("audit", "export", "--output", str(bundle), by="ogawa")
    assert told["sha256"] == sha256(bundle.read_bytes()).hexdigest()
    assert stat.S_IMODE(bundle.stat().st_mode) == 0o600
    written = line.done("audit", "verifier", "--output", str(program))
    assert written["sha256"] == sha256(program.read_bytes()).hexdigest()
    options = [option for key in told["keys"] for option in ("--key", key)]
    done = subprocess.run(
        [sys.executable, "-I", "-S", program, bundle, *options, "--json"],
        env={},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (0, "verified_self_signed")


def test_an_export_is_on_record_by_its_digest(line: Line, wiring: Wiring, tmp_path: Path) -> None:
    told = line.done("audit", "export", "--output", str(tmp_path / "b"), by="ogawa")
    with wiring.database.read() as tx:
        row = tx.execute(select(EVENTS).where(EVENTS.c.action == "log.exported")).one()
    assert (row.actor, row.outcome) == ("u:ogawa", "done")
    assert row.refs == f"sha256:{told['sha256']},tree:{told['tree_size']}"
    assert row.counts.startswith(f"events={told['events']}")
    assert not list(tmp_path.glob("b.*"))


def test_an_export_is_whole_while_a_server_holds_the_lease(
    line: Line, wiring: Wiring, tmp_path: Path
) -> None:
    sequence_once(wiring.database, wiring.log_keys, wiring.audit, at=utc_now())
    line.hire("mori", "support")
    told = line.done("audit", "export", "--output", str(tmp_path / "b"), by="ogawa")
    with wiring.database.read() as tx:
        recorded = tx.execute(select(func.count()).select_from(EVENTS)).scalar_one()
    assert told["events"] == recorded - 1  # all but the record of this export itself


def test_an_export_replaces_no_file_and_is_then_not_recorded(
    line: Line, wiring: Wiring, tmp_path: Path
) -> None:
    taken = tmp_path / "taken"
    taken.write_bytes(b"kept")
    words = ("audit", "export", "--output", str(taken))
    assert line.refused(*words, by="ogawa") == "output_exists"
    assert taken.read_bytes() == b"kept"
    assert line.refused("audit", "verifier", "--output", str(taken)) == "output_exists"
    with wiring.database.read() as tx:
        assert tx.execute(select(EVENTS).where(EVENTS.c.action == "log.exported")).all() == []


def test_a_refused_export_leaves_no_file(line: Line, tmp_path: Path) -> None:
    words = ("audit", "export", "--output", str(tmp_path / "b"))
    for login in ("taro", "jiro"):
        assert line.refused(*words, by=login) == "action_forbidden"
    assert line.refused(*words, by="nobody") == "not_signed_in"
    assert line.refused(*words, "--open", by="hanako") == "open_without_person"
    assert list(tmp_path.glob("b*")) == []


def test_days_and_a_person_select_events(line: Line, person: SubjectId, tmp_path: Path) -> None:
    words = ("audit", "export", "--output")
    old = line.done(*words, str(tmp_path / "old"), "--to", "2020-01-01", by="ogawa")
    assert old["events"] == 0
    new = line.done(*words, str(tmp_path / "new"), "--from", "2020-01-01", by="ogawa")
    assert new["events"] == new["tree_size"]
    own = line.done(*words, str(tmp_path / "own"), "--person", person, by="ogawa")
    assert own["events"] == 2
    assert (own["opened"], own["withheld"]) == (0, 4)
    assert SECRET not in (tmp_path / "own").read_text("utf-8")


def test_only_the_named_person_is_opened(line: Line, person: SubjectId, tmp_path: Path) -> None:
    path = tmp_path / "b"
    words = ("audit", "export", "--output", str(path), "--person", person, "--open")
    told = line.done(*words, by="hanako")
    assert (told["opened"], told["withheld"]) == (2, 2)
    parts = [part for item in lines_of(path) for part in item.get("parts", ())]
    opened = {part["subject"] for part in parts if part["state"] == "opened"}
    assert opened == {person}


def test_an_auditor_opens_nobody(line: Line, person: SubjectId, tmp_path: Path) -> None:
    words = ("audit", "export", "--output", str(tmp_path / "b"), "--person", person, "--open")
    assert line.refused(*words, by="ogawa") == "action_forbidden"


def test_a_checkpoint_names_keys_that_verify_takes(line: Line, tmp_path: Path) -> None:
    told = line.done("audit", "checkpoint", by="jiro")
    assert told["size"] > 0
    options = [option for key in told["keys"] for option in ("--key", str(parse_vkey(key).vkey))]
    assert line.done("audit", "verify", *options)["verdict"] == "verified_self_signed"
    again = line.done("audit", "checkpoint", "--output", str(tmp_path / "note"), by="jiro")
    assert again["note"] == told["note"] == (tmp_path / "note").read_text("utf-8")
    words = ("audit", "checkpoint", "--output", str(tmp_path / "note"))
    assert line.refused(*words, by="jiro") == "output_exists"


def test_proof_and_checkpoint_need_a_principal_and_verify_does_not(
    line: Line, wiring: Wiring
) -> None:
    line.done("audit", "checkpoint", by="jiro")
    with wiring.database.read() as tx:
        event = tx.execute(select(EVENTS.c.id).order_by(EVENTS.c.id)).scalars().first()
    assert line.done("audit", "prove", str(event), by="ogawa")["seq"] == 0
    for words in (("audit", "prove", str(event)), ("audit", "checkpoint")):
        assert line.refused(*words, by="nobody") == "not_signed_in"
    line.hire("fujii", "marketing")
    for words in (("audit", "prove", str(event)), ("audit", "checkpoint")):
        assert line.refused(*words, by="fujii") == "action_forbidden"
    assert line.run("audit", "verify", by="nobody").code in {0, 1}
    assert line.run("doctor", by="nobody").err == ""


def test_the_program_carries_the_licence_of_the_repository() -> None:
    assert (ROOT / "audit/verifier/LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert built() == built()


@pytest.mark.parametrize("form", ["ndjson", "csv", "parquet", "ocsf", "cef"])
def test_a_form_comes_with_its_manifest_and_its_proof_and_is_on_record(
    line: Line, person: SubjectId, tmp_path: Path, form: str
) -> None:
    folder = tmp_path / "taken"
    done = line.done("audit", "export", "--output", str(folder), "--format", form, by="ogawa")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["count"] == done["events"] > 0
    for name, digest in manifest["files"].items():
        assert sha256((folder / name).read_bytes()).hexdigest() == digest
        assert SECRET.encode() not in (folder / name).read_bytes()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    wiring = line.wiring()
    with wiring.database.read() as tx:
        newest = tx.execute(
            select(EVENTS).where(EVENTS.c.action == EventCode.LOG_EXPORTED.value)
        ).one()
    wiring.close()
    assert form in newest.reasons
    assert f"sha256:{done['sha256']}" in newest.refs
    again = line.refused("audit", "export", "--output", str(folder), "--format", form, by="ogawa")
    assert again == "output_exists"


def test_a_form_or_filter_that_does_not_exist_writes_nothing(line: Line, tmp_path: Path) -> None:
    path = tmp_path / "taken"
    for words in (("--format", "pdf"), ("--action", "person.seen"), ("--outcome", "maybe")):
        said = line.run("audit", "export", "--output", str(path), *words, by="ogawa")
        assert (said.code, said.refusal) == (2, "option_choice")
    assert list(tmp_path.glob("taken*")) == []


def test_a_filter_narrows_what_is_taken(line: Line, person: SubjectId, tmp_path: Path) -> None:
    words = ("--action", "person.changed", "--outcome", "done")
    path = tmp_path / "one"
    done = line.done("audit", "export", "--output", str(path), *words, by="ogawa")
    assert done["events"] == 2
