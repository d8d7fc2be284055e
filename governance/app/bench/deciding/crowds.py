"""Persons for the figures of decisions: a state of a million in memory, and an installation."""

import random
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import Connection

from consent import ledger
from consent.client.lease import boottime
from consent.state.array import ConsentState
from consent.state.layout import Use, layout_of
from consent.state.standing import Standing
from consent.types import EventKind
from governance.app.wiring import Wiring
from governance.core.ids import new_row_id
from governance.core.settings import Settings
from governance.core.terms import Law, NoticeId, PurposeId, SubjectId
from governance.customers.store import NewSubject, add_subjects
from governance.customers.subjects import AgeBand, SubjectKind
from governance.http.principal import Principal
from governance.identity.service import principal_of_client, register_client
from policies.snapshot import default_snapshot

AT: Final = datetime(2026, 10, 1, 3, 0, tzinfo=UTC)
SEED: Final = 20261126
YES: Final = 0.7  # of the persons consented
PURPOSE: Final = PurposeId("mail_marketing")
CHANNEL: Final = "email"
PART: Final = 5_000  # persons of one transaction
SORTS: Final = 4_096  # different persons, by chance
ROLE: Final = "mail_sender"


class Held:
    """A lease that lasts, for a process that nobody else writes beside."""

    def holds_until(self) -> float | None:
        """A minute from now."""
        return boottime() + 60


def names(count: int) -> list[SubjectId]:
    """So many pseudonyms."""
    dice = random.Random(SEED)  # noqa: S311 # the same persons in every run
    text = dice.randbytes(16 * count).hex()
    return [_name(text[n : n + 32]) for n in range(0, len(text), 32)]


def _name(text: str) -> SubjectId:
    return SubjectId(f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}")


def state_of(people: list[SubjectId]) -> tuple[ConsentState, Use]:
    """A state of these persons with bits by chance, and a use to ask about."""
    policy = default_snapshot()
    layout = layout_of(policy)
    use = layout.use(PURPOSE, CHANNEL, None)
    if use is None:
        raise TypeError  # the shipped policy has the purpose
    dice = random.Random(SEED)  # noqa: S311 # the same bits in every run
    ends = AT + timedelta(days=400)

    def stand() -> Standing:
        words = [dice.getrandbits(64) for _ in range(layout.words)]
        yes = use.mask if dice.random() < YES else 0
        words[use.word] = words[use.word] & ~use.mask | yes
        return Standing(words=tuple(words), until=ends)

    sorts = [stand() for _ in range(SORTS)]
    stood = ((name, sorts[dice.getrandbits(12)]) for name in people)
    return ConsentState.filled(policy, stood, seq=len(people), at=AT), use


def column_octets(persons: int) -> int:
    """Memory of one word and one moment for so many, as the state holds them."""
    word, moments = array("Q", bytes(8 * persons)), bytearray(persons)
    return word.buffer_info()[1] * word.itemsize + len(moments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An installation with persons, a calling system and its key."""

    wiring: Wiring
    people: tuple[SubjectId, ...]
    caller: Principal
    key: str
    folder: Path


@contextmanager
def installation(persons: int) -> Iterator[Place]:
    """A new installation of so many persons, of whom some consented, followed by this process."""
    with TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder) / "data")
        wiring = Wiring.create(settings)
        try:
            people = names(persons)
            at = wiring.clock()
            for start in range(0, persons, PART):
                part = people[start : start + PART]
                wiring.database.write(partial(_register, people=part, at=at))
            caller, key = wiring.database.write(
                partial(
                    register_client,
                    name="bench",
                    role=ROLE,
                    purposes=(PURPOSE, PurposeId("order_fulfilment")),
                    known_roles=frozenset(wiring.policies.current.roles),
                    at=at,
                )
            )
            yield Place(
                wiring=wiring,
                people=tuple(people),
                caller=principal_of_client(caller),
                key=key,
                folder=settings.data_dir,
            )
        finally:
            wiring.close()


def _register(tx: Connection, people: list[SubjectId], at: datetime) -> None:
    subjects = [
        NewSubject(
            id=name, kind=SubjectKind.CUSTOMER, laws={Law.APPI: "bench"}, age_band=AgeBand.ADULT
        )
        for name in people
    ]
    add_subjects(tx, subjects, at=at)
    version = next(v.version for v in reversed(ledger.notices(tx)) if v.notice == "marketing")
    events = [
        ledger.NewEvent(
            id=new_row_id(),
            subject=name,
            purpose=PURPOSE,
            kind=EventKind.GIVEN,
            occurred_at=at,
            notice=NoticeId("marketing"),
            notice_version=version,
        )
        for n, name in enumerate(people)
        if n % 10 < YES * 10
    ]
    ledger.append(tx, events, at=at)
