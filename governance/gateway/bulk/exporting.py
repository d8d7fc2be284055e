"""The gate for exports: decide, record, open, mask, write; the file appears when all of it holds.

The file is written part by part in a private folder while decisions, and the record of a provision,
go into the log. At the end one transaction looks whether anything that was decided has changed; if
not, it appends the one event of the export and the record counts. Only then the file is there.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from consent.types import SubjectDecision
from governance.core.terms import EventId, FieldId, SubjectId, Treatment
from governance.customers.catalogue import catalogue
from governance.customers.ports import Ports
from governance.customers.store import TABLES, Record, record_of, with_custom
from governance.documents.files import whole_file
from governance.gateway.bulk import deciding
from governance.gateway.bulk.deciding import Bulk, MovedError, Run
from governance.gateway.bulk.files import Row, digest_of, write
from governance.gateway.bulk.guard import Guarded, found_in, guarded
from governance.gateway.bulk.providing import Providing
from governance.gateway.bulk.types import (
    BulkRequest,
    ExportFormError,
    ExportGuardError,
    ExportRefusedError,
    ExportRequest,
    Manifest,
    Naming,
)
from governance.gateway.data_tokens import DataTokens
from governance.gateway.decisions import decide_before_person
from governance.gateway.search_decisions import PersonDecisions
from governance.gateway.search_gates import NOBODY
from governance.gateway.showing import Prepared, open_prepared
from governance.gateway.types import FieldDecision, RowView
from governance.http.principal import Principal
from governance.registers.provisions.writing import Provided
from policies.actions import Action
from policies.actors import may
from policies.api import ensure
from policies.pause import refuse_paused
from policies.reasons import ReasonCode
from policies.types import Verb

ATTEMPTS: Final = 3  # how often a file is made anew when something changes meanwhile
PERSON: Final = "person"  # heading of the column that names the person


@dataclass(slots=True, kw_only=True)
class _Making:
    """One attempt at a file."""

    run: Run
    table: str
    fields: tuple[FieldId, ...]
    naming: Naming
    decisions: PersonDecisions
    providing: Providing | None
    rows: int = 0
    withheld: Counter[ReasonCode] = field(default_factory=Counter)
    tokens: DataTokens = field(default_factory=DataTokens)
    guarded: Guarded = field(default_factory=Guarded)


def export(
    ports: Ports,
    principal: Principal,
    request: ExportRequest,
    path: Path,
    *,
    action: Action = Action.PERSON_EXPORT,
    at: datetime,
) -> Manifest:
    """The file with what may leave, and its manifest; raises what refused it, and nothing left."""
    policy = ports.policies.current
    ensure(principal, action, policy)
    refuse_paused(policy)
    fields = _fields(request)
    bulk = deciding.asked(
        ports,
        principal,
        request.bulk,
        verb=Verb.EXPORT,
        explained=bool(may(principal, Action.EXPLAIN_SUBJECT, policy)),
        at=at,
    )
    chosen, treated = _permitted(bulk, fields, named=request.fields is not None)
    for _ in range(ATTEMPTS):
        with suppress(MovedError):
            return _attempt(bulk, request, chosen, treated, path)
    raise deciding.too_busy()


def refused(
    ports: Ports, principal: Principal, request: BulkRequest,
    error: ExportRefusedError | ExportGuardError, *, at: datetime,
) -> None:  # fmt: skip
    """The refusal of an export stands in the log, with the persons whose texts it was for."""
    about = dict(error.params)
    named = str(about.get("persons", "")).split(", ") if about.get("persons") else []
    purpose = ports.policies.current.purpose(request.purpose) if request.purpose else None
    draft = EventDraft(
        action=EventCode.PERSON_EXPORTED,
        occurred_at=at,
        actor=principal.id,
        actor_os=principal.os_user,
        object_type="export",
        object_id="-",
        purpose=purpose.id if purpose is not None else None,
        outcome=Outcome.DENY,
        reasons=(str(about.get("reason", error.code)),),
        fields=tuple(FieldId(name) for name in str(about["field"]).split(", ") if "." in name),
        counts=(("rows", int(about["rows"])),) if "rows" in about else (),
        refs=tuple(f"person:{subject}" for subject in named),
        policy_version=ports.policies.current.version or None,
        request_id=request.request_id,
        network=Network(principal.network) if principal.network else None,
    )
    ports.database.write(partial(ports.audit.append, draft=draft))


def _fields(request: ExportRequest) -> tuple[FieldId, ...]:
    if request.table not in catalogue().tables:
        raise ExportFormError(field="table")
    known = tuple(entry.id for entry in catalogue().table(request.table).fields)
    if request.fields is None:
        return known
    if not request.fields or not set(request.fields) <= set(known):
        raise ExportFormError(field="fields")
    return tuple(name for name in known if name in request.fields)


def _permitted(
    bulk: Bulk, fields: Sequence[FieldId], *, named: bool
) -> tuple[tuple[FieldId, ...], Mapping[FieldId, FieldDecision]]:
    """The fields that leave at all; one that was asked for by name and may not refuses the file."""
    entries = [catalogue().fields[name] for name in fields]
    said = decide_before_person(
        bulk.policy,
        bulk.principal,
        entries,
        subject=NOBODY,
        purpose_name=bulk.purpose.id,
        verb=Verb.EXPORT,
        passage=bulk.passage,
    )
    closed = [name for name in fields if said[name].treatment is Treatment.WITHHELD]
    if closed and (named or len(closed) == len(fields)):
        raise ExportRefusedError(field=closed[0], reason=said[closed[0]].code.value)
    may = tuple(name for name in fields if name not in closed)
    return may, {name: said[name] for name in may}


def _attempt(
    bulk: Bulk,
    request: ExportRequest,
    fields: tuple[FieldId, ...],
    treated: Mapping[FieldId, FieldDecision],
    path: Path,
) -> Manifest:
    run = deciding.start(bulk)
    making = _Making(
        run=run,
        table=request.table,
        fields=fields,
        naming=request.naming,
        decisions=deciding.decisions_for(bulk, fields),
        providing=Providing.of(bulk, fields),
    )
    header = [name.partition(".")[2] for name in fields]
    if request.naming is not Naming.NONE:
        header.insert(0, PERSON)
    try:
        with whole_file(path) as part:
            write(part, request.format, header, _rows(making))
            sealed = digest_of(part)
            event = bulk.ports.database.write(partial(_release, making=making, digest=sealed))
    except BaseException:
        if making.providing is not None:
            making.providing.discard()
        raise
    return _manifest(making, request, treated, tuple(header), event=event, sealed=sealed)


def _manifest(
    making: _Making,
    request: ExportRequest,
    treated: Mapping[FieldId, FieldDecision],
    header: tuple[str, ...],
    *,
    event: EventId,
    sealed: str,
) -> Manifest:
    run, bulk = making.run, making.run.bulk
    return Manifest(
        decision_id=event,
        export=run.id,
        purpose=bulk.purpose.id,
        recipient=bulk.recipient.reference if bulk.recipient is not None else None,
        channel=bulk.request.channel,
        country=bulk.recipient.country if bulk.recipient is not None else None,
        table=request.table,
        format=request.format,
        naming=request.naming,
        columns=header,
        rows=making.rows,
        persons=run.persons,
        excluded=dict(run.excluded),
        withheld=dict(making.withheld),
        fields={name: _treatment(decision) for name, decision in treated.items()},
        obligations=deciding.duties(bulk, making.fields),
        policy_version=bulk.policy.version,
        consent_seq=run.began,
        sha256=sealed,
        provision=making.providing.record if making.providing is not None else None,
        made_at=bulk.at,
    )


def _treatment(decision: FieldDecision) -> str:
    if decision.method is None:
        return decision.treatment.value
    return f"{decision.treatment.value}:{decision.method.value}"


def _rows(making: _Making) -> Iterator[Row]:
    """Every row that leaves, part by part; each part is on record before its first row is given."""
    bulk = making.run.bulk
    for subjects in deciding.parts_of(bulk, making.table):
        with bulk.ports.database.read() as tx:
            passing = deciding.gates_of(tx, making.run, subjects)
            records = _records(tx, making.table, tuple(passing))
            prepared = [_prepared(making, record, passing[record.subject]) for record in records]
            shown = [one for one in prepared if not one.closed]
            people = tuple(dict.fromkeys(one.rows[0].subject for one in shown))
            provided: Sequence[Provided] = ()
            if making.providing is not None:
                provided = making.providing.people(tx, people, passing)
        opened = open_prepared(
            bulk.ports, shown, lang=bulk.principal.lang, tokens=making.tokens, at=bulk.at
        )
        views = [view for row in opened for view in row]
        if guarded(bulk.purpose):
            hits = found_in(bulk.ports, views)
            making.guarded.note(hits, [one.rows[0].subject for one in shown])
        if making.guarded.rows:
            continue  # nothing leaves; the rest is looked at so that all of it can be mended
        bulk.ports.database.write(
            partial(_noted, making=making, people=people, provided=provided), batch=True
        )
        for one, view in zip(shown, views, strict=True):
            making.rows += 1
            yield _cells(making, one.rows[0].subject, view)
    making.guarded.refuse()


def _noted(
    tx: Connection, *, making: _Making, people: Sequence[SubjectId], provided: Sequence[Provided]
) -> None:
    deciding.note(tx, making.run, people)
    if making.providing is not None:
        making.providing.note(tx, provided)


def _records(tx: Connection, table: str, subjects: Sequence[SubjectId]) -> list[Record]:
    source = TABLES[table]
    wanted = select(source).where(source.c.subject_id.in_(subjects))
    rows = tx.execute(wanted.order_by(source.c.subject_id, source.c.id)).mappings()
    return list(with_custom(tx, [record_of(table, row) for row in rows]))


def _prepared(making: _Making, record: Record, gate: SubjectDecision) -> Prepared:
    bulk = making.run.bulk
    return Prepared(
        policy=bulk.policy,
        consent_seq=making.run.began,
        mark=None,
        rows=(record,),
        decisions=making.decisions.of_shown(record.subject, gate),
    )


def _cells(making: _Making, subject: SubjectId, view: RowView) -> Row:
    cells: list[str | None] = []
    for one in view.fields:
        if one.decision.treatment is Treatment.WITHHELD:
            making.withheld[one.decision.code] += 1
        cells.append(one.shown.value)
    match making.naming:
        case Naming.PSEUDONYM:
            return [subject, *cells]
        case Naming.TOKEN:
            return [making.tokens(subject), *cells]
        case Naming.NONE:
            return cells


def _release(tx: Connection, *, making: _Making, digest: str) -> EventId:
    """The one event of the export; raises MovedError when a decision no longer stands."""
    run, bulk = making.run, making.run.bulk
    if not deciding.stands(tx, run):
        raise MovedError
    draft = _event(making, digest)
    event = bulk.ports.audit.append(tx, draft)
    if making.providing is not None:
        making.providing.finish(tx, draft, event=event)
    return event


def _event(making: _Making, digest: str) -> EventDraft:
    run, bulk = making.run, making.run.bulk
    refs = [f"sha256:{digest}", f"decisions_of:{run.stream}"]
    if bulk.recipient is not None:
        refs.append(f"recipient:{bulk.recipient.id}")
    return deciding.permitted(
        run,
        EventCode.PERSON_EXPORTED,
        "export",
        run.id,
        fields=making.fields,
        counts=(
            ("rows", making.rows),
            ("persons", run.persons),
            *deciding.codes(run.excluded),
        ),
        refs=tuple(refs),
    )
