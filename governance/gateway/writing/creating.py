"""A new row into the store, inside the caller's transaction; or why not."""

from datetime import date

from sqlalchemy import Connection

from consent.opted_out import keep_out, list_of, said_no
from governance.core.errors import GovernanceError
from governance.core.terms import FieldId
from governance.customers import store
from governance.customers.store import NewSubject, Record
from governance.customers.subjects import age_band, country_of, laws_of
from governance.customers.suppression import OPTED_OUT, delist
from governance.customers.upkeep.merges import survivor_of
from governance.gateway.acts import note_rows
from governance.gateway.intake.drafts import DEFAULTS
from governance.gateway.intake.places import KIND_OF
from governance.gateway.rows import company_owner
from governance.gateway.types import UnknownPersonError
from governance.gateway.writing import store as statements
from governance.gateway.writing.errors import (
    PersonClosedError,
    PersonSuppressedError,
    UnknownRowError,
)
from governance.gateway.writing.prepare import FILE, Ready
from governance.gateway.writing.steps import (
    ENDING,
    KEYED,
    Writer,
    gates,
    index,
    marks_in,
    note_findings,
    record_event,
    taken_key,
    written,
)
from governance.gateway.writing.types import (
    Creation,
    Written,
)
from governance.http.principal import PrincipalKind

VERSIONED = frozenset({"person", "company", "purchase", "inquiry", "deal"})


def create(tx: Connection, writer: Writer, ready: Ready) -> Written | GovernanceError:
    """The new row is stored with its tokens, findings and event."""
    item = ready.item
    if not isinstance(item, Creation):
        raise TypeError(item.table)
    lifted: frozenset[bytes] = frozenset()
    if item.subject is not None:
        if (refusal := _refuse_known(tx, writer, ready)) is not None:
            return refusal
    elif item.table == "person":
        barred = marks_in(writer.ahead.marks, ready) & writer.ahead.barred
        if barred and not (item.acquisition and item.acquisition.own_sign_up):
            return PersonSuppressedError()
        lifted = barred
    if item.company is not None and company_owner(tx, item.company) is None:
        return UnknownRowError()
    if (taken := taken_key(writer, ready)) is not None:
        return taken
    if item.subject is None:
        store.add_subjects(tx, [_new_subject(writer, ready)], at=writer.at)
    if lifted:
        statements.lift_suppression(tx, lifted)
        writer.ahead.barred -= lifted
    clear = _clear_of_new(writer, ready)
    sealed = writer.ports.vault.seal_row(ready.subject, ready.row, ready.plain)
    cells = {name: bytes(cell) for name, cell in sealed.items() if cell is not None}
    made = Record(table=item.table, id=ready.row, subject=ready.subject, clear=clear, sealed=cells)
    store.insert_records(tx, [made])
    _keep_out(tx, writer, ready, item)
    note_rows(tx, writer.ports, [made], by=writer.principal.id, at=writer.at)
    index(tx, writer, ready)
    note_findings(tx, writer, ready)
    counts = (("suppressions_lifted", len(lifted)),) if lifted else ()
    record_event(tx, writer, ready, reasons=_how(item), counts=counts)
    return written(ready, version=1 if item.table in VERSIONED else None, created=True)


def _keep_out(tx: Connection, writer: Writer, ready: Ready, item: Creation) -> None:
    """Whoever said no to marketing before stays out of it, unless they came back themselves."""
    if item.table != "person" or item.subject is not None:
        return
    known = list_of(tx, writer.ports)
    mine = [(n, v) for n in known.keys if isinstance(v := ready.plain.get(n), str)]
    if not said_no(tx, known, mine, at=writer.at):
        return
    if _own_word(writer, item):
        delist(tx, writer.ports.vault, ready.subject, known.keys, mark=OPTED_OUT)
    else:
        keep_out(tx, writer.ports, [ready.subject], at=writer.at, run=None)


def _own_word(writer: Writer, item: Creation) -> bool:
    """Whether the person signed up by themselves; what staff enter for somebody lifts nothing."""
    said = item.acquisition is not None and item.acquisition.own_sign_up
    return said and writer.principal.kind is not PrincipalKind.STAFF


def _refuse_known(tx: Connection, writer: Writer, ready: Ready) -> GovernanceError | None:
    """Why no row can be added to this known person; None when one can."""
    store.lock_subject(tx, ready.subject)
    if survivor_of(tx, ready.subject) != ready.subject:
        return UnknownPersonError()  # merged into another pseudonym: write to that one
    person = store.subject_by_id(tx, ready.subject, on=writer.day)
    table = ready.item.table
    if person is None or person.gone or not writer.may_know(table, ready.subject):
        return UnknownPersonError()
    if (refusal := gates(tx, writer, ready)) is not None:
        return refusal
    return PersonClosedError() if person.state in ENDING else None


def _new_subject(writer: Writer, ready: Ready) -> NewSubject:
    birth = ready.plain.get(FieldId("person.birth_date"))
    origin = ready.draft.clear.get("origin")
    return NewSubject(
        id=ready.subject,
        kind=KIND_OF[ready.item.table],
        laws=laws_of(origin=str(origin) if origin else None),
        age_band=age_band(birth if isinstance(birth, date) else None, on=writer.day),
        guardian_verified=ready.draft.clear.get("guardian_consent_on") is not None,
        country=country_of(str(origin) if origin else None),
    )


def _clear_of_new(writer: Writer, ready: Ready) -> dict[str, object]:
    """The columns in clear of a new row, with what the store itself adds."""
    item = ready.item
    table = item.table
    clear = {
        name.partition(".")[2]: value
        for name, value in DEFAULTS.items()
        if name.startswith(f"{table}.")
    } | dict(ready.draft.clear)
    clear["recorded_at"] = writer.at
    if table == "person":
        faulty = len({notice.field for notice in ready.values.notices})
        clear |= {"source_file": f"{FILE}:{ready.row}", "source_row": 1, "version": 1}
        clear |= {"problems": faulty}
        clear.setdefault("registered_on", clear.get("acquired_on"))
    elif table in KEYED:
        clear.setdefault("source_key", f"{FILE}:{ready.row}")
    if table == "deal" and isinstance(item, Creation):
        clear["company_id"] = item.company
    return clear


def _how(item: Creation) -> tuple[str, ...]:
    """How the data came, as codes."""
    record = item.acquisition
    return (record.acquired_from.value, record.method.value) if record is not None else ()
