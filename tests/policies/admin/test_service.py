"""Two persons change the policy in force; what cannot be proved opens nothing."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import Connection, delete, update

from governance.approvals import store as approvals_store
from governance.approvals.errors import ApprovalForbiddenError
from governance.approvals.types import Approval, ApprovalState
from governance.core.errors import GovernanceError
from governance.db.engine import Database
from policies.admin import service
from policies.admin.documents import Documents
from policies.admin.errors import (
    NoEarlierPolicyError,
    PolicyBrokenError,
    PolicyFaultyError,
    PolicyMovedError,
    PolicyNameTakenError,
    PolicyTimeError,
    PolicyUnchangedError,
)
from policies.admin.loading import documents_in_force, judging
from policies.admin.service import prepare
from policies.admin.watching import BLIND, PolicyWatch
from policies.api import ActionForbiddenError
from policies.in_force import ENTRY, VERSION, in_force
from policies.load import PolicyRefusedError
from policies.reasons import ReasonCode
from policies.snapshot import NO_POLICY, PolicySnapshot
from policies.types import ActorDecision
from tests.policies.admin.office import CHIEF, NOW, OFFICER, Office, small, staff

SUPPORT = frozenset({"support"})
LATER = NOW + timedelta(days=1)


def phone(policy: PolicySnapshot) -> ActorDecision:
    """Whether support reads the telephone number."""
    return policy.decide(SUPPORT, field="person.phone", action="read", purpose="help")


def test_a_policy_comes_into_force_when_a_second_person_agrees(office: Office) -> None:
    asked = office.asked(small("2", fields="name, phone"))
    assert not phone(office.holder.current)
    assert office.agreed(asked) == "policy:2"
    assert phone(office.holder.current)
    assert (office.holder.number, office.holder.current.version) == (2, "2")
    assert office.events() == [("1", "done"), ("2", "done")]
    other = office.other_process()
    assert other.watch().look()
    assert other.holder.current.version == "2"


def test_nobody_agrees_to_what_they_asked_for_and_only_those_parts_do(office: Office) -> None:
    with pytest.raises(ActionForbiddenError):
        prepare(office.desk, CHIEF, small("2", fields="name, phone"))
    asked = office.asked(small("2", fields="name, phone"))
    with pytest.raises(ApprovalForbiddenError):
        office.agreed(asked, by=OFFICER)
    with pytest.raises(ActionForbiddenError):
        office.agreed(asked, by=staff("support", "jiro"))
    assert office.holder.current.version == "1"
    assert office.states() == [(1, "taken")]


def test_going_back_is_one_step_of_two_persons(office: Office) -> None:
    with pytest.raises(NoEarlierPolicyError):
        office.rolled_back()
    office.agreed(office.asked(small("2", fields="name, phone")))
    assert office.agreed(office.rolled_back()) == "policy:3"
    assert (office.holder.number, office.holder.current.version) == (3, "1")
    assert not phone(office.holder.current)
    assert office.agreed(office.rolled_back(2)) == "policy:4"
    assert office.holder.current.version == "2"


def test_what_was_agreed_about_one_policy_is_not_done_to_another(office: Office) -> None:
    first = office.asked(small("2", fields="name, phone"))
    second = office.asked(small("3", fields="name, phone"))
    office.agreed(first)
    with pytest.raises(PolicyMovedError):
        office.agreed(second)
    assert office.holder.current.version == "2"


def test_of_two_approvals_at_one_instant_one_is_told_that_the_policy_moved(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [
        office.asked(small("2", fields="name, phone")),
        office.asked(small("3")),
    ]
    gate, sound = threading.Barrier(2), service.demand_sound

    def together(*given: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            gate.wait(timeout=0.5)  # both are past the look at what is in force, if both may
        return sound(*given)

    monkeypatch.setattr(service, "demand_sound", together)
    database = office.desk.ports.database

    def agree(approval: Approval) -> str | None:
        return database.write(
            lambda tx: office.approvals.approve_and_execute(
                tx, approval.id, digest=approval.digest, by=CHIEF, at=NOW
            )
        )

    with ThreadPoolExecutor(2) as threads:
        done = [threads.submit(agree, one) for one in asked]
        failed = [one.exception() for one in done]
    assert [type(one) for one in failed if one is not None] == [PolicyMovedError]
    assert office.states() == [(1, "taken"), (2, "taken")]
    refused = asked[0] if failed[0] is not None else asked[1]
    with database.read() as tx:
        assert approvals_store.find(tx, refused.id).state is ApprovalState.REQUESTED


@pytest.mark.parametrize(
    ("documents", "error"),
    [
        (small("1"), PolicyUnchangedError),
        (small("1", fields="name, phone"), PolicyNameTakenError),
        (small("2", fields="nothing"), PolicyRefusedError),
        (small("2", fields="phone"), PolicyFaultyError),
        (Documents((("p.yaml", "version: ["),)), PolicyRefusedError),
    ],
)
def test_refused_documents_change_nothing(
    office: Office, documents: Documents, error: type[GovernanceError]
) -> None:
    with pytest.raises(error):
        office.asked(documents)
    assert office.holder.current.version == "1"
    assert office.states() == [(1, "taken")]


def test_a_scheduled_policy_is_taken_once_at_its_time_by_whoever_ticks(office: Office) -> None:
    with pytest.raises(PolicyTimeError):
        office.asked(small("2", fields="name, phone"), at=NOW - timedelta(days=1))
    office.agreed(office.asked(small("2", fields="name, phone"), at=LATER))
    assert office.states() == [(1, "taken"), (2, "scheduled")]
    others = [office.other_process() for _ in range(3)]
    for one in others:
        one.watch().look()
        assert one.holder.current.version == "1"
    for one in others:
        one.watch(at=LATER).look()
        assert (one.holder.number, one.holder.current.version) == (2, "2")
    assert office.states() == [(1, "taken"), (2, "taken")]
    assert office.events() == [("1", "done"), ("2", "done")]


def test_a_scheduled_policy_lapses_when_another_was_taken_before(office: Office) -> None:
    office.agreed(office.asked(small("2", fields="name, phone"), at=LATER))
    office.agreed(office.asked(small("3", fields="phone, name")))
    assert office.states() == [(1, "taken"), (2, "lapsed"), (3, "taken")]
    office.watch(at=LATER).look()
    assert office.holder.current.version == "3"


@pytest.mark.parametrize("damage", ["documents", "digest", "entry", "deleted", "added"])
def test_a_stored_policy_that_was_changed_allows_nothing(office: Office, damage: str) -> None:
    office.agreed(office.asked(small("2", fields="name")))
    forged = small("2", fields="name, phone")

    def harm(tx: Connection) -> None:
        version, entry = update(VERSION).where(VERSION.c.version == "2"), ENTRY.c.number == 2
        match damage:
            case "documents":
                tx.execute(version.values(documents=forged.content))
            case "digest":
                tx.execute(version.values(documents=forged.content, digest=forged.digest))
                tx.execute(update(ENTRY).where(entry).values(digest=forged.digest))
            case "entry":
                tx.execute(update(ENTRY).where(entry).values(approved_by="u:nobody"))
            case "deleted":
                tx.execute(delete(ENTRY).where(entry))
            case _:
                tx.execute(update(ENTRY).where(ENTRY.c.number == 1).values(number=9))

    office.desk.ports.database.write(harm)
    with office.desk.ports.database.read() as tx, pytest.raises(PolicyBrokenError):
        documents_in_force(tx, office.desk)
    other = office.other_process()
    other.watch().look()
    assert other.holder.current is NO_POLICY
    answer = phone(other.holder.current)
    assert answer.code is ReasonCode.UNAVAILABLE_POLICY


def test_a_broken_policy_is_replaced_by_two_persons_of_the_one_before(office: Office) -> None:
    office.agreed(office.asked(small("2", fields="name, phone")))
    harm = update(VERSION).where(VERSION.c.version == "2").values(documents=b"{}")
    office.desk.ports.database.write(lambda tx: tx.execute(harm))
    office.holder.swap(NO_POLICY)
    office.watch().look()
    assert office.holder.current is NO_POLICY
    assert office.agreed(office.rolled_back(1)) == "policy:3"
    assert office.holder.current.version == "1"


@dataclass(kw_only=True)
class Away:
    """A database that is away for a while."""

    real: Database
    away: bool = True

    @contextmanager
    def read(self) -> Iterator[Connection]:
        if self.away:
            raise OSError("away")
        with self.real.read() as tx:
            yield tx


def test_a_process_that_cannot_look_allows_nothing_until_it_can(office: Office) -> None:
    away = Away(real=office.desk.ports.database)
    ports = replace(office.desk.ports, database=cast("Database", away))
    watch = PolicyWatch(replace(office.desk, ports=ports), clock=lambda: NOW)
    for _ in range(BLIND):
        with pytest.raises(OSError, match="away"):
            watch.look()
    assert office.holder.current is NO_POLICY
    away.away = False
    assert watch.look()
    assert office.holder.current.version == "1"


def test_a_policy_without_officers_is_changed_by_those_of_the_one_before(office: Office) -> None:
    text = dict(small("2", fields="name").files)["p.yaml"]
    lines = [one for one in text.splitlines() if "  officer:" not in one and "  chief:" not in one]
    office.agreed(office.asked(Documents((("p.yaml", "\n".join(lines)),))))
    assert office.holder.current.version == "2"
    with office.desk.ports.database.read() as tx:
        assert judging(tx, office.desk).version == "1"
        assert in_force(tx) is not None
    assert office.agreed(office.rolled_back()) == "policy:3"
    assert office.holder.current.version == "1"
