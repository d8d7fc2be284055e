"""Which uses a merge ends: permitted for one of the two before, and not for both."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from consent.service import known_of
from consent.types import EVERY
from governance.core.terms import SubjectId
from policies.purposes import PurposeRecord, recipient_class
from policies.snapshot import PolicySnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A use that a pseudonym permitted alone and permits no longer."""

    subject: SubjectId
    scope: str  # purpose/channel/recipient class, as the journal of choices writes it


def lost_permits(
    tx: Connection,
    policy: PolicySnapshot,
    survivor: SubjectId,
    absorbed: SubjectId,
    *,
    at: datetime,
) -> Iterator[Lost]:
    """Every cell that one of the two permits and the other does not."""
    for purpose in policy.purposes.values():
        both = {who: known_of(tx, who, purpose, at=at) for who in (survivor, absorbed)}
        for channel, recipient in _uses(purpose):
            answers = [
                (who, bool(known.decide(channel=channel, recipient=recipient, at=at)))
                for who, known in both.items()
            ]
            if len({permitted for _, permitted in answers}) == 1:
                continue
            scope = f"{purpose.id}/{channel or EVERY}/{recipient_class(recipient)}"
            yield from (Lost(subject=who, scope=scope) for who, permitted in answers if permitted)


def _uses(purpose: PurposeRecord) -> Iterator[tuple[str | None, str]]:
    """Every channel with one recipient of each class that the purpose names."""
    one_each = {recipient_class(name): name for name in purpose.recipients}
    for channel in sorted(purpose.channels) or (None,):
        for recipient in sorted(one_each.values()):
            yield channel, recipient
