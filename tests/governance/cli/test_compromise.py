"""The runbook of docs/operations.md runs, line by line, as the page says and by whom it says."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import select

from audit.models import EVENTS
from governance.app.wiring import Wiring
from governance.core.clock import JST, utc_now
from governance.core.settings import Settings
from tests.governance.cli.line import Line, Said
from tests.installation import customer, register, write_file

PAGE: Final = Path(__file__).parents[3] / "docs" / "operations.md"
BY: Final = {"operator": "jiro", "officer": "hanako", "approver": "taro"}
STANDS: Final = frozenset({("pause", "show")})  # 1 by what it found, not by a refusal
PASSPHRASE: Final = "SEKISHO_KEY_PASSPHRASE_FILE"
RUN: Final = re.compile(r"^sekisho (?P<words>[^#]+?) *# (?P<who>\w+)", re.MULTILINE)


def lines() -> list[tuple[str, tuple[str, ...]]]:
    """Who does what, in the order of the page."""
    page = PAGE.read_text(encoding="utf-8").partition("## 鍵が漏れたとき")[2]
    block = page.partition("```sh\n")[2].partition("```")[0]
    found = [(BY[one["who"]], tuple(one["words"].split())) for one in RUN.finditer(block)]
    assert len(found) == sum(row.startswith("sekisho ") for row in block.splitlines())
    return found


@dataclass
class Desk:
    """The people at their command lines, and what the words in capitals stand for by now."""

    line: Line
    folder: Path
    known: dict[str, str] = field(default_factory=dict)

    def run(self, by: str, words: tuple[str, ...]) -> Said:
        said = self.line.run(*(self.known.get(word, word) for word in words), by=by)
        if said.code == 0 and words[:2] == ("keys", "compromised"):
            made = said.value
            self.known |= {"BREACH": made["breach"]["id"], "APPROVAL": made["approval"] or "-"}
        return said


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder: Path = tmp_path_factory.mktemp("compromise")
    line = Line(folder=folder / "data")
    line.found()
    line.hire("kacho", "data_manager")
    line.done("import", str(write_file(folder, register([customer(1), customer(2)]))), by="kacho")
    line.done("client", "add", "shop", "--role", "shop", by="jiro")
    hook = line.done("webhook", "add", "shop", "https://hooks.example.com/a", by="jiro")
    (backups := folder / "backups").mkdir(mode=0o700)
    fresh = folder / "passphrase"
    fresh.write_text("架空の新しい合言葉 2026 とても長い\n", encoding="utf-8")
    fresh.chmod(0o600)
    known = {
        "WEBHOOK": hook["id"],
        "EPOCH": utc_now().astimezone(JST).date().isoformat(),
        "FILE": str(folder / "verifier.pyz"),
        "BUNDLE": str(folder / "log.bundle"),
        "BACKUPS": str(backups),
        "PASSPHRASE": str(fresh),
    }
    return Desk(line=line, folder=folder, known=known)


@pytest.fixture
def tomorrow(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The installation's clock is a day ahead, so that the epoch it began with is not today's."""
    if "SET" in desk.known:
        monkeypatch.setenv(PASSPHRASE, desk.known["SET"])
    ahead = lambda: utc_now() + timedelta(days=1)  # noqa: E731 # a clock
    monkeypatch.setitem(Wiring.open.__func__.__kwdefaults__, "clock", ahead)  # type: ignore[attr-defined] # of a classmethod


def test_today_s_epoch_stands_still_until_it_can_end(desk: Desk) -> None:
    made = desk.line.done("keys", "compromised", "epoch", desk.known["EPOCH"], by="jiro")
    assert [act["what"] for act in made["done"]] == ["recorded", "paused"]
    assert made["approval"] is None
    assert "tomorrow" in {step["why"] for step in made["next"]}
    assert desk.line.refused("pause", "off", by="jiro") == "action_forbidden"
    desk.line.done("pause", "off", by="hanako")
    desk.line.done("breach", "close", made["breach"]["id"], "--outcome", "drill", by="hanako")


def test_every_command_of_the_runbook_runs(
    desk: Desk, tomorrow: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del tomorrow
    done: list[tuple[str, ...]] = []
    for by, words in lines():
        said = desk.run(by, words)
        if words[0] == "doctor":
            assert said.code in {0, 1}, said.err
        else:
            assert said.code == (1 if words[:2] in STANDS else 0), f"{words}: {said.err}"
        done.append(words)
        if words[:2] == ("keys", "compromised"):
            _promised(said.value)
        if words[:2] == ("keys", "passphrase"):  # the settings name the file from now on
            desk.known["SET"] = desk.known["PASSPHRASE"]
            monkeypatch.setenv(PASSPHRASE, desk.known["SET"])
        if words[:3] == ("keys", "compromised", "client"):
            _nothing_opens(desk)
    assert {words[2] for words in done if words[:2] == ("keys", "compromised")} == {
        *("client", "staff", "webhook", "log", "index", "epoch", "provider")
    }
    epochs = {item["epoch"]: item for item in desk.line.done("keys", "status", by="jiro")["epochs"]}
    assert epochs[desk.known["EPOCH"]]["stage"] == "destroyed"


def _promised(made: dict[str, Any]) -> None:
    """What the page says of each kind is what was done."""
    acts = {act["what"] for act in made["done"]}
    assert "recorded" in acts
    assert ("paused" in acts) is (made["suspect"] in {"index", "epoch", "provider"})
    assert (made["approval"] is not None) is (made["suspect"] == "epoch")
    assert bool(made["shown"]) is (made["suspect"] in {"webhook", "log"})
    commands = [step["command"] for step in made["next"]]
    assert commands[-1].startswith("sekisho breach close")
    assert {one["rule"] for one in made["breach"]["reports"]} == {
        *("appi_sokuho", "appi_kakuho_60", "appi_persons", "gdpr_72h", "gdpr_persons")
    }


def _nothing_opens(desk: Desk) -> None:
    """The key of before opens nothing, and the record's clock began when somebody knew."""
    shown = desk.line.done("client", "show", "shop", by="jiro")
    assert all(key["ended_at"] for key in shown["keys"])
    told = desk.line.run("client", "show", "shop", by="jiro", as_json=False).out
    assert "Nov 2026" in told  # days in words for people, ISO 8601 for programs alone
    assert "2026-11" not in told
    breach = desk.line.done("breach", "show", desk.known["BREACH"], by="hanako")
    by_rule = {one["rule"]: one["by"] for one in breach["reports"]}
    assert breach["aware_at"].startswith("2026-11-26T00:00")  # 09:00 in Japan
    assert by_rule["appi_sokuho"] == "2026-11-30"  # the day of knowing is the first of five
    assert by_rule["gdpr_72h"] == "2026-11-29T09:00:00+09:00"


def test_the_log_says_of_every_key_what_was_done(desk: Desk, tomorrow: None) -> None:
    del tomorrow
    named = Path(desk.known["SET"])
    wiring = Wiring.open(Settings(data_dir=desk.line.folder, key_passphrase_file=named))
    with wiring.database.read() as tx:
        wanted = select(EVENTS).where(EVENTS.c.action == "key.compromised")
        rows = tx.execute(wanted.order_by(EVENTS.c.id)).all()
    wiring.close()
    assert {row.reasons for row in rows} >= {"client", "staff", "webhook", "log", "provider"}
    assert all("breach:" in row.refs and row.actor == "u:jiro" for row in rows)


@pytest.mark.parametrize(
    ("by", "words", "refusal"),
    [
        ("hanako", ("client", "shop"), "action_forbidden"),
        ("taro", ("log",), "action_forbidden"),
        ("jiro", ("client", "nobody"), "account_unknown"),
        ("jiro", ("client",), "suspect_target"),
        ("jiro", ("log", "x"), "suspect_target"),
        ("jiro", ("epoch", "1999-01-01"), "suspect_target"),
        ("jiro", ("index", "person.nothing"), "suspect_target"),
        ("jiro", ("staff", "jiro"), "own_account"),
        ("jiro", ("key",), "option_choice"),
        ("jiro", ("client", "shop", "--aware", "2999-01-01"), "breach_form"),
    ],
)
def test_what_is_refused_changes_nothing(
    desk: Desk, tomorrow: None, by: str, words: tuple[str, ...], refusal: str
) -> None:
    del tomorrow
    before = desk.line.done("breach", "list", "--all", by="hanako")
    keys = desk.line.done("client", "show", "shop", by="jiro")["keys"]
    assert desk.line.refused("keys", "compromised", *words, by=by) == refusal
    assert desk.line.done("breach", "list", "--all", by="hanako") == before
    assert desk.line.done("client", "show", "shop", by="jiro")["keys"] == keys
    assert desk.line.done("pause", "show", by="hanako") == {"paused": False}


def test_the_words_for_people_name_every_step(desk: Desk, tomorrow: None) -> None:
    del tomorrow
    said = desk.line.run("keys", "compromised", "client", "shop", by="jiro", as_json=False)
    assert said.code == 0, said.err
    for words in ("Done at once", "What comes next", "sekisho client rotate shop", "Preliminary"):
        assert words in said.out
