"""Notices as programs see them; the command line and the HTTP interface give the same shapes."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from consent import ledger
from consent.notices import store
from consent.notices.errors import NoticeUnknownError
from consent.notices.service import Review, text_of, uses_of, versions_of
from consent.notices.types import EditionState, Kept
from consent.types import NoticeVersion
from governance.core.terms import Lang, NoticeId
from governance.i18n.catalogue import text
from policies.snapshot import PolicySnapshot

WAITING = (EditionState.DRAFT, EditionState.ANNOUNCED)


def overview(tx: Connection, policy: PolicySnapshot) -> dict[str, Any]:
    """Every notice with the version in force, and what is drafted or announced."""
    newest: dict[str, NoticeVersion] = {one.notice: one for one in ledger.notices(tx)}
    return {
        "notices": [_in_force(tx, policy, one) for one in newest.values()],
        "waiting": [_kept(one) for one in store.every(tx, states=WAITING)],
    }


def _in_force(tx: Connection, policy: PolicySnapshot, one: NoticeVersion) -> dict[str, Any]:
    return {
        "notice": one.notice,
        "title": {lang.value: title_of(tx, one, lang) for lang in Lang},
        **_version(one),
        "purposes": [purpose.id for purpose in uses_of(policy, one.notice)],
    }


def title_of(tx: Connection, one: NoticeVersion, lang: Lang) -> str:
    """The first line of the text that people see."""
    return (ledger.notice_text(tx, one.notice, one.version, lang) or "").partition("\n")[0]


def _version(one: NoticeVersion) -> dict[str, Any]:
    return {
        "version": one.version,
        "in_force_on": one.published_on.isoformat(),
        "change": one.change.value,
        "sha256": one.text_hash,
    }


def versions(tx: Connection, notice: str) -> list[dict[str, Any]]:
    """Every version that is or was in force, oldest first; raises NoticeUnknownError."""
    found = versions_of(tx, notice)
    if not found:
        raise NoticeUnknownError
    return [_version(one) for one in found]


def whole(tx: Connection, notice: str, version: str) -> dict[str, Any]:
    """One version with its texts and everything that was approved; raises NoticeUnknownError."""
    kept = store.kept(tx, notice, version)
    published = next((one for one in versions_of(tx, notice) if one.version == version), None)
    return {
        **kept.edition.as_json(),
        **_kept(kept),
        "sha256": published.text_hash if published else None,
        "text": {lang.value: text_of(tx, kept.edition, lang) for lang in Lang},
    }


def newest_version(tx: Connection, notice: str) -> str:
    """The version in force; raises NoticeUnknownError."""
    found = versions_of(tx, NoticeId(notice))
    if not found:
        raise NoticeUnknownError
    return found[-1].version


def reviewed(review: Review, lang: Lang) -> dict[str, Any]:
    """A draft with its faults, its reach in persons, and what it changes."""
    return {
        **_kept(review.kept),
        "faults": [
            {"field": name, "code": code, "detail": text(f"consent.fault.{code}", lang)}
            for name, code in review.faults
        ],
        "staled": [
            {"purpose": one.purpose, "agreed": one.agreed, "asked_again": one.staled}
            for one in review.staled
        ],
        "changes": {name.value: marked(lines) for name, lines in review.changes.items()},
    }


def marked(lines: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """The sentences that went and came."""
    names = {"+": "added", "-": "removed"}
    return [{"change": names[mark], "text": words} for mark, words in lines if mark in names]


def _kept(one: Kept) -> dict[str, Any]:
    edition = one.edition
    return {
        "notice": edition.notice,
        "version": edition.version,
        "state": one.state.value,
        "change": edition.change.value,
        "in_force_on": edition.effective_on.isoformat(),
        "digest": edition.digest,
        "drafted_by": one.drafted_by,
        "approved_by": one.approved_by,
        "announced_at": _moment(one.announced_at),
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
