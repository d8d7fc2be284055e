"""Recipients hear of a correction once, without a value; who was not told is on record with why."""

from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import select

from audit.models import EVENTS
from audit.types import canonical_json
from dsar.correspondence.types import Template
from dsar.errors import NothingToTellError, RecipientUnknownError, RequestNotAllowedError
from dsar.recipients import Told, Untold, recipients_of, tell_recipients
from dsar.types import Event
from governance.core.ids import new_row_id
from governance.core.terms import RowId
from governance.outbound.mail import compose
from governance.registers.sealing import CONTACT
from governance.registers.store import add_recipient
from governance.registers.types import Recipient, RecipientRole
from tests.dsar.corresponding import mails as letters
from tests.dsar.corresponding import words
from tests.dsar.world import ADDRESS, MOBILE, NAME, NOW, OFFICER, SUBJECT, SUPPORT, World

TO = "desk@recipient.example.com"


@pytest.fixture
def partner(world: World) -> str:
    """A company with a contact, and one that data only comes from."""
    rows = {key: RowId(new_row_id()) for key in ("V-2", "V-3")}
    for key, role in (("V-2", RecipientRole.THIRD_PARTY), ("V-3", RecipientRole.SOURCE)):
        contact = canonical_json({"contact_name": "窓口（架空）", "contact_email": TO})
        sealed = world.ports.vault.seal_blob(CONTACT, rows[key], contact)
        made = Recipient(id=rows[key], source_key=key, name=f"架空{key}社", role=role, country="JP")
        world.write(partial(add_recipient, recipient=made, contact=sealed, at=NOW))
    return "V-2"


def told(world: World, case: object, *keys: str, why: Untold | None = None) -> dict[str, Told]:
    request, at = case.id, world.tick()  # type: ignore[attr-defined] # a case
    found = world.write(
        lambda tx: tell_recipients(tx, world.ports, OFFICER, request, keys, untold=why, at=at)
    )
    return {one.recipient.source_key: one for one in found}


def notices(world: World) -> list[object]:
    return [one for one in letters(world) if one.template.startswith("dsar.mail.recipient_")]


def test_a_recipient_is_told_once_without_a_value(world: World, partner: str) -> None:
    case = world.corrected()
    first = told(world, case, partner)
    again = told(world, case, partner)
    assert first[partner].told_at == again[partner].told_at is not None
    (letter,) = [one for one in letters(world) if one.to == TO]
    assert letter.template == "dsar.mail.recipient_corrected"
    assert letter.params["person"] == SUBJECT
    assert letter.params["fields"] == "- 住所\n- 携帯番号"
    for value in (NAME, ADDRESS, MOBILE):
        assert value not in repr(letter.params)
    assert set(first) == {"V-1", "V-2"}  # where data only comes from is no recipient


def test_why_a_recipient_was_not_told_is_on_record(world: World, partner: str) -> None:
    case = world.corrected()
    assert told(world, case, "V-1")["V-1"].untold is Untold.NO_ADDRESS
    found = told(world, case, partner, why=Untold.DISPROPORTIONATE)
    assert found[partner].untold is Untold.DISPROPORTIONATE
    assert notices(world) == []
    assert told(world, case, partner)[partner].told_at is not None  # it can still be told
    with world.ports.database.read() as tx:
        rows = tx.execute(select(EVENTS).where(EVENTS.c.action == "recipient.told")).all()
    assert [row.outcome for row in rows] == ["failed", "failed", "done"]
    assert all(row.subject == SUBJECT for row in rows)


def test_the_person_is_told_who_heard_of_it(world: World, partner: str) -> None:
    case = world.corrected()
    told(world, case, partner)
    world.step(case, Event.RESPOND)
    assert "- 架空V-2社" in words(world, case, Template.CORRECTED)


def test_before_anything_is_done_nobody_is_told(world: World, partner: str) -> None:
    with pytest.raises(NothingToTellError):
        told(world, world.reviewed(), partner)
    assert notices(world) == []


def test_an_unknown_company_and_a_stranger_tell_nobody(world: World, partner: str) -> None:
    case = world.corrected()
    for key in ("V-9", "V-3"):
        with pytest.raises(RecipientUnknownError):
            told(world, case, partner, key)
    with world.ports.database.read() as tx, pytest.raises(RequestNotAllowedError):
        recipients_of(tx, world.ports, SUPPORT, case.id)
    assert notices(world) == []


def test_every_letter_and_notice_of_a_change_can_be_written(world: World, partner: str) -> None:
    """What the outbox cannot write is put off and given up, so that nobody would hear of it."""
    case = world.corrected()
    told(world, case, partner)
    world.step(case, Event.RESPOND)
    sent = letters(world)
    written = {letter.template for letter in sent}
    assert {"dsar.mail.letter", "dsar.mail.recipient_corrected"} <= written
    for letter in sent:
        linked = replace(letter, params=letter.params | {"link": "https://example.com/portal"})
        message = compose(linked, sender="no-reply@example.com", at=NOW)
        assert case.reference in message.get_content()
        assert ADDRESS not in message.get_content()
