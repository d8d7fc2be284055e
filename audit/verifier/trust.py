"""Who signed the tree heads: pinned keys, witnesses, and the checkpoints that one already holds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from audit.verifier.bundle import KeyChange, Manifest
from audit.verifier.findings import Finding, FormError, FoundError, Report, SignedBy, Verdict
from audit.verifier.joints import Joint
from audit.verifier.merkle import consistent
from audit.verifier.note import Note, Verified, VerifierKey, verified_by

KEY_CHANGED = "log.key_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the verifying person knew beforehand; only this can give trust."""

    keys: tuple[VerifierKey, ...] = ()
    witnesses: tuple[VerifierKey, ...] = ()
    held: tuple[Note, ...] = ()  # checkpoints received earlier, by another way


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A head of the tree with every note of it that is at hand."""

    size: int
    root: bytes
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """The largest head that a pinned witness cosigned."""

    name: str
    at: datetime | None
    size: int


def weigh(
    manifest: Manifest,
    evidence: Evidence,
    report: Report,
    changed: Sequence[KeyChange] = (),
    restores: Sequence[Joint] = (),
) -> Witnessed | None:
    """The heads belong to one tree and the newest is signed as pinned; the report says by whom.

    `changed` are announced changes of the log's key, whose events stand in the signed tree: they
    lead from a pinned key to those that the bundle names. `restores` declare heads that an older
    database lost: such a head at hand is explained, not forked. Raises FoundError. Without pinned
    keys those that the bundle names are used to find broken signatures, and give no trust.
    """
    head = manifest.note.checkpoint
    report.origin, report.size, report.root = head.origin, head.size, head.root
    report.pinned, report.witness_pinned = bool(evidence.keys), bool(evidence.witnesses)
    heads = _heads(manifest, evidence.held, restores)
    report.earlier = tuple(sorted(found.size for found in heads[1:]))
    trusted = _followed(manifest, evidence.keys, heads, changed)
    report.key_changes = len(trusted) - len(evidence.keys)
    known = (trusted or manifest.keys) + evidence.witnesses
    signers = [
        tuple(one for note in found.notes for one in verified_by(note, known)) for found in heads
    ]
    report.signed_by = _signed_by(heads, signers)
    if evidence.keys:
        _check_pinned(signers[0], trusted, head.origin)
    return _witnessed(heads, signers, evidence.witnesses, head.origin)


def _followed(
    manifest: Manifest,
    pinned: tuple[VerifierKey, ...],
    heads: Sequence[Head],
    changed: Sequence[KeyChange],
) -> tuple[VerifierKey, ...]:
    """The pinned keys and those that they lead to.

    Each is announced in a tree that the keys before it signed, in every pinned kind.
    """
    if not pinned:
        return ()
    trusted, kinds = pinned, {key.kind for key in pinned}
    notes = {head.size: head.notes for head in heads}
    for change in changed:
        if change.event.seq >= change.under or change.event.text("action") != KEY_CHANGED:
            raise FormError("key")
        named = set((change.event.text("refs") or "").split(","))
        signed = {
            one.key.kind
            for note in notes.get(change.under, ())
            for one in verified_by(note, trusted)
        }
        if kinds <= signed:
            trusted += tuple(
                key for key in manifest.keys if key not in trusted and _ref(key) in named
            )
    return trusted


def _ref(key: VerifierKey) -> str:
    """How an announcing event names a key."""
    return f"key:{sha256(key.vkey.encode()).hexdigest()}"


def _heads(manifest: Manifest, held: Sequence[Note], restores: Sequence[Joint]) -> list[Head]:
    """The newest head first, then the earlier ones that it is proven to contain."""
    newest = manifest.note.checkpoint
    heads = {newest.size: Head(size=newest.size, root=newest.root, notes=(manifest.note,))}
    for one in manifest.earlier:
        origin = newest.origin if one.note is None else one.note.checkpoint.origin
        follows = consistent(
            old=one.size, size=newest.size, old_root=one.root, root=newest.root, path=one.path
        )
        if origin != newest.origin:
            raise FoundError(Finding.OTHER_LOG, at_seq=one.size)
        if not follows:
            raise FoundError(Finding.FORKED, at_seq=one.size, found=one.root.hex())
        found = heads.get(one.size, Head(size=one.size, root=one.root, notes=()))
        notes = found.notes if one.note is None else (*found.notes, one.note)
        heads[one.size] = replace(found, notes=notes)
    for note in held:
        _hold(heads, note, newest.origin, restores)
    return sorted(heads.values(), key=lambda found: -found.size)


def _hold(heads: dict[int, Head], note: Note, origin: str, restores: Sequence[Joint]) -> None:
    """A checkpoint that one already holds stands beside the head of its size, or was declared."""
    mine = note.checkpoint
    if mine.origin != origin:
        raise FoundError(Finding.OTHER_LOG, at_seq=mine.size)
    found = heads.get(mine.size)
    if found is None or found.root != mine.root:
        if any((mine.size, mine.root) == (one.lost, one.lost_root) for one in restores):
            return
        if found is not None and any(one.size < mine.size <= one.lost for one in restores):
            raise FoundError(Finding.HELD_LOST, verdict=Verdict.INCOMPLETE, at_seq=mine.size)
    if found is None:
        ahead = mine.size > max(heads)
        finding = Finding.HELD_AHEAD if ahead else Finding.HELD_UNPROVEN
        raise FoundError(finding, verdict=Verdict.INCOMPLETE, at_seq=mine.size)
    if found.root != mine.root:
        raise FoundError(
            Finding.FORKED, at_seq=mine.size, expected=mine.root.hex(), found=found.root.hex()
        )
    heads[mine.size] = replace(found, notes=(*found.notes, note))


def _check_pinned(signers: Sequence[Verified], keys: Sequence[VerifierKey], origin: str) -> None:
    """The newest head is signed by the log under a pinned key, in every pinned kind."""
    own = {one.key for one in signers if one.key in keys and one.key.name == origin}
    if not own:
        raise FoundError(Finding.OTHER_KEY)
    pinned = {key.kind for key in keys if key.name == origin}
    if pinned - {key.kind for key in own}:  # fails closed: the stronger signature was left out
        raise FoundError(Finding.KEY_MISSING, verdict=Verdict.INCOMPLETE)


def _witnessed(
    heads: Sequence[Head],
    signers: Sequence[Sequence[Verified]],
    witnesses: Sequence[VerifierKey],
    origin: str,
) -> Witnessed | None:
    """The largest cosigned head; the log is no witness of itself."""
    for head, found in zip(heads, signers, strict=True):
        for one in found:
            if one.key in witnesses and one.key.name != origin:
                return Witnessed(name=one.key.name, at=one.at, size=head.size)
    return None


def _signed_by(
    heads: Sequence[Head], signers: Sequence[Sequence[Verified]]
) -> tuple[SignedBy, ...]:
    found: dict[SignedBy, None] = {}
    for head, ones in zip(heads, signers, strict=True):
        for one in ones:
            line = SignedBy(
                name=one.key.name,
                key_id=one.key.key_id.hex(),
                kind=one.key.kind.name.lower(),
                size=head.size,
                at=one.at,
            )
            found[line] = None
    return tuple(found)
