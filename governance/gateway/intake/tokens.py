"""Tokens that an import writes at once: whole values. The rest is the following job's."""

from collections.abc import Collection, Iterable, Mapping

from governance.core.terms import FieldId, RowId, SubjectId
from governance.crypto.index import TermKind, exact_terms
from governance.crypto.values import Plain
from governance.customers import indexing
from governance.customers.indexing import EVERY, FIRST, Tokeniser
from governance.customers.search_terms import form_of, stored_keys
from governance.customers.tokens import Due, RowTokens
from governance.keys.vault import FieldVault


def search_form(field: FieldId, value: str) -> str:
    """The value as it is compared: names without variant kanji, readings without width."""
    return (*stored_keys(form_of(field), value), "")[0]


def indexed_fields(table: str) -> tuple[FieldId, ...]:
    """Fields of a table that can be found."""
    return tuple(found.field for found in indexing.indexed_fields(table))


class Indexer(Tokeniser):
    """Makes the tokens of whole values, or all kinds; one look at the keys per batch."""

    def __init__(
        self, vault: FieldVault, tables: Iterable[str], *, kinds: Collection[TermKind] = FIRST
    ) -> None:
        wanted = tuple(tables)
        super().__init__(vault, wanted, kinds=kinds)
        later = EVERY - frozenset(kinds)
        self._follows = {name for name in wanted if indexing.indexed_fields(name, later)}

    def of(self, field: FieldId, value: str) -> tuple[tuple[int, bytes], ...]:
        """(version, token) of a whole value in each live version; none for an empty form."""
        terms = exact_terms(search_form(field, value))
        return tuple((key.version, key.token(term)) for key in self._keys[field] for term in terms)

    def row_tokens(
        self, table: str, row: RowId, subject: SubjectId, plain: Mapping[FieldId, Plain]
    ) -> list[RowTokens]:
        """The tokens of a row's whole values; its other tokens are the following job's."""
        due = Due.REST if table in self._follows else Due.NOTHING
        found = self.row(table, row, subject, plain, due=due)
        return [found] if found.tokens or due else []
