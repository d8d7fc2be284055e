"""A request that nobody completes ends after its term, told with its ground; no other does."""

from datetime import date, timedelta

import pytest

from dsar.case import Case
from dsar.identity.documents import upload
from dsar.identity.lapsing import end_lapsed
from dsar.identity.types import UploadKind
from dsar.store import case_by_id
from dsar.types import Event, EvidenceKind, Ground, HoldGround, Outcome, RequestKind, Status
from governance.core.terms import ActorId
from governance.http.principal import Principal, PrincipalKind
from tests.dsar.world import PERSON, SUPPORT, World

HOUSE = Principal(id=ActorId("system"), kind=PrincipalKind.SYSTEM)
TERM = 60


def ended(world: World, *, days: int = TERM + 1) -> int:
    at = world.tick() + timedelta(days=days)
    return end_lapsed(world.ports, HOUSE, days=TERM, at=at, limit=10)


def now(world: World, case: Case) -> Case:
    with world.ports.database.read() as tx:
        return case_by_id(tx, case.id)


def asked(world: World, kind: RequestKind = RequestKind.DISCLOSURE) -> Case:
    case = world.receive(kind)
    if kind is RequestKind.PORTABILITY:
        case = world.step(case, Event.TRIAGE)
    return world.step(case, Event.ASK_IDENTITY)


@pytest.mark.parametrize(
    ("kind", "ground"),
    [
        (RequestKind.DISCLOSURE, Ground.APPI_37_IDENTITY),
        (RequestKind.PORTABILITY, Ground.GDPR_11_2),
    ],
)
def test_a_request_whose_identity_is_never_proved_is_refused_told_and_closed(
    world: World, kind: RequestKind, ground: Ground
) -> None:
    case = asked(world, kind)
    assert ended(world, days=TERM - 1) == 0
    assert not now(world, case).closed
    assert ended(world) == 1
    after = now(world, case)
    assert after.closed
    assert after.decision is not None
    assert (after.decision.outcome, after.decision.grounds) == (Outcome.REFUSE, (ground,))
    assert ended(world) == 0  # once


def test_what_an_officer_owes_never_ends_by_a_term(world: World) -> None:
    proved = asked(world)
    world.prove(proved, EvidenceKind.PORTAL_SESSION, PERSON)
    world.prove(proved, EvidenceKind.DOCUMENT, SUPPORT)
    sent = asked(world)
    upload(world.ports, PERSON, sent.id, UploadKind.IDENTITY, b"%PDF-1.7 x", at=world.tick(),
           keep=True)  # fmt: skip
    held = asked(world)
    ground, until = HoldGround.LEGAL_DISPUTE.value, date(2027, 6, 1)
    world.step(held, Event.HOLD, ground=ground, until=until)
    fresh = world.receive()
    at = world.tick() + timedelta(days=TERM + 1)
    assert end_lapsed(world.ports, HOUSE, days=TERM, at=at, limit=10) == 0
    assert [now(world, one).closed for one in (proved, sent, held, fresh)] == [False] * 4


def test_data_that_is_never_named_ends_a_request_too(world: World) -> None:
    case = world.step(world.receive(), Event.ASK_SCOPE)
    assert case.tracks[0].status is Status.SCOPE
    assert ended(world) == 1
    after = now(world, case)
    assert after.decision is not None
    assert after.decision.grounds == (Ground.APPI_37_2_SCOPE,)
