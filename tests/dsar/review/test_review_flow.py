"""A review from the look to the package: judged, recorded, bound to what was found."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from audit.actions import EventCode
from audit.models import EVENTS
from dsar import delivery
from dsar.case import Case, SourceState
from dsar.errors import (
    RequestChangedError,
    RequestNotAllowedError,
    RequestStepError,
)
from dsar.package import MANIFEST, SIGNATURE, members_of
from dsar.packaging import build_package
from dsar.results import SourceResult, add_results, newest_package
from dsar.review import rules
from dsar.review import service as review
from dsar.review.errors import ReviewActError, ReviewStaleError
from dsar.review.preview import preview
from dsar.review.rules import Where
from dsar.review.store import ACT
from dsar.review.types import Reason, Review
from dsar.types import Event, Ground, Outcome, Refusal
from governance.core.ids import new_row_id
from governance.core.terms import FieldId
from tests.dsar.world import (
    APPROVER,
    CONTROLLER,
    NAME,
    OFFICER,
    PERSON,
    SUPPORT,
    THIRD,
    World,
    later,
)

APPI = (Ground.APPI_33_2_1,)


def found(world: World, case: Case) -> Review:
    return review.look(world.ports, OFFICER, case.id, at=world.tick())


def place_of(world: World, case: Case, words: str) -> int:
    seen = found(world, case)
    spots = rules.suggestions(seen.findings)
    said = rules.words_at(seen.findings, spots)
    return next(n for n, spot in enumerate(spots, 1) if said[spot] == words)


def files(world: World, case: Case) -> dict[str, str]:
    approved = world.approve(world.decide(case))
    released = world.deliver(world.build(world.step(approved, Event.EXECUTE)))
    content = delivery.download(world.ports, PERSON, released.token, at=world.tick())
    return {name: file.decode() for name, file in members_of(content).items()}


def test_every_judgement_shapes_what_the_person_gets(world: World) -> None:
    case = world.collected()
    review.reveal(world.desk(case), place_of(world, case, "佐藤花子"), Reason.CONSENTED)
    review.cover(world.desk(case), "承知しました", "PASSAGE", Reason.BUSINESS)
    where = Where(source="person", name=FieldId("person.occupation"))
    review.withhold(world.desk(case), where, APPI)
    case = review.accept_all(world.desk(case))
    assert case.reviewed is not None
    assert world.decide(case).case.decision is not None
    told = files(world, world.case(case.id))
    whole = "".join(told[name] for name in told if name.startswith(("data", "csv", "report")))
    assert "佐藤花子" in whole
    assert "080-1111-2222" not in whole
    assert "承知しました" not in whole
    assert "【記載1】" in told["data.json"]
    assert "person.occupation" in told["data.json"]
    assert "alert(1)" not in told["csv/person.csv"]
    assert NAME in whole


def test_preview_is_the_package_byte_for_byte(world: World) -> None:
    case = world.collected()
    review.reveal(world.desk(case), place_of(world, case, "佐藤花子"), Reason.CONSENTED)
    review.cover(world.desk(case), "承知しました", "PASSAGE", Reason.BUSINESS)
    where = Where(source="person", name=FieldId("person.occupation"))
    review.withhold(world.desk(case), where, APPI)
    case = review.accept_all(world.desk(case))
    early = preview(world.ports, OFFICER, case.id, controller=CONTROLLER, at=world.tick())
    case = world.step(world.approve(world.decide(case)), Event.EXECUTE)
    at = world.tick()
    seen = preview(world.ports, APPROVER, case.id, controller=CONTROLLER, at=at)
    build_package(world.ports, OFFICER, case.id, controller=CONTROLLER, at=at, despite_gaps=True)
    with world.ports.database.read() as tx:
        made = newest_package(tx, case.id)
    assert made is not None
    assert made.content is not None
    members = dict(members_of(world.ports.vault.open_part(made.id, made.content)))
    assert {name: members[name] for name in seen} == seen
    assert set(members) - set(seen) == {MANIFEST, SIGNATURE}
    assert early.keys() == seen.keys()
    for name in early:
        if name.startswith("csv/"):
            assert early[name] == seen[name]


def test_unreviewed_package_cannot_leave(world: World) -> None:
    case = world.collected()
    with pytest.raises(RequestStepError) as refused:
        world.decide(case)
    assert refused.value.params["reason"] == Refusal.REVIEW_MISSING.value
    with pytest.raises(ReviewActError):
        review.finish(world.desk(case))
    assert world.case(case.id).reviewed is None


def test_package_is_not_made_when_a_source_ran_again_after_the_review(world: World) -> None:
    case = world.step(world.approve(world.decide(world.reviewed())), Event.EXECUTE)
    world.write(lambda tx: tx.execute(update(ACT).values(basis="of another run")))
    with pytest.raises(RequestStepError) as refused:
        world.build(case)
    assert refused.value.params["reason"] == Refusal.REVIEW_MISSING.value


def test_package_is_not_made_when_a_judgement_is_lost(world: World) -> None:
    case = world.step(world.approve(world.decide(world.reviewed())), Event.EXECUTE)
    world.write(lambda tx: tx.execute(update(ACT).values(content=None)))
    with pytest.raises(RequestStepError):
        world.build(case)


def test_judgement_of_another_run_is_refused(world: World) -> None:
    case = world.collected()
    seen = found(world, case)

    failed = SourceResult(
        id=new_row_id(), state=SourceState(source="person", found=False, code="unreachable")
    )
    world.write(lambda tx: add_results(tx, case.id, [failed], at=world.tick()))
    with pytest.raises(ReviewStaleError):
        review.accept(world.desk(case, basis=seen.basis), [1])
    with world.ports.database.read() as tx:
        assert tx.execute(select(ACT)).all() == []


def test_end_is_refused_when_somebody_judged_meanwhile(world: World) -> None:
    case = world.collected()
    head = found(world, case).head
    review.accept(world.desk(case))
    with pytest.raises(ReviewStaleError):
        review.accept_all(world.desk(case), seen=head)
    review.accept_all(world.desk(case), seen=found(world, case).head)


def test_decision_that_waits_falls_with_the_review_that_it_rests_on(world: World) -> None:
    case = world.reviewed()
    waiting = world.decide(case)
    where = Where(source="person", name=FieldId("person.notes"))
    review.withhold(world.desk(case), where, APPI)
    with pytest.raises(RequestChangedError):
        world.approve(waiting)
    case = review.finish(world.desk(case))
    decided = world.decide(case, Outcome.PARTIAL)
    assert [item.field for item in decided.case.decision.items] == ["person.notes"]  # type: ignore[union-attr]
    world.approve(decided)


def test_answer_is_whole_once_every_redaction_is_undone(world: World) -> None:
    case = world.collected()
    count = len(rules.suggestions(found(world, case).findings))
    for place in range(1, count + 1):
        review.reveal(world.desk(case), place, Reason.GAVE_IT)
    case = review.finish(world.desk(case))
    assert case.reviewed is not None
    assert case.reviewed.left_out == sum(len(part.withheld) for part in found(world, case).findings)


def test_only_who_decides_judges(world: World) -> None:
    case = world.collected()
    for use in (
        review.accept,
        review.finish,
        lambda desk: review.reveal(desk, 1, Reason.OWN),
        lambda desk: review.cover(desk, "承知", "PASSAGE", Reason.BUSINESS),
        lambda desk: review.withhold(desk, Where(source="person"), APPI),
        lambda desk: review.lift(desk, 1),
    ):
        for by in (SUPPORT, APPROVER, PERSON):
            with pytest.raises(RequestNotAllowedError):
                use(world.desk(case, by=by))
    with world.ports.database.read() as tx:
        assert tx.execute(select(ACT)).all() == []


def test_who_approves_may_look_and_others_may_not(world: World) -> None:
    case = world.collected()
    assert review.look(world.ports, APPROVER, case.id, at=world.tick()).findings
    for by in (SUPPORT, PERSON):
        with pytest.raises(RequestNotAllowedError):
            review.look(world.ports, by, case.id, at=world.tick())


BAD: dict[str, Callable[[review.Desk], Case]] = {
    "place": lambda desk: review.accept(desk, [999]),
    "no place": lambda desk: review.accept(desk, []),
    "negative": lambda desk: review.accept(desk, [-1]),
    "reason of another kind": lambda desk: review.reveal(desk, 1, Reason.BUSINESS),
    "reason to cover": lambda desk: review.cover(desk, "承知", "PASSAGE", Reason.OWN),
    "label": lambda desk: review.cover(desk, "承知", "MY_NUMBER", Reason.BUSINESS),
    "words that stand nowhere": lambda desk: review.cover(
        desk, "どこにもない", "PASSAGE", Reason.BUSINESS
    ),
    "five million signs": lambda desk: review.cover(
        desk, "あ" * 5_000_000, "PASSAGE", Reason.BUSINESS
    ),
    "nothing": lambda desk: review.cover(desk, " ", "PASSAGE", Reason.BUSINESS),
    "no ground": lambda desk: review.withhold(desk, Where(source="person"), ()),
    "ground of another law": lambda desk: review.withhold(
        desk, Where(source="person"), (Ground.GDPR_15_4,)
    ),
    "no such field": lambda desk: review.withhold(desk, Where(source="nowhere"), APPI),
    "act": lambda desk: review.lift(desk, 7),
}


def test_bad_act_changes_nothing_and_says_no_value(world: World) -> None:
    case = world.collected()
    for name, bad in BAD.items():
        with pytest.raises(ReviewActError) as refused:
            bad(world.desk(case))
        said = str(refused.value) + repr(refused.value.params)
        assert not any(value in said for value in THIRD), name
    with world.ports.database.read() as tx:
        assert tx.execute(select(ACT)).all() == []
    assert world.case(case.id).version == case.version


def test_acts_are_on_record_and_sealed_and_go_with_the_findings(world: World) -> None:
    case = world.reviewed()
    with world.ports.database.read() as tx:
        rows = tx.execute(select(ACT).order_by(ACT.c.seq)).all()
        told = tx.execute(
            select(EVENTS.c.reasons).where(EVENTS.c.action == EventCode.REQUEST_REVIEWED.value)
        ).scalars()
        assert {"accept", "reviewed"} <= set(told)
    assert [row.kind for row in rows] == ["accept", "finish"]
    assert {row.actor for row in rows} == {OFFICER.id}
    assert not any("佐藤花子".encode() in (row.content or b"") for row in rows)
    case = world.step(world.approve(world.decide(case)), Event.EXECUTE)
    world.deliver(world.build(case))
    delivery.purge(world.ports, OFFICER, at=later(60 * 24 * 40), limit=10)
    with world.ports.database.read() as tx:
        assert [row.content for row in tx.execute(select(ACT))] == [None, None]


def test_acts_are_refused_after_the_approval(world: World) -> None:
    case = world.approve(world.decide(world.reviewed()))
    with pytest.raises(RequestStepError):
        review.accept_all(world.desk(case))
