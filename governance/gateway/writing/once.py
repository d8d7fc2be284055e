"""A request that is repeated with its key does nothing and is told what the first one did.

Kept for a day. What is kept holds pseudonyms, versions and codes; the normalised values that are
shown back are made anew from the repeated request itself.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection

from governance.core.errors import GovernanceError
from governance.core.terms import RowId, SubjectId
from governance.customers.ports import Ports
from governance.customers.types import ProblemKind
from governance.db.engine import Database
from governance.gateway.writing import store
from governance.gateway.writing.errors import OnceMismatchError
from governance.gateway.writing.types import Notice, Once, Written
from governance.http.problems import DetailedError

KEPT_FOR = timedelta(hours=24)
BLOB = "write_once"
Result = Written | GovernanceError


def sealed_outcome(ports: Ports, once: Once, results: Sequence[Result]) -> bytes:
    """What a repeated request will be told, sealed with the fingerprint of the first one."""
    body = {"fingerprint": once.fingerprint, "results": [_kept(result) for result in results]}
    return bytes(ports.vault.seal_blob(BLOB, once.key[:36], json.dumps(body).encode()))


def opened_outcome(ports: Ports, once: Once, sealed: bytes) -> tuple[Result, ...]:
    """What the first request came to; raises OnceMismatchError when it was another one."""
    body = json.loads(ports.vault.open_blob(BLOB, once.key[:36], sealed))
    if body["fingerprint"] != once.fingerprint:
        raise OnceMismatchError
    return tuple(_result(kept) for kept in body["results"])


def _kept(result: Result) -> dict[str, Any]:
    if isinstance(result, Written):
        return {
            "created": result.created,
            "subject": result.subject,
            "row": result.row,
            "version": result.version,
            "fields": result.fields,
            "masked": result.masked,
            "notices": [(notice.field, notice.kind.value) for notice in result.notices],
        }
    faults = result.faults if isinstance(result, DetailedError) else ()
    return {"code": result.code, "params": result.params, "faults": faults}


def _result(kept: dict[str, Any]) -> Result:
    if "code" not in kept:
        return Written(
            created=kept["created"],
            subject=SubjectId(kept["subject"]),
            row=RowId(kept["row"]),
            version=kept["version"],
            fields=tuple(kept["fields"]),
            masked=tuple(kept["masked"]),
            notices=tuple(Notice(field=f, kind=ProblemKind(k)) for f, k in kept["notices"]),
        )
    error = GovernanceError.registry[kept["code"]]
    if issubclass(error, DetailedError):
        return error([(name, code) for name, code in kept["faults"]])
    return error(**kept["params"])


class _RepeatedError(Exception):
    """The request was carried out before: this transaction is rolled back unused."""

    def __init__(self, sealed: bytes) -> None:
        super().__init__()
        self.sealed = sealed


class _ClaimingDatabase:
    """The true database, whose one write also claims the key and keeps what came of it."""

    def __init__(
        self, ports: Ports, once: Once, told: Callable[[Any], Written], *, at: datetime
    ) -> None:
        self._ports, self._once, self._told, self._at = ports, once, told, at

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ports.database, name)

    def write(self, work: Callable[[Connection], Any], *, batch: bool = False) -> Any:
        """The result of the work, in one transaction with its key."""

        def claimed(tx: Connection) -> Any:
            key, ends_at = self._once.key, self._at + KEPT_FOR
            before = store.claim(tx, key, ends_at=ends_at, at=self._at)
            if before is not None:
                raise _RepeatedError(before)
            result = work(tx)
            kept = sealed_outcome(self._ports, self._once, [self._told(result)])
            store.keep_outcome(tx, key, kept)
            return result

        return self._ports.database.write(claimed, batch=batch)


def carried_out(
    ports: Ports,
    once: Once | None,
    work: Callable[[Ports], Any],
    told: Callable[[Any], Written],
    *,
    at: datetime,
) -> tuple[Written, bool]:
    """What a use case with one transaction stored, and whether it had been done before."""
    if once is None:
        return told(work(ports)), False
    claiming = cast("Database", _ClaimingDatabase(ports, once, told, at=at))
    try:
        return told(work(replace(ports, database=claiming))), False
    except _RepeatedError as repeated:
        (result,) = opened_outcome(ports, once, repeated.sealed)
        return cast("Written", result), True
