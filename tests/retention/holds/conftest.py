"""A town in which matters are placed and released."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from governance.approvals.service import Approvals
from governance.approvals.types import ApprovalKind
from governance.core.terms import RowId, SubjectId
from governance.customers.holds.types import What
from retention.holds import releasing, service
from retention.holds.types import Particulars, Placed, Placing, Wanted
from tests.retention.town import CHIEF, OFFICER, Town

SUIT = "2026-LIT-7"


@dataclass
class Court:
    """Who places and releases holds in a town."""

    town: Town

    @property
    def approvals(self) -> Approvals:
        ports = self.town.ports
        executors = {
            **self.town.approvals.executors,
            ApprovalKind.HOLD_RELEASE: releasing.release_executor(ports),
        }
        return Approvals(audit=ports.audit, executors=executors)

    def place(
        self, *names: str, what: Sequence[What] = (What(),), number: str = SUIT, **more: object
    ) -> Placed:
        people = tuple(self.town.people[name] for name in names)
        wanted = Wanted(persons=people, what=tuple(what), **more)  # type: ignore[arg-type] # a test's shorthand
        return service.place(
            self.town.ports, OFFICER, placing(number=number, wanted=wanted), at=self.town.clock()
        )

    def release(self, *names: str, number: str = SUIT) -> tuple[RowId, ...]:
        """Released by two; the runs of what had waited."""
        town = self.town
        people = [town.people[name] for name in names]
        asked = town.ports.database.write(
            lambda tx: releasing.ask_release(
                tx, town.ports, self.approvals, OFFICER, number,
                reason="和解した", persons=people, at=town.clock(),
            )
        )  # fmt: skip
        done = town.ports.database.write(
            lambda tx: self.approvals.approve_and_execute(
                tx, asked.id, digest=asked.digest, by=CHIEF, at=town.clock()
            )
        )
        assert done is not None
        return releasing.finish_release(town.ports, OFFICER, done, at=town.clock())

    def drive(self, runs: Sequence[RowId]) -> None:
        for run in runs:
            self.town.drive(run)


def placing(*, number: str = SUIT, wanted: Wanted, name: str = "架空商事 対 架空") -> Placing:
    """A hold as an officer asks for it."""
    said = Particulars(name=name, counsel="架空法律事務所", notes="開示請求あり")
    return Placing(number=number, wanted=wanted, reason="訴状の送達", particulars=said)


@pytest.fixture
def court(town: Town) -> Court:
    return Court(town)


def subject(court: Court, name: str) -> SubjectId:
    """The pseudonym of a person of the town."""
    return court.town.people[name]
