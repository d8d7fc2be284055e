"""Trees hashed from scratch, and the requests that their log would send."""

from audit.note import Checkpoint, sign_checkpoint, vkeys_of
from audit.proofs import consistency_proof, root_at
from audit.tree import leaf_hash, node_hash
from audit.witness.protocol import Submission, parse_submission, request_body
from governance.crypto.signing import Ed25519Signer
from tests.audit.bench import NOW

ORIGIN = "log.example.com/sekisho"
SIGNER = Ed25519Signer.from_seed(bytes(range(32)))
STRANGER = Ed25519Signer.from_seed(bytes(range(1, 33)))
LOGS = {ORIGIN: vkeys_of(ORIGIN, ed25519=SIGNER.public_key, mldsa44=None)}


class Tree:
    """A tree of named leaves, hashed from scratch."""

    def __init__(self, leaves: list[bytes]) -> None:
        self._levels = [[leaf_hash(leaf) for leaf in leaves]]

    def node(self, level: int, n: int) -> bytes:
        if level == 0:
            return self._levels[0][n]
        return node_hash(self.node(level - 1, 2 * n), self.node(level - 1, 2 * n + 1))

    def head(self, size: int, origin: str = ORIGIN) -> Checkpoint:
        return Checkpoint(origin=origin, size=size, root=root_at(size, self.node))

    def asked(
        self, old: int, size: int, *, signer: Ed25519Signer = SIGNER, origin: str = ORIGIN
    ) -> Submission:
        note = sign_checkpoint(self.head(size, origin), ed25519=signer, mldsa44=None, at=NOW)
        proof = consistency_proof(old, size, self.node) if old <= size else ()
        return parse_submission(request_body(old, proof, note))


def tree(size: int, *, other_from: int | None = None) -> Tree:
    """`size` leaves; from `other_from` on another history."""
    kept = size if other_from is None else other_from
    return Tree([f"{n}".encode() if n < kept else f"other {n}".encode() for n in range(size)])
