"""What the pages of notices show: versions in words, what waits, what one version changes."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from consent import ledger
from consent.notices import present, store
from consent.notices.errors import NoticeUnknownError
from consent.notices.service import Review, difference, review, text_of, uses_of, versions_of
from consent.notices.types import EditionState
from consent.types import NoticeVersion
from governance.approvals import store as approvals_store
from governance.approvals.types import Approval, ApprovalKind
from governance.core.terms import Lang, NoticeId
from policies.snapshot import PolicySnapshot

ASKED = 500  # open approvals among which those of notices are looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLine:
    """One notice as it stands."""

    notice: str
    title: str
    version: str
    on: date
    change: str
    purposes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingLine:
    """One version that is drafted or announced."""

    notice: str
    version: str
    title: str
    state: str
    asked: bool  # a second person is asked to agree
    on: date
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The facts of the page of one notice."""

    notice: str
    title: str
    versions: tuple[NoticeVersion, ...]  # newest first
    old: str
    new: str
    changes: tuple[tuple[str, str], ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionShown:
    """The facts of the page of one version."""

    review: Review
    texts: dict[Lang, str]
    approval: Approval | None  # that waits

    @property
    def draft(self) -> bool:
        """Whether it may still change or be dropped."""
        return self.review.kept.state is EditionState.DRAFT


def lines_in_force(tx: Connection, policy: PolicySnapshot, lang: Lang) -> tuple[NoticeLine, ...]:
    """Every notice in force."""
    newest = {one.notice: one for one in ledger.notices(tx)}
    return tuple(_line(tx, policy, one, lang) for one in newest.values())


def lines_waiting(tx: Connection, lang: Lang, *, at: datetime) -> tuple[WaitingLine, ...]:
    """Every version that is drafted or announced."""
    asked = _asked(tx, at=at)
    return tuple(
        WaitingLine(
            notice=one.edition.notice,
            version=one.edition.version,
            title=one.edition.title[lang],
            state=one.state.value,
            asked=f"{one.edition.notice}:{one.edition.version}" in asked,
            on=one.edition.effective_on,
            change=one.edition.change.value,
        )
        for one in store.every(tx, states=present.WAITING)
    )


def notice_title(tx: Connection, notice: str, lang: Lang) -> str:
    """The first line of the notice's newest version; nothing where none is in force."""
    newest = {one.notice: one for one in ledger.notices(tx)}.get(NoticeId(notice))
    return "" if newest is None else present.title_of(tx, newest, lang)


def _asked(tx: Connection, *, at: datetime) -> dict[str, Approval]:
    """Open approvals of notices by what they are about."""
    return {
        one.object_ref: one
        for one in approvals_store.waiting(tx, at=at, limit=ASKED)
        if one.kind is ApprovalKind.NOTICE
    }


def _line(tx: Connection, policy: PolicySnapshot, one: NoticeVersion, lang: Lang) -> NoticeLine:
    return NoticeLine(
        notice=one.notice,
        title=present.title_of(tx, one, lang),
        version=one.version,
        on=one.published_on,
        change=one.change.value,
        purposes=" / ".join(use.label[lang] for use in uses_of(policy, one.notice)),
    )


def history_of(wiring: Any, notice: str, old: str, new: str, lang: Lang) -> History:
    """The versions of a notice and what changed between two; raises NoticeUnknownError."""
    with wiring.database.read() as tx:
        versions = versions_of(tx, notice)[::-1]
        if not versions:
            raise NoticeUnknownError
        new = new or versions[0].version
        old = old or (versions[1] if len(versions) > 1 else versions[0]).version
        known = {one.version for one in versions}
        if {old, new} - known:
            raise NoticeUnknownError
        return History(
            notice=notice,
            title=present.title_of(tx, versions[0], lang),
            versions=versions,
            old=old,
            new=new,
            changes=difference(tx, notice, old, new, lang) if old != new else (),
            text=ledger.notice_text(tx, versions[0].notice, new, lang) or "",
        )


def edition_of(wiring: Any, notice: str, version: str) -> EditionShown:
    """One version with its reach and who is asked; raises NoticeUnknownError."""
    at = wiring.clock()
    with wiring.database.read() as tx:
        found = review(tx, wiring.ports, notice, version, at=at)
        return EditionShown(
            review=found,
            texts={lang: text_of(tx, found.kept.edition, lang) for lang in Lang},
            approval=_asked(tx, at=at).get(f"{notice}:{version}"),
        )
