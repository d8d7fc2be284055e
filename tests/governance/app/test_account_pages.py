"""The pages of signing in and of the own account, without script; cookies and headers."""

import re
from datetime import timedelta

import httpx
import pyotp
import pytest

from governance.app.factory import create_app
from governance.identity.credentials.hashing import Cost, Hasher
from governance.identity.middleware import SESSION_COOKIE
from tests.governance.app.conftest import Town
from tests.governance.app.test_sign_in import BROWSER, token
from tests.installation import AT
from tests.serving import served

PASSWORD = "mizu to tetsu no uta"  # invented
KEY = re.compile(r"<code>((?:[A-Z2-7]{4} ?){8})</code>")


def sent(client: httpx.Client, path: str, **form: str) -> httpx.Response:
    """The answer to a form of the account page."""
    csrf = token(client.get("/account", headers=BROWSER))
    return client.post(path, data={"csrf": csrf, **form}, headers=BROWSER)


def test_the_way_in_by_password_and_application(town: Town) -> None:
    client = town.signed_in("u:auditor")
    assert client.get("/account", headers=BROWSER).status_code == 200
    short = sent(client, "/account/password", password="kurz")
    assert short.status_code == 422
    assert "15文字以上" in short.text
    assert "kurz" not in short.text
    assert sent(client, "/account/password", password=PASSWORD).status_code == 303
    assert sent(client, "/account/totp").status_code == 303
    page = client.get("/account", headers=BROWSER)
    assert "<svg" in page.text
    key = KEY.search(page.text)
    assert key is not None
    made = pyotp.TOTP(key[1].replace(" ", ""))
    assert sent(client, "/account/totp/confirm", code="000000").status_code in (303, 422)
    assert sent(client, "/account/totp/confirm", code=made.at(AT)).status_code == 303
    assert KEY.search(client.get("/account", headers=BROWSER).text) is None

    other = town.client()
    wrong = other.post(
        "/sign-in/password", data={"login": "auditor", "password": "wrong"}, headers=BROWSER
    )
    assert wrong.status_code == 401
    assert "wrong" not in wrong.text.replace("sk-wrong", "").replace("-wrong", "")
    half = other.post("/sign-in/password", data={"login": "auditor", "password": PASSWORD})
    assert half.headers["location"] == "/sign-in/second"
    assert SESSION_COOKIE not in other.cookies
    assert other.get("/console").status_code == 401
    assert other.get("/sign-in/second", headers=BROWSER).status_code == 200
    refused = other.post("/sign-in/second", data={"code": "１２３ ４５６"}, headers=BROWSER)
    assert refused.status_code == 422
    late = made.at(AT + timedelta(seconds=30))  # of the next half minute: the one before was used
    whole = other.post("/sign-in/second", data={"code": late})
    assert whole.headers["location"] == "/console"
    cookies = " ".join(whole.headers.get_list("set-cookie")).lower()
    assert cookies.count("httponly") >= 2
    assert "sekisho_device" in cookies
    assert other.get("/console").status_code == 200


def test_recovery_codes_are_shown_once(town: Town) -> None:
    client = town.signed_in("u:marketing")
    assert sent(client, "/account/recovery").status_code == 422
    sent(client, "/account/totp")
    key = KEY.search(client.get("/account", headers=BROWSER).text)
    assert key is not None
    sent(client, "/account/totp/confirm", code=pyotp.TOTP(key[1].replace(" ", "")).at(AT))
    shown = sent(client, "/account/recovery")
    codes = re.findall(r"[0-9a-z]{4}(?:-[0-9a-z]{4}){3}", shown.text)
    assert len(codes) == 10
    assert not any(code in client.get("/account", headers=BROWSER).text for code in codes)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"login": "x" * 5000, "password": "y" * 5000},
        {"login": "<script>alert(1)</script>", "password": "=1+1"},
        {"login": "\u0000", "password": "\U0001f600"},
        {"login": "u:auditor", "password": "' OR 1=1"},
    ],
)
def test_bad_input_is_one_answer_and_comes_back_harmless(town: Town, form: dict[str, str]) -> None:
    answer = town.client().post("/sign-in/password", data=form, headers=BROWSER)
    assert answer.status_code in (401, 429)
    assert "<script>alert" not in answer.text
    assert SESSION_COOKIE not in answer.cookies


@pytest.mark.parametrize(
    "path", ["/sign-in/password", "/sign-in/second", "/sign-in/passkey", "/sign-in/passkey/options"]
)
def test_no_step_is_taken_for_another_sites_page(town: Town, path: str) -> None:
    headers = {"sec-fetch-site": "cross-site"}
    assert town.client().post(path, data={}, headers=headers).status_code == 403


def test_an_account_page_belongs_to_signed_in_staff(town: Town, person: httpx.Client) -> None:
    assert town.client().get("/account").status_code == 401
    assert person.get("/account").status_code == 401
    csrf = token(person.get("/portal", headers=BROWSER))
    answer = person.post("/account/password", data={"csrf": csrf, "password": PASSWORD})
    assert answer.status_code == 401


def test_forms_of_the_account_need_their_token(town: Town) -> None:
    client = town.signed_in("u:support")
    for path in ("password", "totp", "recovery", "passkeys/options", "sessions/end", "confirm"):
        assert client.post(f"/account/{path}", data={"csrf": "guess"}).status_code == 403


@pytest.mark.parametrize(
    "answer", ["", "{}", "[]", "{" * 9000, '{"rawId": "AAAA"}', "null", "\u3042"]
)
def test_a_passkey_that_nobody_has_opens_nothing(town: Town, answer: str) -> None:
    client = town.client()
    options = client.post("/sign-in/passkey/options").json()
    assert options["userVerification"] == "required"
    assert "allowCredentials" not in options or options["allowCredentials"] == []
    refused = client.post("/sign-in/passkey", data={"answer": answer})
    assert refused.status_code in (401, 422)
    assert SESSION_COOKIE not in client.cookies


def test_the_material_and_its_test_are_read_and_taken(town: Town) -> None:
    client, path = town.signed_in("u:support"), "/console/training/courses/basics"
    assert client.get("/console/training/courses/nothing").status_code == 404
    page = client.get(path, headers=BROWSER)
    assert page.text.count('type="radio"') == 18
    csrf = token(page)
    missing = client.post(path, data={"csrf": csrf, "q0": "9" * 5000, "q1": "<b>"}, headers=BROWSER)
    assert missing.status_code == 422
    wrong = client.post(
        path, data={"csrf": csrf, **{f"q{n}": "0" for n in range(6)}}, headers=BROWSER
    )
    assert "合格点に届きませんでした" in wrong.text
    right = {"q0": "1", "q1": "1", "q2": "1", "q3": "2", "q4": "1", "q5": "1"}
    assert "合格しました" in client.post(path, data={"csrf": csrf, **right}, headers=BROWSER).text
    assert client.post(path, data={"csrf": "x", **right}).status_code == 403
    assert 'id="register"' not in client.get("/console/training", headers=BROWSER).text


def test_whoever_keeps_the_register_sees_it_and_puts_attendances_down(town: Town) -> None:
    client = town.signed_in("u:privacy_officer")
    page = client.get("/console/training", headers=BROWSER)
    assert 'id="register"' in page.text
    form = {"csrf": token(page), "course": "basics"}
    put = {**form, "login": "marketing"}
    assert client.post("/console/training/attendance", data=put).status_code == 303
    for login, status in (("privacy_officer", 403), ("nobody", 404), ("<b>" * 2000, 404)):
        answer = client.post(
            "/console/training/attendance", data={**form, "login": login}, headers=BROWSER
        )
        assert answer.status_code == status
    support = town.signed_in("u:support")
    csrf = token(support.get("/console/training", headers=BROWSER))
    put = {"csrf": csrf, "login": "marketing", "course": "basics"}
    assert support.post("/console/training/attendance", data=put).status_code == 403


def test_a_role_for_a_time_is_asked_for_and_given_on_the_page(town: Town) -> None:
    support, officer = town.signed_in("u:support"), town.signed_in("u:privacy_officer")
    path = "/console/elevation"
    form = {"csrf": token(support.get(path, headers=BROWSER)), "role": "sales", "minutes": "30"}
    for wrong in (
        {"reason": ""},
        {"reason": "応援", "minutes": "9" * 99},
        {"role": "<b>", "reason": "応援のため"},
    ):
        assert support.post(path, data={**form, **wrong}, headers=BROWSER).status_code == 422
    reason = "<script>alert(1)</script> 応援のため"
    assert support.post(path, data={**form, "reason": reason}).status_code == 303
    page = officer.get(path, headers=BROWSER)
    assert "<script>alert" not in page.text
    found = re.search(r"/console/elevation/approvals/([0-9a-f-]{36})", page.text)
    assert found is not None
    give = f"{path}/approvals/{found[1]}"
    assert support.post(give, data={"csrf": form["csrf"], "answer": "give"}).status_code == 403
    csrf = token(page)
    assert officer.post(give, data={"csrf": csrf, "answer": "give"}).status_code == 303
    held = support.get(path, headers=BROWSER).text
    end = re.search(r'action="(/console/elevation/[0-9a-f-]{36}/end)"', held)
    assert end is not None
    assert town.signed_in("u:privacy_approver").post(end[1], data={"csrf": "x"}).status_code == 403
    assert support.post(end[1], data={"csrf": form["csrf"]}).status_code == 303


def test_whoever_comes_beyond_the_queue_is_told_so_in_their_language(town: Town) -> None:
    app = create_app(town.wiring)
    app.state.hasher = Hasher(Cost(memory_kib=64, passes=1, at_once=1, waiting=0))
    form = {"login": "auditor", "password": "x"}
    with served(app) as base, app.state.hasher.place():
        for lang, words in (
            ("ja", "混み合っています"),
            ("en", "Many people are signing in"),
            ("ja", "混み合っています"),
        ):
            headers = {**BROWSER, "accept-language": lang}
            answer = httpx.post(f"{base}/sign-in/password", data=form, headers=headers)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert words in answer.text
            assert "auditor" not in answer.text
