"""What carries out an approved act; higher features fill the registry, one per kind."""

from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from governance.approvals.types import Consumed
from governance.http.principal import Principal


class Executor(Protocol):
    """Carries out one kind of act in the transaction that consumes its approval."""

    def __call__(
        self, tx: Connection, consumed: Consumed, /, *, by: Principal, at: datetime
    ) -> str:
        """A reference to what was done or started; its audit event names ``approval:<id>``."""
        ...
