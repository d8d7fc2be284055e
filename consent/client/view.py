"""What a client knows: the policy for its purposes, and one row of answers for each person.

The server decided all of it. A row holds one whole number for each cell of the purposes: 0 is a
permit without an end, n > 0 a permit until n milliseconds since 1970, n < 0 the refusal whose
code is the -n-th of the list. What is not there is refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from .decision import PERMIT, Asked, Obligation

WIRE_VERSION: Final = 1
INTERNAL: Final = "internal"
ROUTES: Final = 4_096  # different questions that are remembered
Row = tuple[int, ...]


class WireError(ValueError):
    """What the server sent is not of a form that this release reads."""


class Route(NamedTuple):
    """What a question comes to before any person is looked at."""

    asked: Asked  # one object for all who ask so
    code: str  # permit: the person decides
    cell: int = -1
    obligations: tuple[Obligation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """One purpose that this client may claim, and what it covers."""

    code: str  # permit, or the refusal of the first two gates
    obligations: tuple[Obligation, ...]
    recipients: tuple[str, ...]
    channels: frozenset[str]
    countries: frozenset[str]
    outside: Mapping[str, tuple[str | None, str]]  # recipient: its country, what the register says
    cells: Mapping[tuple[str | None, str], int] = field(
        repr=False
    )  # channel (None: all), recipient class

    def refusal(
        self, channel: str | None, recipient: str | None, country: str | None, *, home: str
    ) -> str | None:
        """The second gate (policies/purposes.py, governance/registers/passage.py): None permits."""
        goes_to = INTERNAL if recipient is None else recipient
        kind, colon, _ = goes_to.partition(":")
        named = goes_to in self.recipients or (colon and f"{kind}:*" in self.recipients)
        if not goes_to or not named:
            return "denied.purpose.recipient"
        if channel is not None and channel not in self.channels:
            return "denied.purpose.channel"
        if goes_to == INTERNAL:
            where = home if country is None else country
            return None if self._reaches(where) else "denied.purpose.country"
        if goes_to not in self.outside:
            return "denied.purpose.recipient_unknown"
        known, code = self.outside[goes_to]
        if not self._reaches(known if country is None else country):
            return "denied.purpose.country"
        if country is not None and country != known:
            return "denied.purpose.country"
        return None if code == PERMIT else code

    def _reaches(self, country: str | None) -> bool:
        return bool(country) and ("*" in self.countries or country in self.countries)


class View:
    """One policy and its rows; exchanged whole when the policy changes."""

    def __init__(self, policy: Mapping[str, Any], enforced: frozenset[str]) -> None:
        if policy.get("v") != WIRE_VERSION:
            raise WireError("version")
        try:
            self.policy_version: Final[str] = policy["policy"]
            self.codes: Final = tuple(str(code) for code in policy["codes"])
            self._home: Final[str] = policy["home"]
            self._aliases: Final[dict[str, str]] = dict(policy["aliases"])
            self.width, self._purposes = _purposes(policy["purposes"])
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise WireError("policy") from error
        self._enforced: Final = enforced
        self.routes: dict[Asked, Route] = {}
        self.near: dict[str, dict[str | None, Route]] = {}  # those without recipient and country
        self.rows: dict[str, Row] = {}
        self.seq = -1  # nothing is known yet
        self._wall = 0.0  # the server's clock less ours, never too small

    def put(self, rows: Mapping[str, Iterable[int]]) -> None:
        """These persons' answers are these; each row changes at once."""
        made = {str(subject): tuple(row) for subject, row in rows.items()}
        last = len(self.codes)
        for row in made.values():
            if len(row) != self.width or any(type(v) is not int or v < -last for v in row):
                raise WireError("row")
        self.rows.update(made)

    def forget(self, subjects: Iterable[str]) -> None:
        """Nothing is known of these persons: they are refused."""
        for subject in subjects:
            self.rows.pop(subject, None)

    def told_time(self, milliseconds: int, *, asked: float) -> None:
        """The server's clock showed this after our own showed `asked`: it is ahead at most so."""
        self._wall = milliseconds / 1000 - asked

    def wall(self, boot: float) -> float:
        """Seconds since 1970 on the server's clock at this moment of ours, never too few."""
        return boot + self._wall

    def boot(self, milliseconds: int) -> float:
        """The moment of our own clock by which the server's shows this, never too late."""
        return milliseconds / 1000 - self._wall

    def route(self, asked: Asked) -> Route:
        """The first two gates for a question, and which cell of the person it needs."""
        found = self._routed(asked)
        if found.obligations and found.code == PERMIT:
            kinds = {str(one.get("type")) for one in found.obligations}
            if not kinds <= self._enforced:
                found = Route(asked, "unavailable.obligation")
        if len(self.routes) >= ROUTES:
            self.routes.clear()
            self.near.clear()
        self.routes[asked] = found
        purpose, channel, recipient, country = asked
        if recipient is None and country is None:
            self.near.setdefault(purpose, {})[channel] = found
        return found

    def _routed(self, asked: Asked) -> Route:
        name, channel, recipient, country = asked
        if not name:
            return Route(asked, "denied.purpose.missing")
        purpose = self._purposes.get(self._aliases.get(name, name))
        if purpose is None:
            return Route(asked, "denied.actor.purpose_not_granted")
        if purpose.code != PERMIT:
            return Route(asked, purpose.code)
        refused = purpose.refusal(channel, recipient, country, home=self._home)
        if refused is not None:
            return Route(asked, refused)
        kind = INTERNAL if recipient is None else recipient.partition(":")[0]
        cell = purpose.cells.get((channel, kind))
        if cell is None:
            return Route(asked, "unavailable.error")  # fails closed: the server named no such cell
        return Route(asked, PERMIT, cell, purpose.obligations)


def _purposes(given: Iterable[Mapping[str, Any]]) -> tuple[int, dict[str, Purpose]]:
    """How long a row is, and the purposes by their ids."""
    width, found = 0, {}
    for one in given:
        cells = {(channel, str(kind)): width + n for n, (channel, kind) in enumerate(one["cells"])}
        width += len(cells)
        found[str(one["id"])] = Purpose(
            code=str(one["code"]),
            obligations=tuple(dict(duty) for duty in one["obligations"]),
            recipients=tuple(one["recipients"]),
            channels=frozenset(one["channels"]),
            countries=frozenset(one["countries"]),
            outside={str(name): (land, str(why)) for name, (land, why) in one["outside"].items()},
            cells=cells,
        )
    return width, found
