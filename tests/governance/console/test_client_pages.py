"""The pages of calling systems: a key is shown once, and only whoever may acts."""

import re
from collections.abc import Iterator

import pytest

from governance.identity.clients.presenting import presented
from tests.governance.console.seats import Desk, seated
from tests.installation import AT

KEY = re.compile(r"sk_[A-Za-z0-9_-]{40,}")


class Systems(Desk):
    """The same, with what the tests ask of keys."""

    def opens(self, key: str) -> bool:
        with self.wiring.database.read() as tx:
            return presented(tx, key, at=AT) is not None

    def add(self, name: str) -> str:
        answer = self.send(
            "op", "POST", "/console/clients",
            name=name, role="mail_sender", purposes="mail_marketing",
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        return KEY.findall(answer.text)[0]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Systems]:
    people = {"op": "it_operator", "aud": "auditor", "sup": "support"}
    made = seated(tmp_path_factory.mktemp("clients"), people)
    yield Systems(made.wiring, made.app, made.seats)
    made.wiring.close()


def test_a_new_system_s_key_is_shown_this_once(desk: Systems) -> None:
    key = desk.add("mailer")
    assert desk.opens(key)
    shown = desk.send("aud", "GET", "/console/clients/mailer").text
    assert key[:12] in shown
    assert not KEY.search(shown)
    assert "mailer" in desk.send("aud", "GET", "/console/clients").text


def test_keys_are_exchanged_and_ended_and_limits_set(desk: Systems) -> None:
    first = desk.add("shop")
    place = "/console/clients/shop"
    second = KEY.findall(desk.send("op", "POST", f"{place}/rotate").text)[0]
    assert desk.opens(first)
    assert desk.opens(second)
    assert desk.send("op", "POST", f"{place}/rotate").status_code == 409
    assert desk.send("op", "POST", f"{place}/end-key", prefix=first[:12]).status_code == 303
    assert not desk.opens(first)
    assert desk.send("op", "POST", f"{place}/limit", rate="25").status_code == 303
    assert 'value="25"' in desk.send("op", "GET", place).text
    for wrong in ("-1", "many", "9" * 30, "<b>", "1e9"):
        assert desk.send("op", "POST", f"{place}/limit", rate=wrong).status_code == 422
    assert desk.send("op", "POST", f"{place}/end").status_code == 303
    assert not desk.opens(second)


@pytest.mark.parametrize(
    ("name", "role"),
    [("", "mail_sender"), ("<script>", "mail_sender"), ("x", "nobody"), ("ok-name", "support"),
     ("mailer", "mail_sender"), ("日本語", "mail_sender"), ("a" * 5_000, "mail_sender")],
)  # fmt: skip
def test_what_is_no_system_is_refused(desk: Systems, name: str, role: str) -> None:
    if name == "mailer" and "mailer" not in desk.send("op", "GET", "/console/clients").text:
        desk.add("mailer")
    answer = desk.send("op", "POST", "/console/clients", name=name, role=role)
    assert answer.status_code in (409, 422)
    assert "<script>" not in answer.text
    assert not KEY.search(answer.text)


def test_only_whoever_may_acts_and_forms_of_others_do_nothing(desk: Systems) -> None:
    assert desk.send("sup", "GET", "/console/clients").status_code == 403
    assert desk.send("aud", "POST", "/console/clients", name="x1", role="shop").status_code == 403
    assert 'id="add-client"' not in desk.send("aud", "GET", "/console/clients").text
    answer = desk.send("op", "POST", "/console/clients", csrf="another", name="x2", role="shop")
    assert answer.status_code == 403
    for path in ("", "/rotate", "/end"):
        method = "POST" if path else "GET"
        assert desk.send("op", method, f"/console/clients/unknown{path}").status_code == 404
