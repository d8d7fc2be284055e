"""`sekisho consent` and `sekisho webhook` on the command line."""

from functools import partial

import pytest

from consent.choices import Choice
from consent.service import choose
from consent.types import EventKind
from governance.app.staff import add_staff
from governance.app.wiring import Wiring
from governance.cli.main import main
from governance.core.clock import utc_now
from governance.core.settings import Settings
from governance.http.principal import PrincipalKind
from governance.identity.service import issue_code
from tests.governance.cli.conftest import Home, Run, Said
from tests.installation import AT, OFFICER, add_person

OFFERS = "mail_marketing"


def by(run: Run, home: Home, login: str, *words: str, as_json: bool = True) -> Said:
    shared = ("--data", home.data, "--as", login, *(("--json",) if as_json else ()))
    return run(*shared, *words)


def test_choices_are_listed_told_proved_and_counted(run: Run, home: Home) -> None:
    with_choice = _with_choice(home)
    listed = by(run, home, "tanaka", "consent", "list", with_choice, "--purpose", OFFERS)
    assert listed.code == 0, listed.err
    assert {one["decision"] for one in listed.value["cells"]} == {True}
    past = by(run, home, "tanaka", "consent", "history", with_choice)
    assert [one["kind"] for one in past.value] == ["given"]
    proof = by(run, home, "tanaka", "consent", "proof", past.value[0]["id"])
    assert proof.value["proof"]["method"] == "paper"
    words = by(run, home, "tanaka", "consent", "proof", past.value[0]["id"], as_json=False)
    assert "指紋を照合" in words.out
    counted = by(run, home, "tanaka", "consent", "counts", "--monthly", "--purpose", OFFERS)
    assert [(one["kind"], one["month"], one["persons"]) for one in counted.value] == [
        ("given", "2026-10", 1)
    ]
    assert by(run, home, "tanaka", "consent", "due").value == []
    for command in (("list", with_choice), ("history", with_choice), ("counts",), ("due",)):
        assert by(run, home, "tanaka", "consent", *command, as_json=False).code == 0


@pytest.mark.parametrize("command", ["list", "history", "proof"])
def test_nobody_unknown_has_choices(run: Run, home: Home, command: str) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    said = by(run, home, "tanaka", "consent", command, unknown)
    assert (said.code, said.problem["status"]) == (1, 404)


@pytest.fixture(scope="module")
def admin(home: Home) -> str:
    """Who may register systems and addresses."""
    wiring = Wiring.open(Settings(data_dir=home.data))
    at = utc_now()
    make = partial(
        add_staff,
        wiring=wiring,
        login="kanri",
        display_name="kanri",
        roles=("it_operator",),
        at=at,
    )
    actor = wiring.database.write(make)
    code = wiring.database.write(partial(issue_code, actor=actor, kind=PrincipalKind.STAFF, at=at))
    wiring.close()
    assert main(["--data", str(home.data), "login", "--code", code]) == 0
    return "kanri"


def test_an_address_is_added_tested_rotated_and_removed(run: Run, home: Home, admin: str) -> None:
    added = by(run, home, admin, "webhook", "add", "mailer", "https://hooks.example.com/in",
               "--type", "consent.changed", "--type", "policy.applied", "--ed25519")  # fmt: skip
    assert added.code == 0, added.err
    hook = added.value["id"]
    assert added.value["secret"].startswith("whsec_")
    assert added.value["public_key"].startswith("whpk_")
    (listed,) = by(run, home, admin, "webhook", "list").value
    assert (listed["id"], listed["types"]) == (hook, ["consent.changed", "policy.applied"])
    assert "secret" not in listed
    message = by(run, home, admin, "webhook", "test", hook).value["id"]
    (line,) = by(run, home, admin, "webhook", "log", hook, "--state", "waiting").value
    assert (line["id"], line["attempts"]) == (message, 0)
    assert line["next_at"]
    assert by(run, home, admin, "webhook", "resend", message).value == {"resent": 1}
    assert by(run, home, admin, "webhook", "resend", hook).value == {"resent": 0}
    turned = by(run, home, admin, "webhook", "rotate", hook).value
    assert (turned["secrets"], turned["secret"] != added.value["secret"]) == (2, True)
    assert by(run, home, admin, "webhook", "rotate", hook, "--settle").value["secrets"] == 1
    assert by(run, home, admin, "webhook", "enable", hook).value["state"] == "active"
    for command in (("list",), ("log",)):
        assert by(run, home, admin, "webhook", *command, as_json=False).code == 0
    assert by(run, home, admin, "webhook", "remove", hook).code == 0
    assert by(run, home, admin, "webhook", "list").value == []
    assert by(run, home, admin, "webhook", "test", hook).problem["code"] == "webhook_unknown"


def test_addresses_are_for_whom_may_change_systems(run: Run, home: Home, admin: str) -> None:
    words = ("webhook", "add", "mailer", "https://hooks.example.com/in")
    assert by(run, home, "support", *words).problem["status"] == 403
    other = by(run, home, admin, *words[:3], "http://hooks.example.com/in")
    assert (other.code, other.problem["code"]) == (2, "webhook_form")
    unknown = by(run, home, admin, *words, "--type", "person.renamed")
    assert unknown.code == 2


def _with_choice(home: Home) -> str:
    wiring = Wiring.open(Settings(data_dir=home.data), clock=lambda: AT)
    try:
        person = add_person(wiring)
        given = Choice(subject=person, purpose=OFFERS, kind=EventKind.GIVEN, method="paper")
        choose(wiring.ports, OFFICER, given, at=AT)
    finally:
        wiring.close()
    return str(person)
