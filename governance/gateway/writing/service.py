"""The gate for writing: gates, values, texts searched; then rows, tokens and events together.

Fails closed: while texts cannot be searched or the log cannot be written, nothing is stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from governance.core.clock import JST
from governance.core.terms import SubjectId
from governance.customers.indexing import EVERY
from governance.customers.ports import Ports
from governance.customers.upkeep.merges import survivor_of
from governance.gateway.intake.tokens import Indexer
from governance.gateway.types import GateBusyError
from governance.gateway.writing import store
from governance.gateway.writing.correcting import correct
from governance.gateway.writing.creating import create
from governance.gateway.writing.errors import NotAppliedError
from governance.gateway.writing.once import (
    KEPT_FOR,
    Result,
    opened_outcome,
    sealed_outcome,
)
from governance.gateway.writing.prepare import Prepared, Ready, prepare, shown_back
from governance.gateway.writing.steps import Writer, look_ahead
from governance.gateway.writing.types import Batch, Creation, FieldsRefusedError, Item, Written
from governance.http.principal import Principal
from policies.snapshot import PolicySnapshot

ATTEMPTS = 3  # how often a writing is made anew when the policy changes meanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What came of every item, in their order."""

    results: tuple[Result, ...]
    repeated: bool = False  # the request had been carried out before; nothing was done now


class _UndoneError(Exception):
    """One item of an all-or-nothing request failed: the transaction is rolled back."""

    def __init__(self, results: tuple[Result, ...]) -> None:
        super().__init__()
        self.results = results


def write(ports: Ports, principal: Principal, batch: Batch, *, at: datetime) -> Outcomes:
    """What became of each item; rows, tokens, findings and events of all commit together."""
    if (known := _known(ports, batch, at=at)) is not None:
        return _shown_again(ports, principal, batch, known, at=at)
    tables = sorted({"person", *(item.table for item in batch.items)})
    indexer = Indexer(ports.vault, tables, kinds=EVERY)
    for _ in range(ATTEMPTS):
        policy = ports.policies.current
        prepared = prepare(policy, principal, batch, ports.analyse, at=at)
        store_all = partial(
            _store,
            ports=ports,
            indexer=indexer,
            principal=principal,
            batch=batch,
            policy=policy,
            prepared=prepared,
            at=at,
        )
        try:
            found = ports.database.write(store_all, batch=len(batch.items) > 1)
        except _UndoneError as undone:
            found = Outcomes(results=undone.results)
            note = partial(
                _note_refusals,
                ports=ports,
                principal=principal,
                batch=batch,
                results=undone.results,
                policy=policy,
                at=at,
            )
            ports.database.write(note)
        if found is not None:
            return _shown_again(ports, principal, batch, found, at=at) if found.repeated else found
    raise GateBusyError


def _known(ports: Ports, batch: Batch, *, at: datetime) -> Outcomes | None:
    """What the same request came to before; looked up before its texts are searched again."""
    if batch.once is None:
        return None
    with ports.database.read() as tx:
        sealed = store.outcome_of(tx, batch.once.key, at=at)
    if not sealed:
        return None
    return Outcomes(results=opened_outcome(ports, batch.once, sealed), repeated=True)


def _shown_again(
    ports: Ports, principal: Principal, batch: Batch, found: Outcomes, *, at: datetime
) -> Outcomes:
    """The outcome with the normalised values, made from the repeated request, never stored."""
    silent = prepare(ports.policies.current, principal, batch, _not_searched, at=at)
    results = [
        replace(result, normalised=_back(result, one)) if isinstance(result, Written) else result
        for result, one in zip(found.results, silent, strict=True)
    ]
    return Outcomes(results=tuple(results), repeated=True)


def _back(result: Written, prepared: Prepared) -> dict[str, str | None]:
    if not isinstance(prepared, Ready):
        return {}
    shown = shown_back(prepared)
    return {name: value for name, value in shown.items() if name not in result.masked}


def _not_searched(texts: Sequence[str], _lang: object) -> tuple[tuple[()], ...]:
    """No finding for any text: it was searched when it was stored."""
    return tuple(() for _ in texts)


def _store(
    tx: Connection,
    *,
    ports: Ports,
    indexer: Indexer,
    principal: Principal,
    batch: Batch,
    policy: PolicySnapshot,
    prepared: tuple[Prepared, ...],
    at: datetime,
) -> Outcomes | None:
    """Every item in its order; None when the policy moved meanwhile."""
    if ports.policies.current is not policy:
        return None
    once = batch.once
    if once is not None:
        before = store.claim(tx, once.key, ends_at=at + KEPT_FOR, at=at)
        if before is not None:
            return Outcomes(results=opened_outcome(ports, once, before), repeated=True)
    indexer.look()
    ready = [one for one in prepared if isinstance(one, Ready)]
    writer = Writer(
        ports=ports,
        indexer=indexer,
        policy=policy,
        principal=principal,
        purpose=batch.purpose,
        request_id=batch.request_id,
        at=at,
        ahead=look_ahead(tx, ports, indexer, ready, on=at.astimezone(JST).date()),
    )
    if len(prepared) > 1:
        ports.vault.ensure_keys(_new_persons(prepared))
    results = tuple(_store_one(tx, writer, one) for one in prepared)
    stored = [result for result in results if isinstance(result, Written)]
    if batch.atomic and len(stored) < len(results):
        raise _UndoneError(tuple(_not_stored(result) for result in results))
    _note_refusals(
        tx, ports=ports, principal=principal, batch=batch, results=results, policy=policy, at=at
    )
    if once is not None and stored:
        store.keep_outcome(tx, once.key, sealed_outcome(ports, once, results))
    elif once is not None:
        store.release(tx, once.key)
    return Outcomes(results=results)


def _new_persons(prepared: Sequence[Prepared]) -> list[SubjectId]:
    """Persons who need a key: one look at the key store for all of them."""
    return [
        one.subject
        for one in prepared
        if isinstance(one, Ready) and isinstance(one.item, Creation) and one.item.subject is None
    ]


def _store_one(tx: Connection, writer: Writer, prepared: Prepared) -> Result:
    if not isinstance(prepared, Ready):
        return prepared
    meant = _of_survivor(tx, prepared)
    if isinstance(meant.item, Creation):
        return create(tx, writer, meant)
    return correct(tx, writer, meant)


def _of_survivor(tx: Connection, ready: Ready) -> Ready:
    """The item about the person as whom a merged pseudonym stands now."""
    named = ready.item.subject
    if named is None or (now := survivor_of(tx, named)) == named:
        return ready
    return replace(ready, subject=now, item=replace(ready.item, subject=now))


def _not_stored(result: Result) -> Result:
    return NotAppliedError() if isinstance(result, Written) else result


def _note_refusals(
    tx: Connection,
    *,
    ports: Ports,
    principal: Principal,
    batch: Batch,
    results: Sequence[Result],
    policy: PolicySnapshot,
    at: datetime,
) -> None:
    """Each writing that the gates refused is on record: fields and codes."""
    purpose = policy.purpose(batch.purpose)
    ports.audit.append_many(
        tx,
        [
            EventDraft(
                action=EventCode.ACCESS_DENIED,
                occurred_at=at,
                actor=principal.id,
                actor_os=principal.os_user,
                object_type=item.table,
                object_id=_object(item),
                purpose=purpose.id if purpose is not None else None,
                outcome=Outcome.DENY,
                reasons=tuple(sorted({code for _, code in result.faults})),
                policy_version=policy.version or None,
                request_id=batch.request_id,
                network=Network(principal.network) if principal.network else None,
                fields=tuple(f"{item.table}.{name}" for name, _ in result.faults),
            )
            for item, result in zip(batch.items, results, strict=True)
            if isinstance(result, FieldsRefusedError)
        ],
    )


def _object(item: Item) -> str:
    """The row or person that was meant; a refused new one has no id."""
    row = None if isinstance(item, Creation) else item.row
    return row or item.subject or "new"
