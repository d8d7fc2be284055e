"""A log and its witnesses over real HTTP: a rewritten log finds no second witness."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from audit.bundle import write_bundle
from audit.errors import WitnessListError
from audit.note import KeyType, parse_vkey
from audit.review import EventFilter
from audit.types import Verdict
from audit.verifier.findings import Report
from audit.verifier.note import parse_vkey as parse_outside
from audit.verifier.trust import Evidence
from audit.verifier.verify import verify_bundle
from audit.witness.application import WitnessApplication
from audit.witness.asking import Answer, Asked, KnownWitness, ask_all, parse_witnesses
from audit.witness.keeping import Witness
from audit.witness.protocol import BODY_LIMIT
from governance.core.terms import ActorId
from tests.audit.bench import NOW, Bench
from tests.serving import served


def post(url: str, body: bytes) -> Answer | None:
    try:
        found = httpx.post(url, content=body, trust_env=False)
    except httpx.HTTPError:
        return None
    kind = found.headers.get("content-type", "").partition(";")[0]
    return Answer(status=found.status_code, content_type=kind, body=found.content)


@pytest.fixture
def witness(tmp_path: Path, bench: Bench) -> Witness:
    made = Witness.create(tmp_path / "w", "witness.example/w1")
    made.trust([key.vkey for key in bench.keys.verifier_keys])
    return made


@pytest.fixture
def known(witness: Witness) -> Iterator[KnownWitness]:
    with served(WitnessApplication(witness, clock=lambda: NOW)) as url:
        yield parse_witnesses(f"# ours\n{url}/  {' '.join(witness.vkeys)}\n")[0]


def ask(bench: Bench, known: KnownWitness) -> Asked:
    return ask_all(bench.db, [known], post=post, at=NOW)[0].asked


def test_a_witnessed_log_says_by_whom_and_when(filled: Bench, known: KnownWitness) -> None:
    assert ask(filled, known) is Asked.COSIGNED
    assert ask(filled, known) is Asked.KNOWN
    filled.add(count=3)
    filled.sequence(2)
    behind = filled.verify(witnesses=known.keys)
    assert (behind.verdict, behind.witnessed_size) == (Verdict.VERIFIED_WITNESSED, 7)
    assert ask(filled, known) is Asked.COSIGNED
    report = filled.verify(witnesses=known.keys)
    assert report.verdict is Verdict.VERIFIED_WITNESSED
    assert (report.witness, report.witnessed_at) == ("witness.example/w1", NOW)
    assert report.witnessed_size == report.size == 10
    assert filled.verify().verdict is Verdict.VERIFIED_SELF_SIGNED


def test_the_offline_verifier_finds_the_witness_in_the_bundle(
    filled: Bench, known: KnownWitness, tmp_path: Path
) -> None:
    """Events that the witness's tree does not hold are not called witnessed."""
    ask(filled, known)
    report = outside(filled, known, tmp_path / "first")
    assert report.verdict.value == "verified_witnessed"
    assert report.witness == "witness.example/w1"
    filled.add(count=3)
    filled.sequence(2)
    report = outside(filled, known, tmp_path / "second")
    assert report.verdict.value == "verified_self_signed"
    assert (report.witness, report.witnessed_size, report.size) == ("witness.example/w1", 7, 10)


def outside(bench: Bench, known: KnownWitness, path: Path) -> Report:
    with bench.db.read() as tx:
        write_bundle(
            tx,
            path,
            EventFilter(),
            exported_at=NOW,
            exported_by=ActorId("u:officer"),
            keys=bench.keys.verifier_keys,
        )
    evidence = Evidence(
        keys=tuple(parse_outside(key.vkey) for key in bench.keys.verifier_keys),
        witnesses=tuple(parse_outside(key.vkey) for key in known.keys),
    )
    with path.open("rb") as stream:
        return verify_bundle(stream, evidence)


def test_a_log_rewritten_with_its_own_key_is_not_cosigned_again(
    filled: Bench, known: KnownWitness
) -> None:
    """The attack that no signature of the log itself can show: every row, tile and note anew."""
    assert ask(filled, known) is Asked.COSIGNED
    for table in ("audit_cosignature", "audit_checkpoint", "audit_tile", "audit_leaf"):
        filled.run(f"DELETE FROM {table}")  # noqa: S608 # fixed names
    filled.run("DELETE FROM audit_tree_state")
    filled.run("UPDATE audit_event SET actor = :actor", actor="u:somebody")
    filled.run("INSERT INTO audit_pending (event_id) SELECT id FROM audit_event")
    filled.keys.anchor.unlink()
    filled.sequence(5)
    assert filled.verify().verdict is Verdict.VERIFIED_SELF_SIGNED
    assert ask(filled, known) is Asked.CONFLICT
    assert filled.verify(witnesses=known.keys).verdict is Verdict.VERIFIED_SELF_SIGNED


def test_a_log_cut_short_meets_the_size_that_the_witness_holds(
    filled: Bench, known: KnownWitness
) -> None:
    ask(filled, known)
    for table in ("audit_cosignature", "audit_checkpoint", "audit_tile", "audit_leaf"):
        filled.run(f"DELETE FROM {table}")  # noqa: S608 # fixed names
    filled.run("DELETE FROM audit_tree_state")
    filled.run("INSERT INTO audit_pending SELECT id FROM audit_event ORDER BY id LIMIT 3")
    filled.keys.anchor.unlink()
    filled.sequence(5)
    assert ask(filled, known) is Asked.CONFLICT


def test_a_cosignature_changed_in_the_database_is_found(filled: Bench, known: KnownWitness) -> None:
    ask(filled, known)
    line = "\u2014 witness.example/w1 " + "A" * 100 + "\n"
    key = next(key for key in known.keys if key.kind is KeyType.COSIGNATURE_ED25519)
    filled.run(
        "UPDATE audit_cosignature SET line = :line WHERE key_id = :k", line=line, k=key.key_id.hex()
    )
    report = filled.verify(witnesses=[key])
    assert report.verdict is not Verdict.VERIFIED_WITNESSED


def test_an_answer_of_another_key_is_believed_by_nobody(
    filled: Bench, known: KnownWitness, tmp_path: Path
) -> None:
    stranger = Witness.create(tmp_path / "other", "witness.example/w1")
    other = KnownWitness(url=known.url, keys=tuple(map(parse_vkey, stranger.vkeys)))
    assert ask(filled, other) is Asked.REFUSED
    assert filled.verify(witnesses=other.keys).verdict is Verdict.VERIFIED_SELF_SIGNED


def test_a_silent_witness_stops_nothing(filled: Bench, witness: Witness) -> None:
    gone = KnownWitness(url="http://127.0.0.1:9", keys=tuple(map(parse_vkey, witness.vkeys)))
    assert ask(filled, gone) is Asked.SILENT
    assert filled.verify(witnesses=gone.keys).verdict is Verdict.VERIFIED_SELF_SIGNED


def test_the_witness_shows_keys_and_what_it_holds_and_nothing_else(
    filled: Bench, known: KnownWitness, witness: Witness
) -> None:
    ask(filled, known)
    with httpx.Client(base_url=known.url, trust_env=False) as client:
        assert client.get("/vkeys").text.splitlines() == list(witness.vkeys)
        digest = sha256(filled.keys.origin.encode()).hexdigest()
        assert client.get(f"/checkpoint/{digest}").text == witness.latest(filled.keys.origin)
        for path in ("/checkpoint/../key", "/checkpoint/..%2f..%2fkey", "/checkpoint/", "/key"):
            assert client.get(path).status_code == 404
        assert client.get("/add-checkpoint").status_code == 405
        assert client.post("/vkeys").status_code == 405
        assert client.post("/add-checkpoint", content=b"old x").status_code == 400
        assert client.post("/add-checkpoint", content=b"x" * (BODY_LIMIT + 1)).status_code == 413


@pytest.mark.parametrize(
    "text", ["https://w.example", "w.example KEY", "https://w.example w+00000000+AAAA", "ftp://a b"]
)
def test_a_wrong_line_of_the_list_is_named(text: str) -> None:
    with pytest.raises(WitnessListError) as raised:
        parse_witnesses(f"# a remark\n\n{text}\n")
    assert raised.value.params["line"] == 3
