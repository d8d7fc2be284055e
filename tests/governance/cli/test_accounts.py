"""Staff, systems and customers are let in and out from the command line, on record."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from audit.models import EVENTS
from governance.app.wiring import Wiring
from governance.core.clock import utc_now
from governance.http.principal import PrincipalKind
from governance.identity.clients.presenting import presented
from governance.identity.rules import digest
from governance.identity.service import sign_in
from governance.identity.store import code_by_digest
from tests.governance.cli.line import Line
from tests.installation import add_person


@pytest.fixture
def line(tmp_path: Path) -> Line:
    made = Line(folder=tmp_path / "data")
    made.found()
    return made


@pytest.fixture
def wiring(line: Line) -> Iterator[Wiring]:
    opened = line.wiring()
    yield opened
    opened.close()


def recorded(wiring: Wiring, action: str) -> list[tuple[str, str, str | None, str | None]]:
    """Who did what to whom."""
    with wiring.database.read() as tx:
        rows = tx.execute(
            select(EVENTS.c.actor, EVENTS.c.object_id, EVENTS.c.subject, EVENTS.c.reasons)
            .where(EVENTS.c.action == action)
            .order_by(EVENTS.c.id)
        )
        return [(row.actor, row.object_id, row.subject, row.reasons) for row in rows]


def test_an_added_employee_signs_in_by_the_code_and_acts(line: Line) -> None:
    made = line.done(
        *("staff", "add", "mori", "--name", "架空 結衣", "--role", "auditor"), by="jiro"
    )
    assert made["link"].endswith(f"/sign-in?code={made['code']}")
    line.done("login", "--code", made["code"])
    assert {item["login"] for item in line.done("staff", "list", by="mori")} == {
        "hanako",
        "taro",
        "jiro",
        "mori",
    }


def test_an_addition_is_on_record_with_its_roles_and_without_the_name(
    line: Line, wiring: Wiring
) -> None:
    line.done("staff", "add", "mori", "--name", "架空 結衣", "--role", "support", by="jiro")
    assert recorded(wiring, "identity.created")[-1] == ("u:jiro", "u:mori", None, "role.support")


def test_a_code_is_shown_once_and_stored_as_a_digest(line: Line, wiring: Wiring) -> None:
    made = line.run(
        *("staff", "add", "mori", "--name", "架空", "--role", "support"), by="jiro", as_json=False
    )
    code = made.out.splitlines()[1].strip()
    with wiring.database.read() as tx:
        assert code_by_digest(tx, digest(code)) is not None
    assert code not in line.run("staff", "list", by="jiro", as_json=False).out
    stored = b"".join(p.read_bytes() for p in line.folder.rglob("*") if p.is_file())
    assert code.encode() not in stored


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        (["no_such_role"], "role_unknown"),
        (["mail_sender"], "role_kind"),
        (["customer"], "role_kind"),
        (["privacy_officer", "privacy_approver"], "duties_apart"),
        (["it_operator", "privacy_approver"], "duties_apart"),
    ],
)
def test_roles_that_one_employee_cannot_hold_are_refused(
    line: Line, roles: list[str], code: str
) -> None:
    options = [word for role in roles for word in ("--role", role)]
    assert line.refused("staff", "add", "mori", "--name", "架空", *options, by="jiro") == code
    assert len(line.done("staff", "list", by="jiro")) == 3


def test_a_login_is_given_once_and_has_its_form(line: Line) -> None:
    rest = ("--name", "架空", "--role", "support")
    assert line.refused("staff", "add", "hanako", *rest, by="jiro") == "login_taken"
    assert line.refused("staff", "add", "Mori Yui", *rest, by="jiro") == "login_form"


def test_only_who_may_write_accounts_adds_one(line: Line) -> None:
    rest = ("--name", "架空", "--role", "support")
    for login in ("hanako", "taro"):
        assert line.refused("staff", "add", "mori", *rest, by=login) == "action_forbidden"
    assert line.refused("staff", "add", "mori", *rest, by="nobody") == "not_signed_in"
    assert len(line.done("staff", "list", by="taro")) == 3  # who reviews access sees accounts


def test_an_ended_account_acts_no_more(line: Line, wiring: Wiring) -> None:
    line.hire("mori", "auditor")
    assert line.done("staff", "end", "mori", by="jiro") == {"actor": "u:mori", "sessions": 1}
    assert line.refused("staff", "list", by="mori") == "not_signed_in"
    assert line.refused("staff", "code", "mori", by="jiro") == "account_ended"
    assert line.refused("staff", "end", "mori", by="jiro") == "account_ended"
    assert line.refused("init", "--officer", "mori") == "account_ended"
    assert recorded(wiring, "identity.disabled") == [("u:jiro", "u:mori", None, None)]


def test_the_code_of_an_ended_account_opens_nothing(line: Line) -> None:
    made = line.done("staff", "add", "mori", "--name", "架空", "--role", "support", by="jiro")
    line.done("staff", "end", "mori", by="jiro")
    assert line.refused("login", "--code", made["code"]) == "sign_in_refused"


def test_a_new_code_voids_the_earlier_one(line: Line, wiring: Wiring) -> None:
    old = line.done("staff", "code", "hanako", by="jiro")["code"]
    new = line.done("staff", "code", "hanako", by="jiro")["code"]
    assert line.refused("login", "--code", old) == "sign_in_refused"
    line.done("login", "--code", new)
    assert (
        recorded(wiring, "identity.credential_changed") == [("u:jiro", "u:hanako", None, None)] * 2
    )


def test_an_unknown_login_is_named_as_unknown(line: Line) -> None:
    for words in (("staff", "end"), ("staff", "code"), ("client", "revoke")):
        assert line.refused(*words, "nobody", by="jiro") == "account_unknown"


def test_a_registered_system_is_known_by_its_key(line: Line, wiring: Wiring) -> None:
    made = line.done(
        *("client", "add", "mailer", "--role", "mail_sender", "--purpose", "mail_marketing"),
        by="jiro",
    )
    with wiring.database.read() as tx:
        found = presented(tx, made["key"], at=wiring.clock())
    assert found is not None
    principal = found.principal
    assert principal.id == "svc:mailer"
    assert principal.roles == {"mail_sender"}
    assert principal.purposes == {"mail_marketing"}
    listed = line.run("client", "list", by="hanako")
    assert made["key"] not in listed.out
    assert listed.value == [
        {
            "name": "mailer",
            "roles": ["mail_sender"],
            "purposes": ["mail_marketing"],
            "state": "active",
        }
    ]
    assert recorded(wiring, "identity.created")[-1] == (
        "u:jiro",
        "svc:mailer",
        None,
        "role.mail_sender,purpose.mail_marketing",
    )


def test_a_revoked_key_opens_nothing(line: Line, wiring: Wiring) -> None:
    made = line.done("client", "add", "mailer", "--role", "mail_sender", by="jiro")
    line.done("client", "revoke", "mailer", by="jiro")
    with wiring.database.read() as tx:
        assert presented(tx, made["key"], at=wiring.clock()) is None
    assert line.done("client", "list", by="jiro")[0]["state"] == "ended"
    assert line.refused("client", "revoke", "mailer", by="jiro") == "account_ended"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--role", "support"], "role_kind"),
        (["--role", "no_such_role"], "role_unknown"),
        (["--role", "mail_sender", "--purpose", "no_such_purpose"], "purpose_unknown"),
    ],
)
def test_what_a_system_cannot_be_is_refused(line: Line, options: list[str], code: str) -> None:
    assert line.refused("client", "add", "mailer", *options, by="jiro") == code
    assert line.done("client", "list", by="jiro") == []


def test_only_who_may_write_systems_adds_one(line: Line) -> None:
    words = ("client", "add", "mailer", "--role", "mail_sender")
    assert line.refused(*words, by="hanako") == "action_forbidden"


def test_an_officer_gives_a_customer_one_sign_in(line: Line, wiring: Wiring) -> None:
    person = add_person(wiring)
    made = line.done("customer", "code", person, by="hanako")
    assert recorded(wiring, "identity.credential_changed") == [
        ("u:hanako", f"p:{person}", person, None)
    ]
    session, _ = wiring.database.write(
        lambda tx: sign_in(tx, made["code"], lasting=timedelta(minutes=5), at=utc_now())
    )
    assert (session.actor, session.kind) == (f"p:{person}", PrincipalKind.PERSON)


def test_nobody_else_gives_a_customer_a_sign_in(line: Line, wiring: Wiring) -> None:
    person = add_person(wiring)
    for login in ("taro", "jiro"):
        assert line.refused("customer", "code", person, by=login) == "action_forbidden"
    assert line.refused("customer", "code", "no-such-person", by="hanako") == "customer_unknown"


def test_words_speak_the_language_that_was_asked_for(line: Line) -> None:
    said = line.run("client", "revoke", "nobody", by="jiro", as_json=False)
    assert said.code == 1
    assert said.err.startswith("Error: No employee or system has that login.")
