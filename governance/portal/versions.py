"""One version of a notice as everybody may read it: its text, its days, and what it changed."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from consent.notices import store
from consent.notices.service import difference, text_of, versions_of
from consent.notices.types import EditionState
from consent.types import NoticeVersion
from governance.core.errors import NotFoundError
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.portal.publishing import Abroad, abroad_of


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionShown:
    """One version of a notice, and what it changed."""

    id: str
    title: str
    version: str
    words: str
    since: date
    until: date | None  # the first day of the version after it
    state: EditionState
    change: str
    summary: str
    relatedness: str
    sha256: str | None
    abroad: tuple[Abroad, ...]
    before: str | None
    changes: tuple[tuple[str, str], ...]  # mark and sentence
    others: tuple[tuple[str, date], ...]  # every version with its day, newest first


def version_shown(tx: Connection, notice: str, version: str | None, lang: Lang) -> VersionShown:
    """One version that is, was or will be in force; a draft is nobody's to read here."""
    mine = versions_of(tx, notice)
    if not mine:
        raise NotFoundError
    wanted = version or mine[-1].version
    known = {one.version: one for one in mine}
    kept = store.kept(tx, notice, wanted)
    if kept.state not in (EditionState.IN_FORCE, EditionState.ANNOUNCED):
        raise NotFoundError
    edition = kept.edition
    words = text_of(tx, edition, lang)
    return VersionShown(
        id=notice,
        title=words.partition("\n")[0],
        version=wanted,
        words=words.partition("\n\n")[2],
        since=edition.effective_on,
        until=_until(mine, wanted),
        state=kept.state,
        change=text(f"portal.notices.change.{edition.change.value}", lang),
        summary=edition.summary[lang],
        relatedness=edition.relatedness[lang] if edition.relatedness else "",
        sha256=known[wanted].text_hash if wanted in known else None,
        abroad=tuple(abroad_of(edition, lang)),
        before=edition.predecessor,
        changes=tuple(
            line
            for line in (
                difference(tx, notice, edition.predecessor, wanted, lang)
                if edition.predecessor
                else ()
            )
            if line[0] in "+-"
        ),
        others=tuple((one.version, one.published_on) for one in reversed(mine)),
    )


def _until(mine: tuple[NoticeVersion, ...], version: str) -> date | None:
    later = [one for n, one in enumerate(mine) if n and mine[n - 1].version == version]
    return later[0].published_on if later else None
