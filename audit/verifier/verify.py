"""Verifies a bundle from its first to its last line and says how far the proof reaches."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import IO

from audit.verifier.bundle import (
    FILTERS,
    End,
    Erasure,
    Item,
    KeyChange,
    Manifest,
    Told,
    items,
    micros_of,
)
from audit.verifier.findings import (
    Completeness,
    Finding,
    FormError,
    FoundError,
    Report,
    Verdict,
)
from audit.verifier.holes import Spans, lost, new_spans, see
from audit.verifier.joints import (
    EXPIRED,
    OPENED,
    RESTORED,
    Joint,
    after_ended,
    check_named,
    check_opening,
    joint_of,
    told,
)
from audit.verifier.leaf import Event, PartState, leaf_of, names
from audit.verifier.merkle import root_from
from audit.verifier.trust import Evidence, Witnessed, weigh

INNER = (
    "10.",
    "127.",
    "192.168.",
    "169.254.",
    *(f"172.{second}." for second in range(16, 32)),
    "::/48",
    "fc",
    "fd",
    "fe80",
)  # how a network that is not reachable from outside begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """An erased part that an erasure must still name."""

    seq: int
    id: str
    subject: str


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was read so far."""

    events: int = 0
    first: int | None = None
    last: int | None = None
    erasures: int = 0
    parts: dict[PartState, int] = field(default_factory=lambda: dict.fromkeys(PartState, 0))
    erased: dict[str, list[Missing]] = field(default_factory=dict)  # by erasing event
    spans: Spans = field(default_factory=new_spans)
    ended: tuple[Joint, ...] = ()  # months that ended, as the log says
    gone: int = 0  # events of these that would stand between the events here
    stayed: Counter[int] = field(default_factory=Counter)  # events here of each, by its place
    proven: Mapping[int, bytes] = field(default_factory=dict)  # roots of earlier trees


def verify_bundle(stream: IO[bytes], evidence: Evidence) -> Report:
    """What this bundle is worth to someone who knew this evidence beforehand; never raises."""
    report = Report()
    try:
        _verify(items(stream), evidence, report)
    except FoundError as found:
        report.verdict, report.finding = found.verdict, found.finding
        report.at_seq, report.expected, report.found = found.at_seq, found.expected, found.found
        if found.finding is Finding.TRUNCATED:
            report.at_seq = 0 if report.last_seq is None else report.last_seq + 1
        report.witness = report.witnessed_at = report.witnessed_size = None
    except FormError as error:
        report.verdict, report.finding, report.part = Verdict.UNREADABLE, Finding.FORM, error.part
        report.witness = report.witnessed_at = report.witnessed_size = None
    except OSError:
        report.verdict = Verdict.UNREADABLE
    return report


def _verify(found: Iterator[Item], evidence: Evidence, report: Report) -> None:
    manifest = next(found)
    if not isinstance(manifest, Manifest):
        raise FormError("manifest")
    report.claims = _claims(manifest)
    end = None
    rest, changed, joints = _beginning(found, manifest)
    restores = tuple(joint for joint in joints if joint.action == RESTORED)
    witnessed = weigh(manifest, evidence, report, changed, restores)
    tally = Tally(
        ended=tuple(joint for joint in joints if joint.action == EXPIRED),
        proven={one.size: one.root for one in manifest.earlier},
    )
    for joint in joints:
        check_named(joint, tally.proven)
    report.restored = told(restores)
    for item in rest:
        match item:
            case Event() if not tally.erasures:
                _count(tally, item, manifest)
            case Erasure():
                _erase(tally, item, manifest)
            case End():
                end = item
            case _:
                raise FormError("kind")
        report.events, report.first_seq, report.last_seq = tally.events, tally.first, tally.last
    _check_counts(tally, manifest, end)
    _check_range(tally, manifest)
    _check_erased(tally.erased)
    filtered = bool(manifest.filter)
    _conclude(report, tally, witnessed, pinned=bool(evidence.keys), filtered=filtered)


def _beginning(
    found: Iterator[Item], manifest: Manifest
) -> tuple[Iterator[Item], tuple[KeyChange, ...], tuple[Joint, ...]]:
    """Changes of the key, ended months and restores, each in the signed tree; and what follows."""
    changed: list[KeyChange] = []
    joints: list[Joint] = []
    for item in found:
        match item:
            case KeyChange():
                _check_leaf(item.event, manifest)
                changed.append(item)
            case Told():
                _check_leaf(item.event, manifest)
                joints.append(joint_of(item.event))
            case _:
                return chain((item,), found), tuple(changed), tuple(joints)
    return iter(()), tuple(changed), tuple(joints)


def _claims(manifest: Manifest) -> dict[str, object]:
    """What the exporter says and nobody signed."""
    return {
        "exported_at": manifest.exported_at,
        "exported_by": manifest.exported_by,
        "filter": dict(manifest.filter),
        "places": list(manifest.places),
        "keys": [f"{key.name}+{key.key_id.hex()}" for key in manifest.keys],
    }


def _count(tally: Tally, event: Event, manifest: Manifest) -> None:
    """The event stands in the signed tree, after the last one, and meets the filter."""
    start, stop = manifest.places
    if tally.last is not None and event.seq <= tally.last:
        raise FoundError(Finding.ORDER, at_seq=event.seq)
    if not start <= event.seq < stop:
        raise FoundError(Finding.FILTER, at_seq=event.seq)
    _check_leaf(event, manifest)
    if not _meets(event, manifest.filter):
        raise FoundError(Finding.FILTER, at_seq=event.seq)
    if not manifest.filter:
        _check_next(tally, event.seq, start)
    tally.stayed.update(one.seq for one in tally.ended if one.start <= event.seq < one.size)
    if event.text("action") == OPENED:
        joint = joint_of(event)
        check_named(joint, tally.proven)
        check_opening(event, joint)
    for part in event.parts:
        if not part.kept:
            raise FoundError(Finding.PART, at_seq=event.seq, expected=part.commitment.hex())
        tally.parts[part.state] += 1
        if part.state is PartState.ERASED:
            if part.destroyed_by is None:
                raise FoundError(Finding.PART_DESTROYED, at_seq=event.seq)
            missing = Missing(seq=event.seq, id=part.id, subject=part.subject)
            tally.erased.setdefault(part.destroyed_by, []).append(missing)
    see(tally.spans, event)
    tally.first = event.seq if tally.first is None else tally.first
    tally.last = event.seq
    tally.events += 1


def _check_leaf(event: Event, manifest: Manifest) -> None:
    head = manifest.note.checkpoint
    found = root_from(leaf_of(event), index=event.seq, size=head.size, path=event.path)
    if found != head.root:
        raise FoundError(
            Finding.LEAF,
            at_seq=event.seq,
            expected=head.root.hex(),
            found=None if found is None else found.hex(),
        )


def _check_next(tally: Tally, seq: int, start: int) -> None:
    """Without a filter the places follow each other."""
    due = start if tally.last is None else tally.last + 1
    reached = after_ended(due, seq, tally.ended)
    if seq != reached:
        raise FoundError(Finding.MISSING, verdict=Verdict.INCOMPLETE, at_seq=reached)
    tally.gone += reached - due


def _meets(event: Event, asked: Mapping[str, str]) -> bool:
    """Whether the event is one that the filter asks for."""
    recorded = event.number("recorded_at")
    for name in FILTERS:
        value = asked.get(name)
        if value is None:
            continue
        match name:
            case "since":
                met = recorded >= micros_of(value, name)
            case "until":
                met = recorded < micros_of(value, name)
            case "reason":
                met = value in (event.text("reasons") or "").split(",")
            case "network_class":
                met = value == _stood(event.text("network"))
            case "subject":
                met = value == event.text(name) or value in {p.subject for p in event.parts}
            case _:
                met = value == event.text(name)
        if not met:
            return False
    return True


def _stood(network: str | None) -> str:
    """Where a caller stood: inner, outer, or none where there was no caller."""
    if network is None:
        return "none"
    return "inner" if network.startswith(INNER) else "outer"


def _erase(tally: Tally, erasure: Erasure, manifest: Manifest) -> None:
    """The erasure stands in the signed tree and names the parts that are missing under it."""
    event, ids = erasure.event, frozenset(erasure.part_ids)
    waiting = tally.erased.pop(event.text("id") or "", None)
    if waiting is None:
        raise FormError("erasure")
    _check_leaf(event, manifest)
    lawful = names(event, erasure.part_ids)
    for part in waiting:
        if not lawful or part.id not in ids or part.subject not in event.persons:
            raise FoundError(Finding.PART_DESTROYED, at_seq=part.seq)
    tally.erasures += 1


def _check_counts(tally: Tally, manifest: Manifest, end: End | None) -> None:
    """As many events as the first line and the last line say."""
    said = (manifest.count, manifest.first_seq, manifest.last_seq)
    if end is None or said != (tally.events, tally.first, tally.last):
        fewer = tally.events < manifest.count
        raise FoundError(
            Finding.COUNT,
            verdict=Verdict.INCOMPLETE if fewer else Verdict.TAMPERED,
            expected=str(manifest.count),
            found=str(tally.events),
        )
    counted = End(
        events=tally.events,
        erasures=tally.erasures,
        opened=tally.parts[PartState.OPENED],
        withheld=tally.parts[PartState.WITHHELD],
        erased=tally.parts[PartState.ERASED],
    )
    if counted != end:
        raise FoundError(Finding.COUNT)


def _check_range(tally: Tally, manifest: Manifest) -> None:
    """Places lie in the tree; without a filter the last one is there too."""
    start, stop = manifest.places
    if not 0 <= start <= stop <= manifest.note.checkpoint.size:
        raise FormError("places")
    due = start if tally.last is None else tally.last + 1
    if manifest.filter:
        return
    reached = after_ended(due, stop, tally.ended)
    if reached != stop:
        raise FoundError(Finding.MISSING, verdict=Verdict.INCOMPLETE, at_seq=reached)
    tally.gone += reached - due
    for one in tally.ended:
        if start <= one.start and one.size <= stop and tally.stayed[one.seq] < one.kept:
            raise FoundError(Finding.MISSING, verdict=Verdict.INCOMPLETE, at_seq=one.start)


def _check_erased(erased: Mapping[str, Iterable[Missing]]) -> None:
    """No part is missing whose erasure is not in the signed tree."""
    places = [part.seq for parts in erased.values() for part in parts]
    if places:
        raise FoundError(Finding.ERASURE_WAITING, verdict=Verdict.INCOMPLETE, at_seq=min(places))


def _conclude(
    report: Report, tally: Tally, witnessed: Witnessed | None, *, pinned: bool, filtered: bool
) -> None:
    report.opened = tally.parts[PartState.OPENED]
    report.withheld = tally.parts[PartState.WITHHELD]
    report.erased = tally.parts[PartState.ERASED]
    report.completeness = _completeness(tally, report.size, filtered=filtered)
    report.expired = tally.gone
    if report.completeness is Completeness.WHOLE_LOG and not tally.gone:
        report.lost = lost(tally.spans)
    if report.restored:
        report.finding = Finding.RESTORED
    if witnessed is not None:
        report.witness, report.witnessed_at = witnessed.name, witnessed.at
        report.witnessed_size = witnessed.size
    if not pinned:
        report.verdict = Verdict.UNPINNED
        return
    reach = report.size if tally.last is None else tally.last + 1
    covered = witnessed is not None and witnessed.size >= reach
    report.verdict = Verdict.VERIFIED_WITNESSED if covered else Verdict.VERIFIED_SELF_SIGNED


def _completeness(tally: Tally, size: int, *, filtered: bool) -> Completeness:
    """Places prove that nothing between them is missing; that a filter was kept they do not."""
    if not tally.events:
        return Completeness.EMPTY
    if tally.events + tally.gone == size:
        return Completeness.WHOLE_LOG
    return Completeness.SELECTION if filtered else Completeness.WHOLE_RANGE
