"""Facts of the pages of schedules: lines in words with the law behind them, versions, proposals."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection

from governance.approvals import store as approvals_store
from governance.approvals.rules import standing
from governance.approvals.types import Approval, ApprovalId, ApprovalKind, ApprovalState
from governance.console.law_words import HOME as LAW
from governance.console.law_words import article_words
from governance.core.terms import ActorId, Lang
from governance.http.numbers import number_in
from governance.i18n.catalogue import text
from governance.ui.parts import Link
from policies.law.in_force import law_in_force
from policies.law.load import rules_of
from retention import store
from retention.adoption import Version, proposed, version_text, versions
from retention.differences import change_words, differences
from retention.explained import DutyWords, LineWords, duty_words, part_words, rule_words
from retention.parts.lines import lines
from retention.simulation.store import of_schedule
from retention.simulation.types import Simulation
from retention.types import LawPeriod, Schedule

LISTED: Final = 100  # open approvals that are looked through for proposals


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleShown:
    """One line in words, with the law that its basis names."""

    words: LineWords
    law: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyShown:
    """One duty in words, with the law that its period or basis names."""

    words: DutyWords
    law: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleShown:
    """One schedule in words."""

    schedule: Schedule
    rules: tuple[RuleShown, ...]
    parts: tuple[RuleShown, ...]
    duties: tuple[DutyShown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingLine:
    """A proposal that waits for a second person."""

    approval: ApprovalId
    name: str
    by: ActorId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The facts of the page of schedules."""

    shown: ScheduleShown
    version: int | None  # of what is shown; None: that in force
    in_force: Schedule
    versions: tuple[Version, ...]
    waiting: tuple[WaitingLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The facts of the page of one proposal."""

    approval: Approval
    schedule: Schedule
    against: Schedule
    sentences: tuple[str, ...]
    simulation: Simulation | None
    open: bool


def schedule_shown(schedule: Schedule, lang: Lang, *, on: date) -> ScheduleShown:
    """The schedule in words; the law's own lines stand among those about rows."""
    known = _articles(lang, on=on)
    return ScheduleShown(
        schedule=schedule,
        rules=tuple(_rule(rule_words(one, lang), known) for one in schedule.rules),
        parts=tuple(_rule(part_words(one, lang), known) for one in lines(schedule, at=on)),
        duties=tuple(
            DutyShown(
                words=(words := duty_words(one, lang)),
                law=(
                    Link(label=one.until.rule, href=f"{LAW}/{one.until.rule}")
                    if isinstance(one.until, LawPeriod)
                    else _law(words.basis, known)
                ),
            )
            for one in schedule.duties
        ),
    )


def _rule(words: LineWords, known: tuple[tuple[str, str], ...]) -> RuleShown:
    return RuleShown(words=words, law=_law(words.basis, known))


def _articles(lang: Lang, *, on: date) -> tuple[tuple[str, str], ...]:
    """Every duty of the law file by its article in words, the longest first."""
    duties = rules_of(law_in_force(), on).obligations.values()
    named = {article_words(one.law, one.article, lang): one.id for one in duties}
    return tuple(sorted(named.items(), key=lambda pair: -len(pair[0])))


def _law(basis: str, known: tuple[tuple[str, str], ...]) -> Link | None:
    """What the law file says of the article that the basis names."""
    return next(
        (Link(label=duty, href=f"{LAW}/{duty}") for words, duty in known if words in basis), None
    )


def standing_of(
    tx: Connection, ports: Any, lang: Lang, version: int | None, *, at: Any
) -> Standing:
    """What is in force and what waits; raises ScheduleUnknownError for a version that is none."""
    in_force = store.in_force(tx)
    wanted = in_force if version is None else version_text(tx, version)
    return Standing(
        shown=schedule_shown(wanted, lang, on=at.date()),
        version=version,
        in_force=in_force,
        versions=versions(tx),
        waiting=tuple(
            WaitingLine(
                approval=one.id,
                name=schedule_title(proposed(tx, ports, one.id)[1], lang),
                by=one.requested_by,
                at=one.requested_at,
            )
            for one in approvals_store.waiting(tx, at=at, limit=LISTED)
            if one.kind is ApprovalKind.RETENTION_SCHEDULE
        ),
    )


def schedule_title(schedule: Schedule, lang: Lang) -> str:
    """A schedule by its name for people and its version."""
    name = schedule.label.of(lang)
    return text("console.schedules.named", lang, name=name, version=schedule.version)


def schedule_told(name: str, version: int, known: Schedule | None, lang: Lang) -> str:
    """The same of a schedule that may be known no more: then by the name that was kept of it."""
    if known is not None:
        return schedule_title(known, lang)
    return text("console.schedules.named", lang, name=name, version=version)


def proposal_of(tx: Connection, ports: Any, approval: str, lang: Lang, *, at: Any) -> Proposal:
    """What a proposal would change; raises ScheduleUnknownError."""
    found, schedule = proposed(tx, ports, ApprovalId(approval))
    against = store.in_force(tx)
    return Proposal(
        approval=found,
        schedule=schedule,
        against=against,
        sentences=sentences(against, schedule, lang),
        simulation=of_schedule(tx, schedule.digest),
        open=standing(found, at=at) is ApprovalState.REQUESTED,
    )


def sentences(old: Schedule, new: Schedule, lang: Lang) -> tuple[str, ...]:
    """What one schedule changes of another."""
    return tuple(change_words(one, old, new, lang) for one in differences(old, new))


def compared(tx: Connection, old: str, new: str) -> tuple[Schedule, Schedule]:
    """Two versions by their numbers as a form gives them; raises ScheduleUnknownError."""
    return _numbered(tx, old), _numbered(tx, new)


def _numbered(tx: Connection, given: str) -> Schedule:
    number = number_in(given)
    return version_text(tx, -1 if number is None else number)
