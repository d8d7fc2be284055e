"""R16, training (APPI 24): courses, who passed in the period, who is missing and since when.

It names employees by their login. Whoever is missing is named whatever the period.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from governance.core.clock import JST
from governance.core.terms import Lang
from governance.identity.training.reminding import absent
from governance.identity.training.service import Line, lines
from governance.identity.training.store import all_results
from governance.identity.training.types import Course, Result
from governance.identity.types import Limits
from governance.reports.types import Document, Listing, Made, Period, ReportId, Section
from governance.reports.words import Words
from policies.snapshot import PolicySnapshot

LIST = "sekisho training register"


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """The facts of R16."""

    courses: tuple[Course, ...]
    results: tuple[Result, ...]  # of the period
    lines: tuple[Line, ...]
    demanded: bool
    at: datetime


def collect(
    tx: Connection,
    policy: PolicySnapshot,
    courses: Mapping[str, Course],
    limits: Limits,
    *,
    period: Period,
    at: datetime,
) -> Training:
    """Every try and attendance of the period, and how everybody stands now."""
    done = [one for held in all_results(tx).values() for one in held]
    inside = [one for one in done if period.since <= one.at < period.until]
    return Training(
        courses=tuple(courses.values()),
        results=tuple(sorted(inside, key=lambda one: (one.at, one.id))),
        lines=lines(tx, policy, courses, limits, at=at),
        demanded=limits.training is not None,
        at=at,
    )


def write(facts: Training, made: Made, lang: Lang) -> Document:
    """The document of these facts."""
    words = Words(ReportId.R16, made, lang)
    needed = [one for one in facts.lines if one.needed]
    missing = [one for one in needed if absent(one, at=facts.at)]
    return Document(
        id=ReportId.R16,
        lang=lang,
        title=words.say("title"),
        finding=words.say(
            "finding.absent" if missing else "finding.complete",
            needed=f"{len(needed):,}",
            absent=f"{len(missing):,}",
        ),
        made=made,
        sections=(
            _plan(facts, words),
            _done(facts, words),
            _absent(facts, words, missing),
        ),
        complete=True,
    )


def _plan(facts: Training, words: Words) -> Section:
    rows = tuple(
        (
            one.title[words.lang],
            str(one.version),
            str(one.valid_months),
            str(one.pass_percent),
            str(len(one.questions)),
        )
        for one in facts.courses
    )
    needed = sum(one.needed for one in facts.lines)
    return Section(
        key="plan",
        title=words.say("section.plan"),
        figures=(
            words.figure("courses", len(facts.courses), LIST),
            words.figure("needed", needed, LIST),
            words.figure("demanded", words.say("yes" if facts.demanded else "no"), "settings"),
        ),
        listing=Listing(
            columns=words.columns("course", "version", "valid_months", "pass_percent", "questions"),
            rows=rows,
            total=len(rows),
            source=LIST,
        ),
    )


def _done(facts: Training, words: Words) -> Section:
    titles = {one.id: one.title[words.lang] for one in facts.courses}
    rows = tuple(
        (
            f"{one.at.astimezone(JST):%Y-%m-%d}",
            one.staff.removeprefix("u:"),
            titles.get(one.course, one.course),
            str(one.version),
            words.say(f"way.{one.way.value}"),
            f"{one.right}/{one.of}" if one.of else "-",
            words.say("yes" if one.passed else "no"),
        )
        for one in facts.results
    )
    return Section(
        key="done",
        title=words.say("section.done"),
        figures=(
            words.figure("tries", len(facts.results), LIST),
            words.figure("passed", sum(one.passed for one in facts.results), LIST),
            words.figure("persons", len({one.staff for one in facts.results if one.passed}), LIST),
        ),
        listing=Listing(
            columns=words.columns(
                *("day", "employee", "course", "version", "training_way", "score", "passed")
            ),
            rows=rows,
            total=len(rows),
            source=LIST,
        ),
    )


def _absent(facts: Training, words: Words, missing: list[Line]) -> Section:
    rows = tuple(
        (
            one.staff.login,
            ", ".join(sorted(one.staff.roles)),
            f"{one.until.astimezone(JST):%Y-%m-%d}" if one.until else "-",
            words.say("yes" if facts.demanded and one.lapsed else "no"),
        )
        for one in missing
    )
    return Section(
        key="absent",
        title=words.say("section.absent"),
        figures=(
            words.figure("absent", len(missing), LIST),
            words.figure("lapsed", sum(facts.demanded and one.lapsed for one in missing), LIST),
        ),
        listing=Listing(
            columns=words.columns("employee", "roles", "training_until", "lapsed"),
            rows=rows,
            total=len(rows),
            source=LIST,
        ),
    )
