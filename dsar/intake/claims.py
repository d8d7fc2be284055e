"""What whoever asked said of themselves, opened from the filing."""

import msgspec

from dsar.intake.store import Filed
from dsar.intake.types import Claim
from governance.customers.ports import Ports


def claim_of(ports: Ports, filed: Filed) -> Claim:
    """What whoever asked said of themselves; empty once the file's key has ended."""
    if filed.claim is None:
        return Claim()
    content = ports.vault.open_part(filed.request, filed.claim)
    return msgspec.json.decode(content, type=Claim)
