"""Tokens that an import writes at once: whole values. The rest is the following job's."""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from governance.core.terms import FieldId, RowId, SubjectId
from governance.crypto.index import TermKind, exact_terms
from governance.crypto.values import Plain
from governance.customers import indexing
from governance.customers.indexing import EVERY, FIRST, Tokeniser, whose
from governance.customers.search_terms import Form, form_of, stored_keys
from governance.customers.tokens import Due, RowTokens, Version
from governance.keys.vault import FieldVault

NOTHING_CLEAR: Final[Mapping[str, object]] = MappingProxyType({})
Keys = Callable[[str], tuple[str, ...]]
_FOLDED: Final = frozenset({Form.NAME, Form.READING, Form.ADDRESS, Form.COMPANY})  # by rules


def search_form(field: FieldId, value: str) -> str:
    """The value as it is compared: names without variant kanji, readings without width."""
    return (*stored_keys(form_of(field), value), "")[0]


def indexed_fields(table: str) -> tuple[FieldId, ...]:
    """Fields of a table that can be found."""
    return tuple(found.field for found in indexing.indexed_fields(table))


def _keys_of(form: Form) -> Keys:
    """What `stored_keys` gives for values of this form, without asking for the form each time."""
    return partial(stored_keys, form) if form in _FOLDED else lambda value: (value.casefold(),)


class Indexer(Tokeniser):
    """Makes the tokens of whole values, or all kinds; one look at the keys per batch."""

    def __init__(
        self, vault: FieldVault, tables: Iterable[str], *, kinds: Collection[TermKind] = FIRST
    ) -> None:
        wanted = tuple(tables)
        self._only_whole = frozenset(kinds) == FIRST
        super().__init__(vault, wanted, kinds=kinds)
        later = EVERY - frozenset(kinds)
        self._clear = {
            name: [found.field for found in fields if indexing.is_clear(found.field)]
            for name, fields in self._fields.items()
        }
        self._follows = {name for name in wanted if indexing.indexed_fields(name, later)}

    def of(self, field: FieldId, value: str) -> tuple[tuple[int, bytes], ...]:
        """(version, token) of a whole value in each live version; none for an empty form."""
        form = search_form(field, value)
        if not form:
            return ()
        if (makers := self._makers.get((field, TermKind.EXACT))) is not None:
            return tuple((maker.version[1], maker.made[form]) for maker in makers)
        return tuple(
            (key.version, key.token(term))
            for key in self._keys[field]
            for term in exact_terms(form)
        )

    def look(self) -> None:
        """Tokens are made under the keys of this moment; called at the start of each batch."""
        super().look()
        self._whole = {
            table: tuple(
                (
                    found.field,
                    _keys_of(found.form),
                    tuple((m.version, m.made) for m in self._makers[found.field, TermKind.EXACT]),
                )
                for found in fields
                if TermKind.EXACT in found.kinds
            )
            for table, fields in self._fields.items()
        }

    def row_tokens(
        self,
        table: str,
        row: RowId,
        subject: SubjectId,
        plain: Mapping[FieldId, Plain],
        *,
        clear: Mapping[str, object] = NOTHING_CLEAR,
    ) -> list[RowTokens]:
        """The tokens of a row's whole values; its other tokens are the following job's."""
        due = Due.REST if table in self._follows else Due.NOTHING
        values = {**plain, **self._open_values(table, clear)} if self._clear[table] else plain
        made = self._whole_values(table, values) if self._only_whole else self.tokens(table, values)
        if not made and not due:
            return []
        return [
            RowTokens(row=row, subject=whose(subject, made), source=table, tokens=made, due=due)
        ]

    def _open_values(self, table: str, clear: Mapping[str, object]) -> dict[FieldId, Plain]:
        """The indexed values of a row that are not sealed."""
        return {
            name: str(value)
            for name in self._clear[table]
            if (value := clear.get(name.partition(".")[2])) is not None
        }

    def _whole_values(
        self, table: str, plain: Mapping[FieldId, Plain | None]
    ) -> dict[Version, tuple[bytes, ...]]:
        """What `tokens` gives where whole values alone are indexed, at a third of its price."""
        found: dict[Version, tuple[bytes, ...]] = {}
        for name, keys_of, makers in self._whole[table]:
            value = plain.get(name)
            if not isinstance(value, str) or not value:
                continue
            if keys := keys_of(value):
                for version, made in makers:
                    found[version] = tuple([made[key] for key in keys])
        return found
