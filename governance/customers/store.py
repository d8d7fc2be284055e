"""Rows of the customer store in and out as ciphertext; nothing here opens a value."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, update

from governance.core.ids import new_row_id
from governance.core.terms import FieldId, Law, RowId, SubjectId
from governance.customers.catalogue import Storage, catalogue, derived
from governance.customers.changes import counter, touched
from governance.customers.custom import store as custom
from governance.customers.custom.rows import (
    NO_CELLS,
    beside,
    cells_beside,
    own_cells,
    own_columns,
)
from governance.customers.master.models import (
    ContactRow,
    HouseholdMemberRow,
    MessageRow,
    PermissionRow,
    PreferenceRow,
    RelationRow,
    SubscriptionRow,
    TagRow,
)
from governance.customers.models import (
    CompanyRow,
    DealRow,
    FindingRow,
    HoldEntry,
    InquiryRow,
    PersonRow,
    PurchaseRow,
    SubjectEntry,
    SubjectLawEntry,
    SuppressionEntry,
)
from governance.customers.subjects import AgeBand, SubjectKind, SubjectState
from governance.customers.upkeep.models import MergeTraceRow
from governance.db.prepared import PreparedInsert
from governance.db.types import insert_ignore, table_of

TABLES: Mapping[str, Table] = {
    "person": table_of(PersonRow),
    "company": table_of(CompanyRow),
    "purchase": table_of(PurchaseRow),
    "inquiry": table_of(InquiryRow),
    "deal": table_of(DealRow),
    "merge_trace": table_of(MergeTraceRow),
    "contact": table_of(ContactRow),
    "relation": table_of(RelationRow),
    "household_member": table_of(HouseholdMemberRow),
    "subscription": table_of(SubscriptionRow),
    "inquiry_message": table_of(MessageRow),
    "channel_permission": table_of(PermissionRow),
    "preference": table_of(PreferenceRow),
    "person_tag": table_of(TagRow),
}
SUBJECT, LAW = table_of(SubjectEntry), table_of(SubjectLawEntry)
FINDING = table_of(FindingRow)
HOLD, SUPPRESSION = table_of(HoldEntry), table_of(SuppressionEntry)
_SUBJECTS, _LAWS = PreparedInsert(SUBJECT), PreparedInsert(LAW)
_RECORDS = {name: PreparedInsert(table) for name, table in TABLES.items()}
IN_LIMIT = 500  # values in one IN list; both engines take more, plans stay small


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One stored row: columns in clear, and frames by field id."""

    table: str
    id: RowId
    subject: SubjectId
    clear: Mapping[str, Any]
    sealed: Mapping[FieldId, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A person's row with the laws that apply now."""

    id: SubjectId
    kind: SubjectKind
    state: SubjectState
    laws: frozenset[Law]
    age_band: AgeBand
    guardian_verified: bool
    kept_by_law: str | None
    fence: int = 0  # rises with every change of state
    country: str | None = None  # whose age of consent applies
    grown_on: date | None = None  # first day of the month after the age of consent was reached
    last_active_on: date | None = None

    @property
    def gone(self) -> bool:
        """Erased, or being erased, with nothing that a law alone keeps."""
        ending = self.state in (SubjectState.ERASING, SubjectState.ERASED)
        return ending and self.kept_by_law is None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubject:
    """A person to be created."""

    id: SubjectId
    kind: SubjectKind
    laws: Mapping[Law, str]
    age_band: AgeBand = AgeBand.UNKNOWN
    guardian_verified: bool = False
    country: str | None = None


def add_subjects(tx: Connection, subjects: Sequence[NewSubject], *, at: datetime) -> None:
    """The persons exist, active, with the laws that apply from today."""
    if not subjects:
        return
    _SUBJECTS.rows(
        tx,
        [
            {
                "id": subject.id,
                "kind": subject.kind.value,
                "state": SubjectState.ACTIVE.value,
                "birth_band": subject.age_band.value,
                "guardian_verified": subject.guardian_verified,
                "country": subject.country,
                "fence": 0,
                "changed_seq": 0,
                "created_at": at,
            }
            for subject in subjects
        ],
    )
    _LAWS.rows(
        tx,
        [
            {
                "id": new_row_id(),
                "subject_id": subject.id,
                "law": law.value,
                "evidence": evidence,
                "valid_from": at.date(),
            }
            for subject in subjects
            for law, evidence in subject.laws.items()
        ],
    )
    counter.note(tx, [subject.id for subject in subjects])


def subject_by_id(tx: Connection, subject: SubjectId, *, on: date) -> Subject | None:
    """The person with the laws in force on this day; None when unknown."""
    row = tx.execute(select(SUBJECT).where(SUBJECT.c.id == subject)).one_or_none()
    if row is None:
        return None
    standing = (LAW.c.valid_to.is_(None)) | (LAW.c.valid_to >= on)
    mine = select(LAW.c.law).where(LAW.c.subject_id == subject, LAW.c.valid_from <= on, standing)
    return subject_of(row, map(Law, tx.execute(mine).scalars()))


def subject_of(row: Any, laws: Iterable[Law]) -> Subject:
    """A stored person with the laws that apply."""
    return Subject(
        id=SubjectId(row.id),
        kind=SubjectKind(row.kind),
        state=SubjectState(row.state),
        laws=frozenset(laws),
        age_band=AgeBand(row.birth_band or "unknown"),
        guardian_verified=bool(row.guardian_verified),
        kept_by_law=row.kept_by_law,
        fence=row.fence,
        country=row.country,
        grown_on=row.grown_on,
        last_active_on=row.last_active_on,
    )


def set_state(
    tx: Connection, subject: SubjectId, state: SubjectState, *, kept_by_law: str | None = None
) -> None:
    """The person's state changes and the fence rises: work begun before it must look again."""
    tx.execute(
        update(SUBJECT)
        .where(SUBJECT.c.id == subject)
        .values(state=state.value, kept_by_law=kept_by_law, fence=SUBJECT.c.fence + 1)
    )
    counter.note(tx, [subject])


def lock_subject(tx: Connection, subject: SubjectId) -> int | None:
    """The person's fence after taking the row lock that holds, purge and erasure share."""
    statement = select(SUBJECT.c.fence).where(SUBJECT.c.id == subject)
    if tx.dialect.name != "sqlite":  # SQLite's BEGIN IMMEDIATE already is that lock
        statement = statement.with_for_update()
    found = tx.execute(statement).scalar()
    return int(found) if found is not None else None


def insert_records(tx: Connection, records: Sequence[Record]) -> None:
    """The rows are stored; all of one table in one statement."""
    by_table: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        by_table.setdefault(record.table, []).append(_columns(record))
    for table, rows in by_table.items():
        _RECORDS[table].rows(tx, rows)
    touched.touch(tx, (record.subject for record in records))
    custom.add(tx, [cell for record in records if _more(record) for cell in _beside(record)])


def _more(record: Record) -> bool:
    """Whether something of the record may stand beside its row."""
    shape = _shape(record.table)
    return shape.custom or not record.sealed.keys() <= shape.columns.keys()


def _beside(record: Record) -> Iterator[custom.Cell]:
    return cells_beside(
        record.table, record.id, record.subject, clear=record.clear, sealed=record.sealed
    )


def with_custom(tx: Connection, records: Sequence[Record]) -> tuple[Record, ...]:
    """The records with the sealed values of their custom fields, where any are declared."""
    found = beside(tx, [(record.table, record.id) for record in records])
    if not found:
        return tuple(records)
    return tuple(
        replace(record, sealed={**record.sealed, **found.get(record.id, NO_CELLS)})
        for record in records
    )


def _columns(record: Record) -> dict[str, Any]:
    shape = _shape(record.table)
    clear = own_columns(record.clear) if shape.custom else record.clear
    values = {**shape.empty, **clear, "id": record.id, "subject_id": record.subject}
    columns = shape.columns
    for name, cell in record.sealed.items():
        if (column := columns.get(name)) is not None:
            values[column] = cell
    return values


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """How the rows of a table are filled."""

    columns: Mapping[FieldId, str]  # of the sealed fields that are columns of the row itself
    empty: Mapping[str, None]
    custom: bool


@derived
def _shape(table: str) -> _Shape:
    found = catalogue().table(table)
    columns = {entry.id: entry.column for entry in found.sealed()}
    return _Shape(
        columns=columns, empty=dict.fromkeys(columns.values()), custom=bool(found.custom())
    )


def update_record(tx: Connection, record: Record, *, expected_version: int | None = None) -> bool:
    """Whether the given columns were written; False when the row changed meanwhile."""
    table = TABLES[record.table]
    values = own_columns(record.clear) | own_cells(record.sealed)
    statement = update(table).where(table.c.id == record.id)
    if expected_version is not None:
        statement = statement.where(table.c.version == expected_version)
        values["version"] = expected_version + 1
    if values and tx.execute(statement.values(**values)).rowcount != 1:
        return False
    custom.write(tx, _beside(record))
    touched.touch(tx, [record.subject])
    return True


def record_by_id(tx: Connection, table: str, row: RowId) -> Record | None:
    """One stored row."""
    source = TABLES[table]
    found = tx.execute(select(source).where(source.c.id == row)).mappings().one_or_none()
    return None if found is None else with_custom(tx, [record_of(table, found)])[0]


def records_of(tx: Connection, subject: SubjectId, table: str) -> tuple[Record, ...]:
    """All rows of one table about one person, oldest first."""
    source = TABLES[table]
    found = tx.execute(
        select(source).where(source.c.subject_id == subject).order_by(source.c.id)
    ).mappings()
    return with_custom(tx, [record_of(table, row) for row in found])


def records_after(
    tx: Connection, table: str, *, after: RowId | None, limit: int
) -> tuple[Record, ...]:
    """The next rows of a table in id order, for jobs that walk it."""
    source = TABLES[table]
    statement = select(source).order_by(source.c.id).limit(limit)
    if after is not None:
        statement = statement.where(source.c.id > after)
    found = [record_of(table, row) for row in tx.execute(statement).mappings()]
    return with_custom(tx, found)


def record_of(table: str, row: Mapping[Any, Any]) -> Record:
    """A stored row by its columns, still sealed."""
    clear: dict[str, Any] = {}
    sealed: dict[FieldId, bytes] = {}
    for entry in catalogue().table(table).fields:
        if entry.custom is not None:
            continue
        value = row[entry.column]
        if entry.storage is Storage.CLEAR:
            clear[entry.column] = value
        elif value is not None:
            sealed[entry.id] = bytes(value)
    return Record(
        table=table,
        id=RowId(row["id"]),
        subject=SubjectId(row["subject_id"]),
        clear=clear,
        sealed=sealed,
    )


def known_source_keys(tx: Connection, table: str, keys: Iterable[str]) -> dict[str, RowId]:
    """Rows of a table that carry these source keys."""
    source = TABLES[table]
    found: dict[str, RowId] = {}
    wanted = list(keys)
    for start in range(0, len(wanted), IN_LIMIT):
        part = wanted[start : start + IN_LIMIT]
        rows = tx.execute(
            select(source.c.source_key, source.c.id).where(source.c.source_key.in_(part))
        )
        found |= {key: RowId(row) for key, row in rows}
    return found


def cells_of(tx: Connection, table: str, column: str, rows: Iterable[RowId]) -> dict[RowId, bytes]:
    """One sealed column of many rows."""
    source = TABLES[table]
    found: dict[RowId, bytes] = {}
    wanted = list(rows)
    for start in range(0, len(wanted), IN_LIMIT):
        part = wanted[start : start + IN_LIMIT]
        cells = tx.execute(select(source.c.id, source.c[column]).where(source.c.id.in_(part)))
        found |= {RowId(row): bytes(cell) for row, cell in cells if cell is not None}
    return found


def suppressed(tx: Connection, asked: Iterable[bytes], *, on: date) -> frozenset[bytes]:
    """Which of these tokens belong to a person who is, on this day, erased or opted out."""
    wanted = list(asked)
    found: set[bytes] = set()
    for start in range(0, len(wanted), IN_LIMIT):
        rows = tx.execute(
            select(SUPPRESSION.c.token).where(
                SUPPRESSION.c.token.in_(wanted[start : start + IN_LIMIT]),
                (SUPPRESSION.c.ends_on.is_(None)) | (SUPPRESSION.c.ends_on >= on),
            )
        )
        found |= {bytes(token) for token in rows.scalars()}
    return frozenset(found)


def add_findings(tx: Connection, findings: Sequence[Mapping[str, Any]]) -> None:
    """What was found in free text is noted beside the row: kinds and counts."""
    if findings:
        tx.execute(insert_ignore(FINDING, tx.dialect.name), list(findings))


def held(tx: Connection, subject: SubjectId) -> bool:
    """Whether a legal hold stands on the person."""
    standing = HOLD.c.subject_id == subject, HOLD.c.released_at.is_(None)
    return bool(tx.execute(select(func.count()).select_from(HOLD).where(*standing)).scalar())


def place_hold(tx: Connection, subject: SubjectId, *, matter: str, by: str, at: datetime) -> RowId:
    """The hold stands; deletion of the person's data stops until it is released."""
    row = new_row_id()
    tx.execute(
        insert(HOLD).values(id=row, subject_id=subject, matter=matter, placed_by=by, placed_at=at)
    )
    touched.touch(tx, [subject])
    return row


def count_rows(tx: Connection, table: str) -> int:
    """How many rows a table holds."""
    return int(tx.execute(select(func.count()).select_from(TABLES[table])).scalar_one())
