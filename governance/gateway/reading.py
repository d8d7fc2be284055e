"""The gate for reading: decide, open only what may be shown, mask, record, then answer.

Fails closed: if the audit event cannot be written, nothing is shown.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from consent import ledger
from governance.core.clock import JST
from governance.core.terms import EventId, FieldId, Lang, PurposeId, SubjectId, Treatment
from governance.crypto.revealed import Revealed
from governance.customers.catalogue import CatalogueField, Storage, catalogue
from governance.customers.ports import Ports
from governance.customers.store import Record, records_of, subject_by_id
from governance.gateway.decisions import decide_fields
from governance.gateway.types import (
    FieldDecision,
    FieldView,
    GateBusyError,
    ReadAnswer,
    ReadRequest,
    RowView,
    UnknownPersonError,
)
from governance.http.principal import Principal
from governance.i18n.catalogue import text
from governance.pii.types import Entity
from policies.masking import Masking, MaskMethod, Span, mask
from policies.snapshot import PolicySnapshot

ATTEMPTS = 3  # how often an answer is made anew when policy or choices change meanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """What the gates said and the rows that the answer needs, still sealed."""

    policy: PolicySnapshot
    consent_seq: int
    mark: tuple[int, int]  # the person's last event and fence: what the decisions rest on
    rows: tuple[Record, ...]
    decisions: Mapping[FieldId, FieldDecision]


def read(ports: Ports, principal: Principal, request: ReadRequest, *, at: datetime) -> ReadAnswer:
    """The person's rows as this principal may see them for this purpose.

    Raises UnknownPersonError for an unknown person, whatever the principal may do.
    """
    for _ in range(ATTEMPTS):
        with ports.database.read() as tx:
            prepared = _prepare(tx, ports.policies.current, principal, request, at=at)
        rows = _open(ports, prepared, lang=principal.lang, on=at.astimezone(JST).date())
        counts = Counter(view.decision.treatment for row in rows for view in row.fields)
        event = ports.database.write(
            partial(
                _record,
                ports=ports,
                principal=principal,
                request=request,
                prepared=prepared,
                counts=counts,
                at=at,
            )
        )
        if event is not None:
            purpose = prepared.policy.purpose(request.purpose)
            return ReadAnswer(
                decision_id=event,
                subject=request.subject,
                purpose=purpose.id if purpose else PurposeId(request.purpose),
                rows=rows,
                counts=counts,
                policy_version=prepared.policy.version,
                consent_seq=prepared.consent_seq,
            )
    raise GateBusyError


def _prepare(
    tx: Connection,
    policy: PolicySnapshot,
    principal: Principal,
    request: ReadRequest,
    *,
    at: datetime,
) -> _Prepared:
    consent_seq, mark = ledger.head(tx), _mark(tx, request.subject, at=at)
    if mark is None:
        raise UnknownPersonError
    fields = wanted_fields(request)
    return _Prepared(
        policy=policy,
        consent_seq=consent_seq,
        mark=mark,
        rows=tuple(
            record for table in request.tables for record in records_of(tx, request.subject, table)
        ),
        decisions=decide_fields(
            tx,
            policy,
            principal,
            fields,
            subject=request.subject,
            purpose_name=request.purpose,
            at=at,
        ),
    )


def _mark(tx: Connection, subject: SubjectId, *, at: datetime) -> tuple[int, int] | None:
    """Where the person's choices and state stand now; None for who is unknown or erased."""
    person = subject_by_id(tx, subject, on=at.date())
    if person is None or person.gone:
        return None
    return ledger.last_seq_of(tx, subject), person.fence


def wanted_fields(request: ReadRequest) -> tuple[CatalogueField, ...]:
    """The asked fields of the asked tables, in the catalogue's order."""
    return tuple(
        field
        for table in request.tables
        for field in catalogue().table(table).fields
        if request.fields is None or field.id in request.fields
    )


def _record(
    tx: Connection,
    *,
    ports: Ports,
    principal: Principal,
    request: ReadRequest,
    prepared: _Prepared,
    counts: Mapping[Treatment, int],
    at: datetime,
) -> EventId | None:
    """The event of this reading; None when policy, choices or state moved: it is made anew."""
    if ports.policies.current is not prepared.policy:
        return None
    if _mark(tx, request.subject, at=at) != prepared.mark:
        return None
    opened = tuple(
        sorted(
            name
            for name, decision in prepared.decisions.items()
            if decision.treatment is not Treatment.WITHHELD
        )
    )
    refused = sorted(
        {d.code.value for d in prepared.decisions.values() if d.treatment is Treatment.WITHHELD}
    )
    purpose = prepared.policy.purpose(request.purpose)
    return ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.PERSON_READ,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="person",
            object_id=request.subject,
            subject=request.subject,
            purpose=purpose.id if purpose is not None else None,
            outcome=Outcome.PERMIT if opened else Outcome.DENY,
            reasons=tuple(refused),
            policy_version=prepared.policy.version or None,
            consent_seq=prepared.consent_seq,
            request_id=request.request_id,
            network=Network(principal.network) if principal.network else None,
            fields=opened,
            counts=tuple((treatment.value, counts.get(treatment, 0)) for treatment in Treatment),
        ),
    )


def _open(ports: Ports, prepared: _Prepared, *, lang: Lang, on: date) -> tuple[RowView, ...]:
    """The rows with every shown value opened and masked; nothing else is unsealed."""
    shown = {
        name
        for name, decision in prepared.decisions.items()
        if decision.treatment is not Treatment.WITHHELD
    }
    sealed = [
        (row.id, {name: cell for name, cell in row.sealed.items() if name in shown})
        for row in prepared.rows
    ]
    opened = ports.vault.open_rows(sealed)
    plain = [
        _plain(row, {name: cell.value for name, cell in values.items()}, shown)
        for row, values in zip(prepared.rows, opened, strict=True)
    ]
    spans = _spans(ports, prepared, plain)
    return tuple(
        _row_view(row, values, prepared.decisions, spans, lang=lang, on=on)
        for row, values in zip(prepared.rows, plain, strict=True)
    )


def _plain(
    row: Record, opened: Mapping[FieldId, object], shown: set[FieldId]
) -> dict[FieldId, str | None]:
    """Every shown field of a row as text."""
    values: dict[FieldId, str | None] = {}
    for field in catalogue().table(row.table).fields:
        if field.id not in shown:
            continue
        clear = field.storage is Storage.CLEAR
        value = row.clear[field.column] if clear else opened.get(field.id)
        values[field.id] = None if value is None else str(value)
    return values


def _spans(
    ports: Ports,
    prepared: _Prepared,
    rows: Sequence[Mapping[FieldId, str | None]],
) -> dict[str, tuple[Span, ...]]:
    """What must be blacked out in each text that is shown redacted."""
    texts = sorted(
        {
            value
            for row in rows
            for name, value in row.items()
            if value and prepared.decisions[name].method is MaskMethod.REDACT
        }
    )
    if not texts:
        return {}
    found = ports.analyse(texts, Lang.JA)
    return {
        words: tuple(
            Span(start=span.start, end=span.end, label=span.entity.value) for span in spans
        )
        for words, spans in zip(texts, found, strict=True)
    }


def _row_view(
    row: Record,
    values: Mapping[FieldId, str | None],
    decisions: Mapping[FieldId, FieldDecision],
    spans: Mapping[str, tuple[Span, ...]],
    *,
    lang: Lang,
    on: date,
) -> RowView:
    names = {entity.value: text(f"gateway.span.{entity.value}", lang) for entity in Entity}
    views = []
    for field in catalogue().table(row.table).fields:
        if field.id not in decisions:
            continue
        decision = decisions[field.id]
        value = values.get(field.id)
        if value is not None and decision.method is not None:
            masking = Masking(method=decision.method, keep=decision.keep)
            value = mask(value, masking, on=on, spans=spans.get(value), names=names)
        views.append(FieldView(decision=decision, shown=Revealed(value)))
    return RowView(table=row.table, row=row.id, fields=tuple(views))
