"""Tokens of whole rows, under every key whose tokens are written; one look at the keys a batch."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from governance.core.terms import FieldId, RowId, SubjectId
from governance.crypto.index import IndexKey, TermKind
from governance.crypto.values import Plain
from governance.customers.catalogue import catalogue
from governance.customers.search_plan import KINDS, bits_of, index_name
from governance.customers.search_terms import Form, form_of, stored_terms
from governance.customers.tokens import Due, RowTokens, Version
from governance.keys.errors import IndexUnknownError
from governance.keys.vault import FieldVault

EVERY: Final = frozenset(TermKind)
FIRST: Final = frozenset({TermKind.EXACT})  # what an import writes at once
REST: Final = EVERY - FIRST


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedField:
    """A field that can be found, with the kinds of index that the catalogue gives it."""

    field: FieldId
    form: Form
    kinds: tuple[TermKind, ...]


def indexed_fields(table: str, kinds: Collection[TermKind] = EVERY) -> tuple[IndexedField, ...]:
    """Fields of a table that have one of these kinds of index."""
    found = []
    for entry in catalogue().table(table).fields:
        wanted = tuple(
            kind for word, kind in KINDS.items() if word in entry.search and kind in kinds
        )
        if wanted:
            found.append(IndexedField(field=entry.id, form=form_of(entry.id), kinds=wanted))
    return tuple(found)


def indexed_tables() -> tuple[str, ...]:
    """Tables whose rows can be found."""
    return tuple(name for name in catalogue().tables if indexed_fields(name))


class Tokeniser:
    """Makes tokens in every version of each field's index that is written."""

    def __init__(
        self, vault: FieldVault, tables: Iterable[str], *, kinds: Collection[TermKind] = EVERY
    ) -> None:
        self._vault = vault
        self._fields = {table: indexed_fields(table, kinds) for table in tables}
        self._keys: dict[FieldId, tuple[IndexKey, ...]] = {}
        self._made: dict[IndexKey, dict[bytes, bytes]] = {}
        self._ensure()
        self.look()

    def _names(self) -> Iterable[tuple[FieldId, TermKind]]:
        return (
            (found.field, kind)
            for fields in self._fields.values()
            for found in fields
            for kind in found.kinds
        )

    def _ensure(self) -> None:
        live = {name for name, _ in self._vault.indexes.live_keys()}
        for field, kind in self._names():
            if (name := index_name(field, kind)) not in live:
                self._vault.indexes.ensure(name, bits=bits_of(field, kind))

    def look(self) -> None:
        """Tokens are made under the keys of this moment; called at the start of each batch."""
        live: dict[FieldId, tuple[IndexKey, ...]] = {}
        for (name, _), key in sorted(self._vault.indexes.live_keys().items()):
            live[name] = (*live.get(name, ()), key)
        for field, kind in self._names():
            if index_name(field, kind) not in live:  # fails closed: it could not be found
                raise IndexUnknownError(field=index_name(field, kind))
        self._keys = live
        self._made = {key: {} for keys in live.values() for key in keys}  # nothing stays longer

    def live(self) -> frozenset[Version]:
        """Every index and version in which tokens are made."""
        names = {index_name(field, kind) for field, kind in self._names()}
        return frozenset(
            (name, key.version)
            for name, keys in self._keys.items()
            if name in names
            for key in keys
        )

    def versions(self, name: FieldId) -> tuple[int, ...]:
        """Versions in which tokens of this index are made."""
        return tuple(key.version for key in self._keys.get(name, ()))

    def tokens(
        self,
        table: str,
        plain: Mapping[FieldId, Plain | None],
        *,
        only: Collection[Version] | None = None,
    ) -> dict[Version, tuple[bytes, ...]]:
        """Tokens of a row's values by index and version, or only those of some versions."""
        found: dict[Version, tuple[bytes, ...]] = {}
        for entry in self._fields[table]:
            value = plain.get(entry.field)
            if not isinstance(value, str) or not value:
                continue
            for kind, terms in stored_terms(entry.form, value, entry.kinds).items():
                name = index_name(entry.field, kind)
                for key in self._keys[name]:
                    version = name, key.version
                    if only is None or version in only:
                        found[version] = self._tokens(key, terms)
        return found

    def row(
        self,
        table: str,
        row: RowId,
        subject: SubjectId,
        plain: Mapping[FieldId, Plain],
        *,
        due: Due = Due.NOTHING,
    ) -> RowTokens:
        """Every token of a row's values, to be stored with it."""
        tokens = self.tokens(table, plain)
        return RowTokens(row=row, subject=subject, source=table, tokens=tokens, due=due)

    def _tokens(self, key: IndexKey, terms: Iterable[bytes]) -> tuple[bytes, ...]:
        made = self._made[key]
        found: dict[bytes, None] = {}
        for term in terms:
            token = made.get(term)
            if token is None:
                token = made[term] = key.token(term)
            found[token] = None
        return tuple(found)
