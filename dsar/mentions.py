"""What rows about other persons say of this one: that they act for somebody, since when.

The other person's identity is not theirs to know; only clear facts about the relation are shown,
and each is read through the gate as a reading of the other's row.
"""

from collections.abc import Iterator

from sqlalchemy import select

from dsar.found import Found, FoundRecord, FoundValue
from dsar.reads import PURPOSE, Query, words_of
from governance.core.terms import FieldId, Lang, RowId, SubjectId
from governance.customers.catalogue import CatalogueField, Storage, catalogue
from governance.customers.edges import Edge, EdgeAction
from governance.customers.ports import Ports
from governance.customers.store import TABLES
from governance.gateway.reading import read
from governance.gateway.types import ReadRequest, RowView, UnknownPersonError
from governance.i18n.catalogue import text
from policies.types import Label

OURS = frozenset({"record_keeping", "acquisition"})


def mention_edges() -> tuple[Edge, ...]:
    """References by which a row about one person names another."""
    return tuple(
        edge
        for table in catalogue().tables.values()
        for edge in table.edges
        if edge.on_erase is EdgeAction.EMPTY
    )


class MentionSource:
    """Rows of one table that name the person beside whom they are about."""

    def __init__(self, ports: Ports, edge: Edge) -> None:
        self.name = f"{edge.table}.{edge.column}"
        self._ports = ports
        self._edge = edge
        self._fields: dict[FieldId, CatalogueField] = {
            entry.id: entry
            for entry in catalogue().table(edge.table).fields
            if entry.storage is Storage.CLEAR
            and entry.category not in OURS
            and not entry.third_person
        }

    def find(self, query: Query) -> Found:
        """The clear facts of every such row, without whom it is about."""
        return Found(
            source=self.name,
            label=Label(
                ja=text("dsar.source.mention", Lang.JA), en=text("dsar.source.mention", Lang.EN)
            ),
            records=tuple(self._records(query)),
        )

    def _records(self, query: Query) -> Iterator[FoundRecord]:
        table = TABLES[self._edge.table]
        mine = table.c[self._edge.column] == query.subject
        with self._ports.database.read() as tx:
            found = tx.execute(select(table.c.id, table.c.subject_id).where(mine)).all()
        for row in found:
            request = ReadRequest(
                subject=SubjectId(row.subject_id),
                purpose=PURPOSE,
                tables=(self._edge.table,),
                fields=frozenset(self._fields),
                row=RowId(row.id),
                request_id=query.request,
            )
            try:
                answer = read(self._ports, query.principal, request, at=query.at)
            except UnknownPersonError:
                continue  # the other person is erased; nothing is left to say
            for view in answer.rows:
                yield FoundRecord(row=view.row, values=tuple(self._values(view)))

    def _values(self, row: RowView) -> Iterator[FoundValue]:
        for view in row.fields:
            if view.shown.value:
                entry = self._fields[view.field]
                yield FoundValue(
                    name=view.field,
                    label=Label(ja=entry.label_ja, en=entry.label_en),
                    text=words_of(view.field, view.shown.value),
                )
