"""Rows of one person's tables in pages, and the pages of a register; still sealed."""

from sqlalchemy import Connection, Select, select

from governance.core.terms import RowId, SubjectId
from governance.customers.store import TABLES, Record, record_of, with_custom
from governance.customers.upkeep.company_merges import ABSORBED

COMPANY = "company"  # of a merged one, the row that stands answers


def records_of(
    tx: Connection,
    subject: SubjectId,
    table: str,
    *,
    row: RowId | None = None,
    after: RowId | None = None,
    limit: int | None = None,
) -> tuple[Record, ...]:
    """The person's rows of one table, oldest first; one of them, or a page of them."""
    source = TABLES[table]
    wanted = select(source).where(source.c.subject_id == subject).order_by(source.c.id)
    if row is not None:
        wanted = wanted.where(source.c.id == row)
    if after is not None:
        wanted = wanted.where(source.c.id > after)
    if limit is not None:
        wanted = wanted.limit(limit)
    found = [record_of(table, row) for row in tx.execute(wanted).mappings()]
    return with_custom(tx, found)


def page_of(
    tx: Connection,
    table: str,
    *,
    after: RowId | None,
    limit: int,
    where: tuple[str, RowId] | None = None,
) -> tuple[tuple[RowId, SubjectId], ...]:
    """Row and person of the next rows in id order; `where` names a reference that they carry."""
    source = TABLES[table]
    wanted: Select[tuple[str, str]] = (
        select(source.c.id, source.c.subject_id).order_by(source.c.id).limit(limit)
    )
    if after is not None:
        wanted = wanted.where(source.c.id > after)
    if where is not None:
        wanted = wanted.where(source.c[where[0]] == where[1])
    if table == COMPANY:
        wanted = wanted.where(source.c.id.not_in(ABSORBED))
    return tuple((RowId(row.id), SubjectId(row.subject_id)) for row in tx.execute(wanted))


def company_owner(tx: Connection, company: RowId) -> SubjectId | None:
    """The representative of a company to which a row is added now: no merge ends before that.

    The lock comes first (a merge takes the stronger one), then the look at what stands.
    """
    source = TABLES[COMPANY]
    held = select(source.c.id).where(source.c.id == company)
    tx.execute(held.with_for_update(read=True, key_share=True))
    return owner_of(tx, COMPANY, company)


def owner_of(tx: Connection, table: str, row: RowId) -> SubjectId | None:
    """The person whom a row is about; None for no such row, and for a company merged away."""
    source = TABLES[table]
    wanted = select(source.c.subject_id).where(source.c.id == row)
    if table == COMPANY:
        wanted = wanted.where(source.c.id.not_in(ABSORBED))
    found = tx.execute(wanted).scalar()
    return None if found is None else SubjectId(found)
