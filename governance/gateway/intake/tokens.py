"""Search forms of fields and their index tokens; the same for storing and for searching."""

from collections.abc import Callable, Iterable, Mapping

from governance.core.terms import FieldId, RowId, SubjectId
from governance.crypto.index import exact_terms
from governance.crypto.values import Plain
from governance.customers.catalogue import Search, catalogue
from governance.customers.normalise.kana import kana_key
from governance.customers.normalise.names import name_key
from governance.customers.store import Token
from governance.keys.vault import FieldVault

FORMS: Mapping[str, Callable[[str], str]] = {"name": name_key, "kana": kana_key}


def search_form(field: FieldId, value: str) -> str:
    """The value as it is compared: names without variant kanji, readings without width."""
    form = FORMS.get(field.partition(".")[2])
    return form(value) if form is not None else value.casefold()


def indexed_fields(table: str) -> tuple[FieldId, ...]:
    """Fields of a table that can be found by their whole value."""
    return tuple(f.id for f in catalogue().table(table).fields if Search.EXACT in f.search)


class Indexer:
    """Makes tokens in every live version of each field's index; one look-up of versions."""

    def __init__(self, vault: FieldVault, tables: Iterable[str]) -> None:
        self._vault = vault
        self._versions: dict[FieldId, tuple[int, ...]] = {}
        for table in tables:
            for field in indexed_fields(table):
                vault.indexes.ensure(field)
                self._versions[field] = tuple(v.version for v in vault.indexes.versions(field))

    def of(self, field: FieldId, value: str) -> tuple[tuple[int, bytes], ...]:
        """(version, token) of a value in each live version; nothing for an empty form."""
        terms = exact_terms(search_form(field, value))
        return tuple(
            (version, token)
            for version in self._versions[field]
            for token in self._vault.tokens(field, version, terms)
        )

    def row_tokens(
        self, table: str, row: RowId, subject: SubjectId, plain: Mapping[FieldId, Plain]
    ) -> list[Token]:
        """Every token of a row's values."""
        return [
            Token(field=field, version=version, token=token, row=row, subject=subject)
            for field in indexed_fields(table)
            if isinstance(value := plain.get(field), str)
            for version, token in self.of(field, value)
        ]
