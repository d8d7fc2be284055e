"""Search forms of fields and their index tokens; the same for storing and for searching."""

from collections.abc import Callable, Iterable, Mapping

from governance.core.terms import FieldId, RowId, SubjectId
from governance.crypto.index import IndexKey, exact_terms
from governance.crypto.values import Plain
from governance.customers.catalogue import Search, catalogue
from governance.customers.normalise.kana import kana_key
from governance.customers.normalise.names import name_key
from governance.customers.store import Token
from governance.keys.errors import IndexUnknownError
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
    """Makes tokens in every live version of each field's index; one look at the keys per batch."""

    def __init__(self, vault: FieldVault, tables: Iterable[str]) -> None:
        self._vault = vault
        self._fields = {table: indexed_fields(table) for table in tables}
        self._keys: dict[FieldId, tuple[IndexKey, ...]] = {}
        self._made: dict[tuple[FieldId, str], tuple[tuple[int, bytes], ...]] = {}
        for field in self._known():
            vault.indexes.ensure(field)
        self.look()

    def _known(self) -> set[FieldId]:
        return {field for fields in self._fields.values() for field in fields}

    def look(self) -> None:
        """Tokens are made under the keys of this moment; called at the start of each batch."""
        live: dict[FieldId, tuple[IndexKey, ...]] = {}
        for (field, _), key in sorted(self._vault.indexes.live_keys().items()):
            live[field] = (*live.get(field, ()), key)
        for field in self._known() - live.keys():
            raise IndexUnknownError(field=field)  # fails closed: its values could not be found
        self._keys = live
        self._made = {}  # under other keys, and of values that are not to stay in memory

    def of(self, field: FieldId, value: str) -> tuple[tuple[int, bytes], ...]:
        """(version, token) of a value in each live version; nothing for an empty form."""
        made = self._made.get((field, value))
        if made is None:
            terms = exact_terms(search_form(field, value))
            made = self._made[field, value] = tuple(
                (key.version, key.token(term)) for key in self._keys[field] for term in terms
            )
        return made

    def row_tokens(
        self, table: str, row: RowId, subject: SubjectId, plain: Mapping[FieldId, Plain]
    ) -> list[Token]:
        """Every token of a row's values."""
        return [
            Token(field=field, version=version, token=token, row=row, subject=subject)
            for field in self._fields[table]
            if isinstance(value := plain.get(field), str)
            for version, token in self.of(field, value)
        ]
