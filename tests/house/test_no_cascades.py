"""What goes is named, table by table: no key of the schema removes or empties rows by itself."""

import importlib
from pathlib import Path

from sqlmodel import SQLModel

from governance.keys.models import KEY_METADATA

ROOT = Path(__file__).parents[2]
OURS = ("governance", "policies", "consent", "retention", "audit", "dsar")
NOTHING_ELSE = {None, "RESTRICT", "NO ACTION"}


def test_no_foreign_key_cascades() -> None:
    for package in OURS:
        for path in sorted((ROOT / package).rglob("models.py")):
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    keys = [
        (table.name, key.ondelete, key.onupdate)
        for metadata in (SQLModel.metadata, KEY_METADATA)
        for table in metadata.tables.values()
        for key in table.foreign_key_constraints
    ]
    assert len(keys) > 50
    assert [one for one in keys if {*one[1:]} - NOTHING_ELSE] == []


def test_no_revision_declares_a_cascade() -> None:
    revisions = ROOT / "governance" / "db" / "migrations" / "versions"
    told = [path.name for path in revisions.glob("*.py") if "CASCADE" in path.read_text().upper()]
    assert told == []
