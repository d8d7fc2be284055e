"""The second person behind a parent or guardian."""

from datetime import datetime

from governance.app.wiring import Wiring
from governance.approvals.store import latest_about
from governance.approvals.types import ApprovalKind
from governance.core.terms import RowId
from governance.customers.store import record_by_id
from governance.gateway.guardianship import PREFIX, answer_second, ask_again
from governance.http.principal import Principal
from tests.installation import AT, MANAGER, staff

SECOND = staff("privacy_officer", name="second")


def confirmed(
    wiring: Wiring, row: RowId, *, by: Principal = SECOND, give: bool = True, at: datetime = AT
) -> RowId:
    """Another person answered what was asked about the row; asked anew where nobody was."""
    with wiring.database.read() as tx:
        record = record_by_id(tx, "relation", row)
        asked = latest_about(tx, ApprovalKind.GUARDIAN, [f"{PREFIX}{row}"])
    assert record is not None
    found = asked.get(f"{PREFIX}{row}") or wiring.database.write(
        lambda tx: ask_again(tx, wiring.ports, MANAGER, row, at=at)
    )
    wiring.database.write(
        lambda tx: answer_second(tx, wiring.ports, by, row, found.id, give=give, at=at)
    )
    return row
