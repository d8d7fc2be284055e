"""What the watch over the log counts, compares and says."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from governance.core.terms import ActorId


class Rule(StrEnum):
    """The rules; texts under ``audit.alarm.<rule>``."""

    VOLUME = "volume"  # an actor saw far more than in their own past
    PERSONS = "persons"  # an actor saw more different persons than a limit
    OFF_HOURS = "off_hours"  # an employee read persons outside the working hours
    DENIED = "denied"  # an actor was refused again and again
    HONEY = "honey"  # a person who does not exist (おとり) was touched
    CLOCK = "clock"  # the clock went back
    GAP = "gap"  # no checkpoint was signed for a while although events came
    GLASS = "glass"  # an employee opened an emergency access; raised at once
    WEBHOOK = "webhook"  # an address took no message for long and is told nothing more


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSettings:
    """Whether a rule raises alarms, and from which number on."""

    on: bool
    limit: int


DEFAULTS: Final = MappingProxyType(
    {
        Rule.VOLUME: RuleSettings(on=False, limit=50),  # least events an hour to be unusual
        Rule.PERSONS: RuleSettings(on=False, limit=200),  # different persons an hour
        Rule.OFF_HOURS: RuleSettings(on=False, limit=10),  # readings an hour
        Rule.DENIED: RuleSettings(on=True, limit=20),  # refusals an hour
        Rule.HONEY: RuleSettings(on=True, limit=1),  # touches an hour
        Rule.CLOCK: RuleSettings(on=True, limit=1),  # steps back an hour
        Rule.GAP: RuleSettings(on=True, limit=30),  # minutes without a checkpoint
        Rule.GLASS: RuleSettings(on=True, limit=1),  # minutes that it was opened for
        Rule.WEBHOOK: RuleSettings(on=True, limit=1),  # hours without an answer
    }
)  # rules that depend on the company's habits begin switched off: try them on history first


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """The settings of all rules, and the company's working hours (Japanese time)."""

    rules: MappingProxyType[Rule, RuleSettings] = field(default_factory=lambda: DEFAULTS)
    opens: time = time(7)
    closes: time = time(21)
    weekend: bool = False  # whether Saturday and Sunday are working days
    holidays: bool = False  # whether public holidays (国民の祝日) are

    def limit(self, rule: Rule) -> int:
        """The number from which the rule speaks."""
        return self.rules[rule].limit

    def on(self, rule: Rule) -> bool:
        """Whether the rule raises alarms."""
        return self.rules[rule].on


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorHour:
    """What one actor did in one hour."""

    actor: ActorId
    start: datetime
    reads: int = 0  # persons read, found, exported; uses that were permitted
    persons: int = 0  # different persons whose data they saw
    denied: int = 0
    honey: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHour:
    """What the log itself showed in one hour."""

    start: datetime
    steps_back: int = 0
    unsigned: timedelta = timedelta(0)  # the longest wait of an event for its checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A rule spoke: about whom, for which hour, the number and the limit it passed."""

    rule: Rule
    actor: ActorId | None
    start: datetime
    number: int
    limit: int
    usual: int = 0  # the actor's own usual number, for VOLUME
