"""Who can notice what was done to a log, and what each of them says."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from audit.decisions.checking import lost_decisions
from audit.errors import TreeForkedError, TreeRolledBackError
from audit.findings import Finding
from audit.gaps import lost_events
from audit.note import VerifierKey, parse_checkpoint, parse_note
from audit.sequencer import check_tree
from audit.store import last_note, prove_consistency
from audit.types import Verdict
from audit.verifier import findings as outside
from audit.verifier.note import parse_note as outside_note
from audit.verifier.trust import Evidence
from audit.verifier.verify import verify_bundle
from audit.witness.protocol import Refusal, judge, parse_submission, request_body
from governance.core.errors import GovernanceError
from tests.audit.bench import Bench
from tests.audit.verifier.exports import export, newest_note, pin

UNPROVABLE = (GovernanceError, SQLAlchemyError, LookupError, ValueError)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What outsiders kept from the time before: keys, and the newest checkpoint."""

    keys: tuple[VerifierKey, ...]
    note: str
    size: int

    @classmethod
    def of(cls, bench: Bench) -> "Known":
        note = newest_note(bench)
        size = parse_checkpoint(parse_note(note).text).size
        return cls(keys=bench.keys.verifier_keys, note=note, size=size)


@dataclass(frozen=True, kw_only=True)
class Said:
    """A verdict with its ground and place."""

    verdict: Verdict
    finding: Finding | outside.Finding | None = None
    at_seq: int | None = None


def in_product(after: Bench, known: Known, successors: Sequence[VerifierKey] = ()) -> Said:
    """`sekisho audit verify`: every row, and the checkpoint kept outside the database."""
    report = after.verify(keys=known.keys, successors=tuple(successors))
    return Said(verdict=report.verdict, finding=report.finding, at_seq=report.at_seq)


def offline(after: Bench, known: Known, path: Path) -> Said | None:
    """An auditor with the verifier, the keys and an older checkpoint; None: no bundle is made."""
    try:
        size = parse_checkpoint(parse_note(newest_note(after)).text).size
        earlier = [known.size] if size > known.size else []
        keys = (*known.keys, *after.keys.verifier_keys)
        _, content = export(after, path, earlier=earlier, keys=keys)
    except UNPROVABLE:
        return None
    evidence = Evidence(keys=pin(known.keys), held=(outside_note(known.note),))
    report = verify_bundle(io.BytesIO(content), evidence)
    return Said(verdict=Verdict(report.verdict.value), finding=report.finding, at_seq=report.at_seq)


def witness(after: Bench, known: Known) -> Refusal | None:
    """What a witness that cosigned the old checkpoint answers to the log's newest."""
    head = parse_checkpoint(parse_note(known.note).text)
    with after.db.read() as tx:
        note = last_note(tx)
        assert note is not None
        size = parse_checkpoint(parse_note(note).text).size
        old = min(head.size, size)  # what a log says that forgot what it had shown
        try:
            proof = prove_consistency(tx, old, size=size).path
        except UNPROVABLE:
            proof = ()  # the log sends what it has
    asked = parse_submission(request_body(old, proof, note))
    refused = judge(asked, logs={head.origin: known.keys}, known={head.origin: head})
    return None if refused is None else refused.refusal


def counted(after: Bench) -> tuple[int, ...]:
    """Numbers of events or decisions that nothing accounts for."""
    with after.db.read() as tx:
        events = [n for hole in lost_events(tx) if hole.settled for n in hole.numbers]
        decisions = [n for one in lost_decisions(tx) for n in range(one.first, one.last + 1)]
    return (*events, *decisions)


def starts(after: Bench) -> bool:
    """Whether the application starts on this database."""
    try:
        check_tree(after.db, after.keys)
    except (TreeForkedError, TreeRolledBackError, ValueError):  # ValueError: the edge is none
        return False
    return True
