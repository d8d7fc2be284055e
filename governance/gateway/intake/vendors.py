"""Files of recipients and processors into the register, with what is wrong about each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.clock import JST
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RowId, SubjectId
from governance.customers import imports
from governance.customers.changes import counter
from governance.customers.ports import Ports
from governance.customers.types import NormalisedRow, Problem, ProblemKind
from governance.gateway.intake.aside import put_aside, settle
from governance.gateway.intake.screening import without_numbers
from governance.gateway.intake.types import Counts, Rejected, RunFacts
from governance.registers import store
from governance.registers.rules import problems_of
from governance.registers.sealing import sealed_contact
from governance.registers.types import Contact, Recipient, RecipientRole

ROLES: Mapping[str, RecipientRole] = {
    "委託": RecipientRole.PROCESSOR,
    "第三者提供": RecipientRole.THIRD_PARTY,
    "共同利用": RecipientRole.JOINT,
    "受領元": RecipientRole.SOURCE,
}


@dataclass(slots=True, kw_only=True)
class Judged:
    """What is to become of a batch of recipients; nothing is written yet."""

    counts: Counts
    problems: list[Problem]
    taken: list[tuple[NormalisedRow, Recipient]]
    rejected: list[Rejected]


def judged(tx: Connection, run: RunFacts, rows: Sequence[NormalisedRow]) -> Judged:
    """Known keys are merged, rows without key, name or role are refused."""
    found = Judged(counts=Counts(read=len(rows)), problems=[], taken=[], rejected=[])
    known = set(store.known_keys(tx, [row.get("vendor_id") or "" for row in rows]))
    if run.dry is not None:
        known |= {name.removeprefix("vendor:") for name in run.dry.rows}
    for row in rows:
        found.problems += row.problems
        key, name = row.get("vendor_id"), row.get("name")
        role = ROLES.get(row.get("role") or "")
        if key in known:
            found.counts.merged += 1
        elif row.refused or key is None or name is None or role is None:
            kind = ProblemKind.MISSING_REQUIRED
            found.problems.append(Problem(kind=kind, row=row.number))
            found.rejected.append(
                Rejected(number=row.number, reason=kind.value, refused=True, cells=())
            )
        else:
            found.taken.append((row, _recipient(row, key, name, role)))
            known.add(key)
            if run.dry is not None:
                run.dry.rows[f"vendor:{key}"] = (RowId(""), SubjectId(""))
    found.counts.stored, found.counts.refused = len(found.taken), len(found.rejected)
    return found


def store_vendors(
    tx: Connection,
    *,
    ports: Ports,
    run: RunFacts,
    rows: Sequence[NormalisedRow],
    cells: Mapping[int, tuple[str, ...]],
    first: int,
) -> Counts:
    """What became of the rows; each recipient is stored with its problems of today."""
    if not imports.take_turn(tx, run.run, first=first):
        return Counts()
    found = judged(tx, run, rows)
    for row, recipient in found.taken:
        _store(tx, ports, row, recipient, by=ActorId(run.actor), at=run.at)
    put_aside(tx, ports, run, found.rejected, cells)
    settle(tx, run, (row.number for row in rows))
    imports.add_problems(tx, run.run, found.problems)
    counted = {name: getattr(found.counts, name) for name in imports.COUNTED}
    imports.advance_run(tx, run.run, rows=found.counts.read, counts=counted)
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.REGISTER_CHANGED,
            occurred_at=run.at,
            actor=ActorId(run.actor),
            object_type="import",
            object_id=run.run,
            outcome=Outcome.DONE,
            counts=tuple(counted.items()),
        ),
    )
    return found.counts


def _store(
    tx: Connection,
    ports: Ports,
    row: NormalisedRow,
    recipient: Recipient,
    *,
    by: ActorId,
    at: datetime,
) -> None:
    contact = Contact(
        contact_name=_text(row, "contact_name") or "",
        contact_email=_text(row, "contact_email") or "",
    )
    sealed = sealed_contact(ports.vault, recipient.id, contact)
    store.add_recipient(tx, recipient, contact=sealed, at=at)
    store.note_version(tx, recipient, by=by, at=at)
    counter.note_everyone(tx)
    day = at.astimezone(JST).date()
    store.replace_problems(tx, recipient.id, problems_of(recipient, on=day), on=day)


def _recipient(row: NormalisedRow, key: str, name: str, role: RecipientRole) -> Recipient:
    return Recipient(
        id=new_row_id(),
        source_key=key,
        name=name,
        role=role,
        country=row.get("country"),
        service=_text(row, "service"),
        data_items=_text(row, "data_items"),
        scale=row.get("scale"),
        contracted_on=_day(row.get("contracted_on")),
        expires_on=_day(row.get("expires_on")),
        auto_renewal=row.get("auto_renewal") == "true",
        subprocessing=row.get("subprocessing"),
        subprocessor=row.get("subprocessor"),
        transfer_basis=row.get("transfer_basis"),
        foreign_system_on=_day(row.get("foreign_system_on")),
        safeguards=_text(row, "safeguards"),
        audited_on=_day(row.get("audited_on")),
        provision_record=row.get("provision_record") == "true",
        notes=_text(row, "notes"),
    )


def _text(row: NormalisedRow, column: str) -> str | None:
    """What people typed, without any 個人番号 or full card number."""
    value = row.get(column)
    return without_numbers(value)[0] if value else value


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None
