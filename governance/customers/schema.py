"""The database schema as the catalogue looks at it: columns, references, places for frames."""

from sqlalchemy import LargeBinary, MetaData, Table
from sqlmodel import SQLModel

from governance.customers.catalogue_checks import Reference, TableShape


def shapes(metadata: MetaData = SQLModel.metadata) -> tuple[TableShape, ...]:
    """Every table that is declared in this process; what it refers to need not be, too."""
    return tuple(_shape(table) for table in metadata.tables.values())


def _shape(table: Table) -> TableShape:
    return TableShape(
        name=table.name,
        columns=tuple(column.name for column in table.columns),
        references=tuple(
            Reference(column=column.name, to=key.target_fullname.rpartition(".")[0])
            for column in table.columns
            for key in column.foreign_keys
        ),
        binary=tuple(c.name for c in table.columns if isinstance(c.type, LargeBinary)),
    )
