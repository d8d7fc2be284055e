"""Every frame of a whole installation is moved: each place says what its frames belong to."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from governance.app.keys import custodian_of
from governance.app.wiring import Wiring
from governance.core.ids import new_row_id
from governance.core.terms import FieldId, KeyClass
from governance.crypto.frame import dek_id_of
from governance.custody import service
from governance.custody.types import Phase
from governance.customers.custom.models import CustomValueRow
from governance.db.types import table_of
from governance.jobs.runner import Worker
from governance.keys.renewal import retired_among
from tests.governance.custody.world import OPERATOR
from tests.installation import AT, create, customer, import_file, register, subjects, write_file

VALUE = table_of(CustomValueRow)
LATER = AT + timedelta(seconds=1)
FILLED = ("person", "import_row", "import_detail", "import_quarantine", "custom_value")


@pytest.fixture
def wiring(tmp_path: Path) -> Iterator[Wiring]:
    made = create(tmp_path)
    rows = [customer(n) for n in range(1, 6)]
    rows.append(customer(6, 顧客ID="", 氏名="", フリガナ=""))  # cannot be stored
    import_file(made, write_file(tmp_path, register(rows)))
    who, row = subjects(made)[0], new_row_id()
    field = FieldId("person.custom.shoe_size")
    cells = made.vault.seal_row(who, row, {field: "26.5"})
    made.database.write(
        lambda tx: tx.execute(
            insert(VALUE).values(row_id=row, field=field, subject_id=who, value=cells[field])
        )
    )
    yield made
    made.close()


def filled(wiring: Wiring) -> set[str]:
    """Tables that hold at least one frame."""
    found = set()
    with wiring.database.read() as tx:
        for place in custodian_of(wiring).places.frames:
            for name in place.columns:
                column = place.table.c[name]
                if tx.execute(select(column).where(column.is_not(None)).limit(1)).first():
                    found.add(place.table.name)
    return found


@pytest.mark.parametrize("key_class", [KeyClass.ACTIVE, KeyClass.RECORD])
def test_no_movable_frame_names_a_retired_key_after_a_rotation(
    wiring: Wiring, key_class: KeyClass
) -> None:
    assert filled(wiring) >= set(FILLED)
    by = custodian_of(wiring)
    task = service.begin_rotation(by, OPERATOR, subject=None, key_class=key_class, at=LATER)
    ahead = iter(range(1, 10**6))
    worker = Worker(
        owner="one",
        clock=lambda: LATER.replace(microsecond=next(ahead)),
        pause=lambda _rest: None,
        stopping=lambda: False,
    )
    done = service.run(by, task.id, worker=worker)
    assert done.phase is Phase.WAIT
    assert done.moved > 0
    with wiring.database.read() as tx:
        for place in by.places.frames:
            if place.fixed:
                continue
            for name in place.columns:
                cells = tx.execute(select(place.table.c[name])).scalars()
                ids = {dek_id_of(cell) for cell in cells if cell is not None}
                assert retired_among(wiring.vault.ring, ids, key_class) == frozenset(), name
