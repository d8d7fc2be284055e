"""`sekisho catalogue`: own fields are checked, shown, found idle and closed from the shell."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.customers.catalogue import install
from governance.customers.custom.declaration import NOTHING
from tests.governance.cli.line import Line

FIELD = """\
fields:
  shoe_size:
    on: person
    label: 靴のサイズ / Shoe size
    type: text
    purposes: [order_support]
    category: preference
    sensitivity: ordinary
    retention: customer_master
    owner: customer_desk
"""


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    made = Line(folder=tmp_path / "data")
    made.found()
    made.hire("kanri", "data_manager")
    yield made
    install(NOTHING.catalogue())


def declare(line: Line, text: str = FIELD) -> None:
    folder = line.folder / "catalogue.d"
    folder.mkdir(exist_ok=True)
    (folder / "own.yaml").write_text(text, encoding="utf-8")


def test_the_shipped_catalogue_is_sound_and_shown(line: Line) -> None:
    found = line.done("catalogue", "check")
    assert (found["faults"], found["own_fields"], found["retired"]) == ([], 0, [])
    (table,) = line.done("catalogue", "show", "relation")
    assert table["edges"][0]["on_erase"] == "empty"
    email = next(
        f
        for entry in line.done("catalogue", "show")
        for f in entry["fields"]
        if f["id"] == "person.email"
    )
    assert email["dpv"] == "dpv-pd:EmailAddress"
    assert line.refused("catalogue", "show", "shoes") == "catalogue_invalid"


def test_a_fault_is_told_with_file_line_and_key(line: Line, tmp_path: Path) -> None:
    declare(line, FIELD.replace("type: text", "type: string"))
    said = line.run("catalogue", "check")
    assert said.code == 1
    (fault,) = said.value["faults"]
    assert (fault["file"], fault["line"], fault["key"]) == ("own.yaml", 5, "/fields/shoe_size/type")
    words = line.run("catalogue", "check", as_json=False)
    assert "own.yaml, line 5 (/fields/shoe_size/type)" in words.out
    assert "catalogue check" in words.err
    assert line.refused("audit", "checkpoint") == "catalogue_refused", "nothing starts on it"
    assert line.refused("catalogue", "check", str(tmp_path / "absent")) == "catalogue_folder"


def test_a_declared_field_is_known_after_the_next_start(line: Line) -> None:
    declare(line)
    assert line.done("catalogue", "check")["own_fields"] == 1
    (table,) = line.done("catalogue", "show", "person")
    assert table["fields"][-1]["id"] == "person.custom.shoe_size"
    wiring = line.wiring()
    assert "person.custom.shoe_size" in wiring.policies.current.categories
    wiring.close()


def test_idle_fields_are_found_and_a_closed_one_goes(line: Line) -> None:
    declare(line)
    assert line.done("catalogue", "unused", "--days", "30", by="kanri") == [], "no row, no finding"
    assert line.refused("catalogue", "unused", by="jiro") == "action_forbidden"
    assert (
        line.refused("catalogue", "retire", "custom.shoe_size", by="kanri") == "field_not_retired"
    )
    declare(line, FIELD.replace("type: text", "type: text\n    retired: true"))
    assert line.done("catalogue", "retire", "custom.shoe_size", by="kanri")["removed"] == 0
    declare(line, FIELD)
    assert line.run("catalogue", "check").code == 0, "a folder alone knows of no register"
    assert line.refused("audit", "checkpoint") == "catalogue_refused"
