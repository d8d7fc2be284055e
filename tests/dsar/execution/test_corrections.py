"""A correction names fields, is judged one by one, and is proved by what was before and after."""

import pytest
from sqlalchemy import select

from audit.models import EVENTS, PARTS
from dsar.case import Case
from dsar.execution.correction_store import (
    CORRECTION,
    CorrectionItem,
    CorrectionState,
    corrections_of,
)
from dsar.execution.corrections import apply, ask, judge, open_told, supplement
from dsar.execution.errors import CorrectionError, ExecutionChangedError
from dsar.execution.types import Stage
from dsar.types import Event, Ground, Outcome, RequestKind, Status
from governance.core.ids import new_row_id
from governance.core.terms import FieldId
from tests.dsar.execution.fulfilling import Site
from tests.dsar.world import ADDRESS, MOBILE, OFFICER, PERSON, STRANGER, World

NEW = "大阪府大阪市北区梅田2-2-2"
FIELD, PHONE = FieldId("person.address"), FieldId("person.mobile")


@pytest.fixture
def site(world: World) -> Site:
    return Site(world)


def asked(site: Site) -> Case:
    case = site.world.proved(site.world.receive(RequestKind.CORRECTION))
    ask(site.ports, PERSON, case.id, FIELD, NEW, at=site.clock())
    return case


def items(site: Site, case: Case) -> tuple[CorrectionItem, ...]:
    with site.ports.database.read() as tx:
        return corrections_of(tx, case.id)


def reviewed(site: Site, case: Case) -> Case:
    case = site.world.collect(site.world.step(case, Event.START))
    return site.world.step(case, Event.FINISH_COLLECTING)


def accept(site: Site, case: Case, item: CorrectionItem, **more: object) -> None:
    state = more.pop("state", CorrectionState.ACCEPTED)
    judge(site.ports, OFFICER, case.id, item.id, state, at=site.clock(), **more)  # type: ignore[arg-type] # by name


def granted(site: Site, **more: object) -> Case:
    case = reviewed(site, asked(site))
    (item,) = items(site, case)
    accept(site, case, item, **more)
    return site.world.approve(site.world.decide(case))


def test_a_granted_correction_stands_in_the_register_with_before_and_after(site: Site) -> None:
    case = granted(site)
    assert site.drive(case).stage is Stage.ROWS  # the house does not write; an officer does
    assert apply(site.ports, OFFICER, case.id, at=site.clock()) == 1
    (item,) = items(site, case)
    told = open_told(site.ports, item)
    assert (told.before, told.after, item.state) == (ADDRESS, NEW, CorrectionState.APPLIED)
    with site.ports.database.read() as tx:
        event = tx.execute(select(EVENTS).where(EVENTS.c.id == item.event)).one()
    assert (event.action, event.fields) == ("person.changed", FIELD)
    assert site.drive(case).stage is Stage.DONE
    after = site.world.case(case.id)
    assert after.executed
    assert after.tracks[0].status is Status.RESPONDED


def test_the_officer_corrects_in_another_form(site: Site) -> None:
    other = "大阪府大阪市北区梅田3-3-3"
    case = granted(site, state=CorrectionState.EDITED, value=other)
    apply(site.ports, OFFICER, case.id, at=site.clock())
    told = open_told(site.ports, items(site, case)[0])
    assert (told.wanted, told.after) == (NEW, other)


def test_nothing_is_decided_while_a_field_is_not_judged(site: Site) -> None:
    case = reviewed(site, asked(site))
    with pytest.raises(CorrectionError, match="unjudged"):
        site.world.decide(case)


def test_a_judgement_after_the_decision_needs_another_decision(site: Site) -> None:
    case = reviewed(site, asked(site))
    (item,) = items(site, case)
    accept(site, case, item)
    decided = site.world.decide(case)
    accept(site, case, item, state=CorrectionState.EDITED, value="別の値")
    with pytest.raises(ExecutionChangedError):
        site.world.approve(decided)


def test_a_refused_field_has_its_ground_and_the_persons_statement(site: Site) -> None:
    case = asked(site)
    ask(site.ports, PERSON, case.id, PHONE, "090-0000-9999", at=site.clock())
    case = reviewed(site, case)
    first, second = items(site, case)
    accept(site, case, first)
    with pytest.raises(CorrectionError, match="ground"):
        accept(site, case, second, state=CorrectionState.REFUSED)
    grounds = (Ground.APPI_34_2_EXCEPT,)
    accept(site, case, second, state=CorrectionState.REFUSED, grounds=grounds)
    decided = site.world.decide(case, Outcome.PARTIAL)
    assert decided.case.decision is not None
    (left,) = decided.case.decision.items
    assert (left.field, left.grounds) == (PHONE, grounds)
    case = site.world.approve(decided)
    supplement(site.ports, PERSON, case.id, second.id, "番号は変わっています。", at=site.clock())
    assert apply(site.ports, OFFICER, case.id, at=site.clock()) == 1
    told = open_told(site.ports, items(site, case)[1])
    assert told.said == "番号は変わっています。"
    assert told.after is None


def test_a_write_that_died_before_its_note_keeps_what_stood_there(site: Site) -> None:
    case = granted(site)
    (before,) = items(site, case)
    apply(site.ports, OFFICER, case.id, at=site.clock())
    (done,) = items(site, case)
    kept = site.ports.vault.open_part(done.id, done.content or b"")
    assert ADDRESS in kept.decode()
    assert before.content != done.content


@pytest.mark.parametrize(
    ("field", "wanted", "reason"),
    [
        ("person.clerk", "x", "field"),
        ("person.nothing", "x", "field"),
        ("company.name", "x", "field"),
        ("person.address", "あ" * 2_001, "long"),
    ],
)
def test_what_cannot_be_corrected_is_refused(
    site: Site, field: str, wanted: str, reason: str
) -> None:
    case = site.world.receive(RequestKind.CORRECTION)
    with pytest.raises(CorrectionError, match=reason):
        ask(site.ports, PERSON, case.id, FieldId(field), wanted, at=site.clock())
    assert items(site, case) == ()


def test_neither_strangers_nor_foreign_rows(site: Site) -> None:
    case = site.world.receive(RequestKind.CORRECTION)
    with pytest.raises(Exception, match="request_not_allowed"):
        ask(site.ports, STRANGER, case.id, FIELD, NEW, at=site.clock())
    with pytest.raises(CorrectionError, match="row"):
        ask(site.ports, PERSON, case.id, FIELD, NEW, row=new_row_id(), at=site.clock())


def test_no_value_stands_in_clear_anywhere(site: Site) -> None:
    case = granted(site)
    apply(site.ports, OFFICER, case.id, at=site.clock())
    with site.ports.database.read() as tx:
        rows = tx.execute(select(CORRECTION)).all()
        events = tx.execute(select(EVENTS)).all()
        parts = tx.execute(select(PARTS.c.payload)).all()
    everything = repr(rows) + repr(events) + repr(parts) + repr(items(site, case))
    assert NEW not in everything
    assert MOBILE not in everything
