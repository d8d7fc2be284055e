"""The answer to one question: a permit that can end, or a refusal with its code."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

PERMIT: Final = "permit"
Obligation = Mapping[str, str | int]
Standing = Callable[["Decision"], bool]


class Decision:
    """Truthy while the permit stands: not after its end, nor after anything of the person changed.

    `if decision:` asks again, so a process that was stopped between question and use is told no.
    """

    __slots__ = (
        "asked", "code", "decided", "number", "obligations", "policy_version", "row", "seq",
        "standing", "subject", "until", "view",
    )  # fmt: skip

    def __init__(
        self,
        code: str,
        subject: str,
        asked: tuple[str, str | None, str | None, str | None],
        number: int,
        decided: float,
        until: float,
        obligations: tuple[Obligation, ...],
        view: Any,
        row: Any,
        standing: Standing,
    ) -> None:
        self.code = code
        self.subject = subject
        self.asked = asked  # purpose, channel, recipient, country
        self.number = number  # of this process's decisions, from 1 without a hole
        self.decided = decided  # seconds since boot
        self.until = until  # seconds since boot; of a refusal nothing
        self.obligations = obligations
        self.view = view  # what it was decided by
        self.row = row
        self.standing = standing
        self.seq: int = view.seq
        self.policy_version: str = view.policy_version

    def __bool__(self) -> bool:
        return self.code == PERMIT and self.standing(self)

    def __repr__(self) -> str:
        return f"Decision({self.code}, seq={self.seq}, number={self.number})"

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
