"""Texts that a caller carries for us and cannot read: sealed, good for what they are bound to."""

import base64
import binascii

from governance.core.errors import GovernanceError
from governance.keys.vault import FieldVault


class NotOursError(ValueError):
    """The text was not made here, or for something else."""


def opaque(vault: FieldVault, kind: str, bound_to: str, content: bytes) -> str:
    """The content as a text that tells nobody what stands in it."""
    sealed = vault.seal_blob(kind, bound_to, content)
    return base64.urlsafe_b64encode(bytes(sealed)).decode().rstrip("=")


def opened(vault: FieldVault, kind: str, bound_to: str, text: str) -> bytes:
    """The content of such a text; NotOursError for any other."""
    try:
        padded = text + "=" * (-len(text) % 4)
        sealed = base64.b64decode(padded, altchars=b"-_", validate=True)
        return vault.open_blob(kind, bound_to, sealed)
    except (GovernanceError, binascii.Error, ValueError) as error:
        raise NotOursError from error
