"""Coming back by number and code: alike for every number, opened once, closed by the clock."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from audit.models import EVENTS
from dsar.case import Case
from dsar.errors import RequestStepError
from dsar.identity.errors import CodeRefusedError
from dsar.intake import fees
from dsar.intake.store import fees_of
from dsar.intake.types import FeeState, Scope
from dsar.returning import service
from dsar.returning.errors import ScopeAnswerError
from dsar.returning.store import RETURN, forget_ways, scope_answers
from dsar.store import case_by_id
from dsar.types import Event, EvidenceKind, Status
from governance.core.terms import RequestId
from governance.http.principal import ANONYMOUS
from tests.dsar.intake.filed import UNKNOWN, filed, letters, wrong
from tests.dsar.world import OFFICER, World

MAIL = EvidenceKind.EMAIL_CODE
NOBODYS = "R-2026-ZZZZZ-ZZZZZ"


def begun(world: World, typed: str, kind: EvidenceKind = MAIL) -> tuple[str, bool]:
    at = world.tick()
    way = service.begin(world.ports, typed, kind, at=at)
    return way.secret, service.deliver(world.ports, way.way, at=at)


def back(world: World, secret: str, code: str, *, minutes: int = 0) -> RequestId:
    at = world.tick() + timedelta(minutes=minutes)
    return service.come_back(world.ports, ANONYMOUS, secret, code, at=at)


def last_code(world: World) -> str:
    code: str = letters(world, "dsar/code/")[-1].params["code"]
    return code


def open_to(world: World, secret: str, *, minutes: int = 0) -> RequestId | None:
    at = world.tick() + timedelta(minutes=minutes)
    with world.ports.database.read() as tx:
        return service.request_of(tx, secret, at=at)


@pytest.mark.parametrize("typed", ["{}", " {} ", "{}".lower(), "ｆ{}"])
def test_whoever_has_number_and_code_is_back_for_an_hour(world: World, typed: str) -> None:
    case = filed(world, UNKNOWN)
    written = typed.format(case.reference).replace("ｆR", "Ｒ")
    secret, sent = begun(world, written.lower() if typed == "{}" else written)
    assert sent
    assert open_to(world, secret) is None
    assert back(world, secret, last_code(world)) == case.id
    assert open_to(world, secret) == case.id
    assert open_to(world, secret, minutes=61) is None
    assert open_to(world, "another") is None
    with pytest.raises(CodeRefusedError):  # a replay
        back(world, secret, last_code(world))


def test_a_number_that_nobody_has_is_answered_alike_and_opens_nothing(world: World) -> None:
    before = len(letters(world, ""))
    for typed in (NOBODYS, "", "<b>R</b>", "あ" * 5_000, "R-2026-' OR 1=1--"):
        secret, sent = begun(world, typed)
        assert not sent
        for code in ("12345678", "", "x" * 9_000):
            with pytest.raises(CodeRefusedError):
                back(world, secret, code)
    assert len(letters(world, "")) == before
    with world.ports.database.read() as tx:
        told = tx.execute(
            select(EVENTS.c.object_id).where(EVENTS.c.action == "access.denied")
        ).scalars()
        rows = tx.execute(select(RETURN)).all()
    assert set(told) == {"unknown"}
    assert all(row.request_id is None and NOBODYS.encode() not in row.content for row in rows)


def test_the_right_code_of_a_number_that_nobody_has_opens_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dsar.returning.service.secrets.randbelow", lambda _: 12_345_678)
    secret, _ = begun(world, NOBODYS)
    with pytest.raises(CodeRefusedError):
        back(world, secret, "12345678")


def test_a_code_is_tried_five_times_and_lasts_ten_minutes(world: World) -> None:
    case = filed(world, UNKNOWN)
    secret, _ = begun(world, case.reference)
    for _ in range(5):
        with pytest.raises(CodeRefusedError):
            back(world, secret, wrong(last_code(world)))
    with pytest.raises(CodeRefusedError):
        back(world, secret, last_code(world))
    late, _ = begun(world, case.reference)
    with pytest.raises(CodeRefusedError):
        back(world, late, last_code(world), minutes=11)


def test_five_codes_a_day_and_then_no_letter_whatever_is_asked(world: World) -> None:
    case = filed(world, UNKNOWN)
    sent = [begun(world, case.reference)[1] for _ in range(7)]
    assert sent == [True] * 5 + [False] * 2


def test_a_code_for_one_request_opens_no_other(world: World) -> None:
    first, second = filed(world, UNKNOWN), filed(world, UNKNOWN)
    one, _ = begun(world, first.reference)
    code = last_code(world)
    other, _ = begun(world, second.reference)
    with pytest.raises(CodeRefusedError):
        back(world, other, code if code != last_code(world) else wrong(code))
    assert back(world, one, code) == first.id


def test_ways_that_are_over_are_gone_after_a_day(world: World) -> None:
    begun(world, NOBODYS)
    at = world.tick()
    assert world.write(lambda tx: forget_ways(tx, at=at, limit=9)) == 0
    assert world.write(lambda tx: forget_ways(tx, at=at + timedelta(days=2), limit=9)) == 1


def taken_back(world: World, case: Case) -> Case:
    at = world.tick()
    return world.write(lambda tx: service.withdraw(tx, world.ports, ANONYMOUS, case.id, at=at))


def test_a_request_that_is_taken_back_is_closed_on_record(world: World) -> None:
    case = taken_back(world, filed(world, UNKNOWN))
    assert case.closed
    with world.ports.database.read() as tx:
        actors = set(tx.execute(select(EVENTS.c.actor)).scalars())
    assert ANONYMOUS.id in actors
    with pytest.raises(RequestStepError):
        taken_back(world, case)


def test_whoever_is_back_agrees_to_the_fee_and_says_which_data(world: World) -> None:
    case = world.step(filed(world, UNKNOWN), Event.ASK_SCOPE)
    scope = (Scope.PURCHASES, Scope.OTHER)
    for bad in (((), "x"), ((Scope.OTHER,), " "), (scope, "あ" * 4_001)):
        with pytest.raises(ScopeAnswerError):
            service.answer_scope(world.ports, ANONYMOUS, case.id, *bad, at=world.tick())
    words = "2025年の注文。<b>=1+1</b>"
    service.answer_scope(world.ports, ANONYMOUS, case.id, scope, words, at=world.tick())
    with world.ports.database.read() as tx:
        (answer,) = scope_answers(tx, case.id)
        assert case_by_id(tx, case.id).tracks[0].status is Status.SCOPE  # the desk reads it first
    assert answer.scope == scope
    assert words.encode() not in (answer.words or b"")
    assert service.scope_words(world.ports, answer) == words
    asked = world.step(world.receive(), Event.ASK_IDENTITY)  # of one law, which allows a fee
    with pytest.raises(ScopeAnswerError):
        service.answer_scope(world.ports, ANONYMOUS, asked.id, scope, words, at=world.tick())
    at = world.tick()
    world.write(
        lambda tx: fees.quote(tx, world.ports, OFFICER, asked.id, 300, published=500, at=at)
    )
    world.write(lambda tx: fees.accept(tx, world.ports, ANONYMOUS, asked.id, at=at, asks=True))
    with world.ports.database.read() as tx:
        assert fees_of(tx, asked.id)[-1].state is FeeState.ACCEPTED
