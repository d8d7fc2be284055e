"""Facts of the administration of policies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from governance.core.terms import ActorId, RowId
from governance.customers.ports import Ports
from policies.admin.documents import Added, Documents, as_added, compiled
from policies.document import PolicyField
from policies.in_force import EntryKind, EntryState
from policies.snapshot import PolicySnapshot


def _fits(_snapshot: PolicySnapshot) -> None:
    """Every policy fits where nothing else is declared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One installation as the administration of its policy needs it."""

    ports: Ports
    added: Mapping[str, tuple[PolicyField, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    fits: Callable[[PolicySnapshot], None] = _fits  # raises what the catalogue misses

    @property
    def own(self) -> Added:
        """The installation's own fields."""
        return as_added(self.added)

    def compiled(self, documents: Documents) -> PolicySnapshot:
        """The policy of these documents over the installation's own fields."""
        return compiled(documents, self.own)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """The documents of one policy as they lie in the table."""

    id: RowId
    version: str
    digest: str
    content: bytes = field(repr=False)
    stored_by: ActorId
    stored_at: datetime
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One change of the policy in force."""

    number: int
    version_id: RowId
    version: str
    digest: str
    base: int
    kind: EntryKind
    state: EntryState
    effective_from: datetime
    recorded_at: datetime
    taken_at: datetime | None
    changed_cells: int
    approval: RowId | None
    requested_by: ActorId
    approved_by: ActorId
    signature: bytes = field(repr=False, default=b"")
