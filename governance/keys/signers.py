"""Signing keys by name: seeds wrapped in the key store, signers in memory."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, select

from governance.crypto.providers.types import EpochId
from governance.crypto.signing import Ed25519Signer, MlDsa44Signer, Signer
from governance.crypto.wrap import context, new_key
from governance.db.types import insert_ignore
from governance.keys import store
from governance.keys.errors import SigningKeyError
from governance.keys.models import SIGNING_KEY
from governance.keys.ring import KeyRing
from governance.keys.types import KeyState, SigningAlgorithm

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
    at = ring.clock()

    def write(tx: Connection) -> Row[Any]:
        now, seed = store.current_epoch(tx), new_key()
        place = signing_context(
            ring.installation, now.epoch, name=name, algorithm=algorithm.value, version=1
        )
        row = {
            "name": name,
            "algorithm": algorithm.value,
            "version": 1,
            "public_key": SIGNERS[algorithm].from_seed(seed).public_key,
            "epoch": now.epoch,
            "wrapped": ring.epoch_key(now).wrap(seed, place),
            "state": KeyState.ACTIVE.value,
            "created_at": at,
            "destroyed_at": None,
        }
        tx.execute(insert_ignore(SIGNING_KEY, tx.dialect.name), row)
        return tx.execute(_current(name, algorithm)).one()

    with ring.look() as look:
        found = look.tx.execute(_current(name, algorithm)).first()
    if found is None:
        found = ring.db.write(write)
    return _signer(ring, found)


def public_keys(ring: KeyRing, names: Iterable[str]) -> dict[tuple[str, SigningAlgorithm], bytes]:
    """Current public keys by name and algorithm, for publication."""
    with ring.look() as look:
        wanted = SIGNING_KEY.c.name.in_(list(names)), SIGNING_KEY.c.state == KeyState.ACTIVE.value
        rows = look.tx.execute(select(SIGNING_KEY).where(*wanted).order_by(SIGNING_KEY.c.version))
        return {(row.name, SigningAlgorithm(row.algorithm)): row.public_key for row in rows}


def _current(name: str, algorithm: SigningAlgorithm) -> Select[Any]:
    wanted = (
        SIGNING_KEY.c.name == name,
        SIGNING_KEY.c.algorithm == algorithm.value,
        SIGNING_KEY.c.state == KeyState.ACTIVE.value,
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
