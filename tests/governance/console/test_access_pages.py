"""The pages of access reviews, without a script: list, review, decision, close, report."""

import re
from collections.abc import Iterator

import pytest

from governance.core.terms import ActorId
from governance.identity.store import staff_by_id
from tests.governance.console.seats import Desk, seated

HOME = "/console/access"
PEOPLE = {
    "po": "privacy_officer",
    "cpo": "privacy_approver",
    "op": "it_operator",
    "aud": "auditor",
    "sup": "support",
    "mkt": "marketing",
}
DAYS = re.compile(r'name="(?:first|last)"[^>]*value="([\d-]+)"')
SEEN = re.compile(r'name="seen-(u:[a-z]+)" value="([0-9a-f]{16})"')
WHY = "担当が変わらないため"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = seated(tmp_path_factory.mktemp("access"), PEOPLE)
    yield made
    made.wiring.close()


def test_a_review_goes_from_its_start_to_its_close_on_pages_alone(desk: Desk) -> None:
    assert "まだ棚卸しがありません" in desk.page("aud", HOME)
    for who in ("op", "aud", "sup"):
        assert desk.send(who, "POST", f"{HOME}/start").status_code == 403
    begun = desk.send("po", "POST", f"{HOME}/start")
    assert begun.status_code == 303
    place = begun.headers["location"]
    assert desk.send("po", "POST", f"{HOME}/start").status_code == 409
    page = desk.page("po", place)
    seen = dict(SEEN.findall(page))
    assert set(seen) == {"u:cpo", "u:op", "u:aud", "u:sup", "u:mkt"}  # never the own one
    assert 'name="account"' not in desk.page("aud", place)  # whoever only looks has no form

    account = f"{place}/accounts/u:mkt"
    shown = desk.page("po", account)
    assert "販促" in shown
    fault = desk.send("po", "POST", account, seen=seen["u:mkt"], verdict="remove", reason=WHY)
    assert fault.status_code == 422
    assert WHY in fault.text  # what was typed stays
    form = {"taken": ["marketing"], "verdict": "remove", "seen": seen["u:mkt"], "reason": WHY}
    assert desk.send("po", "POST", account, form).status_code == 303
    with desk.wiring.database.read() as tx:
        marketer = staff_by_id(tx, ActorId("u:mkt"))
    assert marketer is not None
    assert not marketer.roles

    picked = ["u:cpo", "u:op", "u:aud", "u:sup"]
    stale = {"account": picked, **{f"seen-{one}": "0" * 16 for one in picked}}
    assert desk.send("po", "POST", f"{place}/keep", stale).status_code == 409
    whole = {"account": picked, **{f"seen-{one}": seen[one] for one in picked}, "reason": WHY}
    assert desk.send("po", "POST", f"{place}/keep", whole).status_code == 303
    own = f"{place}/accounts/u:po"
    assert 'name="verdict"' not in desk.page("po", own)
    assert desk.send("po", "POST", own, verdict="keep", seen="x", reason=WHY).status_code == 403
    assert desk.send("cpo", "POST", f"{place}/close").status_code == 409
    fresh = dict(SEEN.findall(desk.page("cpo", place)))["u:po"]
    assert desk.send("cpo", "POST", own, verdict="keep", seen=fresh, reason=WHY).status_code == 303
    assert desk.send("po", "POST", f"{place}/close").status_code == 403
    assert desk.send("cpo", "POST", f"{place}/close").status_code == 303
    closed = desk.page("aud", place)
    assert "この棚卸しは完了しています" in closed
    assert desk.send("po", "POST", account, form).status_code == 409
    since, until = DAYS.findall(desk.page("aud", HOME))
    sent = {"report": "R13", "first": since, "last": until, "form": "html"}
    file = desk.send("aud", "POST", "/console/reports", sent)
    assert file.status_code == 200
    assert "mkt" in file.text


@pytest.mark.parametrize("path", ["/2099Q1", "/x%20y", "/2099Q1/accounts/u:po"])
def test_what_is_not_there_is_not_found_and_whoever_may_not_look_is_told_nothing(
    desk: Desk, path: str
) -> None:
    assert desk.send("aud", "GET", HOME + path).status_code == 404
    known = desk.send("sup", "GET", HOME)
    assert known.status_code == desk.send("sup", "GET", HOME + path).status_code == 403
    assert desk.send("aud", "POST", f"{HOME}{path}").status_code in (403, 404, 405)


def test_a_form_of_another_page_does_nothing(desk: Desk) -> None:
    assert desk.send("po", "POST", f"{HOME}/start", csrf="another").status_code == 403
