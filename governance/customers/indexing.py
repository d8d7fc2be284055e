"""Tokens of whole rows, under every key whose tokens are written; one look at the keys a batch."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from governance.core.terms import FieldId, RowId, SubjectId
from governance.crypto.index import IndexKey, TermKind, term
from governance.crypto.values import Plain
from governance.customers.catalogue import Storage, catalogue, derived
from governance.customers.search_plan import KINDS, bits_of, field_of, index_name
from governance.customers.search_terms import Form, form_of, stored_pieces
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
    return _indexed(table, frozenset(kinds))


@derived
def _indexed(table: str, kinds: frozenset[TermKind]) -> tuple[IndexedField, ...]:
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


def is_clear(field: FieldId) -> bool:
    """Whether the field is stored in clear: it is about no person and stays when one goes."""
    return catalogue().fields[field].storage is Storage.CLEAR


def whose(subject: SubjectId, tokens: Collection[Version]) -> SubjectId | None:
    """With whom these tokens go: with the row's person, or with nobody if none is personal."""
    impersonal = tokens and all(is_clear(field_of(name)) for name, _ in tokens)
    return None if impersonal else subject


class _Made(dict[str, bytes]):
    """The token of each piece, made when it is first asked for; it shows itself to nobody."""

    __slots__ = ("_key", "_kind")

    def __init__(self, key: IndexKey, kind: TermKind) -> None:
        super().__init__()
        self._key, self._kind = key, kind

    def __missing__(self, piece: str) -> bytes:
        token = self[piece] = self._key.token(term(self._kind, piece))
        return token

    def __repr__(self) -> str:
        return "_Made(...)"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Maker:
    """Makes the tokens of one index in one version, each piece of a value once."""

    version: Version
    made: _Made = field(repr=False)

    def tokens(self, pieces: Iterable[str]) -> tuple[bytes, ...]:
        """The tokens of the pieces, each once."""
        return tuple(dict.fromkeys(map(self.made.__getitem__, pieces)))


class Tokeniser:
    """Makes tokens in every version of each field's index that is written."""

    def __init__(
        self, vault: FieldVault, tables: Iterable[str], *, kinds: Collection[TermKind] = EVERY
    ) -> None:
        self._vault = vault
        self._fields = {table: indexed_fields(table, kinds) for table in tables}
        self._keys: dict[FieldId, tuple[IndexKey, ...]] = {}
        self._makers: dict[tuple[FieldId, TermKind], tuple[_Maker, ...]] = {}
        self._wanted: dict[
            tuple[str, frozenset[Version] | None],
            tuple[tuple[IndexedField, tuple[TermKind, ...]], ...],
        ] = {}
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
        for entry, kind in self._names():
            if (name := index_name(entry, kind)) not in live:
                self._vault.indexes.ensure(name, bits=bits_of(entry, kind))

    def look(self) -> None:
        """Tokens are made under the keys of this moment; called at the start of each batch."""
        live: dict[FieldId, list[IndexKey]] = {}
        for (name, _), key in sorted(self._vault.indexes.live_keys().items()):
            live.setdefault(name, []).append(key)
        for entry, kind in self._names():
            if index_name(entry, kind) not in live:  # fails closed: it could not be found
                raise IndexUnknownError(field=index_name(entry, kind))
        self._keys = {name: tuple(keys) for name, keys in live.items()}
        self._makers = {
            (found.field, kind): tuple(
                _Maker(version=(name, key.version), made=_Made(key, kind))
                for name in (index_name(found.field, kind),)
                for key in self._keys[name]
            )
            for fields in self._fields.values()
            for found in fields
            for kind in found.kinds
        }  # made anew: no piece of a value stays longer than a batch
        self._wanted.clear()

    def live(self) -> frozenset[Version]:
        """Every index and version in which tokens are made."""
        return frozenset(maker.version for makers in self._makers.values() for maker in makers)

    def versions(self, name: FieldId) -> tuple[int, ...]:
        """Versions in which tokens of this index are made."""
        return tuple(key.version for key in self._keys.get(name, ()))

    def tokens(
        self,
        table: str,
        plain: Mapping[FieldId, Plain | None],
        *,
        only: frozenset[Version] | None = None,
    ) -> dict[Version, tuple[bytes, ...]]:
        """Tokens of a row's values by index and version, or only those of some versions."""
        found: dict[Version, tuple[bytes, ...]] = {}
        for entry, kinds in self._parts(table, only):
            value = plain.get(entry.field)
            if not isinstance(value, str) or not value:
                continue
            for kind, pieces in stored_pieces(entry.form, value, kinds):
                for maker in self._makers[entry.field, kind]:
                    if (only is None or maker.version in only) and (made := maker.tokens(pieces)):
                        found[maker.version] = made
        return found

    def fields(self, table: str, only: frozenset[Version]) -> frozenset[FieldId]:
        """The fields of the table whose values these versions rest on."""
        return frozenset(entry.field for entry, _ in self._parts(table, only))

    def _parts(
        self, table: str, only: frozenset[Version] | None
    ) -> tuple[tuple[IndexedField, tuple[TermKind, ...]], ...]:
        """The fields of the table with the kinds of index that are among these versions."""
        if (known := self._wanted.get((table, only))) is None:
            every = (
                (
                    entry,
                    tuple(
                        kind
                        for kind in entry.kinds
                        if only is None
                        or any(maker.version in only for maker in self._makers[entry.field, kind])
                    ),
                )
                for entry in self._fields[table]
            )
            known = tuple((entry, kinds) for entry, kinds in every if kinds)
            self._wanted[table, only] = known
        return known

    def row(
        self,
        table: str,
        row: RowId,
        subject: SubjectId,
        plain: Mapping[FieldId, Plain | None],
        *,
        due: Due = Due.NOTHING,
    ) -> RowTokens:
        """Every token of a row's values, to be stored with it."""
        tokens = self.tokens(table, plain)
        owner = whose(subject, tokens)
        return RowTokens(row=row, subject=owner, source=table, tokens=tokens, due=due)
