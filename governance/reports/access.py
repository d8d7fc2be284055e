"""R13, access rights: what each role opens, reviews, leavers, roles for a time, duties apart.

It names employees by their login and systems by their name. Sources: APPI 23, GDPR 32,
ISO/IEC 27001 A.5.18.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from audit.actions import EventCode
from audit.models import EVENTS
from governance.core.clock import JST
from governance.core.terms import Lang
from governance.i18n.actors import actor_name
from governance.i18n.catalogue import text
from governance.i18n.formats import quarter_words
from governance.identity.access import service, store
from governance.identity.access.holdings import holdings, opened
from governance.identity.access.kept import holding_of
from governance.identity.access.rules import quarter_start
from governance.identity.access.types import Holding, Mark, Review, Verdict
from governance.identity.access.types import Row as Decided
from governance.identity.access.words import categories_named, purposes_named, roles_named
from governance.identity.types import AccountState, Limits
from governance.keys.vault import FieldVault
from governance.reports.types import Document, Listing, Made, Period, ReportId, Section
from governance.reports.words import Words
from policies.actions import GRAVE, PERSONAL
from policies.document import Separation
from policies.duties import held_roles
from policies.snapshot import PolicySnapshot

LIST = "sekisho access-review list"
SHOW = "sekisho access-review show"
MATRIX = "sekisho policy matrix"
PRIVILEGED = (EventCode.ELEVATION_BEGUN, EventCode.BREAK_GLASS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The facts of R13."""

    policy: PolicySnapshot
    accounts: tuple[Holding, ...]  # as they are now
    reviews: tuple[tuple[Review, tuple[Decided, ...], bool], ...]  # of the period; whether intact
    left: tuple[tuple[datetime, str, str], ...]  # at, whose account, by whom
    further: tuple[tuple[datetime, str, str], ...]  # at, whose right, what
    changed: tuple[tuple[datetime, str, str], ...]  # at, by whom, the policy's version
    overdue: int


def collect(
    tx: Connection,
    policy: PolicySnapshot,
    limits: Limits,
    vault: FieldVault,
    *,
    idle: int,
    period: Period,
    at: datetime,
) -> Access:
    """Accounts now; reviews that stood in the period, and what the log has of it."""
    found = holdings(tx, policy, limits, idle=idle, since=quarter_start(at), at=at)
    every, on = store.every(tx), at.astimezone(JST).date()
    inside = [
        one
        for one in every
        if one.started_at < period.until
        and (one.closed_at is None or one.closed_at >= period.since)
    ]
    return Access(
        policy=policy,
        accounts=tuple(sorted(found.values(), key=lambda one: (one.system, one.name))),
        reviews=tuple(
            (
                one,
                store.rows_of(tx, one.id),
                one.closed_at is None or service.intact(tx, vault, one),
            )
            for one in inside
        ),
        left=tuple(
            (row.occurred_at, row.object_id, row.actor)
            for row in _events(tx, (EventCode.PRINCIPAL_DISABLED,), period)
            if row.reasons is None  # a suspension says so; an end has nothing to add
        ),
        further=tuple(
            (row.occurred_at, _holder(row), (row.reasons or "").removeprefix("role."))
            for row in _events(tx, PRIVILEGED, period)
        ),
        changed=tuple(
            (row.occurred_at, row.actor, row.policy_version or "-")
            for row in _events(tx, (EventCode.POLICY_APPLIED,), period)
        ),
        overdue=sum(one.overdue(on=on) for one in every),
    )


def _events(tx: Connection, codes: Iterable[EventCode], period: Period) -> list[Row[Any]]:
    wanted = EVENTS.select().where(
        EVENTS.c.action.in_([code.value for code in codes]),
        EVENTS.c.occurred_at >= period.since,
        EVENTS.c.occurred_at < period.until,
    )
    return list(tx.execute(wanted.order_by(EVENTS.c.occurred_at, EVENTS.c.id)))


def _holder(row: Row[Any]) -> str:
    """Whose further right it was: the account of an elevation, or who broke the glass."""
    return str(row.object_id if row.action == EventCode.ELEVATION_BEGUN.value else row.actor)


def write(facts: Access, made: Made, lang: Lang) -> Document:
    """The document of these facts; every row of its listings."""
    words = Words(ReportId.R13, made, lang)
    living = [one for one in facts.accounts if one.state is not AccountState.ENDED]
    closed = sum(review.closed_at is not None for review, _, _ in facts.reviews)
    broken = sum(not intact for _, _, intact in facts.reviews)
    finding = "broken" if broken else "overdue" if facts.overdue else "sound" if closed else "none"
    return Document(
        id=ReportId.R13,
        lang=lang,
        title=words.say("title"),
        finding=words.say(
            f"finding.{finding}", accounts=f"{len(living):,}", closed=closed, broken=broken
        ),
        made=made,
        sections=(
            _roles(facts, words),
            _accounts(facts, words, living),
            _reviews(facts, words),
            _decisions(facts, words),
            _left(facts, words),
            _further(facts, words),
            _apart(facts, words, living),
            _changes(facts, words),
        ),
        complete=True,
    )


def _section(
    words: Words,
    key: str,
    columns: tuple[str, ...],
    rows: Iterable[tuple[str, ...]],
    figures: Iterable[tuple[str, int]],
    source: str,
) -> Section:
    listed = tuple(rows)
    return Section(
        key=key,
        title=words.say(f"section.{key}"),
        figures=tuple(words.figure(name, count, source) for name, count in figures),
        listing=Listing(
            columns=words.columns(*columns), rows=listed, total=len(listed), source=source
        ),
    )


def _yes(words: Words, held: object) -> str:
    return words.say("yes" if held else "no")


def _roles(facts: Access, words: Words) -> Section:
    """The matrix of roles: what each opens, and how many hold it."""
    policy = facts.policy
    rows = []
    for name, role in policy.roles.items():
        opens = opened(policy, (name,))
        rows.append(
            (
                name,
                role.label[words.lang],
                words.say(f"kind.{role.kind.value}"),
                purposes_named(policy, opens.purposes, words.lang) or "-",
                categories_named(policy, opens.categories, words.lang) or "-",
                _yes(words, opens.actions & PERSONAL),
                _yes(words, opens.actions & GRAVE),
                str(sum(name in one.roles for one in facts.accounts)),
            )
        )
    columns = ("role", "name", "kind", "purposes", "categories", "personal", "grave", "holders")
    return _section(words, "roles", columns, rows, (("roles", len(rows)),), MATRIX)


def _accounts(facts: Access, words: Words, living: list[Holding]) -> Section:
    rows = (
        (
            one.name,
            words.say("kind.system" if one.system else "kind.staff"),
            roles_named(facts.policy, one.roles, words.lang) or "-",
            "-" if one.used_on is None else one.used_on.isoformat(),
            _marks(one, words.lang),
        )
        for one in living
    )
    systems = sum(one.system for one in living)
    figures = (
        ("staff", len(living) - systems),
        ("systems", systems),
        ("personal", sum(one.personal for one in living)),
        ("marked", sum(bool(one.marks) for one in living)),
    )
    columns = ("account", "kind", "roles", "used_on", "marks")
    return _section(words, "accounts", columns, rows, figures, SHOW)


def _marks(holding: Holding, lang: Lang) -> str:
    return ", ".join(text(f"identity.mark.{one.value}", lang) for one in holding.marks) or "-"


def _day(at: datetime | None) -> str:
    return "-" if at is None else f"{at.astimezone(JST):%Y-%m-%d}"


def _name(actor: str | None, lang: Lang) -> str:
    return "-" if actor is None else actor_name(actor, lang)


def _reviews(facts: Access, words: Words) -> Section:
    rows = (
        (
            quarter_words(review.quarter, words.lang),
            _day(review.started_at),
            _name(review.started_by, words.lang),
            review.due_on.isoformat(),
            _day(review.closed_at),
            _name(review.closed_by, words.lang),
            str(len(decided)),
            words.say("intact.yes" if intact else "intact.no") if review.digest else "-",
            review.digest or "-",
        )
        for review, decided, intact in facts.reviews
    )
    figures = (
        ("reviews", len(facts.reviews)),
        ("closed", sum(one.closed_at is not None for one, _, _ in facts.reviews)),
        ("overdue", facts.overdue),
        ("broken", sum(not intact for _, _, intact in facts.reviews)),
    )
    columns = (
        *("quarter", "begun_on", "begun_by", "due", "closed_on", "closed_by", "accounts"),
        *("intact", "digest"),
    )
    return _section(words, "reviews", columns, rows, figures, LIST)


def _decisions(facts: Access, words: Words) -> Section:
    """Every row that was decided, with what the decision was about."""
    decided = [
        (review, row, holding_of(row))
        for review, rows, _ in facts.reviews
        for row in rows
        if row.held
    ]
    rows = (
        (
            quarter_words(review.quarter, words.lang),
            _name(row.account, words.lang),
            roles_named(facts.policy, held.roles, words.lang) or "-",
            _marks(held, words.lang),
            text(f"identity.verdict.{row.verdict}", words.lang),
            roles_named(facts.policy, row.taken, words.lang) or "-",
            _name(row.decided_by, words.lang),
            _day(row.decided_at),
        )
        for review, row, held in decided
    )
    figures = ((one.value, sum(row.verdict is one for _, row, _ in decided)) for one in Verdict)
    columns = (*("quarter", "account", "roles", "marks", "verdict", "taken", "reviewer", "day"),)
    return _section(words, "decisions", columns, rows, figures, SHOW)


def _left(facts: Access, words: Words) -> Section:
    rows = ((_day(at), _name(who, words.lang), _name(by, words.lang)) for at, who, by in facts.left)
    source = words.events(f"action={EventCode.PRINCIPAL_DISABLED.value}")
    return _section(
        words, "left", ("day", "account", "by"), rows, (("left", len(facts.left)),), source
    )


def _further(facts: Access, words: Words) -> Section:
    rows = (
        (
            _day(at),
            _name(who, words.lang),
            roles_named(facts.policy, (role,), words.lang) if role else words.say("glass"),
        )
        for at, who, role in facts.further
    )
    elevations = sum(bool(role) for _, _, role in facts.further)
    figures = (("elevations", elevations), ("glass", len(facts.further) - elevations))
    source = words.events(f"action={','.join(code.value for code in PRIVILEGED)}")
    return _section(words, "further", ("day", "account", "permission"), rows, figures, source)


def _apart(facts: Access, words: Words, living: list[Holding]) -> Section:
    """The table of duties that are kept apart, and who joins two of them now."""
    separations = () if facts.policy.policy is None else facts.policy.policy.separations
    rows = (
        (
            rule.id,
            roles_named(facts.policy, rule.roles, words.lang)
            if rule.roles
            else " / ".join(
                text(f"policies.action.{one.value.replace(':', '_')}", words.lang)
                for one in rule.actions or ()
            ),
            words.say("apart.person" if rule.roles else "apart.case"),
            rule.because[words.lang],
            ", ".join(_joining(facts, rule, living)) or "-",
        )
        for rule in separations
    )
    figures = (
        ("separations", len(separations)),
        ("joined", sum(Mark.CONFLICT in one.marks for one in living)),
    )
    columns = ("rule", "duties", "apart", "because", "joined_by")
    return _section(words, "apart", columns, rows, figures, "sekisho policy check")


def _joining(facts: Access, rule: Separation, living: list[Holding]) -> list[str]:
    """Who holds both roles of a separation now, whatever was said when they were given."""
    known = facts.policy.roles
    return [
        one.name
        for one in living
        if rule.roles and held_roles(known, one.roles & known.keys()).issuperset(rule.roles)
    ]


def _changes(facts: Access, words: Words) -> Section:
    rows = ((_day(at), _name(by, words.lang), version) for at, by, version in facts.changed)
    figures = (("changes", len(facts.changed)),)
    source = words.events(f"action={EventCode.POLICY_APPLIED.value}")
    return _section(words, "changes", ("day", "by", "version"), rows, figures, source)
