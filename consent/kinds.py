"""Kinds of questions: all of a use but the person and the moment, worked out once for a policy.

A caller asks the same of thousands of persons; what the first two gates say of it, how the answer
is shown and which words of it the log takes are the same each time.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from consent.gates import Ahead, UseRequest, ahead
from consent.state.layout import Asked
from governance.core.terms import PurposeId
from governance.http.principal import Principal
from policies.actions import Action
from policies.actors import may
from policies.purposes import INTERNAL, Channel, Provision, PurposeRecord, recipient_class
from policies.snapshot import PolicySnapshot

COUNTRY: Final = re.compile(r"[A-Z]{2}")  # ISO 3166-1
UNKNOWN: Final = "unknown"  # stands in the log for a word that nobody registered: it may be a name
KNOWN: Final = 4_096  # kinds that are remembered; a caller could invent more
Key = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the log keeps of a question: registered words alone."""

    purpose: PurposeId | None
    channel: str | None
    recipient: str | None
    country: str | None
    field: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Everything about a question that is no person and no moment."""

    ahead: Ahead
    words: Words
    explained: bool  # the caller may know the exact reason
    durable: bool  # 要配慮個人情報: the record is on the disk before the answer
    asked: Asked  # how the state in memory names the use
    quick: bool  # memory alone may answer: no register is asked, no disk is waited for
    may_ask: bool  # the caller holds the action of asking at all


def kind_of(policy: PolicySnapshot, principal: Principal, request: UseRequest) -> Kind:
    """The kind of this question."""
    purpose = policy.purpose(request.purpose) if request.purpose else None
    before = ahead(policy, principal, request)
    durable = purpose is not None and Provision.SPECIAL_CARE in purpose.provisions
    explained = may(principal, Action.EXPLAIN_SUBJECT, policy)
    return Kind(
        asked=(
            "" if purpose is None else purpose.id,
            request.channel,
            recipient_class(request.recipient or INTERNAL),
        ),
        ahead=before,
        words=_words(policy, purpose, request),
        explained=bool(explained),
        durable=durable,
        quick=not (durable or before.outside),
        may_ask=bool(may(principal, Action.CONSENT_CHECK, policy)),
    )


class Kinds:
    """The kinds that were asked under the policy in force."""

    def __init__(self) -> None:
        self._known: tuple[PolicySnapshot | None, dict[Key, Kind]] = None, {}

    def of(self, policy: PolicySnapshot, principal: Principal, request: UseRequest) -> Kind:
        """The kind of this question, from memory when it was asked before."""
        under, known = self._known
        if under is not policy:
            known = {}
            self._known = policy, known
        key = (
            principal.id,
            principal.roles,
            principal.single,
            principal.untrained,
            principal.scopes,
            principal.purposes,
            request.purpose,
            request.channel,
            request.recipient,
            request.country,
            request.field,
            request.obligations_supported,
        )
        found = known.get(key)
        if found is None:
            if len(known) >= KNOWN:
                known.clear()
            found = known[key] = kind_of(policy, principal, request)
        return found


def _words(policy: PolicySnapshot, purpose: PurposeRecord | None, request: UseRequest) -> Words:
    return Words(
        purpose=None if purpose is None else purpose.id,
        channel=_registered(request.channel, tuple(Channel)),
        recipient=_registered(request.recipient, purpose.recipients if purpose else ()),
        country=_country(request.country),
        field=_registered(request.field, policy.categories),
    )


def _registered(given: str | None, known: Collection[str]) -> str | None:
    if given is None:
        return None
    return given if given in known else UNKNOWN


def _country(given: str | None) -> str | None:
    if given is None:
        return None
    return given if COUNTRY.fullmatch(given) else UNKNOWN
