"""What holds for any text at all."""

import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.customers.columns import columns_of
from governance.customers.normalise.chars import cell_problems
from governance.customers.normalise.companies import company_key, normalise_company
from governance.customers.normalise.dates import DateRole, normalise_date, normalise_instant
from governance.customers.normalise.email import normalise_email
from governance.customers.normalise.kana import kana_key, normalise_kana
from governance.customers.normalise.names import fold_variants, name_key, normalise_name, variants
from governance.customers.normalise.phone import normalise_phone
from governance.customers.normalise.postal import normalise_postal
from governance.customers.normalise.rows import READERS, layout_of, normalise_row
from governance.customers.types import FieldKind, Normalised, SourceKind, SourceRow

AT = date(2026, 10, 1)
LIKELY = st.text(
    alphabet="0123456789０１２３-－ー/.年月日昭和平成SHR元一二十@＠abc.ア゛ｱﾞあ山髙 　\t()（）+=〒",
    max_size=24,
)
ANY = st.one_of(st.text(max_size=40), LIKELY)

NORMALISERS: dict[str, Callable[[str], Normalised]] = {
    "phone": normalise_phone,
    "email": normalise_email,
    "postal": normalise_postal,
    "kana": normalise_kana,
    "name": normalise_name,
    "company": normalise_company,
    "birth": lambda text: normalise_date(text, at=AT, role=DateRole.BIRTH),
    "date": lambda text: normalise_date(text, at=AT),
    "instant": lambda text: normalise_instant(text, at=AT),
}


@pytest.mark.parametrize("field", NORMALISERS)
@given(text=ANY)
def test_no_text_makes_a_normaliser_fail(field: str, text: str) -> None:
    found = NORMALISERS[field](text)
    assert found.value is None or found.value


@pytest.mark.parametrize("field", NORMALISERS)
@given(text=ANY)
def test_normalising_twice_changes_nothing(field: str, text: str) -> None:
    once = NORMALISERS[field](text).value
    if once is not None:
        assert NORMALISERS[field](once).value == once


@pytest.mark.parametrize("field", ["phone", "birth", "postal"])
@given(text=st.text(alphabet="0123456789-/", max_size=14))
def test_full_and_half_width_are_one(field: str, text: str) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) for c in text)
    assert NORMALISERS[field](text).value == NORMALISERS[field](wide).value


@given(text=ANY)
def test_keys_are_stable_under_folding(text: str) -> None:
    assert name_key(name_key(text)) == name_key(text)
    assert fold_variants(fold_variants(text)) == fold_variants(text)
    assert kana_key(kana_key(text)) == kana_key(text)
    assert company_key(text) == company_key(text + " ")


@given(text=ANY)
def test_cell_findings_never_fail(text: str) -> None:
    assert len(list(cell_problems(text))) <= 3


def test_the_variant_table_has_no_chains() -> None:
    table = variants()
    assert not {ord(folded) for folded in table.values()} & set(table)
    assert all(unicodedata.normalize("NFKC", c) == c for c in table.values())


def test_every_kind_of_field_has_a_reader() -> None:
    assert set(READERS) == set(FieldKind)


@given(cells=st.lists(ANY, min_size=1, max_size=40))
def test_no_row_makes_the_reader_fail(cells: Any) -> None:
    headers = tuple(column.headers[0] for column in columns_of(SourceKind.CUSTOMERS))
    layout = layout_of(headers, SourceKind.CUSTOMERS)
    found = normalise_row(SourceRow(number=1, cells=tuple(cells)), layout, at=AT)
    assert found.refused or set(found.values) == set(layout.positions)


def test_representations_show_no_value() -> None:
    row = SourceRow(number=3, cells=("架空花子",))
    assert "花子" not in repr(row) + repr(Normalised(value="架空花子"))
