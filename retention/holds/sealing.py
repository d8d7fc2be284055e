"""What the file of a matter seals, and under which names."""

import json
from typing import Final

from governance.core.terms import RowId
from governance.keys.errors import KeyDestroyedError, KeyUnknownError
from governance.keys.vault import FieldVault
from retention.holds.types import Particulars

PARTICULARS: Final = "hold_matter"
REASON: Final = "hold_act"
CUSTODIAN: Final = "hold_letter"
RELEASE: Final = "hold_release"


def sealed_particulars(vault: FieldVault, row: RowId, said: Particulars) -> bytes:
    """The particulars of a matter under the installation's key."""
    content = {"name": said.name, "counsel": said.counsel, "notes": said.notes}
    return bytes(vault.seal_blob(PARTICULARS, row, json.dumps(content).encode()))


def opened(vault: FieldVault, kind: str, row: str, sealed: bytes) -> bytes | None:
    """What was sealed; None where the key has ended since, as in an older database put back."""
    try:
        return vault.open_blob(kind, row, sealed)
    except (KeyDestroyedError, KeyUnknownError):
        return None


def open_particulars(vault: FieldVault, row: RowId, sealed: bytes) -> Particulars | None:
    """What a matter is about; None where nobody can open it any more."""
    found = opened(vault, PARTICULARS, row, sealed)
    return None if found is None else Particulars(**json.loads(found))
