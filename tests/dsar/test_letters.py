"""Letters that steps call for: gone with the step or on their day, announced without a word."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from audit.models import EVENTS
from dsar.case import Case
from dsar.correspondence.going import send_due
from dsar.correspondence.types import State, Template
from dsar.store import CLOCK
from dsar.types import (
    Delivery,
    Event,
    ExtensionGround,
    Ground,
    HoldGround,
    Outcome,
    Requester,
    RequestKind,
)
from governance.core.terms import Lang
from governance.jobs.outbox import OUTBOX
from governance.outbound.mail import Mail, compose
from tests.dsar.corresponding import announcements, kinds, mails, on_file, record, words
from tests.dsar.world import ADDRESS, BODY, EMAIL, MOBILE, NAME, OFFICER, WORDS, World

T = Template


def due(world: World, days: int) -> int:
    at = world.tick() + timedelta(days=days)
    return send_due(world.ports, OFFICER, at=at, limit=10)


def test_a_request_is_acknowledged_and_its_answer_announced(world: World) -> None:
    released = world.answered()
    assert kinds(world, released.case, state=State.SENT)[0] is T.RECEIVED
    assert len(announcements(world)) == len(on_file(world, released.case, state=State.SENT)) == 2
    for mail in announcements(world):
        assert mail.to == EMAIL
        assert mail.params == {"reference": released.case.reference}
        assert EMAIL not in repr(mail)
    assert released.token not in words(world, released.case, T.PARTIAL)


def test_an_answer_that_is_told_again_is_announced_again(world: World) -> None:
    case = world.answered().case
    world.deliver(case)
    assert kinds(world, case).count(T.PARTIAL) == 2
    assert len(announcements(world)) == 3


def test_an_answer_on_paper_is_not_announced_by_mail_and_waits_for_a_stamp(world: World) -> None:
    case = world.reviewed(RequestKind.CORRECTION, delivery=Delivery.POST)
    world.decide(case, Outcome.REFUSE, grounds=(Ground.APPI_34_2_EXCEPT,))
    case = world.step(world.step(case, Event.REFUSE), Event.RESPOND)
    assert due(world, 2) == 1
    assert [one.mailed for one in on_file(world, case, state=State.SENT)] == [True, False]


def test_the_person_hears_of_a_request_that_another_makes_for_them(world: World) -> None:
    world.receive(requester=Requester.MANDATED_AGENT)
    (mail,) = announcements(world)
    assert mail.to == EMAIL


@pytest.mark.parametrize("lang", list(Lang))
def test_every_letter_is_in_the_language_of_the_case_and_its_mail_holds_a_number_alone(
    world: World, lang: Lang
) -> None:
    case = world.receive(lang=lang)
    assert case.reference in words(world, case, T.RECEIVED)
    (mail,) = announcements(world)
    assert mail.lang is lang
    linked = Mail(
        idem_key=mail.idem_key,
        to=mail.to,
        template=mail.template,
        lang=mail.lang,
        params=mail.params | {"link": "https://privacy.example.com/portal"},
    )
    message = compose(linked, sender="no-reply@example.com", at=case.received_at)
    content = message.get_content() + str(message["Subject"])
    assert case.reference in content
    assert "{" not in content
    for marked in (*NAME.split(), EMAIL, MOBILE, ADDRESS, WORDS, BODY):
        assert marked not in content


def test_the_log_names_letter_digest_and_message_and_no_address(world: World) -> None:
    case = world.receive()
    with world.ports.database.read() as tx:
        row = tx.execute(select(EVENTS).where(EVENTS.c.object_id == case.id)).one()
        message = tx.execute(select(OUTBOX.c.id)).scalar_one()
    letter = record(world, case, T.RECEIVED)
    for ref in (f"message:{message}", f"letter:{letter.id}", f"sha256:{letter.digest}"):
        assert ref in row.refs
    assert EMAIL not in repr(row)


def test_a_correction_is_told_with_the_fields_that_were_changed(world: World) -> None:
    case = world.step(world.corrected(), Event.RESPOND)
    assert record(world, case, T.CORRECTED).state is State.DRAFT
    assert due(world, 1) == 0
    assert due(world, 2) == 1
    told = words(world, case, T.CORRECTED)
    assert "- 住所\n- 携帯番号" in told
    for part in ("34条2項", "全部に応じます", "個人情報保護委員会", case.reference):
        assert part in told
    assert ADDRESS not in told
    assert due(world, 3) == 0


def refused(world: World) -> Case:
    case = world.reviewed(RequestKind.CORRECTION)
    world.decide(case, Outcome.REFUSE, grounds=(Ground.APPI_34_2_EXCEPT,))
    return world.step(world.step(case, Event.REFUSE), Event.RESPOND)


def test_a_refusal_is_told_with_its_ground_before_the_case_is_closed(world: World) -> None:
    case = refused(world)
    assert kinds(world, case, state=State.DRAFT) == [T.REFUSED]
    world.step(case, Event.CLOSE)
    assert kinds(world, case, state=State.DRAFT) == []
    told = words(world, case, T.REFUSED)
    for part in ("34条2項", "応じない", "裁判所", "2026年12月9日(水)"):
        assert part in told
    assert kinds(world, case)[-1] is T.COMPLETED


def test_an_answer_in_a_package_has_one_letter(world: World) -> None:
    case = world.answered().case
    assert kinds(world, case) == [T.RECEIVED, T.PARTIAL]


def test_every_step_that_the_table_gives_a_letter_sends_it(world: World) -> None:
    case = world.step(world.proved(world.receive(RequestKind.PORTABILITY)), Event.TRIAGE)
    case = world.step(world.step(case, Event.ASK_IDENTITY), Event.CONFIRM_IDENTITY)
    case = world.step(case, Event.EXTEND, ground=ExtensionGround.COMPLEXITY.value)
    assert record(world, case, T.EXTENDED).state is State.DRAFT
    assert due(world, 2) == 1
    world.step(case, Event.HOLD, ground=HoldGround.THIRD_PERSON.value, until=date(2026, 12, 20))
    world.step(case, Event.WITHDRAW)
    assert kinds(world, case, state=State.SENT) == [
        *(T.RECEIVED, T.IDENTITY_ASKED, T.EXTENDED, T.HELD, T.WITHDRAWN)
    ]
    extended = words(world, case, T.EXTENDED)
    assert "2027年2月25日(木)" in extended
    assert "請求が複雑である" in extended
    assert "2026年12月20日(日)" in words(world, case, T.HELD)
    assert {mail.template for mail in mails(world)} == {"dsar.mail.letter"}


def test_an_extension_is_told_within_the_first_month_though_nobody_sends_it(world: World) -> None:
    case = world.step(world.proved(world.receive(RequestKind.PORTABILITY)), Event.TRIAGE)
    case = world.step(case, Event.START)
    world.minutes += 29 * 24 * 60  # 24 December; the month ends on the 25th
    case = world.step(case, Event.EXTEND, ground=ExtensionGround.NUMBER.value)
    assert record(world, case, T.EXTENDED).send_by == date(2026, 12, 25)
    world.minutes += 24 * 60
    again = world.step(world.proved(world.receive(RequestKind.PORTABILITY)), Event.TRIAGE)
    assert record(world, again, T.RECEIVED).state is State.SENT
    assert due(world, 0) == 1


def test_what_is_taken_back_is_not_answered_any_more(world: World) -> None:
    case = world.step(world.proved(world.receive(RequestKind.PORTABILITY)), Event.TRIAGE)
    case = world.step(world.step(case, Event.START), Event.EXTEND, ground="complexity")
    world.step(case, Event.WITHDRAW)
    assert kinds(world, case, state=State.VOID) == [T.EXTENDED]
    assert record(world, case, T.EXTENDED).content is None
    assert due(world, 60) == 0


def test_each_stop_of_a_clock_is_an_event_beside_its_row(world: World) -> None:
    case = world.step(world.proved(world.receive(RequestKind.PORTABILITY)), Event.TRIAGE)
    case = world.step(world.step(case, Event.ASK_IDENTITY), Event.CONFIRM_IDENTITY)
    with world.ports.database.read() as tx:
        told = tx.execute(
            select(EVENTS.c.action, EVENTS.c.reasons).where(EVENTS.c.object_id == case.id)
        ).all()
        rows = tx.execute(select(CLOCK.c.kind).where(CLOCK.c.request_id == case.id)).scalars()
        assert sorted(rows) == ["pause", "resume", "start"]
    stops = {row.action: row.reasons for row in told if row.action.startswith("request.")}
    for code in ("request.paused", "request.resumed"):
        assert "identity_doubt" in stops[code]
        assert "gdpr_1m" in stops[code]
