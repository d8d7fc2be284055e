"""The head on paper and by letter is a checkpoint that the offline verifier takes."""

import html
import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from audit.note import KeyType, parse_note, verify_note
from audit.store import last_note
from governance.app.audit_log import settle
from governance.app.checkpoint_copies import letter_step, mail_address, sheet
from governance.app.deliveries import deliver, senders_of
from governance.app.wiring import Wiring
from governance.core.settings import SettingsError
from governance.core.terms import Lang
from tests.installation import AT, create


@pytest.fixture
def wiring(tmp_path: Path) -> Wiring:
    return create(tmp_path)


def verified(wiring: Wiring, note: str) -> set[KeyType]:
    found = verify_note(parse_note(note), wiring.log_keys.verifier_keys)
    return {one.key.kind for one in found}


@pytest.mark.parametrize("lang", list(Lang))
def test_the_sheet_holds_a_signed_checkpoint(wiring: Wiring, lang: Lang) -> None:
    settle(wiring)
    page = sheet(wiring, lang=lang, at=AT).decode()
    shown = html.unescape(re.findall(r"<pre>(.*?)</pre>", page, re.DOTALL)[0])
    assert verified(wiring, shown) == {KeyType.ED25519}
    with wiring.database.read() as tx:
        assert (last_note(tx) or "").startswith(parse_note(shown).text)
    assert "<svg" in page
    assert not re.search(r"https?:", re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL))
    assert f'lang="{lang.value}"' in page


def test_the_letter_is_a_checkpoint_and_goes_once_a_head(wiring: Wiring) -> None:
    addressed = replace(
        wiring, settings=wiring.settings.model_copy(update={"checkpoint_mail": "audit@example.jp"})
    )
    settle(addressed)
    for _ in range(2):
        step(addressed)
    senders = senders_of(addressed)
    later = replace(addressed, clock=lambda: AT + timedelta(minutes=1))
    assert deliver(later, senders, stopping=lambda: False).sent == 1
    (letter,) = addressed.settings.mail_folder.glob("*.eml")
    message = message_from_bytes(letter.read_bytes(), policy=policy.default)
    assert message["To"] == "audit@example.jp"
    body = message.get_content()
    note = body[body.index(addressed.log_keys.origin) :].rstrip("\n") + "\n"
    assert verified(wiring, note) == {KeyType.ED25519}


def test_without_an_address_no_letter_waits(wiring: Wiring) -> None:
    assert step(wiring) == 0


def test_a_wrong_address_is_a_wrong_setting(wiring: Wiring) -> None:
    wrong = wiring.settings.model_copy(update={"checkpoint_mail": "nobody"})
    with pytest.raises(SettingsError):
        mail_address(wrong)


def step(wiring: Wiring) -> int:
    done = letter_step(wiring, wiring.database, cursor=None, limit=1, at=AT, heartbeat=lambda: None)
    return done.done
