"""Letters of officers: edited under rules, looked at, sent once; texts of the company by two."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import select

from audit.models import EVENTS
from dsar.case import Case
from dsar.correspondence import editions, service
from dsar.correspondence.errors import (
    EditionSamePersonError,
    EditionUnknownError,
    LetterBlankError,
    LetterChangedError,
    LetterClosedError,
    LetterNotDueError,
    LetterPartError,
    LetterUnknownError,
)
from dsar.correspondence.rules import digest_of
from dsar.correspondence.store import letter_by_id
from dsar.correspondence.types import LetterRecord, Source, State, Template
from dsar.errors import RequestNotAllowedError
from dsar.store import case_by_id
from dsar.types import Event, ExtensionGround, RequestKind
from governance.core.terms import Lang
from governance.http.principal import Principal
from tests.dsar.corresponding import announcements, kinds, record, words
from tests.dsar.world import (
    ADDRESS,
    APPROVER,
    FORMULA,
    MARKUP,
    NAME,
    OFFICER,
    PERSON,
    STRANGER,
    SUPPORT,
    World,
)

T = Template
TYPST = '#read("/etc/passwd") $x^2$ *a* @b <c> \\ `raw`'


def extended(world: World) -> Case:
    """A case whose extension waits for an officer's edit."""
    case = world.step(world.proved(world.receive(RequestKind.PORTABILITY)), Event.TRIAGE)
    case = world.step(case, Event.START)
    return world.step(case, Event.EXTEND, ground=ExtensionGround.COMPLEXITY.value)


def edited(world: World, letter: LetterRecord, more: str, version: int = 1) -> LetterRecord:
    opened, _ = service.preview(world.ports, OFFICER, letter.id, at=world.tick())
    source = replace(opened.source, body=f"{opened.source.body}\n\n{more}")
    return service.edit(world.ports, OFFICER, letter.id, source, version=version, at=world.tick())


def test_an_officer_edits_looks_and_sends_and_the_text_is_kept_as_it_went(world: World) -> None:
    case = extended(world)
    letter = record(world, case, T.EXTENDED)
    more = f"添え書き: {MARKUP} {FORMULA} {TYPST}"
    assert edited(world, letter, more).version == 2
    _, seen = service.preview(world.ports, OFFICER, letter.id, at=world.tick())
    assert more in seen.body
    sent = service.send(world.ports, OFFICER, letter.id, version=2, at=world.tick())
    assert (sent.state, sent.sent_by, sent.mailed) == (State.SENT, OFFICER.id, True)
    _, gone = service.preview(world.ports, OFFICER, letter.id, at=world.tick())
    assert gone == seen
    assert sent.digest == digest_of(gone)
    assert more.encode() not in (sent.content or b"")
    with world.ports.database.read() as tx:
        events = tx.execute(select(EVENTS).where(EVENTS.c.object_id == case.id)).all()
    (told,) = [row for row in events if row.action == "request.letter_sent"]
    assert f"sha256:{sent.digest}" in told.refs
    assert "添え書き" not in repr(events)
    with pytest.raises(LetterClosedError):
        edited(world, letter, "後から", version=3)


def test_a_letter_that_two_send_goes_once(world: World) -> None:
    letter = record(world, extended(world), T.EXTENDED)
    before, at = len(announcements(world)), world.tick()

    def send(_turn: int) -> str:
        try:
            service.send(world.ports, OFFICER, letter.id, version=1, at=at)
        except (LetterChangedError, LetterClosedError) as refused:
            return refused.code
        return "sent"

    with ThreadPoolExecutor(4) as pool:
        told = sorted(pool.map(send, range(4)))
    assert told.count("sent") == 1
    assert len(announcements(world)) == before + 1


def test_of_two_edits_of_one_version_the_second_changes_nothing(world: World) -> None:
    letter = record(world, extended(world), T.EXTENDED)
    edited(world, letter, "一人目")
    with pytest.raises(LetterChangedError):
        edited(world, letter, "二人目")
    with pytest.raises(LetterChangedError):
        service.send(world.ports, OFFICER, letter.id, version=1, at=world.tick())
    assert "一人目" in words(world, extended_case(world, letter), T.EXTENDED)


def extended_case(world: World, letter: LetterRecord) -> Case:
    with world.ports.database.read() as tx:
        return case_by_id(tx, letter.request)


def test_a_text_that_lacks_its_remedies_is_refused_and_nothing_changes(world: World) -> None:
    case = extended(world)
    letter = record(world, case, T.EXTENDED)
    with pytest.raises(LetterPartError):
        service.edit(
            world.ports,
            OFFICER,
            letter.id,
            Source(title="{reference}", body="{reference} {due} {reason}"),
            version=1,
            at=world.tick(),
        )
    assert record(world, case, T.EXTENDED).version == 1


def test_what_an_officer_prepares_goes_with_its_step_and_not_before(world: World) -> None:
    case = world.step(world.proved(world.receive(RequestKind.PORTABILITY)), Event.TRIAGE)
    case = world.step(case, Event.START)
    made = service.compose(world.ports, OFFICER, case.id, T.EXTENDED, at=world.tick())
    edited(world, made, "準備した文")
    with pytest.raises(LetterNotDueError):
        service.send(world.ports, OFFICER, made.id, version=2, at=world.tick())
    world.step(case, Event.EXTEND, ground=ExtensionGround.COMPLEXITY.value)
    told = words(world, case, T.EXTENDED)
    assert kinds(world, case, state=State.SENT)[-1] is T.EXTENDED
    assert "準備した文" in told
    assert "請求が複雑である" in told


def test_a_letter_of_an_officers_own_has_its_blanks_filled_first(world: World) -> None:
    case = world.receive()
    made = service.compose(world.ports, OFFICER, case.id, T.METHOD_IMPOSSIBLE, at=world.tick())
    with pytest.raises(LetterBlankError):
        service.send(world.ports, OFFICER, made.id, version=1, at=world.tick())
    opened, _ = service.preview(world.ports, OFFICER, made.id, at=world.tick())
    body = opened.source.body.replace("＿＿＿", "記録媒体の作成に多額の費用を要するため。")
    source = replace(opened.source, body=body)
    service.edit(world.ports, OFFICER, made.id, source, version=1, at=world.tick())
    service.send(world.ports, OFFICER, made.id, version=2, at=world.tick())
    assert kinds(world, case, state=State.SENT)[-1] is T.METHOD_IMPOSSIBLE
    other = service.compose(world.ports, OFFICER, case.id, T.TRANSFERRED, at=world.tick())
    assert service.drop(world.ports, OFFICER, other.id, version=1, at=world.tick()).content is None


def test_who_may_not_decide_writes_no_letter_that_decides(world: World) -> None:
    case = extended(world)
    letter = record(world, case, T.EXTENDED)
    for who in (SUPPORT, APPROVER, PERSON, STRANGER):
        with pytest.raises((RequestNotAllowedError, LetterUnknownError)):
            service.send(world.ports, who, letter.id, version=1, at=world.tick())
        with pytest.raises((RequestNotAllowedError, LetterUnknownError)):
            service.preview(world.ports, who, letter.id, at=world.tick())
    with pytest.raises(RequestNotAllowedError):
        service.compose(world.ports, SUPPORT, case.id, T.REFUSED, at=world.tick())
    assert record(world, case, T.EXTENDED).state is State.DRAFT


def test_the_person_reads_what_went_and_the_first_look_is_on_record(world: World) -> None:
    case = extended(world)
    sent, waiting = record(world, case, T.RECEIVED), record(world, case, T.EXTENDED)
    for _ in range(2):
        _, read = service.read_own(world.ports, PERSON, case, sent.id, at=world.tick())
    assert case.reference in read.body
    assert NAME not in read.body
    assert ADDRESS not in read.body
    other = world.receive()
    for wrong_case, letter in ((case, waiting), (other, sent)):
        with pytest.raises(LetterUnknownError):
            service.read_own(world.ports, PERSON, wrong_case, letter.id, at=world.tick())
    with world.ports.database.read() as tx:
        looks = tx.execute(
            select(EVENTS.c.id).where(EVENTS.c.action == "request.letter_read")
        ).all()
        assert len(looks) == 1
        stored = letter_by_id(tx, sent.id)
    assert stored is not None
    assert stored.read_at is not None


def adopt(world: World, wanted: editions.Edition, by: Principal = APPROVER) -> None:
    at = world.tick()
    use = partial(
        editions.decide, ports=world.ports, principal=by, wanted=wanted.id, adopt=True, at=at
    )
    world.write(use)


def test_a_text_of_the_company_is_in_use_when_a_second_person_adopts_it(world: World) -> None:
    source = Source(
        title="当社からのお知らせ {reference}", body=f"{{reference}} {{answer_by}} {MARKUP}"
    )

    def propose() -> editions.Edition:
        at = world.tick()
        return world.write(
            lambda tx: editions.propose(
                tx, world.ports, OFFICER, T.RECEIVED, Lang.JA, source, at=at
            )
        )

    made = propose()
    assert MARKUP not in words(world, world.receive(), T.RECEIVED)
    with pytest.raises(EditionSamePersonError):
        adopt(world, made, by=OFFICER)
    adopt(world, made)
    case = world.receive()
    assert MARKUP in words(world, case, T.RECEIVED)
    assert record(world, case, T.RECEIVED).edition == "1"
    with pytest.raises(EditionUnknownError):
        adopt(world, made)
    assert propose().number == 2
    faulty = replace(source, body="{reference}")
    with pytest.raises(LetterPartError):
        world.write(
            lambda tx: editions.propose(
                tx, world.ports, OFFICER, T.RECEIVED, Lang.JA, faulty, at=world.tick()
            )
        )
