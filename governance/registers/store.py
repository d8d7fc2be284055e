"""Rows of recipients in and out."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from governance.core.terms import RowId
from governance.db.types import table_of
from governance.registers.models import RecipientProblemRow, RecipientRow
from governance.registers.types import Recipient, RecipientProblem, RecipientRole

RECIPIENT, PROBLEM = table_of(RecipientRow), table_of(RecipientProblemRow)


def add_recipient(
    tx: Connection, recipient: Recipient, *, contact: bytes | None, at: datetime
) -> None:
    """The recipient is stored; its contact person comes sealed."""
    values = asdict(recipient) | {"role": recipient.role.value}
    tx.execute(insert(RECIPIENT).values(**values, contact=contact, recorded_at=at))


def known_keys(tx: Connection, keys: Iterable[str]) -> frozenset[str]:
    """Which of these source keys are already registered."""
    wanted = list(keys)
    rows = tx.execute(select(RECIPIENT.c.source_key).where(RECIPIENT.c.source_key.in_(wanted)))
    return frozenset(rows.scalars())


def all_recipients(tx: Connection) -> tuple[Recipient, ...]:
    """Every recipient, by source key."""
    rows = tx.execute(select(RECIPIENT).order_by(RECIPIENT.c.source_key))
    return tuple(_recipient(row) for row in rows)


def contact_of(tx: Connection, recipient: RowId) -> bytes | None:
    """The sealed contact of a recipient; None when there is none."""
    found = tx.execute(select(RECIPIENT.c.contact).where(RECIPIENT.c.id == recipient)).scalar()
    return None if found is None else bytes(found)


def replace_problems(
    tx: Connection, recipient: RowId, problems: Iterable[RecipientProblem], *, on: date
) -> None:
    """Exactly these problems are noted for the recipient."""
    tx.execute(delete(PROBLEM).where(PROBLEM.c.recipient_id == recipient))
    for problem in sorted(problems):
        tx.execute(insert(PROBLEM).values(recipient_id=recipient, kind=problem.value, found_on=on))


def _recipient(row: Row[Any]) -> Recipient:
    return Recipient(
        id=RowId(row.id),
        source_key=row.source_key,
        name=row.name,
        role=RecipientRole(row.role),
        country=row.country,
        service=row.service,
        data_items=row.data_items,
        scale=row.scale,
        contracted_on=row.contracted_on,
        expires_on=row.expires_on,
        auto_renewal=bool(row.auto_renewal),
        subprocessing=row.subprocessing,
        subprocessor=row.subprocessor,
        transfer_basis=row.transfer_basis,
        foreign_system_on=row.foreign_system_on,
        safeguards=row.safeguards,
        audited_on=row.audited_on,
        provision_record=bool(row.provision_record),
        notes=row.notes,
    )
