"""The pages of staff accounts: secrets once, a page before grave acts, the operator's alone."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from governance.app.factory import create_app
from governance.core.terms import ActorId
from governance.identity.store import SESSION, staff_by_id
from governance.identity.types import AccountState, Staff
from tests.governance.console.seats import Desk, seated

HOME = "/console/staff"
PEOPLE = {"op": "it_operator", "aud": "auditor", "sup": "support", "po": "privacy_officer"}
CODE = re.compile(r'id="code">([A-Za-z0-9_-]{40,})<')


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = seated(tmp_path_factory.mktemp("staff"), PEOPLE)
    yield made
    made.wiring.close()


def known(desk: Desk, login: str) -> Staff:
    with desk.wiring.database.read() as tx:
        found = staff_by_id(tx, ActorId(f"u:{login}"))
    assert found is not None
    return found


def invited(desk: Desk, login: str, *roles: str, **fields: str) -> str:
    form = {"login": login, "name": "架空　花子", "role": list(roles), **fields}
    answer = desk.send("op", "POST", HOME, form)
    assert answer.status_code in (200, 303), answer.text
    return answer.text


def test_a_new_account_s_code_is_shown_this_once_or_goes_by_mail(desk: Desk) -> None:
    code = CODE.findall(invited(desk, "hanako", "support"))[0]
    place = f"{HOME}/hanako"
    assert code not in desk.page("op", place)
    shown = desk.page("aud", place)
    assert "サポート担当" in shown
    assert "架空　花子" in shown
    assert 'action="/console/staff/hanako/roles"' not in shown  # who oversees changes nothing
    assert not CODE.findall(
        invited(desk, "rokuro", "sales", address="rokuro@example.com", lang="en")
    )
    page = desk.page("op", f"{HOME}/rokuro")
    assert "rokuro@example.com" not in page
    assert 'value="en" selected' in page
    assert desk.send("op", "POST", f"{HOME}/rokuro/invitation").status_code == 303
    assert desk.send("op", "POST", f"{HOME}/hanako/invitation").status_code == 409


def test_roles_change_and_those_kept_apart_are_told_before_and_refused(desk: Desk) -> None:
    invited(desk, "jiro", "sales")
    place = f"{HOME}/jiro"
    assert "一緒に持てない役割" in desk.page("op", place)
    both = {"role": ["privacy_officer", "privacy_approver"]}
    refused = desk.send("op", "POST", f"{place}/roles", both)
    assert refused.status_code == 403
    assert "S-01" in refused.text or "privacy_approver" in refused.text
    assert known(desk, "jiro").roles == {"sales"}
    assert desk.send("op", "POST", f"{place}/roles", {"role": ["support"]}).status_code == 303
    assert known(desk, "jiro").roles == {"support"}
    assert "与えた役割：サポート担当" not in desk.page("sup", place, 403)


def test_grave_acts_have_a_page_of_their_own_and_hold_at_once(desk: Desk) -> None:
    invited(desk, "goro", "support")
    place = f"{HOME}/goro"
    for act, state in (
        ("suspend", AccountState.SUSPENDED),
        ("resume", AccountState.ACTIVE),
        ("sign-out", AccountState.ACTIVE),
        ("end", AccountState.ENDED),
    ):
        assert "goro" in desk.page("op", f"{place}/{act}")
        assert desk.send("op", "POST", f"{place}/{act}").status_code == 303
        assert known(desk, "goro").state is state
    for act in ("suspend", "reset", "roles", "invitation"):
        assert desk.send("op", "POST", f"{place}/{act}", seen="video").status_code == 409
    invited(desk, "shiro", "support")
    assert 'name="seen" value="in_person"' in desk.page("op", f"{HOME}/shiro/reset")
    for unsaid in ("", "trust me"):  # nobody is let in again unseen
        assert desk.send("op", "POST", f"{HOME}/shiro/reset", seen=unsaid).status_code == 422
    reset = desk.send("op", "POST", f"{HOME}/shiro/reset", seen="in_person")
    assert reset.status_code == 200
    assert reset.headers["cache-control"] == "no-store"
    code = CODE.findall(reset.text)[0]
    assert code not in desk.page("op", f"{HOME}/shiro")


def test_a_session_left_open_does_none_of_it(desk: Desk) -> None:
    later = replace(desk.wiring, clock=lambda: desk.wiring.clock() + timedelta(minutes=20))
    late = Desk(later, create_app(later), desk.seats)
    desk.wiring.database.write(
        lambda tx: tx.execute(
            SESSION.update().where(SESSION.c.actor == "u:op").values(level="password")
        )
    )
    try:
        answer = late.send("op", "POST", HOME, {"login": "x9", "name": "x", "role": ["support"]})
    finally:
        desk.wiring.database.write(
            lambda tx: tx.execute(
                SESSION.update().where(SESSION.c.actor == "u:op").values(level="code")
            )
        )
    assert answer.status_code == 403
    assert "/account/confirm" in answer.text
    with desk.wiring.database.read() as tx:
        assert staff_by_id(tx, ActorId("u:x9")) is None


def test_only_the_operator_acts_and_no_answer_tells_whether_an_account_is_there(
    desk: Desk,
) -> None:
    for path in ("", "/op", "/nobody", "/op/end"):
        assert desk.send("sup", "GET", HOME + path).status_code == 403
    for path in ("/nobody", "/nobody/end", "/op/explode"):
        assert desk.send("op", "GET", HOME + path).status_code == 404
    bodies = {desk.send("aud", "POST", f"{HOME}/{login}/end").text for login in ("sup", "nobody")}
    assert (
        len({re.sub(r"[0-9a-f-]{36}|value=\"[^\"]*\"|(sup|nobody)", "", one) for one in bodies})
        == 1
    )
    assert desk.send("aud", "POST", f"{HOME}/sup/end").status_code == 403
    assert known(desk, "sup").state is AccountState.ACTIVE
    own = desk.send("op", "POST", f"{HOME}/op/roles", {"role": ["privacy_officer"]})
    assert own.status_code == 403
    assert known(desk, "op").roles == {"it_operator"}
    assert desk.send("op", "POST", f"{HOME}/sup/end", csrf="x").status_code == 403


def test_the_list_is_narrowed_by_role_and_comes_as_a_file(desk: Desk) -> None:
    page = desk.page("aud", f"{HOME}?role=privacy_officer")
    assert f'{HOME}/po"' in page
    assert f'{HOME}/sup"' not in page
    file = desk.send("aud", "GET", "/console/lists/staff/csv?role=privacy_officer")
    assert file.status_code == 200
    assert "po" in file.text
    assert "サポート担当" not in file.text
