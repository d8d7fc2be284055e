"""Rows of recipients in and out."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from governance.core.terms import ActorId, RowId
from governance.customers.changes import counter
from governance.db.types import table_of
from governance.registers.models import (
    RecipientCheckRow,
    RecipientProblemRow,
    RecipientRow,
    RecipientVersionRow,
    SubprocessorRow,
)
from governance.registers.types import (
    Check,
    CheckKind,
    CheckMethod,
    CheckOutcome,
    Recipient,
    RecipientProblem,
    RecipientRole,
    Subprocessor,
    Version,
)

RECIPIENT, PROBLEM = table_of(RecipientRow), table_of(RecipientProblemRow)
VERSION, CHECK = table_of(RecipientVersionRow), table_of(RecipientCheckRow)
SUBPROCESSOR = table_of(SubprocessorRow)
LISTS: Final = ("purposes", "categories", "gdpr_clauses")  # columns that hold names


def add_recipient(
    tx: Connection, recipient: Recipient, *, contact: bytes | None, at: datetime
) -> None:
    """The recipient is stored; its contact person comes sealed."""
    tx.execute(insert(RECIPIENT).values(**_columns(recipient), contact=contact, recorded_at=at))
    counter.note_everyone(tx)  # where data may go: every copy of what is permitted must know


def change_recipient(tx: Connection, recipient: Recipient, *, before: int) -> bool:
    """Whether the recipient was still at this version, and is now as given."""
    changed = tx.execute(
        update(RECIPIENT)
        .where(RECIPIENT.c.id == recipient.id, RECIPIENT.c.version == before)
        .values(**_columns(recipient))
    )
    if changed.rowcount == 1:
        counter.note_everyone(tx)
    return changed.rowcount == 1


def set_contact(tx: Connection, recipient: RowId, contact: bytes) -> None:
    """The sealed contact of the recipient."""
    tx.execute(update(RECIPIENT).where(RECIPIENT.c.id == recipient).values(contact=contact))


def note_version(tx: Connection, recipient: Recipient, *, by: ActorId, at: datetime) -> None:
    """What the register says of the recipient from now on; earlier versions stay."""
    facts = json.dumps(facts_of(recipient), ensure_ascii=False, sort_keys=True)
    row = {"recipient_id": recipient.id, "version": recipient.version, "facts": facts}
    tx.execute(insert(VERSION).values(**row, changed_by=by, changed_at=at))


def versions_of(tx: Connection, recipient: RowId) -> tuple[Version, ...]:
    """Every version of the recipient, the newest first."""
    wanted = VERSION.select().where(VERSION.c.recipient_id == recipient)
    return tuple(
        Version(
            version=row.version,
            facts=row.facts,
            changed_by=ActorId(row.changed_by),
            changed_at=row.changed_at,
        )
        for row in tx.execute(wanted.order_by(VERSION.c.version.desc()))
    )


def facts_of(recipient: Recipient) -> dict[str, object]:
    """What the register says of the recipient, as JSON values."""
    found = asdict(recipient)
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in found.items()
    }


def known_keys(tx: Connection, keys: Iterable[str]) -> frozenset[str]:
    """Which of these source keys are already registered."""
    wanted = list(keys)
    rows = tx.execute(select(RECIPIENT.c.source_key).where(RECIPIENT.c.source_key.in_(wanted)))
    return frozenset(rows.scalars())


def all_recipients(tx: Connection) -> tuple[Recipient, ...]:
    """Every recipient, by source key."""
    rows = tx.execute(select(RECIPIENT).order_by(RECIPIENT.c.source_key))
    return tuple(_recipient(row) for row in rows)


def recipient_by_key(tx: Connection, key: str) -> Recipient | None:
    """The recipient of this source key."""
    row = tx.execute(RECIPIENT.select().where(RECIPIENT.c.source_key == key)).one_or_none()
    return None if row is None else _recipient(row)


def recipient_by_id(tx: Connection, recipient: RowId) -> Recipient | None:
    """The recipient of this id."""
    row = tx.execute(RECIPIENT.select().where(RECIPIENT.c.id == recipient)).one_or_none()
    return None if row is None else _recipient(row)


def contact_of(tx: Connection, recipient: RowId) -> bytes | None:
    """The sealed contact of a recipient; None when there is none."""
    found = tx.execute(select(RECIPIENT.c.contact).where(RECIPIENT.c.id == recipient)).scalar()
    return None if found is None else bytes(found)


def hook_of(tx: Connection, recipient: RowId) -> bytes | None:
    """Where the recipient is told by webhook, sealed; None: by mail."""
    found = tx.execute(select(RECIPIENT.c.hook).where(RECIPIENT.c.id == recipient)).scalar()
    return None if found is None else bytes(found)


def set_hook(tx: Connection, recipient: RowId, hook: bytes | None) -> None:
    """The sealed webhook of the recipient; None takes it away."""
    tx.execute(update(RECIPIENT).where(RECIPIENT.c.id == recipient).values(hook=hook))


def replace_problems(
    tx: Connection, recipient: RowId, problems: Iterable[RecipientProblem], *, on: date
) -> None:
    """Exactly these problems are noted for the recipient."""
    tx.execute(delete(PROBLEM).where(PROBLEM.c.recipient_id == recipient))
    for problem in sorted(problems):
        tx.execute(insert(PROBLEM).values(recipient_id=recipient, kind=problem.value, found_on=on))


def add_check(tx: Connection, recipient: RowId, check: Check, *, at: datetime) -> None:
    """The look at the recipient is on file."""
    values = asdict(check) | {
        "kind": check.kind.value,
        "method": check.method.value,
        "outcome": check.outcome.value,
    }
    tx.execute(insert(CHECK).values(**values, recipient_id=recipient, recorded_at=at))


def checks_of(tx: Connection, recipient: RowId) -> tuple[Check, ...]:
    """Every look at the recipient, the newest first."""
    wanted = CHECK.select().where(CHECK.c.recipient_id == recipient)
    rows = tx.execute(wanted.order_by(CHECK.c.checked_on.desc(), CHECK.c.id.desc()))
    return tuple(
        Check(
            id=RowId(row.id),
            kind=CheckKind(row.kind),
            method=CheckMethod(row.method),
            outcome=CheckOutcome(row.outcome),
            checked_on=row.checked_on,
            next_due=row.next_due,
            checked_by=ActorId(row.checked_by),
            findings=None if row.findings is None else bytes(row.findings),
        )
        for row in rows
    )


def add_subprocessor(
    tx: Connection, recipient: RowId, subprocessor: Subprocessor, *, at: datetime
) -> None:
    """The recipient has one more who works for it."""
    values = asdict(subprocessor)
    tx.execute(insert(SUBPROCESSOR).values(**values, recipient_id=recipient, recorded_at=at))


def end_subprocessor(tx: Connection, recipient: RowId, name: str, *, on: date) -> bool:
    """Whether somebody of this name worked for the recipient, and does so no more."""
    ended = tx.execute(
        update(SUBPROCESSOR)
        .where(
            SUBPROCESSOR.c.recipient_id == recipient,
            SUBPROCESSOR.c.name == name,
            SUBPROCESSOR.c.ended_on.is_(None),
        )
        .values(ended_on=on)
    )
    return ended.rowcount > 0


def subprocessors(tx: Connection) -> Mapping[RowId, tuple[Subprocessor, ...]]:
    """Who works for each recipient now."""
    found: dict[RowId, list[Subprocessor]] = {}
    wanted = SUBPROCESSOR.select().where(SUBPROCESSOR.c.ended_on.is_(None))
    for row in tx.execute(wanted.order_by(SUBPROCESSOR.c.id)):
        found.setdefault(RowId(row.recipient_id), []).append(
            Subprocessor(
                id=RowId(row.id),
                name=row.name,
                country=row.country,
                service=row.service,
                approved_on=row.approved_on,
                ended_on=row.ended_on,
            )
        )
    return {recipient: tuple(subs) for recipient, subs in found.items()}


def _columns(recipient: Recipient) -> dict[str, Any]:
    values = asdict(recipient) | {"role": recipient.role.value}
    return values | {name: ",".join(values[name]) for name in LISTS}


def _names(stored: str) -> tuple[str, ...]:
    return tuple(stored.split(",")) if stored else ()


def _recipient(row: Row[Any]) -> Recipient:
    facts = {name: getattr(row, name) for name in Recipient.__dataclass_fields__}
    facts |= {name: _names(facts[name]) for name in LISTS}
    facts["role"] = RecipientRole(row.role)
    facts["id"] = RowId(row.id)
    facts["auto_renewal"] = bool(row.auto_renewal)
    facts["provision_record"] = bool(row.provision_record)
    return Recipient(**facts)
