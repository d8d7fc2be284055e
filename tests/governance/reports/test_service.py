"""A report is made by who may, for days that have come, and is itself on record."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import select

from audit.models import EVENTS
from governance.app.wiring import Wiring
from governance.reports.service import KINDS
from governance.reports.types import ReportId
from tests.governance.cli.line import Line

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Line:
    made = Line(folder=tmp_path_factory.mktemp("reports") / "data")
    made.found()
    made.hire("ogawa", "auditor")
    made.hire("mori", "support")
    return made


@pytest.fixture
def wiring(line: Line) -> Iterator[Wiring]:
    opened = line.wiring()
    yield opened
    opened.close()


def test_a_report_is_a_new_file_and_on_record_by_its_digest(
    line: Line, wiring: Wiring, tmp_path: Path
) -> None:
    path = tmp_path / "r14.html"
    words = ("report", "R14", "--format", "html", "--output", str(path))
    told = line.done(*words, by="ogawa")
    with wiring.database.read() as tx:
        event = tx.execute(select(EVENTS).where(EVENTS.c.action == "report.created")).one()
    assert (event.actor, event.object_id, event.reasons) == ("u:ogawa", "R14", "html")
    digest, size = sha256(path.read_bytes()).hexdigest(), told["checkpoint"]["size"]
    assert event.refs.startswith(f"sha256:{digest},tree:{size},from:")
    assert path.stat().st_mode & 0o077 == 0
    assert line.refused(*words, by="ogawa") == "output_exists"


def test_a_report_rests_on_a_checkpoint_that_holds_everything_before_it(line: Line) -> None:
    told = line.done("report", "R14", by="ogawa")
    found = {one["key"]: one["value"] for part in told["sections"] for one in part["figures"]}
    assert found["size"] == found["verified_size"] == told["checkpoint"]["size"]
    assert found["verdict"] == "verified_self_signed"


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("form", ["md", "html", "csv", "json"])
def test_every_form_is_printed(line: Line, lang: str, form: str) -> None:
    said = line.run("report", "R14", "--format", form, "--lang", lang, by="ogawa", as_json=False)
    assert said.code == 0
    assert ("監査ログ" in said.out) is (lang == "ja")
    if form == "json":
        assert json.loads(said.out)["report"] == "R14"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("R99",), "report_unknown"),
        (("R14", "--format", "pdf"), "option_choice"),
        (("R14", "--from", "2026-11-02", "--to", "2026-11-01"), "report_period"),
        (("R14", "--from", "2999-01-01", "--to", "2999-01-02"), "report_period"),
    ],
)
def test_what_cannot_be_made_is_refused(line: Line, words: tuple[str, ...], code: str) -> None:
    assert line.refused("report", *words, by="ogawa") == code


def test_who_may_not_read_the_log_gets_no_report_of_it(line: Line) -> None:
    assert line.refused("report", "R14", by="mori") == "action_forbidden"


@pytest.mark.parametrize("id_", list(ReportId))
def test_every_report_is_made_and_documented_in_both_languages(id_: ReportId) -> None:
    assert id_ in KINDS
    page = (DOCS / "reports.md").read_text(encoding="utf-8")
    assert f"## {id_.value} " in page
