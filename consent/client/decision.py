"""The answer to one question: a permit that can end, or a refusal with its code."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

PERMIT: Final = "permit"
Obligation = Mapping[str, str | int]


class Facts(NamedTuple):
    """What a decision is made of; a tuple, because one is made for every question."""

    code: str
    subject: str
    asked: tuple[str, str | None, str | None, str | None]  # purpose, channel, recipient, country
    number: int  # of this process's decisions, from 1 without a hole; 0: not recorded
    decided: float  # seconds since boot
    until: float  # the same; of a refusal nothing
    obligations: tuple[Obligation, ...]
    seq: int  # the position that it rests on
    view: Any  # what it was decided by
    row: Any
    standing: Callable[["Decision"], bool]


class Decision(Facts):
    """Truthy while the permit stands: not after its end, nor after anything of the person changed.

    `if decision:` asks again, so a process that was stopped between question and use is told no.
    """

    __slots__ = ()

    def __bool__(self) -> bool:
        return self.code == PERMIT and self.standing(self)

    def __repr__(self) -> str:
        return f"Decision({self.code}, seq={self.seq}, number={self.number})"

    @property
    def policy_version(self) -> str:
        """The policy that it rests on."""
        version: str = self.view.policy_version
        return version

    @property
    def purpose(self) -> str:
        """The purpose that was asked about."""
        return self.asked[0]

    @property
    def retryable(self) -> bool:
        """Whether the same question may be answered otherwise in a moment, with nothing changed."""
        return self.code.startswith("unavailable.")

    @property
    def snapshot(self) -> dict[str, str | int]:
        """What the decision rests on: version of the policy, position of the sequence."""
        return {"policy_version": self.policy_version, "consent_seq": self.seq}

    @property
    def valid_until(self) -> datetime | None:
        """When the permit is void at the latest, on the server's clock; None of a refusal."""
        if self.code != PERMIT:
            return None
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=self.view.wall(self.until))
