"""An installation that this process serves and follows, with a system's key and its persons."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from consent.choices import Choice
from consent.service import choose
from consent.types import EventKind
from governance.app.factory import create_app
from governance.app.following import following
from governance.app.wiring import Wiring
from governance.core.clock import utc_now
from governance.core.terms import PurposeId, SubjectId
from governance.identity.service import register_client
from tests.installation import AT, add_person, create, system
from tests.serving import served

PURPOSE = PurposeId("mail_marketing")


@dataclass(frozen=True, kw_only=True)
class World:
    """Where it is served, and what is in it."""

    wiring: Wiring
    base: str
    key: str
    agreed: tuple[SubjectId, ...]

    def choose(self, subject: SubjectId, kind: EventKind) -> int:
        """The position of the choice, once it holds everywhere."""
        choice = Choice(subject=subject, purpose=PURPOSE, kind=kind)
        seq = choose(self.wiring.ports, system("shop", PURPOSE), choice, at=AT)
        self.wiring.barrier.settle(seq)
        return seq


@contextmanager
def world(folder: Path, *, persons: int) -> Iterator[World]:
    """Everybody in it has agreed to be written to."""
    wiring = replace(create(folder), clock=utc_now)
    try:
        roles = frozenset(wiring.policies.current.roles)
        _, key = wiring.database.write(
            lambda tx: register_client(
                tx, name="shop", role="shop", purposes=[PURPOSE], known_roles=roles, at=AT
            )
        )
        agreed = tuple(add_person(wiring) for _ in range(persons))
        with following(wiring), served(create_app(wiring)) as base:
            found = World(wiring=wiring, base=base, key=key, agreed=agreed)
            for subject in agreed:
                found.choose(subject, EventKind.GIVEN)
            yield found
            wiring.hub.close()  # the feeds would keep the server from ending
    finally:
        wiring.close()
