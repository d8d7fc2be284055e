"""What an erasure does with each field of one person: delete, anonymise, keep under which law."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Connection, Table, func, select

from audit.models import PARTS
from consent.ledger import EVENT as CONSENT
from governance.core.terms import FieldId, KeyClass, Lang, RowId, SubjectId
from governance.customers.catalogue import CatalogueField, OnErase, Storage, catalogue
from governance.customers.edges import EdgeAction
from governance.customers.store import TABLES
from governance.customers.upkeep.merges import survivor_of
from governance.i18n.catalogue import text
from governance.registers.provisions.store import PERSON as PROVIDED
from retention import edges, rules, store
from retention.access import today
from retention.duties import row_keeps
from retention.errors import SubjectUnknownError
from retention.facts import facts_of
from retention.holds.sparing import stands_by_hold
from retention.plans import Json
from retention.types import Due, GdprView, Keep, RowKeep, Schedule

CONSENT_PROOF, AUDIT_PART = "consent_event.proof", "audit_part.payload"
PROVISION_IDENTITY = "provision_person.identity"
SHOWN_AS = {  # what goes with a table that the plan names by its content
    "search_row": "search_row.tokens",
    "text_finding": "text_finding.entity",
    "custom_value": "custom_value.value",
}


class Fate(StrEnum):
    """What becomes of one field."""

    DELETE = "delete"
    ANONYMISE = "anonymise"  # the personal column is emptied; the row says nothing of a person
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFate:
    """One field, how many rows of it, and what becomes of them."""

    field: str
    rows: int
    fate: Fate
    duty: str | None = None
    basis_ja: str | None = None
    basis_en: str | None = None
    until: date | None = None  # None with KEEP: the record key's own period
    gdpr: str | None = None  # what the duty is for a person under the GDPR

    def as_json(self) -> dict[str, Json]:
        """The line of `sekisho erase --plan --json`."""
        return {
            "field": self.field,
            "rows": self.rows,
            "fate": self.fate.value,
            "law": self.duty,
            "basis_ja": self.basis_ja,
            "basis_en": self.basis_en,
            "until": self.until.isoformat() if self.until is not None else None,
            "gdpr": self.gdpr,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasePlan:
    """Every field of one person; `blocked` names the rule that forbids an erasure now."""

    subject: SubjectId
    blocked: str | None
    fates: tuple[FieldFate, ...]

    def as_json(self) -> dict[str, Json]:
        """What `sekisho erase --subject S --plan --json` prints."""
        return {
            "id": self.subject,
            "blocked": self.blocked,
            "fields": [fate.as_json() for fate in self.fates],
        }


def erase_plan(tx: Connection, subject: SubjectId, *, at: datetime) -> ErasePlan:
    """What an erasure would do now; raises SubjectUnknownError."""
    schedule, day = store.in_force(tx), today(at)
    subject = survivor_of(tx, subject)
    found = facts_of(tx, [subject], at=day)
    if not found:
        raise SubjectUnknownError
    (facts,) = found
    decision = rules.requested(facts, schedule, at=day)
    keeps = row_keeps(facts, schedule, at=day)
    fates: list[FieldFate] = []
    for name in catalogue().erase_order():
        fates += _table(tx, name, subject, schedule, keeps, gdpr=facts.gdpr)
    fates += _beside(tx, subject)
    return ErasePlan(
        subject=subject,
        blocked=None if isinstance(decision, Due) else decision.rule,
        fates=tuple(fates),
    )


def _table(
    tx: Connection,
    name: str,
    subject: SubjectId,
    schedule: Schedule,
    keeps: Mapping[RowId, RowKeep],
    *,
    gdpr: bool,
) -> Iterator[FieldFate]:
    declared, table = catalogue().table(name), TABLES[name]
    rows = set(tx.execute(select(table.c.id).where(table.c.subject_id == subject)).scalars())
    if not rows:
        return
    for field in declared.fields:
        held = sum(row in rows and _held(field, keep) for row, keep in keeps.items())
        if held:
            yield _by_hold(field, held, schedule, gdpr=gdpr)
        left = len(rows) - held
        match declared.on_erase:
            case OnErase.DELETE if left:
                yield FieldFate(field=field.id, rows=left, fate=Fate.DELETE)
            case OnErase.EMPTY_COLUMNS if left and field.storage is Storage.SEALED:
                yield FieldFate(field=field.id, rows=left, fate=Fate.ANONYMISE)
            case OnErase.KEEP_BY_LAW:
                free = {row for row in rows if row not in keeps or not _held(field, keeps[row])}
                yield from _by_duty(field, free, schedule, keeps, gdpr=gdpr)
            case OnErase.DELETE | OnErase.EMPTY_COLUMNS:
                continue


def _held(field: CatalogueField, keep: RowKeep) -> bool:
    found = keep.fields.get(field.id)
    return found is not None and stands_by_hold(found.duty)


def _by_hold(field: CatalogueField, rows: int, schedule: Schedule, *, gdpr: bool) -> FieldFate:
    """What stays for a hold alone; no paper names the matter, and nobody knows the day."""
    return FieldFate(
        field=field.id,
        rows=rows,
        fate=Fate.KEEP,
        duty=schedule.hold,
        basis_ja=text("retention.hold_basis", Lang.JA),
        basis_en=text("retention.hold_basis", Lang.EN),
        gdpr=GdprView.CLAIMS.value if gdpr else None,
    )


def _by_duty(
    field: CatalogueField,
    rows: set[str],
    schedule: Schedule,
    keeps: Mapping[RowId, RowKeep],
    *,
    gdpr: bool,
) -> Iterator[FieldFate]:
    """One line per duty that keeps this field in some rows, one for the rows where none does."""
    kept: dict[str, list[Keep]] = defaultdict(list)
    for row, keep in keeps.items():
        if row in rows and (found := keep.fields.get(FieldId(field.id))) is not None:
            kept[found.duty].append(found)
    left = len(rows) - sum(len(found) for found in kept.values())
    if left:
        yield FieldFate(field=field.id, rows=left, fate=Fate.DELETE)
    for duty in schedule.duties:
        if found_keeps := kept.get(duty.id):
            yield FieldFate(
                field=field.id,
                rows=len(found_keeps),
                fate=Fate.KEEP,
                duty=duty.id,
                basis_ja=duty.basis.ja,
                basis_en=duty.basis.en,
                until=max(keep.until for keep in found_keeps),
                gdpr=duty.gdpr.value if gdpr else None,
            )


def _beside(tx: Connection, subject: SubjectId) -> Iterator[FieldFate]:
    """What stands beside the tables: index tokens, findings, the log's parts, consent proofs."""
    for edge, count in edges.named(tx, subject):
        if edge.on_erase is EdgeAction.EMPTY:
            for column in (edge.column, *edge.empties):
                yield FieldFate(field=f"{edge.table}.{column}", rows=count, fate=Fate.ANONYMISE)
        else:
            said = SHOWN_AS.get(edge.table, f"{edge.table}.{edge.column}")
            yield FieldFate(field=said, rows=count, fate=Fate.DELETE)
    if count := _count(tx, PARTS, "subject", subject, PARTS.c.payload.is_not(None)):
        yield FieldFate(field=AUDIT_PART, rows=count, fate=Fate.DELETE)
    if count := _count(tx, CONSENT, "subject_id", subject):
        yield _on_record(CONSENT_PROOF, count, "retention.record_basis")
    if count := _count(tx, PROVIDED, "subject_id", subject):
        yield _on_record(PROVISION_IDENTITY, count, "retention.provision_basis")


def _on_record(field: str, rows: int, basis: str) -> FieldFate:
    """What stays under the record key, with a period of its own."""
    return FieldFate(
        field=field,
        rows=rows,
        fate=Fate.KEEP,
        duty=KeyClass.RECORD.value,
        basis_ja=text(basis, Lang.JA),
        basis_en=text(basis, Lang.EN),
    )


def _count(
    tx: Connection, table: Table, column: str, subject: SubjectId, *conditions: object
) -> int:
    mine = select(func.count()).select_from(table).where(table.c[column] == subject, *conditions)  # type: ignore[arg-type] # conditions of the table
    return int(tx.execute(mine).scalar_one())
