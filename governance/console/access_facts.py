"""What the pages of access reviews show: accounts and what they open, in words."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from governance.core.terms import ActorId, Lang
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day
from governance.identity.access.holdings import opened
from governance.identity.access.types import Holding, Line, Mark, Sheet
from governance.identity.access.words import categories_named, purposes_named, roles_named
from governance.ui.parts import Choice, Term
from policies.snapshot import PolicySnapshot

HOME: Final = "/console/access"
GRAVE_MARKS: Final = frozenset({Mark.CONFLICT, Mark.UNKNOWN_ROLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkWord:
    """One thing that a reviewer should look at."""

    words: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLine:
    """One row of a review as its table shows it."""

    key: str  # the account
    name: str
    kind: str
    href: str
    rights: str
    opens: int  # purposes
    used_on: date | None
    marks: tuple[MarkWord, ...]
    seen: str
    own: bool
    verdict: str
    taken: str
    by: str
    settled: bool


def mark_words(holding: Holding, lang: Lang) -> tuple[MarkWord, ...]:
    """The marks in words; a mark of the duties is the loudest."""
    return tuple(
        MarkWord(
            words=text(f"identity.mark.{one.value}", lang),
            tone="refused" if one in GRAVE_MARKS else "attention",
        )
        for one in holding.marks
    )


def access_lines(
    sheet: Sheet, policy: PolicySnapshot, reader: ActorId, lang: Lang
) -> tuple[AccessLine, ...]:
    """Every row in words."""
    return tuple(_line(one, sheet.review.quarter, policy, reader, lang) for one in sheet.lines)


def _line(
    line: Line, quarter: str, policy: PolicySnapshot, reader: ActorId, lang: Lang
) -> AccessLine:
    holding = line.holding
    verdict = line.row.verdict or ("gone" if line.gone else "")
    return AccessLine(
        key=holding.account,
        name=holding.name,
        kind=text(f"access.kind.{'system' if holding.system else 'staff'}", lang),
        href=f"{HOME}/{quarter}/accounts/{holding.account}",
        rights=roles_named(policy, holding.roles, lang),
        opens=len(holding.opens),
        used_on=holding.used_on,
        marks=mark_words(holding, lang),
        seen=holding.fingerprint,
        own=holding.account == reader,
        verdict=text(f"identity.verdict.{verdict}", lang) if verdict else "",
        taken=_rights_named(policy, holding, line.row.taken, lang),
        by=line.row.decided_by or "",
        settled=line.settled,
    )


def _rights_named(
    policy: PolicySnapshot, holding: Holding, rights: tuple[str, ...], lang: Lang
) -> str:
    named = purposes_named if holding.system else roles_named
    return named(policy, rights, lang)


def holding_terms(holding: Holding, policy: PolicySnapshot, lang: Lang) -> tuple[Term, ...]:
    """One account with everything that a decision rests on."""

    def say(key: str) -> str:
        return text(f"access.{key}", lang)

    none, until = say("none"), holding.trained_until
    used = long_day(holding.used_on, lang) if holding.used_on else say("never")
    further = roles_named(policy, holding.elevations, lang)
    words = [
        Term(term=say("roles"), text=roles_named(policy, holding.roles, lang) or none),
        Term(term=say("state"), text=text(f"cli.accounts.state.{holding.state}", lang)),
        Term(term=say("opens"), text=purposes_named(policy, holding.opens, lang) or none),
        Term(
            term=say("categories"), text=categories_named(policy, holding.categories, lang) or none
        ),
        Term(term=say("personal"), text=say("yes" if holding.personal else "no")),
        Term(term=say("grave"), text=say("yes" if holding.grave else "no")),
        Term(term=say("used"), text=used),
        Term(term=say("made"), text=long_day(holding.made_on, lang) if holding.made_on else none),
    ]
    if not holding.system:
        words += [
            Term(term=say("trained"), text=long_day(until, lang) if until else none),
            Term(term=say("elevations"), text=further or none),
        ]
    return tuple(words)


def right_choices(holding: Holding, policy: PolicySnapshot, lang: Lang) -> tuple[Choice, ...]:
    """What may be taken away one by one, with what each opens."""
    if holding.system:
        return tuple(
            Choice(value=one, label=purposes_named(policy, (one,), lang))
            for one in sorted(holding.claims)
        )
    return tuple(
        Choice(
            value=one,
            label=roles_named(policy, (one,), lang),
            hint=purposes_named(policy, opened(policy, (one,)).purposes, lang),
        )
        for one in sorted(holding.roles)
    )
