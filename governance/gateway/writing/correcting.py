"""New values of a stored row, inside the caller's transaction; or why not."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection

from audit.types import PersonalPart, canonical_json
from governance.core.errors import GovernanceError
from governance.core.terms import FieldId, Law, RowId, SubjectId
from governance.customers import store
from governance.customers.catalogue import Storage, catalogue
from governance.customers.search_plan import index_names
from governance.customers.store import Record
from governance.customers.subjects import age_band, country_of, laws_of
from governance.customers.tokens import drop_tokens
from governance.gateway.acts import note_rows
from governance.gateway.intake.drafts import DEFAULTS
from governance.gateway.intake.tokens import indexed_fields
from governance.gateway.rows import owner_of, records_of
from governance.gateway.types import UnknownPersonError
from governance.gateway.writing import store as statements
from governance.gateway.writing.announcing import announce_contacts
from governance.gateway.writing.errors import (
    PersonClosedError,
    UnknownRowError,
    VersionConflictError,
)
from governance.gateway.writing.prepare import Ready
from governance.gateway.writing.steps import (
    ENDING,
    Writer,
    gates,
    index,
    note_findings,
    record_event,
    taken_key,
    written,
)
from governance.gateway.writing.types import (
    Correction,
    FieldHeldError,
    FieldsInvalidError,
    Written,
)
from governance.identity.service import address_moved


def correct(tx: Connection, writer: Writer, ready: Ready) -> Written | GovernanceError:
    """The stored row has the new values and no token of the old ones."""
    item = ready.item
    if not isinstance(item, Correction):
        raise TypeError(item.table)
    found = _stored(tx, writer, ready)
    if isinstance(found, GovernanceError):
        return found
    ready, record = found
    version = int(record.clear["version"])
    if (refusal := _refuse_correction(tx, writer, ready, record)) is not None:
        return refusal
    if not ready.fields:
        return written(ready, version=version, created=False)
    if (taken := taken_key(writer, ready)) is not None:
        return taken
    before = _before_under_hold(tx, writer, ready, record)
    sealed = writer.ports.vault.seal_row(ready.subject, ready.row, ready.plain)
    cells = {name: bytes(cell) for name, cell in sealed.items() if cell is not None}
    clear = {**ready.draft.clear, **_emptied(ready)}
    changed = Record(
        table=item.table, id=record.id, subject=record.subject, clear=clear, sealed=cells
    )
    if not store.update_record(tx, changed, expected_version=version):
        return VersionConflictError()
    ended = 0
    if item.table == "person" and announce_contacts(tx, writer, ready, record):
        ended = address_moved(tx, record.subject, at=writer.at)
    note_rows(tx, writer.ports, [changed], by=writer.principal.id, at=writer.at)
    for name in indexed_fields(item.table):
        if name in ready.fields:
            drop_tokens(tx, [record.id], names=index_names(name))
    index(tx, writer, ready)
    statements.clear_findings(tx, record.id, ready.fields)
    note_findings(tx, writer, ready)
    laws = _follow(tx, writer, ready) if item.table == "person" else 0
    counted = (("laws_added", laws), ("sessions", ended))
    counts = tuple(one for one in counted if one[1])
    record_event(tx, writer, ready, reasons=(item.reason.value,), counts=counts, before=before)
    return written(ready, version=version + 1, created=False)


def _stored(tx: Connection, writer: Writer, ready: Ready) -> tuple[Ready, Record] | GovernanceError:
    """The row that is meant, locked with its person; unknown to whoever may not know of it."""
    item = ready.item
    unknown: GovernanceError = UnknownPersonError() if item.subject else UnknownRowError()
    subject, row = item.subject, item.row if isinstance(item, Correction) else None
    if subject is None:
        subject = owner_of(tx, item.table, row) if row is not None else None
    if subject is None or store.lock_subject(tx, subject) is None:
        return unknown
    person = store.subject_by_id(tx, subject, on=writer.day)
    rows = records_of(tx, subject, item.table, row=row)
    if person is None or (person.gone and item.table != "company"):
        return unknown
    if not rows:
        return UnknownRowError()
    if not writer.may_know(item.table, subject):
        return unknown
    meant = {name for name, _ in item.match} if isinstance(item, Correction) else set()
    record = next((one for one in rows if one.id in meant), rows[0])
    return _meant(ready, subject, record.id), record


def _meant(ready: Ready, subject: SubjectId, row: RowId) -> Ready:
    return Ready(
        item=ready.item,
        subject=subject,
        row=row,
        draft=ready.draft,
        values=ready.values,
        masked=ready.masked,
        grounds=ready.grounds,
    )


def _refuse_correction(
    tx: Connection, writer: Writer, ready: Ready, record: Record
) -> GovernanceError | None:
    """The gates, then the state of the person, the form, the version, the holds."""
    item = ready.item
    if (refusal := gates(tx, writer, ready)) is not None:
        return refusal
    person = store.subject_by_id(tx, ready.subject, on=writer.day)
    personal = {*ready.plain} | {n for n in ready.fields if _is_sealed(n)}
    if (person is None or person.state in ENDING) and (item.table != "company" or personal):
        return PersonClosedError()
    if ready.values.faults:
        return FieldsInvalidError(ready.values.faults)
    if isinstance(item, Correction) and (record.id, record.clear["version"]) not in item.match:
        return VersionConflictError()
    emptied = {FieldId(f"{item.table}.{column}") for column in ready.values.emptied}
    held = statements.held_fields(tx, ready.subject, emptied)
    if held:
        return FieldHeldError([(name.partition(".")[2], "held") for name in sorted(held)])
    return None


def _is_sealed(field: FieldId) -> bool:
    return catalogue().fields[field].storage is Storage.SEALED


def _emptied(ready: Ready) -> dict[str, object]:
    """Columns that are emptied; one with a default of its own goes back to it."""
    table = ready.item.table
    return {column: DEFAULTS.get(FieldId(f"{table}.{column}")) for column in ready.values.emptied}


def _before_under_hold(
    tx: Connection, writer: Writer, ready: Ready, record: Record
) -> tuple[PersonalPart, ...]:
    """What a hold keeps from being lost: the replaced values, sealed beside the event."""
    held = statements.held_fields(tx, ready.subject, ready.fields)
    if not held:
        return ()
    cells = {name: cell for name, cell in record.sealed.items() if name in held}
    opened = writer.ports.vault.open_row(record.id, cells)
    before: dict[str, object] = {name: str(cell.value) for name, cell in opened.items()}
    for name in held:
        value = record.clear.get(name.partition(".")[2])
        if value is not None:
            before[name] = str(value)
    return (PersonalPart(subject=ready.subject, payload=canonical_json({"before": before})),)


def _follow(tx: Connection, writer: Writer, ready: Ready) -> int:
    """What the gates know of the person follows the corrected values; laws that were added."""
    facts: dict[str, object] = {}
    changed: Mapping[str, object] = {
        **dict.fromkeys(ready.values.emptied),
        **{name.partition(".")[2]: value for name, value in ready.plain.items()},
        **ready.draft.clear,
    }
    if "birth_date" in changed:
        birth = changed["birth_date"]
        facts["birth_band"] = age_band(
            birth if isinstance(birth, date) else None, on=writer.day
        ).value
    if "guardian_consent_on" in changed:
        facts["guardian_verified"] = changed["guardian_consent_on"] is not None
    laws: dict[Law, str] = {}
    if "origin" in changed:
        facts["country"] = country_of(str(changed["origin"] or ""))
    if changed.get("origin"):
        laws = laws_of(origin=str(changed["origin"]))
    added = statements.add_laws(tx, ready.subject, laws, on=writer.day) if laws else 0
    if facts or added:
        statements.change_facts(tx, ready.subject, facts)
    return added
