"""The example of the handbook is one that can be used."""

import re
from pathlib import Path

from governance.connectors.reading import read_connectors
from governance.connectors.specs import DatabaseSpec
from governance.connectors.types import ConnectorKind

PAGE = Path(__file__).parents[3] / "docs" / "operations.md"


def test_example_of_the_handbook_declares_every_kind(tmp_path: Path) -> None:
    found = re.search(r"```yaml\n(connectors:.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    path = tmp_path / "connectors.yaml"
    path.write_text(found[1], encoding="utf-8")
    specs = read_connectors(path)
    assert {spec.kind for spec in specs} == set(ConnectorKind)
    shop = specs[0]
    assert isinstance(shop, DatabaseSpec)
    assert [table.name for table in shop.parents_first()] == ["members", "orders"]
