"""Letters about a request: to the own address, in the language of the case, with a reference."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from audit.models import EVENTS
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
from governance.customers.post import unsealed
from governance.jobs.outbox import OUTBOX, OutboxMessage
from governance.outbound.mail import Mail, compose
from tests.dsar.world import ADDRESS, EMAIL, NAME, World


def letters(world: World) -> list[Mail]:
    """What waits to leave, opened."""
    with world.ports.database.read() as tx:
        rows = tx.execute(select(OUTBOX).order_by(OUTBOX.c.id)).all()
    found = [unsealed(world.ports.vault, _waiting(row)) for row in rows]
    return [letter for letter in found if isinstance(letter, Mail)]


def _waiting(row: Any) -> OutboxMessage:
    return OutboxMessage(
        id=row.id,
        idem_key=row.idem_key,
        target=row.target,
        kind=row.kind,
        attempt=1,
        payload=row.payload,
    )


def test_a_request_is_acknowledged_and_its_answer_announced(world: World) -> None:
    released = world.answered()
    received, ready = letters(world)
    assert [received.template, ready.template] == ["dsar.mail.received", "dsar.mail.ready"]
    for letter in (received, ready):
        assert letter.to == EMAIL
        assert letter.params == {"reference": released.case.reference}
        assert released.token not in repr(letter.params)
        assert EMAIL not in repr(letter)


def test_an_answer_that_is_told_again_is_announced_again(world: World) -> None:
    world.deliver(world.answered().case)
    assert [letter.template for letter in letters(world)].count("dsar.mail.ready") == 2


def test_an_answer_on_paper_is_not_announced_by_mail(world: World) -> None:
    case = world.proved(world.receive(delivery=Delivery.POST))
    case = world.collect(world.step(case, Event.START))
    case = world.step(case, Event.FINISH_COLLECTING)
    world.deliver(world.build(world.step(world.approve(world.decide(case)), Event.EXECUTE)))
    assert [letter.template for letter in letters(world)] == ["dsar.mail.received"]


def test_the_person_hears_of_a_request_that_another_makes_for_them(world: World) -> None:
    world.receive(requester=Requester.MANDATED_AGENT)
    (letter,) = letters(world)
    assert letter.to == EMAIL


@pytest.mark.parametrize("lang", list(Lang))
def test_every_letter_is_written_in_the_language_of_the_case(world: World, lang: Lang) -> None:
    case = world.receive(lang=lang)
    (letter,) = letters(world)
    assert letter.lang is lang
    linked = Mail(
        idem_key=letter.idem_key,
        to=letter.to,
        template=letter.template,
        lang=letter.lang,
        params=letter.params | {"link": "https://privacy.example.com/portal"},
    )
    message = compose(linked, sender="no-reply@example.com", at=case.received_at)
    body = message.get_content()
    assert case.reference in body
    assert NAME.split()[0] not in body


def test_the_log_names_the_message_and_no_address(world: World) -> None:
    case = world.receive()
    with world.ports.database.read() as tx:
        row = tx.execute(select(EVENTS).where(EVENTS.c.object_id == case.id)).one()
        message = tx.execute(select(OUTBOX.c.id)).scalar_one()
    assert f"message:{message}" in row.refs
    assert EMAIL not in repr(row)


def test_a_correction_is_told_with_the_fields_that_were_changed(world: World) -> None:
    world.step(world.corrected(), Event.RESPOND)
    told = [letter for letter in letters(world) if letter.template == "dsar.mail.outcome"]
    (letter,) = told
    assert letter.to == EMAIL
    assert letter.params["fields"].split("\n") == ["- 住所", "- 携帯番号"]
    assert "34条2項" in letter.params["grounds"]
    assert letter.params["outcome"] == "全部に応じる"
    assert ADDRESS not in repr(letter.params)


def test_a_refusal_is_told_with_its_ground(world: World) -> None:
    case = world.reviewed(RequestKind.CORRECTION)
    grounds = (Ground.APPI_34_2_EXCEPT,)
    world.decide(case, Outcome.REFUSE, grounds=grounds)
    world.step(world.step(case, Event.REFUSE), Event.RESPOND)
    (letter,) = [one for one in letters(world) if one.template == "dsar.mail.outcome"]
    assert (letter.params["outcome"], letter.params["fields"]) == ("応じない", "-")
    assert letter.params["grounds"].startswith("- ")


def test_an_answer_in_a_package_has_one_letter(world: World) -> None:
    world.answered()
    assert "dsar.mail.outcome" not in {letter.template for letter in letters(world)}


def test_every_step_that_the_table_gives_a_letter_sends_it(world: World) -> None:
    case = world.step(world.proved(world.receive(RequestKind.PORTABILITY)), Event.TRIAGE)
    case = world.step(world.step(case, Event.ASK_IDENTITY), Event.CONFIRM_IDENTITY)
    case = world.step(case, Event.EXTEND, ground=ExtensionGround.COMPLEXITY.value)
    world.step(case, Event.HOLD, ground=HoldGround.THIRD_PERSON.value, until=date(2026, 12, 20))
    world.step(case, Event.WITHDRAW)
    _, asked, extended, held, withdrawn = sent = letters(world)
    assert [letter.template.rpartition(".")[2] for letter in sent[1:]] == [
        *("identity_asked", "extended", "held", "withdrawn")
    ]
    assert extended.params["due"] == "2027-02-25"
    assert extended.params["reason"] == "請求が複雑である"
    assert held.params["due"] == "2026-12-20"
    for letter in (asked, extended, held, withdrawn):
        linked = replace(letter, params=letter.params | {"link": "https://example.com/portal"})
        body = compose(linked, sender="no-reply@example.com", at=case.received_at).get_content()
        assert case.reference in body
        assert "{" not in body


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
