"""A request for disclosure walks from the counter to the package by commands alone (APPI 33)."""

import re
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pyrage
import pytest

from dsar.package import SIGNER, answer_keys, verify_package
from governance.app.wiring import Wiring
from governance.core.clock import JST
from governance.keys.signers import ensure_signer
from governance.keys.types import SigningAlgorithm
from tests.governance.cli.line import Line
from tests.installation import customer, events, register, subjects, write_file

WORDS = "私の情報をすべて見せてください（架空）"


@pytest.fixture
def line(tmp_path: Path) -> Line:
    made = Line(folder=tmp_path / "data")
    made.found()
    made.hire("mori", "support")
    made.hire("kondo", "data_manager")
    file = write_file(tmp_path, register([customer(1)]))
    made.done("import", str(file), by="kondo")
    return made


@pytest.fixture
def wiring(line: Line) -> Iterator[Wiring]:
    opened = line.wiring()
    yield opened
    opened.close()


@pytest.fixture
def person(wiring: Wiring) -> str:
    return subjects(wiring)[0]


def received(line: Line, person: str, *options: str) -> str:
    """The id of a new request for disclosure."""
    words = ("dsar", "receive", "--kind", "disclosure", "--subject", person, *options)
    made = line.done(*words, by="mori")
    assert [(t["law"], t["status"]) for t in made["tracks"]] == [("appi", "received")]
    return str(made["id"])


def proved(line: Line, request: str) -> None:
    """Two families of proof are on file."""
    line.done("dsar", "identity", request, "--evidence", "document", by="mori")
    line.done(
        *("dsar", "identity", request, "--evidence", "email_code", "--contact-days", "400"),
        by="mori",
    )


def in_review(line: Line, person: str) -> str:
    """The id of a request whose findings wait for a decision."""
    request = received(line, person)
    proved(line, request)
    line.done("dsar", "advance", request, "start", by="hanako")
    assert line.run("dsar", "collect", request, by="hanako").code == 0
    line.done("dsar", "advance", request, "finish_collecting", by="hanako")
    assert line.done("dsar", "accept", request, "--all", by="hanako")["ended"]
    return request


def approval_of(line: Line, *words: str) -> str:
    """The number of the approval that a decision now waits for."""
    said = line.run(*words, by="hanako")
    assert said.refusal == "approval_required"
    found = re.search(r'"approval": "([0-9a-f-]{36})"', said.err)
    assert found is not None
    return found[1]


def test_a_disclosure_walks_from_counter_to_package(
    line: Line, wiring: Wiring, person: str, tmp_path: Path
) -> None:
    request = in_review(line, person)
    found = line.done("dsar", "review", request, by="hanako")
    texts = {v["text"] for part in found["sources"] for r in part["records"] for v in r["values"]}
    assert "person1@example.com" in texts
    approval = approval_of(line, "dsar", "decide", request)
    assert line.refused("approve", approval, by="hanako") == "approval_forbidden"
    line.done("approve", approval, by="taro")
    line.done("dsar", "advance", request, "execute", by="hanako")
    assert line.done("dsar", "missing", request, by="hanako") == {"missing": []}
    packed = line.done("dsar", "package", request, by="hanako")
    medium = ("dsar", "medium", request, "--output", str(tmp_path / "answer.age"))
    assert line.refused(*medium, by="hanako") == "package_unreleased"
    told = line.done("dsar", "deliver", request, by="hanako")
    output = tmp_path / "answer.zip"
    line.done("dsar", "download", "--code", told["code"], "--output", str(output), by="hanako")
    done = line.done("dsar", "advance", request, "close", by="hanako")
    assert done["tracks"][0]["status"] == "closed"
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    signer = ensure_signer(wiring.vault.ring, SIGNER, SigningAlgorithm.ED25519)
    assert verify_package(output.read_bytes(), signer.public_key)
    assert packed["bytes"] == output.stat().st_size
    (key,) = (one.vkey for one in answer_keys(wiring.vault.ring))
    for given in ((), ("--key", key)):
        proven = line.done("dsar", "verify", str(output), *given, by="hanako")
        assert proven["verdict"] == "verified_self_signed"
    output.write_bytes(output.read_bytes() + b"x")
    assert line.run("dsar", "verify", str(output), "--key", key, by="hanako").code == 1
    _left_on_paper(line, request, tmp_path)
    with wiring.database.read() as tx:
        for action in ("received", "decided", "packaged", "closed"):
            assert len(events(tx, f"request.{action}")) == 1
        ways = {one.reasons.partition(",")[0] for one in events(tx, "request.delivered")}
        assert ways == {"downloaded", "written_out", "printed"}


def _left_on_paper(line: Line, request: str, folder: Path) -> None:
    """The answer leaves on a medium and on paper, and comes back."""
    identity = pyrage.x25519.Identity.generate()
    to = ("--to", str(identity.to_public()))
    age = folder / "answer.age"
    made = line.done("dsar", "medium", request, "--output", str(age), *to, by="hanako")
    assert made["passphrase"] is None
    assert pyrage.decrypt(age.read_bytes(), [identity])
    paper = folder / "answer.pdf"
    line.done("dsar", "paper", request, "--output", str(paper), by="hanako")
    assert paper.read_bytes().startswith(b"%PDF")
    received = line.done("dsar", "show", request, by="hanako")["received_at"]
    day = datetime.fromisoformat(received).astimezone(JST).date().isoformat()
    sent = ("dsar", "dispatch", request, "--carrier", "courier", "--sent-on")
    assert line.refused(*sent, "soon", by="hanako") == "dispatch_refused"
    noted = line.done(*sent, day, by="hanako")
    back = ("dsar", "dispatched", noted["id"], "--on", day, "--returned", "refused")
    assert line.done(*back, by="hanako")["ending"] == "returned"


def test_findings_are_judged_before_a_decision(line: Line, person: str, tmp_path: Path) -> None:
    request = in_review(line, person)
    source = ("dsar", "except", request, "person")
    assert line.refused(*source, "--ground", "gdpr_15_4", by="hanako") == "review_act"
    assert line.refused(*source, "--ground", "no_law", by="hanako") == "option_choice"
    field = ("--field", "person.email", "--ground", "appi_33_2_1")
    assert not line.done(*source, *field, by="hanako")["ended"]
    assert line.refused("dsar", "decide", request, by="hanako") == "request_step"
    assert line.refused("dsar", "undo", request, "99", "--reason", "own", by="hanako") == (
        "review_act"
    )
    assert line.done("dsar", "end-review", request, by="hanako")["ended"]
    seen = line.done("dsar", "review", request, by="taro")
    assert seen["ended"]
    assert seen["withheld"][-1]["field"] == "person.email"
    out = tmp_path / "preview"
    line.done("dsar", "preview", request, "--output", str(out), by="taro")
    assert stat.S_IMODE((out / "data.json").stat().st_mode) == 0o600
    assert "person1@example.com" not in (out / "data.json").read_text()
    assert line.refused("dsar", "preview", request, "--output", str(out), by="hanako") == (
        "output_exists"
    )
    act = str(seen["acts"][0]["act"])
    assert not line.done("dsar", "lift", request, act, by="hanako")["ended"]
    assert line.refused("dsar", "lift", request, act, by="hanako") == "review_act"


def test_a_download_code_works_once_and_replaces_no_file(
    line: Line, person: str, tmp_path: Path
) -> None:
    request = in_review(line, person)
    line.done("approve", approval_of(line, "dsar", "decide", request), by="taro")
    line.done("dsar", "advance", request, "execute", by="hanako")
    line.done("dsar", "package", request, by="hanako")
    code = line.done("dsar", "deliver", request, by="hanako")["code"]
    taken = tmp_path / "taken"
    taken.write_bytes(b"kept")
    words = ("dsar", "download", "--code", code, "--output")
    assert line.refused(*words, str(taken), by="hanako") == "output_exists"
    assert taken.read_bytes() == b"kept"
    line.done(*words, str(tmp_path / "one"), by="hanako")
    assert line.refused(*words, str(tmp_path / "two"), by="hanako") == "download_refused"
    assert not (tmp_path / "two").exists()


def test_a_step_may_name_the_reference_that_the_person_was_told(line: Line, person: str) -> None:
    received(line, person)
    reference = line.done("dsar", "list", by="hanako")[0]["reference"]
    assert line.done("dsar", "show", reference, by="hanako")["reference"] == reference
    assert line.refused("dsar", "show", "R-2026-ABCDE-FGHJK", by="hanako") == "request_unknown"
    assert line.refused("dsar", "show", "nothing", by="hanako") == "request_unknown"


def test_nothing_is_collected_before_the_person_is_proved(line: Line, person: str) -> None:
    request = received(line, person)
    line.done("dsar", "identity", request, "--evidence", "document", "--refused", by="mori")
    assert line.refused("dsar", "advance", request, "start", by="hanako") == "request_step"
    assert line.refused("dsar", "collect", request, by="hanako") == "request_step"
    history = line.done("dsar", "show", request, by="hanako")["history"]
    assert [entry["event"] for entry in history] == ["received", "evidence_refused"]


def test_a_refusal_names_its_ground_and_needs_no_second_person(line: Line, person: str) -> None:
    request = in_review(line, person)
    words = ("dsar", "decide", request, "--outcome", "refuse")
    assert line.refused(*words, by="hanako") == "request_step"
    line.done(*words, "--ground", "appi_33_2_2", by="hanako")
    done = line.done("dsar", "advance", request, "refuse", by="hanako")
    assert done["tracks"][0]["status"] == "refused"


def test_a_withheld_field_makes_the_answer_partial(line: Line, person: str) -> None:
    request = in_review(line, person)
    words = ("dsar", "decide", request, "--withhold")
    assert line.refused(*words, "person.phone", by="hanako") == "withhold_form"
    assert line.refused(*words, "person.phone=no_law", by="hanako") == "option_choice"
    approval = approval_of(
        line, *words, "person.phone=appi_33_2_1", "--outcome", "partial", "--ground", "appi_33_2"
    )
    line.done("approve", approval, by="taro")


def test_words_are_sealed_and_read_on_record(
    line: Line, wiring: Wiring, person: str, tmp_path: Path
) -> None:
    file = write_file(tmp_path, WORDS, name="words.txt")
    request = received(line, person, "--words", str(file), "--channel", "post")
    stored = b"".join(p.read_bytes() for p in line.folder.rglob("*") if p.is_file())
    assert WORDS.encode() not in stored
    assert line.done("dsar", "words", request, by="hanako") == {"words": WORDS}
    with wiring.database.read() as tx:
        assert events(tx, "person.read")[-1].reasons == "words"


def test_a_request_of_somebody_unknown_is_matched_later(line: Line, person: str) -> None:
    made = line.done("dsar", "receive", "--kind", "disclosure", by="mori")
    assert {track["law"] for track in made["tracks"]} >= {"appi"}
    line.done("dsar", "match", made["id"], "--subject", person, by="mori")
    words = ("dsar", "match", made["id"], "--subject", "nobody")
    assert line.refused(*words, by="mori") == "request_step"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--kind", "everything"], "option_choice"),
        (["--kind", "disclosure", "--channel", "fax"], "option_choice"),
        (["--kind", "disclosure", "--requester", "friend"], "option_choice"),
        (["--kind", "disclosure", "--delivery", "fax"], "option_choice"),
        (["--kind", "disclosure", "--answer-lang", "fr"], "option_choice"),
        (["--kind", "disclosure", "--subject", "nobody"], "request_subject"),
        (["--kind", "disclosure", "--received", "2999-01-01"], "request_time"),
        (["--kind", "disclosure", "--words", "/nonexistent"], "source_missing"),
        ([], "argument_missing"),
    ],
)
def test_what_cannot_be_received_is_refused_in_a_sentence(
    line: Line, options: list[str], code: str
) -> None:
    assert line.refused("dsar", "receive", *options, by="mori") == code
    assert line.done("dsar", "list", by="hanako") == []


def test_roles_do_their_own_steps_alone(line: Line, person: str) -> None:
    words = ("dsar", "receive", "--kind", "disclosure", "--subject", person)
    assert line.refused(*words, by="kondo") == "request_not_allowed"
    assert line.refused(*words, by="nobody") == "not_signed_in"
    request = in_review(line, person)
    for command in ("collect", "review", "package", "deliver"):
        assert line.refused("dsar", command, request, by="mori") == "request_not_allowed"
    assert line.refused("dsar", "decide", request, by="mori") == "request_unknown"
    assert line.refused("dsar", "decide", request, by="taro") == "request_step"


def test_a_request_rests_is_measured_and_complained_of(line: Line, person: str) -> None:
    request = received(line, person)
    hold = ("dsar", "advance", request, "hold", "--ground", "third_person")
    said = line.run(*hold, by="hanako", as_json=False)
    assert said.code == 1
    assert "A hold needs a last day" in said.err
    line.done(*hold, "--until", "2999-12-31", by="hanako")
    shown = line.done("dsar", "show", request, by="hanako")
    assert shown["on_hold_until"] == "2999-12-31"
    assert "withdraw" in shown["tracks"][0]["next"]
    line.done("dsar", "advance", request, "release", by="hanako")
    figures = line.done("dsar", "figures", by="hanako")
    assert [(one["law"], one["open"]) for one in figures["rights"]] == [("appi", 1)]
    assert figures["ageing"]["week"] == 1
    assert line.done("dsar", "forecast", by="hanako")["open"] == 1
    filed = line.done("dsar", "complain", request, "--cause", "late", by="mori")
    assert line.refused("dsar", "complaint", filed["id"], "answer", by="hanako") == "complaint_step"
    for step in ("take_up", "dismiss", "answer"):
        filed = line.done("dsar", "complaint", filed["id"], step, by="hanako")
    assert filed["status"] == "answered"
    assert line.done("dsar", "complaints", request, by="hanako") == [filed]
    assert line.refused("dsar", "figures", by="kondo") == "request_not_allowed"
