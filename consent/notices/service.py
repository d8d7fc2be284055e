"""Use cases of notices: drafted by one person, announced by a second, in force on its day.

What was announced is never edited; a mistake is mended by another version.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from consent import ledger
from consent.notices import store
from consent.notices.counting import staled_by
from consent.notices.errors import NoticeClosedError, NoticeFaultsError
from consent.notices.rules import compared, faults_of, shown_text
from consent.notices.types import Edition, EditionState, Kept, Staled, text_hash
from consent.types import NoticeVersion
from governance.approvals.executors import Executor
from governance.approvals.service import Approvals
from governance.approvals.types import Approval, ApprovalKind, Consumed
from governance.core.clock import JST
from governance.core.terms import ActorId, Lang, NoticeId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action
from policies.api import ensure
from policies.purposes import PurposeRecord
from policies.snapshot import PolicySnapshot

BLOB = "notice_edition"
PREFIX = "notice:"  # what the executor answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a second person looks at before agreeing: the change in words and its reach."""

    kept: Kept
    faults: tuple[tuple[str, str], ...]
    staled: tuple[Staled, ...]
    changes: dict[Lang, tuple[tuple[str, str], ...]]  # mark and sentence


def uses_of(policy: PolicySnapshot, notice: str) -> tuple[PurposeRecord, ...]:
    """The purposes that refer to a notice."""
    return tuple(one for one in policy.purposes.values() if one.notice == notice)


def draft(
    tx: Connection, ports: Ports, principal: Principal, edition: Edition, *, at: datetime
) -> Review:
    """The draft is kept, with everything that would keep it from being announced."""
    ensure(principal, Action.NOTICE_WRITE, ports.policies.current)
    if not store.put_draft(tx, edition, by=principal.id, at=at):
        raise NoticeClosedError(notice=edition.notice, version=edition.version)
    _record(tx, ports, principal.id, EventCode.NOTICE_DRAFTED, edition, at=at)
    return review(tx, ports, edition.notice, edition.version, at=at)


def drop(
    tx: Connection, ports: Ports, principal: Principal, notice: str, version: str, *, at: datetime
) -> Kept:
    """The draft is given up; it stays readable."""
    ensure(principal, Action.NOTICE_WRITE, ports.policies.current)
    found = store.kept(tx, notice, version)
    if not store.move(tx, found.edition, old=EditionState.DRAFT, new=EditionState.DROPPED):
        raise NoticeClosedError(notice=notice, version=version)
    _record(
        tx, ports, principal.id, EventCode.NOTICE_DRAFTED, found.edition, at=at, why=("dropped",)
    )
    return store.kept(tx, notice, version)


def review(tx: Connection, ports: Ports, notice: str, version: str, *, at: datetime) -> Review:
    """The edition beside the one before it, and how many persons it would ask again."""
    kept = store.kept(tx, notice, version)
    policy = ports.policies.current
    return Review(
        kept=kept,
        faults=_faults(tx, policy, kept.edition, at=at) if kept.state is EditionState.DRAFT else (),
        staled=staled_by(tx, kept.edition, uses_of(policy, notice)),
        changes={lang: _changes(tx, kept.edition, lang) for lang in Lang},
    )


def _faults(
    tx: Connection, policy: PolicySnapshot, edition: Edition, *, at: datetime
) -> tuple[tuple[str, str], ...]:
    mine = versions_of(tx, edition.notice)
    before = store.edition_in_force(tx, edition.notice, mine[-1].version) if mine else None
    waiting = [
        one
        for one in store.every(tx, states=[EditionState.ANNOUNCED])
        if one.edition.notice == edition.notice
    ]
    found = faults_of(edition, mine, before, uses_of(policy, edition.notice), on=_today(at))
    return (*found, *((("version", "another_waits"),) if waiting else ()))


def versions_of(tx: Connection, notice: str) -> tuple[NoticeVersion, ...]:
    """The versions of a notice that are or were in force, oldest first."""
    return tuple(one for one in ledger.notices(tx) if one.notice == notice)


def _changes(tx: Connection, edition: Edition, lang: Lang) -> tuple[tuple[str, str], ...]:
    before = _text_before(tx, edition, lang)
    return compared(before or "", text_of(tx, edition, lang))


def text_of(tx: Connection, edition: Edition, lang: Lang) -> str:
    """The text that people see of this edition: as it was published, or as it would be."""
    published = ledger.notice_text(tx, edition.notice, edition.version, lang)
    return published or shown_text(edition, _text_before(tx, edition, lang), lang)


def _text_before(tx: Connection, edition: Edition, lang: Lang) -> str | None:
    if edition.predecessor is None:
        return None
    return ledger.notice_text(tx, edition.notice, edition.predecessor, lang)


def difference(
    tx: Connection, notice: str, old: str, new: str, lang: Lang
) -> tuple[tuple[str, str], ...]:
    """Two versions beside each other, sentence by sentence; raises NoticeUnknownError."""
    texts = [_readable(tx, notice, version, lang) for version in (old, new)]
    return compared(*texts)


def _readable(tx: Connection, notice: str, version: str, lang: Lang) -> str:
    found = ledger.notice_text(tx, NoticeId(notice), version, lang)
    return (
        found if found is not None else text_of(tx, store.kept(tx, notice, version).edition, lang)
    )


def propose(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    notice: str,
    version: str,
    *,
    at: datetime,
) -> tuple[Approval, Review]:
    """The draft waits for a second person; raises NoticeFaultsError when it lacks something."""
    ensure(principal, Action.NOTICE_WRITE, ports.policies.current)
    found = review(tx, ports, notice, version, at=at)
    if found.kept.state is not EditionState.DRAFT:
        raise NoticeClosedError(notice=notice, version=version)
    if found.faults:
        raise NoticeFaultsError(found.faults)
    edition = found.kept.edition
    sealed = ports.vault.seal_blob(BLOB, _key(edition), edition.digest.encode())
    approval = Approvals(audit=ports.audit, executors={}).request(
        tx,
        ApprovalKind.NOTICE,
        object_ref=f"{edition.notice}:{edition.version}",
        sealed=bytes(sealed),
        by=principal,
        at=at,
    )
    return approval, found


def _key(edition: Edition) -> str:
    return f"{edition.notice}:{edition.version}"[:36]


def notice_executor(ports: Ports) -> Executor:
    """Announces an approved edition; answers `notice:<id>:<version>`."""

    def execute(tx: Connection, consumed: Consumed, /, *, by: Principal, at: datetime) -> str:
        approval = consumed.approval
        ensure(by, Action.NOTICE_PUBLISH, ports.policies.current)
        notice, _, version = approval.object_ref.partition(":")
        kept = store.kept(tx, notice, version)
        edition = kept.edition
        digest = bytes(ports.vault.open_blob(BLOB, _key(edition), consumed.sealed)).decode()
        faults = _faults(tx, ports.policies.current, edition, at=at)
        if faults:  # the world moved since it was proposed
            raise NoticeFaultsError(faults)
        announced = digest == edition.digest and store.announce(
            tx, edition, approval=approval.id, approved_by=by.id, at=at
        )
        if not announced:  # fails closed: not what was approved
            raise NoticeClosedError(notice=notice, version=version)
        _record(tx, ports, by.id, EventCode.NOTICE_PUBLISHED, edition, at=at, approval=approval.id)
        if edition.effective_on <= _today(at):
            put_in_force(tx, ports, edition, by=by.id, at=at)
        return f"{PREFIX}{notice}:{version}"

    return execute


def put_in_force(
    tx: Connection, ports: Ports, edition: Edition, *, by: ActorId, at: datetime
) -> None:
    """The version counts from now on: consents on older ones are stale by its change class."""
    if not store.move(tx, edition, old=EditionState.ANNOUNCED, new=EditionState.IN_FORCE):
        return  # another process did it
    mine = versions_of(tx, edition.notice)
    texts = {lang: text_of(tx, edition, lang) for lang in Lang}
    version = NoticeVersion(
        notice=edition.notice,
        version=edition.version,
        published_on=edition.effective_on,
        change=edition.change,
        text_hash=text_hash(texts[Lang.JA], texts[Lang.EN]),
        order=(mine[-1].order if mine else 0) + 1,
    )
    ledger.publish_notice(tx, version, text_ja=texts[Lang.JA], text_en=texts[Lang.EN])
    staled = staled_by(tx, edition, uses_of(ports.policies.current, edition.notice))
    _record(tx, ports, by, EventCode.NOTICE_IN_FORCE, edition, at=at, staled=staled)


def take_effect(tx: Connection, ports: Ports, *, by: ActorId, at: datetime, limit: int) -> int:
    """How many announced versions whose day has come were put in force."""
    found = store.due(tx, on=_today(at), limit=limit)
    for one in found:
        put_in_force(tx, ports, one.edition, by=by, at=at)
    return len(found)


def _today(at: datetime) -> date:
    return at.astimezone(JST).date()


def _record(
    tx: Connection,
    ports: Ports,
    actor: ActorId,
    action: EventCode,
    edition: Edition,
    *,
    at: datetime,
    approval: str | None = None,
    staled: Sequence[Staled] = (),
    why: tuple[str, ...] = (),
) -> None:
    """The event names version and digest; texts stand in the store alone."""
    refs = (f"sha256:{edition.digest}",)
    ports.audit.append(
        tx,
        EventDraft(
            action=action,
            occurred_at=at,
            actor=actor,
            object_type="notice",
            object_id=f"{edition.notice}:{edition.version}",
            outcome=Outcome.DONE,
            policy_version=ports.policies.current.version or None,
            reasons=(edition.change.value, *why),
            counts=tuple((f"staled.{one.purpose}", one.staled) for one in staled if one.staled),
            refs=refs if approval is None else (f"approval:{approval}", *refs),
        ),
    )
