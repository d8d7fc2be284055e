"""Whether there is such a key at all: a record about a mistyped name helps nobody."""

from typing import Final

from governance.app.compromise.types import Found, Suspect, SuspectTargetError
from governance.app.wiring import Wiring
from governance.core.terms import FieldId
from governance.crypto.providers.types import EpochId
from governance.custody.reindexing import has_index
from governance.keys.epochs import endable

UNKNOWN: Final = "unknown"
CURRENT: Final = "current"


def epoch_reason(wiring: Wiring, epoch: EpochId) -> str | None:
    """Why the epoch cannot end now; None: it can."""
    with wiring.vault.ring.db.read() as tx:
        return endable(tx, epoch)


def demand_known(wiring: Wiring, found: Found) -> None:
    """Raises SuspectTargetError for an epoch or a field that has no key; others are looked up."""
    match found.suspect:
        case Suspect.EPOCH:
            fine = epoch_reason(wiring, EpochId(found.target or "")) != UNKNOWN
        case Suspect.INDEX:
            fine = has_index(FieldId(found.target or ""))
        case _:
            fine = True
    if not fine:
        raise SuspectTargetError
