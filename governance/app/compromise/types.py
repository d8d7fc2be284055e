"""What somebody else may hold, and what was done about it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from governance.core.errors import GovernanceError
from governance.core.terms import RowId
from governance.registers.breaches.service import Standing


class Suspect(StrEnum):
    """Kinds of keys and credentials that this release has."""

    CLIENT = "client"  # keys, tokens and assertion keys of a calling system
    STAFF = "staff"  # password, second factors and sessions of an employee
    WEBHOOK = "webhook"  # the secret that signs what a system is told
    LOG = "log"  # the key that signs checkpoints
    INDEX = "index"  # the key of a field's search tokens
    EPOCH = "epoch"  # the key that wrapped the keys of a day
    PROVIDER = "provider"  # the passphrase or credential that opens the epoch keys


STANDS_STILL = frozenset({Suspect.INDEX, Suspect.EPOCH, Suspect.PROVIDER})  # opens personal data


class SuspectTargetError(GovernanceError):
    """This kind of key needs a name, or takes none. Nothing was changed."""

    code, status, exit_code = "suspect_target", 422, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that was done at once, and how often."""

    what: str  # a catalogue key under cli.compromised.act
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What people do next: a command, and why (a key under cli.compromised.step)."""

    command: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """Where the matter stands after the command."""

    suspect: Suspect
    target: str
    standing: Standing
    acts: tuple[Act, ...]
    approval: RowId | None  # waits for a second person
    steps: tuple[Step, ...]
    shown: tuple[str, ...] = field(default=(), repr=False)  # new secrets and public keys, this once


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is known of it when the command begins."""

    suspect: Suspect
    target: str | None
    aware_at: datetime
    at: datetime

    @property
    def about(self) -> str:
        """How the register of breaches and the log name it."""
        return self.suspect.value if self.target is None else f"{self.suspect.value}:{self.target}"
