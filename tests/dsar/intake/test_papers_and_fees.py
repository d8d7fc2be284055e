"""Papers are judged once and gone; a fee is told, accepted, settled, and nowhere else asked."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from dsar.case import Case
from dsar.clocks import dates_of
from dsar.errors import RequestNotAllowedError, RequestStepError
from dsar.identity import documents
from dsar.identity.errors import DocumentKindError, UploadRefusedError, UploadUnknownError
from dsar.identity.rules import sufficient
from dsar.identity.store import UPLOAD
from dsar.identity.types import Document, Doubt, UploadKind
from dsar.intake import fees
from dsar.intake.errors import FeeNotAllowedError, FeeStepError
from dsar.intake.store import fees_of
from dsar.intake.types import FeeState
from dsar.types import Event, EvidenceKind, Requester, RequestKind, Status
from governance.core.terms import RowId
from governance.http.principal import ANONYMOUS
from tests.dsar.intake.filed import UNKNOWN, filed
from tests.dsar.world import NOW, OFFICER, PERSON, World

PAPER = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8


def sent(world: World, case: Case, kind: UploadKind = UploadKind.IDENTITY) -> RowId:
    return documents.upload(
        world.ports, ANONYMOUS, case.id, kind, PAPER, at=world.tick(), keep=True
    )


def judged(
    world: World, case: Case, paper: RowId | None, document: Document, *,
    kind: UploadKind = UploadKind.IDENTITY, doubt: Doubt | None = None,
) -> Case:  # fmt: skip
    at = world.tick()
    return world.write(
        lambda tx: documents.judge(
            tx, world.ports, OFFICER, case.id, document, kind, doubt=doubt, at=at, paper=paper
        )
    )


def content(world: World, paper: RowId) -> bytes | None:
    with world.ports.database.read() as tx:
        found: bytes | None = tx.execute(
            select(UPLOAD.c.content).where(UPLOAD.c.id == paper)
        ).scalar_one()
    return found


def test_a_paper_is_sealed_seen_by_an_officer_judged_once_and_gone(world: World) -> None:
    case = filed(world, UNKNOWN)
    paper = sent(world, case)
    assert PAPER[:64] not in (content(world, paper) or b"")
    with pytest.raises(RequestNotAllowedError):
        documents.look(world.ports, PERSON, paper, request=case.id, at=world.tick())
    seen = documents.look(world.ports, OFFICER, paper, request=case.id, at=world.tick())
    assert seen == ("image/png", PAPER)
    with pytest.raises(DocumentKindError):
        judged(world, case, paper, Document.MANDATE)
    done = judged(world, case, paper, Document.PASSPORT)
    assert content(world, paper) is None
    assert [(p.kind, p.accepted) for p in done.evidence] == [(EvidenceKind.DOCUMENT, True)]
    for again in (paper, RowId("019ac000-0000-7000-8000-000000000000")):
        with pytest.raises(UploadUnknownError):
            judged(world, case, again, Document.PASSPORT)
    with pytest.raises(UploadUnknownError):
        documents.look(world.ports, OFFICER, paper, request=case.id, at=world.tick())


def test_a_paper_of_one_request_proves_nothing_for_another(world: World) -> None:
    mine, other = filed(world, UNKNOWN), filed(world, UNKNOWN)
    paper = sent(world, mine)
    with pytest.raises(UploadUnknownError):
        judged(world, other, paper, Document.PASSPORT)
    assert content(world, paper) is not None


def test_the_side_with_the_number_is_refused_and_gone_at_once(world: World) -> None:
    case = filed(world, UNKNOWN)
    paper = sent(world, case)
    done = judged(world, case, paper, Document.MYNUMBER_CARD_FRONT, doubt=Doubt.MYNUMBER_SIDE)
    assert content(world, paper) is None
    assert [(p.accepted, p.reason) for p in done.evidence] == [(False, "mynumber_side")]


def test_a_forged_agent_proves_nothing_without_authority(world: World) -> None:
    claim = replace(UNKNOWN, agent_name="架空 次郎")
    agent = filed(world, claim, requester=Requester.MANDATED_AGENT)
    agent = judged(world, agent, None, Document.DRIVING_LICENCE)
    forged = sent(world, agent, UploadKind.AUTHORITY)
    agent = judged(
        world, agent, forged, Document.MANDATE,
        kind=UploadKind.AUTHORITY, doubt=Doubt.AUTHORITY_MISSING,
    )  # fmt: skip
    right, who = RequestKind.OBJECTION, Requester.MANDATED_AGENT
    assert not sufficient(agent.evidence, right, requester=who, at=world.tick())
    real = sent(world, agent, UploadKind.AUTHORITY)
    agent = judged(world, agent, real, Document.MANDATE, kind=UploadKind.AUTHORITY)
    assert sufficient(agent.evidence, right, requester=who, at=world.tick())


@pytest.mark.parametrize(
    ("octets", "reason"),
    [(b"", "empty"), (b"MZ", "kind"), (b"\xff\xd8\xff" + bytes(documents.MOST_BYTES), "large")],
)
def test_what_is_no_paper_is_not_stored(world: World, octets: bytes, reason: str) -> None:
    case = filed(world, UNKNOWN)
    with pytest.raises(UploadRefusedError) as refused:
        documents.upload(
            world.ports, ANONYMOUS, case.id, UploadKind.IDENTITY, octets, at=world.tick()
        )
    assert refused.value.params["reason"] == reason


def test_what_nobody_looked_at_goes_after_thirty_days(world: World) -> None:
    case = filed(world, UNKNOWN)
    paper = sent(world, case)
    gone = [
        world.write(
            partial(
                documents.forget_old,
                ports=world.ports,
                principal=OFFICER,
                at=NOW + timedelta(days=days),
                limit=50,
            )
        )
        for days in (29, 31, 31)
    ]
    assert gone == [0, 1, 0]
    assert content(world, paper) is None


def quoted(world: World, case: Case, yen: int, published: int = 300) -> Case:
    at = world.tick()
    return world.write(
        lambda tx: fees.quote(tx, world.ports, OFFICER, case.id, yen, published=published, at=at)
    )


def settled(world: World, case: Case, state: FeeState) -> Case:
    at = world.tick()
    return world.write(lambda tx: fees.settle(tx, world.ports, OFFICER, case.id, state, at=at))


def waiting(world: World, kind: RequestKind = RequestKind.DISCLOSURE) -> Case:
    return world.step(world.proved(world.receive(kind)), Event.ASK_IDENTITY)


@pytest.mark.parametrize("end", [FeeState.PAID, FeeState.WAIVED])
def test_a_fee_is_told_accepted_and_settled_and_the_clock_begins_then(
    world: World, end: FeeState
) -> None:
    case = waiting(world)
    case = quoted(world, case, 300)
    assert case.tracks[0].status is Status.FEE
    assert dates_of(case, case.tracks[0], at=world.tick()).policy_due is None  # not complete yet
    quoted(world, case, 200)
    with pytest.raises(FeeStepError):
        quoted(world, case, 300)  # what was told is the most
    at = world.tick()
    world.write(lambda tx: fees.accept(tx, world.ports, PERSON, case.id, at=at))
    case = settled(world, case, end)
    assert case.tracks[0].status is Status.COLLECTING
    assert dates_of(case, case.tracks[0], at=world.tick()).policy_due is not None
    with world.ports.database.read() as tx:
        steps = [(fee.state, fee.yen) for fee in fees_of(tx, case.id)]
    assert steps == [
        (FeeState.QUOTED, 300), (FeeState.QUOTED, 200), (FeeState.ACCEPTED, 200), (end, 200),
    ]  # fmt: skip
    with pytest.raises(FeeStepError):
        settled(world, case, FeeState.PAID)


@pytest.mark.parametrize(
    "kind", [RequestKind.CORRECTION, RequestKind.CESSATION, RequestKind.PROVISION_STOP]
)
def test_no_fee_is_asked_where_the_law_names_none(world: World, kind: RequestKind) -> None:
    case = waiting(world, kind)
    with pytest.raises(FeeNotAllowedError):
        quoted(world, case, 300)
    with world.ports.database.read() as tx:
        assert fees_of(tx, case.id) == ()


def test_no_fee_under_two_laws_none_unpublished_none_above_it(world: World) -> None:
    both = filed(world, UNKNOWN)  # nobody known: both laws
    with pytest.raises(FeeNotAllowedError):
        quoted(world, both, 300)
    case = waiting(world)
    with pytest.raises(FeeNotAllowedError):
        quoted(world, case, 300, published=0)
    for yen in (0, -1, 301):
        with pytest.raises(FeeStepError):
            quoted(world, case, yen)
    with pytest.raises(FeeStepError):
        settled(world, case, FeeState.WAIVED)
    early = world.receive()
    with pytest.raises(RequestStepError):
        quoted(world, early, 300)  # nobody is proved yet
