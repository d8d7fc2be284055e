"""One thing that the doctor looked at."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One thing that was looked at."""

    check: str
    state: str  # good, attention, bad
    key: str  # catalogue key under cli
    params: Mapping[str, str | int] = field(default_factory=dict)
