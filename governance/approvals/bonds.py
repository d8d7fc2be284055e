"""Who owes an account, a role or a key to whom; pure. Nobody approves by another hand."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, assert_never

from governance.core.terms import ActorId

FRESH: Final = timedelta(days=7)  # before a request: as long as most requests live


class TieKind(StrEnum):
    """What one principal gave another."""

    ACCOUNT = "account"  # invited, let in again, or given a role
    CREDENTIAL = "credential"  # a one-time code to sign in by
    ELEVATION = "elevation"  # a role for a time
    KEY = "key"  # was shown the key of a system, or set by what it proves itself
    PERSON = "person"  # both accounts are of one person; holds in both directions
    MAILBOX = "mailbox"  # codes of both accounts go to one address; holds in both directions


ONE_PERSON: Final = frozenset({TieKind.PERSON, TieKind.MAILBOX})
LASTING: Final = ONE_PERSON | {TieKind.KEY}  # their age does not count


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """`holder` has from `giver` what the kind says; of a key, the system is the holder."""

    holder: ActorId
    giver: ActorId
    kind: TieKind
    at: datetime


def one_person(ties: Iterable[Tie], *, requester: ActorId, approver: ActorId) -> bool:
    """Whether both accounts are of one person: somebody noted it, or one mailbox opens both."""
    both = {requester, approver}
    return any(one.kind in ONE_PERSON and {one.holder, one.giver} == both for one in ties)


def acts_for(ties: Iterable[Tie], *, requester: ActorId, approver: ActorId) -> bool:
    """Whether the requester is a system whose key the approver was given: one hand, two names."""
    return any(
        one.kind is TieKind.KEY and one.holder == requester and one.giver == approver
        for one in ties
    )


def beholden(
    ties: Iterable[Tie], *, requester: ActorId, approver: ActorId, requested_at: datetime
) -> bool:
    """Whether the approver has account, role or credential from the requester, made lately.

    An account made for the request, a role given for it, or one that the requester can sign in
    to, is no second person. What lies further back is a colleague.
    """
    return any(
        one.kind not in LASTING
        and one.holder == approver
        and one.giver == requester
        and one.at >= requested_at - FRESH
        for one in ties
    )


def own_hands(ties: Iterable[Tie], actor: ActorId, *, since: datetime) -> frozenset[ActorId]:
    """Every name by which whoever takes a second step may have taken the first, at `since`.

    Themselves; their other accounts; systems whose keys they were given; and whoever gave them
    account, role or credential lately, by whose hand they would act.
    """
    found = {actor}
    for one in ties:
        match one.kind:
            case TieKind.PERSON | TieKind.MAILBOX:
                found |= {one.holder, one.giver} if actor in {one.holder, one.giver} else set()
            case TieKind.KEY:
                found |= {one.holder} if one.giver == actor else set()
            case TieKind.ACCOUNT | TieKind.CREDENTIAL | TieKind.ELEVATION:
                fresh = one.holder == actor and one.at >= since - FRESH
                found |= {one.giver} if fresh else set()
            case _:
                assert_never(one.kind)
    return frozenset(found)
