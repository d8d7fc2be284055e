"""Kinds of files: their columns, the words they take, what their values alone suggest."""

import pytest

from governance.core.terms import Lang
from governance.customers.catalogue import catalogue
from governance.customers.columns import columns_of, guess_kind
from governance.customers.contents import Ground, suggest_columns
from governance.customers.kinds import KINDS
from governance.customers.master.types import FORMS, Form
from governance.customers.normalise.values import normalise_word
from governance.customers.types import FieldKind, SourceKind
from governance.i18n.catalogue import text

AROUND = [kind for kind, entry in KINDS.items() if entry.table in FORMS]


def test_every_table_around_a_person_has_its_kind_of_file() -> None:
    assert {KINDS[kind].table for kind in AROUND} == {*FORMS}
    for kind in AROUND:
        assert catalogue().table(KINDS[kind].table).source == kind.value


@pytest.mark.parametrize("kind", AROUND)
def test_a_file_can_say_whatever_the_api_can(kind: SourceKind) -> None:
    entry = KINDS[kind]
    columns = {column.name for column in columns_of(kind)}
    referred = {reference.into: reference.column for reference in entry.references}
    for name, form in FORMS[entry.table].items():
        said = entry.key if name == "source_key" else referred.get(name, name)
        assert said in columns, name
        assert form.form is not Form.REFERENCE or name in referred


@pytest.mark.parametrize("kind", AROUND)
def test_each_word_of_a_closed_list_is_read_by_its_label(kind: SourceKind) -> None:
    for column in columns_of(kind):
        form = FORMS[KINDS[kind].table].get(column.name)
        if form is None or form.codes is None:
            assert not column.words
            continue
        assert column.kind is FieldKind.CHOICE
        for code in form.codes:
            key = f"customers.said.{KINDS[kind].table}.{column.name}.{code}"
            for word in (code.value, *(text(key, lang) for lang in Lang)):
                assert normalise_word(f" {word}　", column.words).value == code.value


@pytest.mark.parametrize("kind", [*SourceKind])
@pytest.mark.parametrize("which", [0, -1])  # the first name of each column, and the last
def test_a_kind_is_told_by_its_headers(kind: SourceKind, which: int) -> None:
    assert guess_kind([column.headers[which] for column in columns_of(kind)]) is kind


def test_values_alone_suggest_words_numbers_and_whose_the_row_is() -> None:
    rows = [
        (f"S-{n:03d}", f"C{n % 3:06d}", ("契約中", "休止", "解約")[n % 3], "2025-01-01")
        for n in range(12)
    ]
    found = suggest_columns(("甲", "乙", "丙", "丁"), rows, SourceKind.SUBSCRIPTIONS)
    assert [column.field for column in found[:3]] == ["subscription_id", "customer_id", "status"]
    assert {column.ground for column in found[:3]} == {Ground.CONTENT}
