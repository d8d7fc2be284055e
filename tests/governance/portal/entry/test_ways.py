"""サインインの方法 without script: what is told, what is switched off, and who may not."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from governance.ui.preferences import COOKIE, Preferences, Reading
from tests.governance.portal.entry.conftest import ALONE, PARENT, PLACE, Portal, token

EASY = Preferences(reading=frozenset({Reading.EASY})).cookie_value()
RISKS = {
    "ja": ("電話番号を乗っ取られ", "次の持ち主", "JavaScript"),
    "en": ("your number is taken over", "next owner", "JavaScript"),
}


@contextmanager
def settings(portal: Portal, **changed: bool) -> Iterator[None]:
    """The same installation with other settings."""
    plain = portal.app.state.wiring
    others = plain.settings.model_copy(update=changed)
    portal.app.state.wiring = replace(plain, settings=others)
    try:
        yield
    finally:
        portal.app.state.wiring = plain


def test_the_pages_tell_the_risks_of_sms_and_what_needs_script(portal: Portal) -> None:
    for lang, words in RISKS.items():
        page = portal.browser(lang).get(PLACE).text
        own = portal.signed_in(ALONE, lang).get("/portal/ways").text
        for word in words:
            assert word in page, (lang, word)
            assert word in own, (lang, word)
        assert words[0] in portal.browser(lang).get("/portal/requests/return").text
    easy = portal.browser()
    easy.cookies.set(COOKIE, EASY)
    assert "電話番号をとられ" in easy.get(PLACE).text


def test_sms_is_offered_to_nobody_where_the_settings_say_no(portal: Portal) -> None:
    client, stranger = portal.signed_in(ALONE), portal.browser()
    assert 'value="sms_code"' in stranger.get("/portal/requests/return").text
    assert 'id="sms-codes"' in client.get("/portal/ways").text
    with settings(portal, sms_codes=False):
        assert 'value="sms_code"' not in stranger.get("/portal/requests/return").text
        assert 'id="sms-codes"' not in client.get("/portal/ways").text


def test_where_passkeys_are_off_none_is_offered_made_or_asked_for(portal: Portal) -> None:
    client, stranger = portal.signed_in(ALONE), portal.browser()
    csrf = token(client.get("/portal/ways").text)
    with settings(portal, portal_passkeys=False):
        assert 'id="by-passkey"' not in stranger.get(PLACE).text
        assert stranger.post(f"{PLACE}/passkey/options").status_code == 403
        assert stranger.post(f"{PLACE}/passkey", data={"answer": "{}"}).status_code == 403
        page = client.get("/portal/ways").text
        assert 'id="off"' in page
        assert 'id="send"' not in page
        made = client.post("/portal/ways/passkeys/options", data={"csrf": csrf})
        assert made.status_code == 403


@pytest.mark.parametrize("answer", ["", "{}", '{"rawId": "AAAA"}', "[" * 100])
def test_what_no_passkey_answered_opens_nothing_and_is_refused_alike(
    portal: Portal, answer: str
) -> None:
    stranger = portal.browser()
    stranger.post(f"{PLACE}/passkey/options")
    refused = stranger.post(f"{PLACE}/passkey", data={"answer": answer})
    assert refused.status_code == 401
    assert "sekisho_session" not in stranger.cookies
    again = stranger.post(f"{PLACE}/passkey", data={"answer": answer})
    assert again.status_code == 401


def test_who_acts_for_a_child_has_no_say_in_how_anybody_signs_in(portal: Portal) -> None:
    relation = portal.relation(3, 2)
    client = portal.signed_in(PARENT)
    csrf = token(client.get("/portal").text)
    assert client.post(f"/portal/acting/{relation}", data={"csrf": csrf}).status_code == 303
    home = client.get("/portal").text
    assert "/portal/ways" not in home
    assert client.get("/portal/ways").status_code == 404
    for path in ("code", "proof", "passkeys/options", "passkeys", "sms"):
        answer = client.post(f"/portal/ways/{path}", data={"csrf": token(home), "choice": "off"})
        assert answer.status_code == 404, path


def test_a_form_without_its_token_changes_nothing(portal: Portal) -> None:
    client = portal.signed_in(ALONE)
    for path in ("code", "proof", "passkeys/options", "passkeys", "passkeys/x/remove", "sms"):
        answer = client.post(f"/portal/ways/{path}", data={"csrf": "wrong", "choice": "off"})
        assert answer.status_code == 403, path
