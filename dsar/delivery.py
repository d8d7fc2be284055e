"""Handing the answer over: a one-time link, its one download, and the end of the copies."""

import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Final, assert_never

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft
from audit.types import Outcome as AuditOutcome
from dsar.answer_files import page_name
from dsar.case import Case
from dsar.errors import (
    DownloadRefusedError,
    PackageMissingError,
    ProofNotFreshError,
    RequestUnknownError,
)
from dsar.identity.rules import proved
from dsar.letters import tell
from dsar.machine import step
from dsar.package import single_page
from dsar.records import actor_of, changed, demand, draft, write_down
from dsar.results import (
    PackageForm,
    StoredPackage,
    newest_package,
    package_by_token,
    purge_copies,
    requests_with_old_copies,
    set_token,
    use_token,
)
from dsar.returning.service import opened_way
from dsar.stepping import take_step
from dsar.store import answer_language, case_by_id
from dsar.types import Event, EvidenceKind, Letter, Mark
from governance.core.terms import RequestId, RowId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.identity.store import session_proved_at
from policies.actions import Action

LINK_LIFE: Final = timedelta(days=7)
TOKEN_BYTES: Final = 32
CODE_KINDS: Final = frozenset({EvidenceKind.EMAIL_CODE, EvidenceKind.SMS_CODE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """The answer is told; the link's secret exists only here."""

    case: Case
    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimant:
    """Whether the answer is for whoever asks for it, and when they last showed who they are."""

    entitled: bool
    shown: datetime | None

    def fresh(self, at: datetime, *, within: timedelta) -> bool:
        """Whether they showed it no longer ago than this."""
        return self.shown is not None and timedelta() <= at - self.shown <= within


NOBODY: Final = Claimant(entitled=False, shown=None)


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


def download(
    ports: Ports,
    principal: Principal,
    token: str,
    *,
    at: datetime,
    form: PackageForm = PackageForm.ARCHIVE,
) -> bytes:
    """One form of the package, once, for its person or the officer who hands it over.

    Unknown, used, expired and foreign links are refused alike, and recorded.
    """
    digest = _digest(token)
    with ports.database.read() as tx:
        package = package_by_token(tx, digest)
        case = case_by_id(tx, package.request) if package is not None else None
    if case is None or package is None or not _entitled(ports, principal, case):
        _refuse_download(ports, principal, case, at=at)
        raise DownloadRefusedError
    return _hand_over(ports, principal, case, package, form, at=at)


def download_own(
    ports: Ports,
    principal: Principal,
    request: RequestId,
    form: PackageForm,
    *,
    within: timedelta,
    at: datetime,
    secret: str = "",
) -> bytes:
    """One form of the answer, once, for whoever it is for, who was proved within this time.

    `secret`: the browser's, of a way back by number and code. Raises ProofNotFreshError when they
    must show anew who they are; a request that is nobody's, somebody else's, not proved, not
    answered, fetched or over is refused like any bad link.
    """
    with ports.database.read() as tx:
        case = known_case(tx, request)
        package = newest_package(tx, request) if case is not None else None
        asker = claimant(tx, ports, principal, case, secret, at=at) if case is not None else NOBODY
    if case is None or package is None or not asker.entitled:
        _refuse_download(ports, principal, case, at=at)
        raise DownloadRefusedError
    if not asker.fresh(at, within=within):
        raise ProofNotFreshError
    return _hand_over(ports, principal, case, package, form, at=at)


def claimant(
    tx: Connection, ports: Ports, principal: Principal, case: Case, secret: str, *, at: datetime
) -> Claimant:
    """The person who is signed in; else whoever is back by number and code and proved themselves.

    Without an account the proofs of the case must suffice, an agent's authority among them: a code
    alone shows that somebody filed, not that the answer is theirs.
    """
    if actor_of(principal, ports.policies.current, case).is_requester:
        return Claimant(entitled=True, shown=proved_at(tx, principal, case))
    way = opened_way(tx, secret, at=at)
    if way is None or way.request != case.id or case.subject is None or not proved(case, at=at):
        return NOBODY  # fails closed
    return Claimant(entitled=True, shown=way.opened_at)


def known_case(tx: Connection, request: RequestId) -> Case | None:
    """The request, or None."""
    with suppress(RequestUnknownError):
        return case_by_id(tx, request)
    return None


def _entitled(ports: Ports, principal: Principal, case: Case) -> bool:
    actor = actor_of(principal, ports.policies.current, case)
    return actor.is_requester or Action.DSAR_EXECUTE in actor.actions


def proved_at(tx: Connection, principal: Principal, case: Case) -> datetime | None:
    """When the person last showed who they are: signed in, or a code sent to a known contact."""
    moments = [
        proof.at
        for proof in case.evidence
        if proof.accepted and proof.kind in CODE_KINDS and proof.by == principal.id
    ]
    if principal.session is not None:
        opened = session_proved_at(tx, principal.session)
        moments += [opened] if opened is not None else []
    return max(moments, default=None)


def _hand_over(
    ports: Ports,
    principal: Principal,
    case: Case,
    package: StoredPackage,
    form: PackageForm,
    *,
    at: datetime,
) -> bytes:
    """The form's bytes after its one use is on record; DownloadRefusedError otherwise."""
    digest = package.token_digest
    content = None
    if package.waits(at) and package.content is not None and not package.fetched(form):
        archive = ports.vault.open_part(package.id, package.content)
        content = _formed(ports, case, archive, form)
    if content is None or digest is None:
        _refuse_download(ports, principal, case, at=at)
        raise DownloadRefusedError
    record = partial(
        _record_download,
        ports=ports,
        principal=principal,
        package=package.id,
        request=case.id,
        digest=digest,
        form=form,
        at=at,
    )
    if not ports.database.write(record):  # somebody was faster
        _refuse_download(ports, principal, case, at=at)
        raise DownloadRefusedError
    return content


def _formed(ports: Ports, case: Case, archive: bytes, form: PackageForm) -> bytes | None:
    match form:
        case PackageForm.ARCHIVE:
            return archive
        case PackageForm.PAGE:
            with ports.database.read() as tx:
                lang = answer_language(tx, case.id)
            return single_page(archive, page_name(lang))
        case _:
            assert_never(form)


def _record_download(
    tx: Connection,
    *,
    ports: Ports,
    principal: Principal,
    package: RowId,
    request: RequestId,
    digest: str,
    form: PackageForm,
    at: datetime,
) -> bool:
    if not use_token(tx, package, digest=digest, form=form, at=at):
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
        reasons=(form.value,),
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
