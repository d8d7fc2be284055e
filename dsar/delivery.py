"""Handing the answer over: a one-time link, its one download, and the end of the copies."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft
from audit.types import Outcome as AuditOutcome
from dsar.case import Actor, Case
from dsar.errors import DownloadRefusedError, PackageMissingError
from dsar.letters import tell
from dsar.machine import step
from dsar.records import actor_of, changed, demand, draft, write_down
from dsar.results import (
    StoredPackage,
    newest_package,
    package_by_token,
    purge_copies,
    requests_with_old_copies,
    set_token,
    use_token,
)
from dsar.stepping import take_step
from dsar.store import answer_language, case_by_id
from dsar.types import Event, Letter, Mark
from governance.core.terms import RequestId, RowId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action

LINK_LIFE: Final = timedelta(days=7)
TOKEN_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """The answer is told; the link's secret exists only here."""

    case: Case
    token: str = field(repr=False)
    expires_at: datetime


def deliver(
    tx: Connection, ports: Ports, principal: Principal, request: RequestId, *, at: datetime
) -> Released:
    """The answer is told: a new one-time link to the package, its secret stored as a digest.

    Recipients are told first where the law asks for it (GDPR 19). A second call makes a new link.
    A letter without the link's secret tells the person, unless the answer goes on paper.
    """
    case = case_by_id(tx, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_EXECUTE)
    package = newest_package(tx, request)
    if package is None or package.content is None or package.expires_at <= at:
        raise PackageMissingError(request=request)
    for event in (Event.TELL_RECIPIENTS, Event.RESPOND):
        if any(step(track.law, track.status, event) for track in case.tracks):
            case = take_step(tx, ports, principal, request, event, at=at)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    expires = min(at + LINK_LIFE, package.expires_at)
    set_token(tx, package.id, digest=_digest(token), expires_at=expires)
    told = tell(tx, ports, case, Letter.READY, lang=answer_language(tx, request), at=at)
    case = write_down(
        tx,
        ports,
        principal,
        changed(case, at=at),
        Mark.RELEASED,
        EventCode.REQUEST_CHANGED,
        at=at,
        before=case.version,
        refs=(f"manifest:{package.manifest_hash}", *told),
    )
    return Released(case=case, token=token, expires_at=expires)


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def download(ports: Ports, principal: Principal, token: str, *, at: datetime) -> bytes:
    """The package, once, for the person whose it is or for the officer who hands it over.

    Unknown, used, expired and foreign links are refused alike, and recorded.
    """
    digest = _digest(token)
    with ports.database.read() as tx:
        package = package_by_token(tx, digest)
        case = case_by_id(tx, package.request) if package is not None else None
    if package is None or case is None:
        _refuse_download(ports, principal, None, at=at)
    elif not _may_fetch(actor_of(principal, ports.policies.current, case), package, at=at):
        _refuse_download(ports, principal, case, at=at)
    elif package.content is not None:
        content = ports.vault.open_part(package.id, package.content)
        used = ports.database.write(
            partial(
                _record_download,
                ports=ports,
                principal=principal,
                package=package.id,
                request=case.id,
                digest=digest,
                at=at,
            )
        )
        if used:
            return content
    raise DownloadRefusedError


def _may_fetch(actor: Actor, package: StoredPackage, *, at: datetime) -> bool:
    entitled = actor.is_requester or Action.DSAR_EXECUTE in actor.actions
    live = package.token_expires_at is not None and at < package.token_expires_at
    return entitled and live and package.downloaded_at is None and package.content is not None


def _record_download(
    tx: Connection,
    *,
    ports: Ports,
    principal: Principal,
    package: RowId,
    request: RequestId,
    digest: str,
    at: datetime,
) -> bool:
    if not use_token(tx, package, digest=digest, at=at):
        return False
    case = case_by_id(tx, request)
    write_down(
        tx,
        ports,
        principal,
        changed(case, at=at),
        Mark.DOWNLOADED,
        EventCode.REQUEST_DELIVERED,
        at=at,
        before=case.version,
    )
    return True


def _refuse_download(
    ports: Ports, principal: Principal, case: Case | None, *, at: datetime
) -> None:
    """The attempt is on record; the caller answers as for any other bad link."""
    told = (
        draft(ports, principal, case, EventCode.REQUEST_DELIVERED, at=at, outcome=AuditOutcome.DENY)
        if case is not None
        else EventDraft(
            action=EventCode.ACCESS_DENIED,
            occurred_at=at,
            actor=principal.id,
            object_type="package",
            object_id="unknown",
            outcome=AuditOutcome.DENY,
        )
    )
    ports.database.write(lambda tx: ports.audit.append(tx, told))


def purge(ports: Ports, principal: Principal, *, at: datetime, limit: int) -> int:
    """How many requests lost copies that passed their day; running twice equals running once."""
    with ports.database.read() as tx:
        doomed = requests_with_old_copies(tx, at=at, limit=limit)
    for request in doomed:
        ports.database.write(
            partial(_purge_one, ports=ports, principal=principal, request=request, at=at),
            batch=True,
        )
    return len(doomed)


def _purge_one(
    tx: Connection, *, ports: Ports, principal: Principal, request: RequestId, at: datetime
) -> None:
    case = case_by_id(tx, request)
    copies = purge_copies(tx, request, at=at)
    write_down(
        tx,
        ports,
        principal,
        changed(case, at=at),
        Mark.COPY_PURGED,
        EventCode.REQUEST_CHANGED,
        at=at,
        before=case.version,
        counts=(("copies", copies),),
    )
