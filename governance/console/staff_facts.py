"""What the page of one employee's account shows, in words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from governance.core.terms import Lang
from governance.i18n.catalogue import domain, text
from governance.i18n.formats import long_day
from governance.identity.access.holdings import opened
from governance.identity.access.words import purposes_named, roles_named
from governance.identity.overseeing import Whole
from governance.ui.parts import Choice, Term
from policies.actions import PERSONAL
from policies.duties import held_roles
from policies.snapshot import PolicySnapshot
from policies.types import RoleKind

ROLE: Final = "role."
TAKEN: Final = "role_ended."


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One event of the account's history."""

    at: datetime
    what: str
    by: str
    more: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Two roles that one person does not hold together."""

    rule: str
    roles: str
    because: str


def apart(policy: PolicySnapshot, lang: Lang) -> tuple[Apart, ...]:
    """The table of roles that are kept apart."""
    declared = () if policy.policy is None else policy.policy.separations
    return tuple(
        Apart(
            rule=one.id,
            roles=roles_named(policy, one.roles, lang),
            because=one.because[lang],
        )
        for one in declared
        if one.roles is not None
    )


_ROLES: Final[list[tuple[PolicySnapshot, Lang, tuple[Choice, ...]]]] = []  # of the newest policy


def role_choices(policy: PolicySnapshot, lang: Lang) -> tuple[Choice, ...]:
    """Roles of staff with what each opens, and which others it is kept apart from.

    A policy never changes: what it opens is found out once, not for each view.
    """
    for known, words, choices in _ROLES:
        if known is policy and words is lang:
            return choices
    found = tuple(
        Choice(value=name, label=role.label[lang], hint=_hint(policy, name, lang))
        for name, role in sorted(policy.roles.items())
        if role.kind is RoleKind.STAFF
    )
    kept = [one for one in _ROLES if one[0] is policy and one[1] is not lang]
    _ROLES[:] = [*kept, (policy, lang, found)]
    return found


def _hint(policy: PolicySnapshot, role: str, lang: Lang) -> str:
    """What is said of a role before somebody gives it, so that no refusal comes as a surprise."""
    opens = opened(policy, (role,))
    personal = text("staff.opens_personal", lang) if opens.actions & PERSONAL else ""
    purposes = purposes_named(policy, opens.purposes, lang)
    others = _others(policy, role)
    never = roles_named(policy, others, lang)
    return (" " if lang is Lang.EN else "").join(
        part
        for part in (
            personal,
            text("staff.opens", lang, purposes=purposes) if purposes else "",
            text("staff.never_with", lang, roles=never) if others else "",
        )
        if part
    )


def _others(policy: PolicySnapshot, role: str) -> frozenset[str]:
    declared = () if policy.policy is None else policy.policy.separations
    mine = held_roles(policy.roles, (role,))
    pairs = [one.roles for one in declared if one.roles is not None]
    return frozenset(other for pair in pairs for held, other in (pair, pair[::-1]) if held in mine)


def account_terms(found: Whole, lang: Lang, *, at: datetime) -> tuple[Term, ...]:
    """How the account can prove itself, and whether it may act."""
    staff, factors = found.staff, found.factors

    def say(key: str, **params: object) -> str:
        return text(f"staff.{key}", lang, **params)

    def day(moment: datetime | None) -> str:
        return long_day(moment, lang) if moment else say("nothing")

    held = staff.trained_until is not None and staff.trained_until > at
    second = [
        *([say("totp")] if factors.totp else []),
        *([say("passkeys", n=factors.passkeys)] if factors.passkeys else []),
    ]
    return (
        Term(term=say("state"), text=text(f"cli.accounts.state.{staff.state.value}", lang)),
        Term(term=say("name"), text=staff.display_name),
        Term(term=say("made"), text=day(staff.created_at)),
        Term(term=say("password"), text=day(factors.password_set_at)),
        Term(
            term=say("second"),
            text=(" / ".join(second)) or say("second_no"),
            note=say("recovery_left", n=factors.recovery_left) if second else "",
        ),
        Term(term=say("mail"), text=say("mail_yes" if found.reachable else "mail_no")),
        Term(
            term=say("trained"),
            text=day(staff.trained_until),
            note="" if held or staff.trained_until is None else say("trained_over"),
        ),
    )


def history(
    found: Whole, policy: PolicySnapshot, lang: Lang, *, reads_log: bool
) -> tuple[Happened, ...]:
    """What the log says of the account, the newest first."""
    return tuple(
        Happened(
            at=one.occurred_at,
            what=text(f"audit.event.{one.action}", lang),
            by=one.actor,
            more=_more((one.reasons or "").split(","), policy, lang),
            href=f"/console/audit/events/{one.id}" if reads_log else "",
        )
        for one in found.history
    )


def _more(reasons: list[str], policy: PolicySnapshot, lang: Lang) -> str:
    """Which roles came and went, and what else changed; a word of another release is left out."""
    given = [one.removeprefix(ROLE) for one in reasons if one.startswith(ROLE)]
    taken = [one.removeprefix(TAKEN) for one in reasons if one.startswith(TAKEN)]
    known = domain("staff", lang)
    words = [known[f"staff.reason.{one}"] for one in reasons if f"staff.reason.{one}" in known]
    if given:
        words.append(text("staff.given", lang, roles=roles_named(policy, given, lang)))
    if taken:
        words.append(text("staff.taken", lang, roles=roles_named(policy, taken, lang)))
    return ("、" if lang is Lang.JA else ", ").join(words)
