"""The gate for rows around a person: gates, rules, texts searched, then row and event together.

Fails closed: while texts cannot be searched or the log cannot be written, nothing is stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from sqlalchemy import Connection, delete

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from governance.core.clock import JST
from governance.core.ids import new_row_id
from governance.core.terms import FieldId, RowId, SubjectId
from governance.crypto.values import Plain
from governance.customers import store, tokens
from governance.customers.catalogue import catalogue
from governance.customers.changes.touched import touch
from governance.customers.holds.reading import kept_by_hold
from governance.customers.indexing import EVERY, indexed_fields
from governance.customers.master.guardians import withdraw
from governance.customers.master.rules import faults, word_faults
from governance.customers.master.types import FORMS, STAMPED, VERSIONED
from governance.customers.ports import Ports
from governance.customers.search_plan import index_names
from governance.customers.store import TABLES, Record
from governance.customers.subjects import SubjectState
from governance.gateway.around import effects, holding
from governance.gateway.around.types import Entry, Removal, Stored
from governance.gateway.around.values import Values, clear_columns, read_values
from governance.gateway.decisions import decide_fields
from governance.gateway.guardianship import ask_second
from governance.gateway.intake.screening import PROVIDED, UNCONFIRMED, by_themselves, screen
from governance.gateway.intake.tokens import Indexer
from governance.gateway.intake.types import Draft
from governance.gateway.types import UnknownPersonError
from governance.gateway.writing import store as statements
from governance.gateway.writing.errors import (
    PersonClosedError,
    UnknownRowError,
    VersionConflictError,
)
from governance.gateway.writing.gates import may_know, refused
from governance.gateway.writing.types import FieldHeldError, FieldsInvalidError
from governance.http.principal import Principal
from policies.types import Verb

ENDING = frozenset({SubjectState.ERASING, SubjectState.ERASED})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """Who writes what, when; the same through all steps."""

    ports: Ports
    principal: Principal
    table: str
    subject: SubjectId
    purpose: str
    request_id: str | None
    at: datetime

    @property
    def day(self) -> date:
        """The day in Japan."""
        return self.at.astimezone(JST).date()


def put(ports: Ports, principal: Principal, entry: Entry, *, at: datetime) -> Stored:
    """The row is stored, or has the new values; raises why it cannot be."""
    if entry.table not in FORMS:
        raise UnknownRowError
    work = _Work(
        ports=ports,
        principal=principal,
        table=entry.table,
        subject=entry.subject,
        purpose=entry.purpose,
        request_id=entry.request_id,
        at=at,
    )
    values = _worded(read_values(entry.table, entry.values, creating=entry.row is None))
    draft = _screened(work, values)
    indexer = Indexer(ports.vault, [entry.table], kinds=EVERY)
    return ports.database.write(
        partial(_put, work=work, entry=entry, values=values, draft=draft, indexer=indexer)
    )


def _worded(values: Values) -> Values:
    """A tag of a special-care vocabulary is held in the column of that category."""
    label = FieldId("person_tag.label")
    words = catalogue().vocabularies.get(str(values.clear.get("vocabulary")))
    if label in values.plain and words is not None and words.special:
        values.plain[FieldId("person_tag.special_label")] = values.plain.pop(label)
        values.asked.discard("label")
    return values


def _screened(work: _Work, values: Values) -> Draft:
    """The values with numbers masked in their texts, and what was found in these."""
    draft = Draft(
        number=1,
        table=work.table,
        key=None,
        owner_key=None,
        clear=values.clear,
        plain=values.plain,
    )
    if not any(catalogue().fields[name].free_text for name in values.plain):
        return draft
    (found,) = screen([draft], work.ports.analyse)
    return found


def _put(
    tx: Connection,
    *,
    work: _Work,
    entry: Entry,
    values: Values,
    draft: Draft,
    indexer: Indexer,
) -> Stored:
    _admit(tx, work, values.columns(), plain=values.plain)
    held = holding.found(tx, entry, values)
    if entry.row is not None and held is None:
        raise UnknownRowError
    whole = {**(holding.texts(held) if held is not None else {}), **values.texts()}
    said = _said(values)
    wrong = [*values.faults]
    if not wrong:
        wrong += faults(work.table, whole, on=work.day)
        wrong += word_faults(catalogue(), work.table, {**whole, **said}, purpose=work.purpose)
        wrong += holding.reference_faults(tx, work.table, work.subject, values.clear)
    if wrong:
        raise FieldsInvalidError(wrong)
    if held is not None:
        return _change(tx, work, entry, values, draft, indexer, held)
    return _create(tx, work, values, draft, indexer)


def _said(values: Values) -> dict[str, object]:
    """The label of a tag under one name, in whichever column it is held."""
    special = values.plain.get(FieldId("person_tag.special_label"))
    return {} if special is None else {"label": special}


def _admit(
    tx: Connection, work: _Work, columns: set[str], *, plain: Mapping[FieldId, Plain]
) -> None:
    """The person is known and open, and the gates let these columns be written."""
    policy, day = work.ports.policies.current, work.day
    if store.lock_subject(tx, work.subject) is None:
        raise UnknownPersonError
    person = store.subject_by_id(tx, work.subject, on=day)
    known = may_know(
        policy, work.principal, work.table, subject=work.subject, purpose_name=work.purpose
    )
    if person is None or person.gone or not known:
        raise UnknownPersonError
    asked = {FieldId(f"{work.table}.{name}") for name in columns} | {*plain}
    fields = [
        entry
        for entry in catalogue().table(work.table).fields
        if entry.id in asked and entry.category != "record_keeping"
    ]
    refusal = refused(
        decide_fields(
            tx,
            policy,
            work.principal,
            fields,
            subject=work.subject,
            purpose_name=work.purpose,
            verb=Verb.WRITE,
            at=work.at,
        )
    )
    if refusal is not None or not fields:
        raise refusal or UnknownRowError
    if person.state in ENDING:
        raise PersonClosedError


def _create(tx: Connection, work: _Work, values: Values, draft: Draft, indexer: Indexer) -> Stored:
    row = new_row_id()
    clear = {**dict.fromkeys(clear_columns(work.table)), **draft.clear}
    clear |= holding.defaults(work.table, row, draft.clear, by=work.principal.id, at=work.at)
    clear |= _verified(work, draft)
    store.insert_records(tx, [_record(work, row, draft.plain, clear)])
    tokens.add_tokens(tx, indexer.row_tokens(work.table, row, work.subject, draft.plain))
    version = 1 if work.table in VERSIONED else None
    return _finish(tx, work, values, draft, row=row, created=True, version=version)


def _change(
    tx: Connection,
    work: _Work,
    entry: Entry,
    values: Values,
    draft: Draft,
    indexer: Indexer,
    held: Record,
) -> Stored:
    version = held.clear.get("version")
    if entry.row is not None and work.table in VERSIONED and version != entry.version:
        raise VersionConflictError
    names = {FieldId(f"{work.table}.{column}") for column in values.emptied}
    if barred := statements.held_fields(tx, work.subject, names):
        raise FieldHeldError([(name.partition(".")[2], "held") for name in sorted(barred)])
    clear = {**dict.fromkeys(values.emptied), **draft.clear}
    clear |= _verified(work, draft)
    if work.table in STAMPED:
        clear |= {"recorded_by": work.principal.id, "recorded_at": work.at}
    changed = _record(work, held.id, draft.plain, clear)
    expected = int(version) if version is not None else None
    if not store.update_record(tx, changed, expected_version=expected):
        raise VersionConflictError
    for field in indexed_fields(work.table):
        if field.field in draft.plain or field.field.partition(".")[2] in values.emptied:
            tokens.drop_tokens(tx, [held.id], names=index_names(field.field))
    tokens.add_tokens(tx, indexer.row_tokens(work.table, held.id, work.subject, draft.plain))
    raised = None if expected is None else expected + 1
    return _finish(tx, work, values, draft, row=held.id, created=False, version=raised)


def _verified(work: _Work, draft: Draft) -> dict[str, object]:
    """Who saw the proof of a representative's right."""
    proved = work.table == "relation" and draft.clear.get("verified_how") is not None
    return {"verified_by": work.principal.id} if proved else {}


def _record(
    work: _Work, row: RowId, plain: Mapping[FieldId, Plain], clear: Mapping[str, object]
) -> Record:
    sealed = work.ports.vault.seal_row(work.subject, row, plain)
    cells = {name: bytes(cell) for name, cell in sealed.items() if cell is not None}
    return Record(table=work.table, id=row, subject=work.subject, clear=clear, sealed=cells)


def _finish(
    tx: Connection,
    work: _Work,
    values: Values,
    draft: Draft,
    *,
    row: RowId,
    created: bool,
    version: int | None,
) -> Stored:
    """What follows the row: findings, what the gates know of the person, the event."""
    names = tuple(sorted(FieldId(f"{work.table}.{name}") for name in values.columns()))
    statements.clear_findings(tx, row, names)
    store.add_findings(tx, _findings(work, draft, row))
    effects.follow(tx, work.ports.vault, work.table, work.subject, row, on=work.day)
    approval = _second(tx, work, row)
    _event(tx, work, row, names, reasons=() if created else ("changed",))
    masked = {n.partition(".")[2] for n, v in draft.plain.items() if values.plain.get(n) != v}
    return Stored(
        row=row,
        created=created,
        version=version,
        fields=tuple(name.partition(".")[2] for name in names),
        masked=tuple(sorted(masked)),
        approval=approval,
    )


def _second(tx: Connection, work: _Work, row: RowId) -> str | None:
    """What a second person has to confirm before a parent or guardian acts by the row."""
    if work.table != "relation":
        return None
    asked = ask_second(tx, work.ports, work.principal, row, at=work.at)
    return asked.id if asked is not None else None


def _findings(work: _Work, draft: Draft, row: RowId) -> list[dict[str, object]]:
    """What stands in the texts: kinds, counts, and on what ground 要配慮 may be held."""
    ground = PROVIDED if by_themselves(draft) else UNCONFIRMED
    return [
        {
            "row_id": row,
            "field": finding.field,
            "entity": finding.entity,
            "kind": finding.kind,
            "subject_id": work.subject,
            "found": finding.found,
            "ground": ground if finding.entity == "SENSITIVE" else None,
            "found_at": work.at,
        }
        for finding in draft.findings
    ]


def remove(ports: Ports, principal: Principal, removal: Removal, *, at: datetime) -> None:
    """The row is gone with its tokens and findings; a held person's row stays."""
    work = _Work(
        ports=ports,
        principal=principal,
        table=removal.table,
        subject=removal.subject,
        purpose=removal.purpose,
        request_id=removal.request_id,
        at=at,
    )
    if removal.table not in FORMS:
        raise UnknownRowError
    ports.database.write(partial(_remove, work=work, row=removal.row))


def _remove(tx: Connection, *, work: _Work, row: RowId) -> None:
    held = store.record_by_id(tx, work.table, row)
    columns = {*FORMS[work.table]} if held is None else holding.present(held)
    _admit(tx, work, columns, plain={})
    if held is None or held.subject != work.subject:
        raise UnknownRowError
    if kept_by_hold(tx, work.subject, work.table, row=row):
        raise FieldHeldError([("row", "held")])
    tokens.drop_tokens(tx, [row])
    statements.clear_findings(tx, row, [FieldId(f"{work.table}.{name}") for name in columns])
    table = TABLES[work.table]
    withdraw(tx, row)
    tx.execute(delete(table).where(table.c.id == row))
    touch(tx, [work.subject])
    effects.follow(tx, work.ports.vault, work.table, work.subject, row, on=work.day)
    names = tuple(sorted(FieldId(f"{work.table}.{name}") for name in columns))
    _event(tx, work, row, names, reasons=("removed",))


def _event(
    tx: Connection,
    work: _Work,
    row: RowId,
    fields: tuple[FieldId, ...],
    *,
    reasons: tuple[str, ...],
) -> None:
    policy = work.ports.policies.current
    purpose, network = policy.purpose(work.purpose), work.principal.network
    work.ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.PERSON_CHANGED,
            occurred_at=work.at,
            actor=work.principal.id,
            actor_os=work.principal.os_user,
            object_type=work.table,
            object_id=row,
            subject=work.subject,
            purpose=purpose.id if purpose is not None else None,
            outcome=Outcome.DONE,
            reasons=reasons,
            policy_version=policy.version or None,
            request_id=work.request_id,
            network=Network(network) if network else None,
            fields=fields,
        ),
    )
