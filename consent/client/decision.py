"""The answer to one question: a permit that can end, or a refusal with its code."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from .lease import boottime

PERMIT: Final = "permit"
Obligation = Mapping[str, str | int]
Asked = tuple[str, str | None, str | None, str | None]  # purpose, channel, recipient, country
Said = tuple[int, str, Asked, str, int, str, float]  # as `records.py:Recorded`; goes upstream


class Facts(NamedTuple):
    """What a decision is made of; a tuple, because one is made for every question."""

    code: str
    said: Said  # what is recorded of it
    until: float  # seconds since boot; of a refusal nothing
    obligations: tuple[Obligation, ...]
    view: Any  # what it was decided by
    row: Any  # the same, of the person
    engine: Any  # whose view it is, as long as that client lives


class Decision(Facts):
    """Truthy while the permit stands: not after its end, nor after anything of the person changed.

    `if decision:` asks again, so a process that was stopped between question and use is told no.
    """

    __slots__ = ()

    def __bool__(self) -> bool:
        code, said, until, _, view, row, engine = self
        if code != PERMIT or engine.view is not view or view.rows.get(said[1]) is not row:
            return False
        return boottime() < until  # after the look: see lease.py

    def __repr__(self) -> str:
        return f"Decision({self.code}, seq={self.seq}, number={self.number})"

    @property
    def number(self) -> int:
        """Of this process's decisions, from 1 without a hole; 0: not recorded."""
        return self.said[0]

    @property
    def subject(self) -> str:
        """Whom it is about."""
        return self.said[1]

    @property
    def purpose(self) -> str:
        """The purpose that was asked about."""
        return self.said[2][0]

    @property
    def seq(self) -> int:
        """The position that it rests on."""
        return self.said[4]

    @property
    def policy_version(self) -> str:
        """The policy that it rests on."""
        return self.said[5]

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
