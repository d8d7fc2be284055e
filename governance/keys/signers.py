"""Signing keys by name: seeds wrapped in the key store, signers in memory."""

from typing import Any, Final

from sqlalchemy import Connection, Row, Select, func, select, update

from governance.crypto.providers.types import EpochId
from governance.crypto.signing import Ed25519Signer, MlDsa44Signer, Signer
from governance.crypto.wrap import context, new_key
from governance.db.types import insert_ignore
from governance.keys import store
from governance.keys.errors import SigningKeyError
from governance.keys.models import SIGNING_KEY
from governance.keys.ring import KeyRing
from governance.keys.types import SigningAlgorithm, SigningState

SIGNERS: Final[dict[SigningAlgorithm, type[Ed25519Signer] | type[MlDsa44Signer]]] = {
    SigningAlgorithm.ED25519: Ed25519Signer,
    SigningAlgorithm.ML_DSA_44: MlDsa44Signer,
}


def signing_context(
    installation: str, epoch: EpochId, *, name: str, algorithm: str, version: int
) -> bytes:
    """What a wrapped seed is bound to."""
    return context("sign", installation, epoch, name, algorithm, str(version))


def ensure_signer(ring: KeyRing, name: str, algorithm: SigningAlgorithm) -> Signer:
    """The current signer of this name; its key is made when first asked for."""
    return _ensured(ring, name, algorithm, SigningState.ACTIVE)


def ensure_successor(ring: KeyRing, name: str, algorithm: SigningAlgorithm) -> Signer:
    """The signer that `promote` will put in the current one's place; made when first asked for."""
    return _ensured(ring, name, algorithm, SigningState.NEXT)


def promote(ring: KeyRing, name: str) -> None:
    """The successors of this name sign; the seeds that signed before are destroyed.

    Raises SigningKeyError where an algorithm of the name has no successor; nothing changes then.
    """
    at = ring.clock()
    own = SIGNING_KEY.c.name == name

    def write(tx: Connection) -> None:
        states: dict[str, set[str]] = {}
        for row in tx.execute(select(SIGNING_KEY).where(own)):
            states.setdefault(row.algorithm, set()).add(row.state)
        if not states or any(SigningState.NEXT.value not in found for found in states.values()):
            raise SigningKeyError(name=name)
        ended = {"state": SigningState.RETIRED.value, "wrapped": None, "destroyed_at": at}
        active = SIGNING_KEY.c.state == SigningState.ACTIVE.value
        tx.execute(update(SIGNING_KEY).where(own, active).values(ended))
        following = SIGNING_KEY.c.state == SigningState.NEXT.value
        values = {"state": SigningState.ACTIVE.value}
        tx.execute(update(SIGNING_KEY).where(own, following).values(values))
        store.raise_generation(tx)

    ring.db.write(write)


def _ensured(ring: KeyRing, name: str, algorithm: SigningAlgorithm, state: SigningState) -> Signer:
    at = ring.clock()

    def write(tx: Connection) -> Row[Any]:
        now, seed = store.current_epoch(tx), new_key()
        last = select(func.max(SIGNING_KEY.c.version)).where(
            SIGNING_KEY.c.name == name, SIGNING_KEY.c.algorithm == algorithm.value
        )
        version = 1 if state is SigningState.ACTIVE else (tx.execute(last).scalar() or 0) + 1
        place = signing_context(
            ring.installation, now.epoch, name=name, algorithm=algorithm.value, version=version
        )
        row = {
            "name": name,
            "algorithm": algorithm.value,
            "version": version,
            "public_key": SIGNERS[algorithm].from_seed(seed).public_key,
            "epoch": now.epoch,
            "wrapped": ring.epoch_key(now).wrap(seed, place),
            "state": state.value,
            "created_at": at,
            "destroyed_at": None,
        }
        tx.execute(insert_ignore(SIGNING_KEY, tx.dialect.name), row)
        return tx.execute(_current(name, algorithm, state)).one()

    with ring.look() as look:
        found = look.tx.execute(_current(name, algorithm, state)).first()
    if found is None:
        found = ring.db.write(write)
    return _signer(ring, found)


def public_keys(ring: KeyRing, name: str) -> tuple[tuple[SigningAlgorithm, bytes], ...]:
    """Every public key that ever signed under this name, or will; the oldest first."""
    with ring.look() as look:
        mine = select(SIGNING_KEY).where(SIGNING_KEY.c.name == name)
        rows = look.tx.execute(mine.order_by(SIGNING_KEY.c.version, SIGNING_KEY.c.algorithm))
        return tuple((SigningAlgorithm(row.algorithm), row.public_key) for row in rows)


def _current(name: str, algorithm: SigningAlgorithm, state: SigningState) -> Select[Any]:
    wanted = (
        SIGNING_KEY.c.name == name,
        SIGNING_KEY.c.algorithm == algorithm.value,
        SIGNING_KEY.c.state == state.value,
    )
    return select(SIGNING_KEY).where(*wanted).order_by(SIGNING_KEY.c.version.desc()).limit(1)


def _signer(ring: KeyRing, row: Row[Any]) -> Signer:
    algorithm, epoch = SigningAlgorithm(row.algorithm), EpochId(row.epoch)
    with ring.look() as look:
        epoch_key = look.epoch_key(epoch)
    place = signing_context(
        ring.installation, epoch, name=row.name, algorithm=row.algorithm, version=row.version
    )
    signer = SIGNERS[algorithm].from_seed(epoch_key.unwrap(row.wrapped, place))
    if signer.public_key != row.public_key:
        raise SigningKeyError(name=row.name)  # fails closed: nothing is signed under it
    return signer
