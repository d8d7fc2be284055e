"""The signing keys of the log as they are in the key store now, and every one that ever was."""

from threading import Lock

from audit.note import KeyType, VerifierKey
from audit.sequencer import LogKeys
from governance.core.settings import Settings
from governance.custody.log_key import LOG_KEY, log_origin
from governance.keys.signers import ensure_signer, public_keys
from governance.keys.types import SigningAlgorithm
from governance.keys.vault import FieldVault

KINDS = {
    SigningAlgorithm.ED25519: KeyType.ED25519,
    SigningAlgorithm.ML_DSA_44: KeyType.SUBTREE_MLDSA44,
}


class LogSigning:
    """Loads the log's signers again when anything in the key store ended."""

    def __init__(self, settings: Settings, vault: FieldVault) -> None:
        self._settings = settings
        self._vault = vault
        self._lock = Lock()
        self._seen = -1
        self._keys: LogKeys | None = None

    def current(self) -> LogKeys:
        """Who signs the tree now."""
        with self._vault.ring.look() as look:
            seen = look.seen
        with self._lock:
            if self._keys is None or seen != self._seen:
                self._keys, self._seen = self._load(), seen
            return self._keys

    def every_key(self) -> tuple[VerifierKey, ...]:
        """Every public key that ever signed this log; the oldest first."""
        self.current()  # makes the first ones
        return every_key(self._vault)

    def _load(self) -> LogKeys:
        ring = self._vault.ring
        return LogKeys(
            origin=log_origin(ring),
            ed25519=ensure_signer(ring, LOG_KEY, SigningAlgorithm.ED25519),
            mldsa44=ensure_signer(ring, LOG_KEY, SigningAlgorithm.ML_DSA_44),
            anchor=self._settings.checkpoint,
        )


def every_key(vault: FieldVault) -> tuple[VerifierKey, ...]:
    """Every public key of the log in the key store; the oldest first."""
    origin = log_origin(vault.ring)
    return tuple(
        VerifierKey(name=origin, kind=KINDS[algorithm], public=public)
        for algorithm, public in public_keys(vault.ring, LOG_KEY)
    )
