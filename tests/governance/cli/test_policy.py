"""`sekisho policy` shows the policy that is in force here."""

import re
import shutil
from importlib.resources import as_file, files
from pathlib import Path

from tests.governance.cli.line import Line


def test_matrix_and_check_show_the_configured_policy(tmp_path: Path) -> None:
    folder = tmp_path / "policy"
    with as_file(files("policies") / "data" / "default") as shipped:
        shutil.copytree(shipped, folder)
    roles = folder / "30_roles.yaml"
    roles.write_text(
        roles.read_text("utf-8")
        + "  archivist:\n    label: 文書担当 / Archivist\n    inherits: [staff]\n",
        "utf-8",
    )
    config = tmp_path / "sekisho.toml"
    config.write_text(f'policy_dir = "{folder}"\n', "utf-8")
    line = Line(folder=tmp_path / "data")
    cells = line.done("policy", "matrix", "--config", str(config))
    assert "archivist" in {cell["role"] for cell in cells}
    assert "archivist" not in {cell["role"] for cell in line.done("policy", "matrix")}
    first = folder / "00_policy.yaml"
    first.write_text(
        re.sub(r"(?m)^version: .*$", "version: 2030-01-01.1", first.read_text("utf-8"))
    )
    said = line.run("policy", "check", "--config", str(config), as_json=False)
    assert "2030-01-01.1" in said.out
    assert "2030-01-01.1" not in line.run("policy", "check", as_json=False).out
