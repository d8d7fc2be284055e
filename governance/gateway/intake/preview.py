"""What a file would be read as, before anything is taken in: encoding, columns, first rows.

Shown values are those that the principal's role may read; free text is blacked out by what the
search finds in it, and no 個人番号 or card number is shown to anybody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.clock import JST
from governance.core.terms import ActorId, FieldId, Lang, PurposeId
from governance.customers.catalogue import catalogue
from governance.customers.contents import (
    SAMPLE,
    ColumnSuggestion,
    Ground,
    suggest_columns,
    unique_headers,
)
from governance.customers.encodings import Alternative, alternatives
from governance.customers.ports import Ports
from governance.customers.sources.types import Reading, SavedSource
from governance.customers.tables import SourceFile, TableFormat, TableReader, inspect
from governance.customers.types import SourceKind
from governance.customers.workbooks import Sheet
from governance.gateway.intake.corrections import CorrectionReader, Linked
from governance.gateway.intake.drafts import TABLE_OF
from governance.gateway.intake.opening import (
    kind_of,
    linked_to,
    mapped,
    sample_of,
    saved_as,
)
from governance.gateway.intake.screening import without_numbers
from governance.gateway.intake.service import may_take_in
from governance.gateway.intake.types import ImportRequest
from governance.http.principal import Principal
from policies.actors import decide_actor
from policies.masking import Span as Shown
from policies.masking import mask
from policies.types import ActorDecision

SHOWN = 5  # rows
PURPOSE = PurposeId("data_quality")
HIDDEN = "***"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """How a file would be read."""

    file: SourceFile
    kind: SourceKind
    kind_sure: bool
    header_line: int
    columns: tuple[ColumnSuggestion, ...]
    rows: tuple[tuple[str, ...], ...] = field(repr=False)
    numbers: tuple[int, ...]  # of the rows
    others: tuple[Alternative, ...]
    sheets: tuple[Sheet, ...]
    saved: SavedSource | None
    added: tuple[str, ...]  # headers that the saved source does not know
    missing: tuple[str, ...]  # headers that it knows and the file lacks
    corrects: str = ""  # the file whose rows these are, corrected

    def as_json(self) -> dict[str, object]:
        """The outside shape of `sekisho import --preview`."""
        found = self.file.encoding
        return {
            "encoding": found.encoding if found else self.file.format.value,
            "confidence": found.confidence if found else 1.0,
            "second_opinion": found.second_opinion if found else None,
            "bom": bool(found and found.bom),
            "alternatives": [{"encoding": a.encoding, "score": a.score} for a in self.others],
            "format": self.file.format.value,
            "delimiter": self.file.delimiter or None,
            "header_row": self.header_line,
            "sheets": [{"name": s.name, "hidden": s.hidden} for s in self.sheets],
            "kind": self.kind.value,
            "kind_sure": self.kind_sure,
            "columns": [
                {
                    "header": without_numbers(c.header)[0],
                    "field": c.field,
                    "confidence": c.confidence,
                    "why": c.ground.value,
                    "looks_like": c.looks_like,
                    "filled": c.filled,
                }
                for c in self.columns
            ],
            "rows": [{"row": n, "cells": list(row)} for n, row in zip(self.numbers, self.rows,
                                                                      strict=True)],
            "source": self.saved.name if self.saved else None,
            "headers_added": [without_numbers(name)[0] for name in self.added],
            "headers_missing": list(self.missing),
        }  # fmt: skip


def preview(ports: Ports, principal: Principal, request: ImportRequest, *, at: datetime) -> Preview:
    """How the file would be read, recorded as looked at; nothing of it is stored."""
    by_kind = saved_as(ports, request.source)
    likely = by_kind.get(request.kind) if request.kind else next(iter(by_kind.values()), None)
    reading = request.reading.over(likely.reading) if likely else request.reading
    file = inspect(request.path, encoding=reading.encoding, delimiter=reading.delimiter)
    plain = TableReader(file, sheet=reading.sheet, header_row=reading.header_row)
    linked = linked_to(ports, plain, file, reading)
    reader = CorrectionReader(plain, linked) if linked is not None else plain
    headers = unique_headers(reader.headers)
    guessed = kind_of(request, headers, by_kind, linked=linked.kind if linked else None)
    kind = guessed or SourceKind.CUSTOMERS
    saved = by_kind.get(kind) if linked is None else None
    may_take_in(ports, principal, kind)
    mapping = linked.columns if linked else saved.columns if saved else {}
    sample = _rows_of(file, reading, linked) if linked else sample_of(file, reading)
    columns = _columns(headers, sample, kind, request, mapping)
    shown = [row for _, row in zip(range(SHOWN), reader, strict=False)]
    rows = _shown(ports, principal, kind, columns, [row.cells for row in shown], at=at)
    _record(ports, principal, kind, rows=len(rows), at=at)
    known = set(saved.headers) if saved else set()
    return Preview(
        file=file,
        kind=kind,
        kind_sure=guessed is not None,
        header_line=plain.header_line,
        columns=columns,
        rows=rows,
        numbers=tuple(row.number for row in shown),
        others=alternatives(request.path, file.encoding) if file.encoding else (),
        sheets=file.sheets if file.format is TableFormat.XLSX else (),
        saved=saved,
        added=tuple(name for name in headers if name not in known) if saved else (),
        missing=tuple(name for name in saved.headers if name not in headers) if saved else (),
        corrects=linked.file if linked else "",
    )


def _rows_of(file: SourceFile, reading: Reading, linked: Linked) -> tuple[tuple[str, ...], ...]:
    """The cells of the first records of a file of corrections, without where they belong."""
    again = TableReader(file, sheet=reading.sheet, header_row=reading.header_row)
    return tuple(row.cells for row in islice(CorrectionReader(again, linked), SAMPLE))


def _columns(
    headers: Sequence[str],
    sample: Sequence[Sequence[str]],
    kind: SourceKind,
    request: ImportRequest,
    known: Mapping[str, str],
) -> tuple[ColumnSuggestion, ...]:
    """The suggestions, with what a person or the saved source said in their place."""
    made = suggest_columns(headers, sample, kind)
    said = mapped(headers, kind, known=known, asked=request.columns)
    fixed = {*request.columns} | {*known}
    by_person = {c.header for c in made if c.header in fixed}
    return tuple(_said(c, said[c.header]) if c.header in by_person else c for c in made)


def _said(column: ColumnSuggestion, field_: str) -> ColumnSuggestion:
    return ColumnSuggestion(
        index=column.index,
        header=column.header,
        field=field_ or None,
        confidence=1.0,
        ground=Ground.MAPPED if field_ else Ground.IGNORED,
        looks_like=column.looks_like,
        filled=column.filled,
    )


def _shown(
    ports: Ports,
    principal: Principal,
    kind: SourceKind,
    columns: Sequence[ColumnSuggestion],
    rows: Sequence[Sequence[str]],
    *,
    at: datetime,
) -> tuple[tuple[str, ...], ...]:
    """The cells as the principal may see them; a column of no field counts as free text."""
    table = TABLE_OF.get(kind)
    decisions = [_decided(ports, principal, table, column) for column in columns]
    made: list[tuple[str, ...]] = []
    for row in rows:
        cells = [
            _cell(ports, cell, decisions[n] if n < len(decisions) else None, at=at)
            for n, cell in enumerate(row)
        ]
        made.append(tuple(cells))
    return tuple(made)


def _decided(
    ports: Ports, principal: Principal, table: str | None, column: ColumnSuggestion
) -> ActorDecision | None:
    """What the role may see of the column; None: everything, for it says nothing about a person."""
    if table is None:
        return None
    known = (FieldId(f"{place}.{column.field}") for place in (table, "person") if column.field)
    name = next((name for name in known if name in catalogue().fields), FieldId("person.notes"))
    return decide_actor(
        principal, ports.policies.current, field=name, action="read", purpose=PURPOSE, resource={}
    )


def _cell(ports: Ports, cell: str, decision: ActorDecision | None, *, at: datetime) -> str:
    """The cell without numbers, masked as the rule for its field says; withheld without one."""
    plain = without_numbers(cell)[0]
    if decision is None or not plain.strip():
        return plain
    if not decision:
        return HIDDEN
    if decision.masking is None:
        return plain
    (spans,) = ports.analyse((plain,), Lang.JA)
    found = [Shown(start=s.start, end=s.end, label=s.entity.value) for s in spans]
    return mask(plain, decision.masking, on=at.astimezone(JST).date(), spans=found)


def _record(
    ports: Ports, principal: Principal, kind: SourceKind, *, rows: int, at: datetime
) -> None:
    """Who looked into a file is on record before it is shown."""
    event = EventDraft(
        action=EventCode.PII_SCANNED,
        occurred_at=at,
        actor=ActorId(principal.id),
        actor_os=principal.os_user,
        object_type="import_preview",
        object_id=kind.value,
        outcome=Outcome.DONE,
        purpose=PURPOSE,
        counts=(("rows", rows),),
    )
    ports.database.write(lambda tx: ports.audit.append(tx, event))
