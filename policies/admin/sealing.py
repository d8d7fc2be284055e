"""Signatures over stored policies: what was agreed to is what is in force."""

from typing import Final

from audit.types import canonical_json
from governance.crypto.signing import verify_ed25519
from governance.keys.signers import ensure_signer, public_keys
from governance.keys.types import SigningAlgorithm
from governance.keys.vault import FieldVault
from policies.admin.errors import PolicyBrokenError
from policies.admin.types import Entry, StoredVersion

KEY: Final = "policy"  # name of the installation's signing key for policies


def version_message(installation: str, version: StoredVersion) -> bytes:
    """What is signed of a version; its digest covers the documents."""
    return canonical_json(
        {
            "format": "sekisho/policy-version/1",
            "installation": installation,
            "id": version.id,
            "version": version.version,
            "digest": version.digest,
            "stored_by": version.stored_by,
            "stored_at": version.stored_at.isoformat(),
        }
    )


def entry_message(installation: str, entry: Entry) -> bytes:
    """What is signed of an entry; its state moves afterwards and the log says when."""
    return canonical_json(
        {
            "format": "sekisho/policy-entry/1",
            "installation": installation,
            "number": entry.number,
            "version_id": entry.version_id,
            "digest": entry.digest,
            "base": entry.base,
            "kind": entry.kind.value,
            "effective_from": entry.effective_from.isoformat(),
            "recorded_at": entry.recorded_at.isoformat(),
            "changed_cells": entry.changed_cells,
            "approval": entry.approval or "",
            "requested_by": entry.requested_by,
            "approved_by": entry.approved_by,
        }
    )


def signed(vault: FieldVault, message: bytes) -> bytes:
    """The installation's signature over a message about its policy."""
    return ensure_signer(vault.ring, KEY, SigningAlgorithm.ED25519).sign(message)


def demand_signed(vault: FieldVault, message: bytes, signature: bytes) -> None:
    """Raises PolicyBrokenError unless a key of this installation signed the message."""
    for algorithm, public in public_keys(vault.ring, KEY):
        if algorithm is SigningAlgorithm.ED25519 and verify_ed25519(public, message, signature):
            return
    raise PolicyBrokenError(reason="signature")  # fails closed: nobody of ours agreed to it
