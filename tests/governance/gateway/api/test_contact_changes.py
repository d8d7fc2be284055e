"""A changed contact is told to the contact that it was, and to no other."""

from sqlalchemy import select

from governance.core.terms import RowId
from governance.customers.post import unsealed
from governance.db.types import table_of
from governance.jobs.models import OutboxRow
from governance.jobs.outbox import OutboxMessage
from governance.outbound.mail import Mail
from governance.outbound.sms import Sms
from tests.governance.gateway.api.conftest import Desk
from tests.governance.gateway.api.test_persons import corrected

OUTBOX = table_of(OutboxRow)


def waiting(desk: Desk) -> dict[str, str]:
    """Kind and address of what waits to leave."""
    with desk.wiring.database.read() as tx:
        rows = tx.execute(select(OUTBOX).where(OUTBOX.c.idem_key.startswith("contact/"))).all()
    found = {}
    for row in rows:
        message = unsealed(
            desk.wiring.vault,
            OutboxMessage(
                id=RowId(row.id),
                idem_key=row.idem_key,
                target=row.target,
                kind=row.kind,
                attempt=1,
                payload=row.payload,
            ),
        )
        assert isinstance(message, (Mail, Sms))
        assert message.params == {}
        found[row.kind] = message.to
    return found


def test_the_old_address_and_number_hear_of_their_change(desk: Desk) -> None:
    subject, support = desk.people[0], desk.staff("support")
    change = {"email": "new@example.com", "mobile": "090-1111-9999"}
    assert corrected(support, subject, change).status_code == 200
    assert waiting(desk) == {"mail": "person1@example.com", "sms": "+819000000001"}


def test_what_stays_and_what_is_no_contact_is_told_to_nobody(desk: Desk) -> None:
    subject, support = desk.people[0], desk.staff("support")
    same = {"email": "Person1@Example.com", "address": "東京都千代田区丸の内1-2"}
    assert corrected(support, subject, same).status_code == 200
    assert waiting(desk) == {}
