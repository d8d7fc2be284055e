"""What the file of a matter seals, and under which names."""

import json
from typing import Final

from governance.core.terms import RowId
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


def open_particulars(vault: FieldVault, row: RowId, sealed: bytes) -> Particulars:
    """What a matter is about."""
    return Particulars(**json.loads(vault.open_blob(PARTICULARS, row, sealed)))
