"""Letters of a case as they stand, opened; mails that say that they wait."""

from typing import Any

from sqlalchemy import select

from dsar.case import Case
from dsar.correspondence.service import preview
from dsar.correspondence.store import letter_by_id, letters_of
from dsar.correspondence.types import LetterRecord, State, Template
from governance.customers.post import unsealed
from governance.jobs.outbox import OUTBOX, OutboxMessage
from governance.outbound.mail import Mail
from tests.dsar.world import OFFICER, World


def mails(world: World) -> list[Mail]:
    """What waits to leave, opened."""
    with world.ports.database.read() as tx:
        rows = tx.execute(select(OUTBOX).order_by(OUTBOX.c.id)).all()
    found = [unsealed(world.ports.vault, _waiting(row)) for row in rows]
    return [mail for mail in found if isinstance(mail, Mail)]


def announcements(world: World) -> list[Mail]:
    """Mails that say that a letter waits."""
    return [mail for mail in mails(world) if mail.template == "dsar.mail.letter"]


def _waiting(row: Any) -> OutboxMessage:
    return OutboxMessage(
        id=row.id,
        idem_key=row.idem_key,
        target=row.target,
        kind=row.kind,
        attempt=1,
        payload=row.payload,
    )


def on_file(world: World, case: Case, *, state: State | None = None) -> list[LetterRecord]:
    """Letters of the case with their sealed texts, oldest first."""
    with world.ports.database.read() as tx:
        found = [letter_by_id(tx, one.id) for one in letters_of(tx, case.id)]
    return [one for one in found if one is not None and state in (None, one.state)]


def kinds(world: World, case: Case, *, state: State | None = None) -> list[Template]:
    """Which letters, in order."""
    return [one.template for one in on_file(world, case, state=state)]


def words(world: World, case: Case, template: Template) -> str:
    """The newest text of this kind as the person reads it, or would if it went now."""
    found = [one for one in on_file(world, case) if one.template is template]
    return preview(world.ports, OFFICER, found[-1].id, at=world.tick())[1].body


def record(world: World, case: Case, template: Template) -> LetterRecord:
    """The newest letter of this kind."""
    return [one for one in on_file(world, case) if one.template is template][-1]
