"""Keys of sealed files: one fresh key a file, sealed under a key of the store that lives on.

The store's key is of no person and no rotation of persons' keys renews it, so a file opens as
long as somebody holds a copy of the key store that can be opened, and never without one.
"""

import os
from typing import Final

from governance.core.terms import FieldId, KeyClass
from governance.crypto.frame import (
    NONCE,
    Alg,
    FieldBindings,
    FrameError,
    dek_id_of,
    row_binding,
)
from governance.crypto.stream import FileDamagedError
from governance.crypto.values import Kind
from governance.crypto.wrap import new_key
from governance.keys.errors import KeyUnknownError
from governance.keys.vault import FILES, FieldVault

BOUND: Final = FieldId("~file")


def new_file_key(vault: FieldVault, file: str) -> tuple[bytes, bytes]:
    """A fresh key for the file of this id, and the same sealed, to stand in the file's head."""
    own = vault.ring.sealing_keys([FILES], KeyClass.RECORD, alg=Alg.GCM_SIV)[FILES]
    key = new_key()
    return key, bytes(own.seal_raw(Kind.BYTES, key, _binding(vault, file), os.urandom(NONCE)))


def file_key(vault: FieldVault, file: str, sealed: bytes) -> bytes:
    """The key of the file of this id; raises FileDamagedError for another file's or store's."""
    try:
        with vault.ring.look() as look:
            held = look.held(dek_id_of(sealed))
            return held.cell.open_raw(sealed, _binding(vault, file))[1]
    except (FrameError, KeyUnknownError):
        raise FileDamagedError(reason="key") from None


def _binding(vault: FieldVault, file: str) -> bytes:
    return FieldBindings(vault.ring.installation)[BOUND] + row_binding(file)
