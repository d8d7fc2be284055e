"""The installation's own fields are taken whole or refused with file, line and key."""

from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from governance.core.terms import FieldId, Lang
from governance.customers.catalogue import Search, Sensitivity, catalogue, install
from governance.customers.columns import columns_of, suggest
from governance.customers.custom.declaration import (
    NOTHING,
    Declaration,
    check_against,
    read_declaration,
)
from governance.customers.custom.sources import CatalogueRefusedError
from governance.customers.custom.types import CustomKind
from governance.customers.types import FieldKind, SourceKind
from policies.snapshot import default_snapshot

GOOD = """\
fields:
  shoe_size:
    on: person
    label: 靴のサイズ / Shoe size
    type: text
    purposes: [order_support, mail_marketing]
    category: preference
    sensitivity: ordinary
    search: [exact]
    retention: customer_master
    owner: customer_desk
    headers: [足のサイズ]
  gift:
    on: purchase
    label: 贈答 / Gift
    type: choice
    choices: [お中元, お歳暮]
    purposes: [order_support]
    category: transaction
    sensitivity: ordinary
    retention: customer_master
    owner: customer_desk
"""


@pytest.fixture(autouse=True)
def _shipped() -> Iterator[None]:
    yield
    install(NOTHING.catalogue())


def declared(folder: Path, text: str) -> Declaration:
    (folder / "own.yaml").write_text(dedent(text), encoding="utf-8")
    return read_declaration(folder)


def checked(folder: Path, text: str) -> Declaration:
    """What is declared, held against the shipped policy as the start does."""
    found, snapshot = declared(folder, text), default_snapshot()
    assert snapshot.policy is not None
    check_against(found, snapshot.policy.categories, snapshot.purposes.values())
    return found


def faults(folder: Path, text: str) -> list[tuple[str, int, str]]:
    with pytest.raises(CatalogueRefusedError) as error:
        checked(folder, text)
    assert all("own.yaml" in line for line in error.value.sentences(Lang.JA))
    return [(fault.code, fault.place.line, fault.name) for fault in error.value.faults]


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def test_a_declared_field_stands_at_the_end_of_its_table(tmp_path: Path) -> None:
    install(declared(tmp_path, GOOD).catalogue())
    field = catalogue().fields[FieldId("person.custom.shoe_size")]
    assert catalogue().table("person").fields[-1] == field
    assert (field.label(Lang.JA), field.label(Lang.EN)) == ("靴のサイズ", "Shoe size")
    assert field.custom is CustomKind.TEXT
    assert field.search == {Search.EXACT}
    assert field not in catalogue().table("person").sealed(), "its value is no column of the row"
    assert catalogue().table("person").custom() == (field,)


def test_an_import_finds_it_by_label_and_by_declared_header(tmp_path: Path) -> None:
    install(declared(tmp_path, GOOD).catalogue())
    column = columns_of(SourceKind.CUSTOMERS)[-1]
    assert (column.name, column.kind) == ("custom.shoe_size", FieldKind.TEXT)
    for header in ("靴のサイズ", "Ｓｈｏｅ　Ｓｉｚｅ", "足のサイズ"):
        (found,) = suggest([header], SourceKind.CUSTOMERS)
        assert found.column == "custom.shoe_size", header
    assert columns_of(SourceKind.PURCHASES)[-1].choices == ("お中元", "お歳暮")


def test_a_former_spelling_of_a_term_is_read_as_what_it_is_called_now(tmp_path: Path) -> None:
    text = changed("    headers: [足のサイズ]", "    dpv: dpv-pd:BrowsingBehavior")
    install(declared(tmp_path, text).catalogue())
    assert catalogue().fields[FieldId("person.custom.shoe_size")].dpv == "dpv-pd:BrowsingBehaviour"


def test_what_was_derived_is_made_anew_for_another_catalogue(tmp_path: Path) -> None:
    before = columns_of(SourceKind.CUSTOMERS)
    install(declared(tmp_path, GOOD).catalogue())
    assert len(columns_of(SourceKind.CUSTOMERS)) == len(before) + 1
    install(NOTHING.catalogue())
    assert columns_of(SourceKind.CUSTOMERS) == before


def test_no_folder_declares_nothing(tmp_path: Path) -> None:
    assert read_declaration(tmp_path / "absent") == NOTHING
    assert read_declaration(None) == NOTHING


def test_a_closed_field_is_read_by_nobody(tmp_path: Path) -> None:
    text = changed("    headers: [足のサイズ]\n", "    retired: true\n")
    found = declared(tmp_path, text)
    assert set(found.retired) == {"custom.shoe_size"}
    assert FieldId("person.custom.shoe_size") not in found.catalogue().fields


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("shoe_size:", "Shoe-Size:", "bad_name", 3),
        ("    on: person", "    on: inquiry_message", "table_closed", 3),
        ("    label: 靴のサイズ / Shoe size", "    label: 靴のサイズ", "label_in_both", 4),
        ("    type: text", "    type: string", "unknown_word", 5),
        ("purposes: [order_support, mail_marketing]", "purposes: []", "empty_list", 6),
        ("sensitivity: ordinary", "sensitivity: secret", "unknown_word", 8),
        ("search: [exact]", "search: [fuzzy]", "unknown_word", 9),
        ("retention: customer_master", "retention: accounting", "unknown_word", 10),
        ("retention: customer_master", "retention: forever", "unknown_word", 10),
        ("    headers: [足のサイズ]", "    headers: [氏名]", "header_taken", 3),
        ("    headers: [足のサイズ]", "    colour: red", "unknown_key", 12),
        ("    type: text", "    type: boolean", "search_leaks", 9),
        ("    type: text", "    type: date", "search_leaks", 9),
        ("    type: text", "    type: choice", "search_leaks", 9),
        ("    headers: [足のサイズ]", "    choices: [S, M]", "choices_unwanted", 3),
        ("    headers: [足のサイズ]", "    dpv: dpv-pd:Shoes", "unknown_term", 12),
        (
            "    headers: [足のサイズ]",
            "    dpv: dpv-pd:Disability",
            "special_care_as_ordinary",
            12,
        ),
        (
            "    label: 靴のサイズ / Shoe",
            "    label: 糖尿病 / Sugar",
            "special_care_as_ordinary",
            4,
        ),
        (
            "choices: [お中元, お歳暮]",
            "choices: [車いす利用, お歳暮]",
            "special_care_as_ordinary",
            17,
        ),
        ("choices: [お中元, お歳暮]", "choices: [お中元, お中元]", "listed_twice", 17),
        ("    choices: [お中元, お歳暮]\n", "", "missing_key", 14),
        ("    category: preference", "    category: shoes", "unknown_category", 3),
        ("    category: preference", "    category: special_care", "sensitivity_of_category", 3),
        ("sensitivity: ordinary", "sensitivity: special_care", "sensitivity_of_category", 3),
        ("mail_marketing]", "surveillance]", "unknown_purpose", 3),
        ("mail_marketing]", "accounting]", "purpose_without_category", 3),
    ],
)
def test_a_faulty_field_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, code: str, line: int
) -> None:
    found = faults(tmp_path, changed(old, new))
    assert code in {fault[0] for fault in found}
    assert line in {fault[1] for fault in found if fault[0] == code}


def test_a_field_without_a_purpose_is_refused(tmp_path: Path) -> None:
    text = changed("    purposes: [order_support, mail_marketing]\n", "")
    assert ("missing_key", 3, "purposes") in faults(tmp_path, text)


def test_every_fault_is_told_at_once_in_both_languages(tmp_path: Path) -> None:
    text = GOOD.replace("type: text", "type: string").replace("type: choice", "type: list")
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueRefusedError) as error:
        read_declaration(tmp_path)
    japanese, english = (error.value.sentences(lang) for lang in (Lang.JA, Lang.EN))
    assert len(japanese) == len(english) == 2
    assert "own.yaml 5行目（/fields/shoe_size/type）" in japanese[0]
    assert "own.yaml, line 5" in english[0]


def test_two_files_may_not_declare_one_id(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(CatalogueRefusedError) as error:
        read_declaration(tmp_path)
    assert {fault.code for fault in error.value.faults} == {"defined_twice"}


def test_a_special_care_field_is_declared_as_such(tmp_path: Path) -> None:
    text = """\
    fields:
      allergy:
        on: person
        label: 糖尿病の有無 / Diabetes
        type: choice
        choices: [あり, なし]
        purposes: [health_consultation]
        category: special_care
        sensitivity: special_care
        retention: customer_master
        owner: customer_desk
    """
    found = checked(tmp_path, text)
    assert found.fields[0].sensitivity is Sensitivity.SPECIAL_CARE


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("gold: ゴールド / Gold", "gold: 糖尿病 / Diabetes", "special_care_as_ordinary"),
        ("  member:", "  care:", "defined_twice"),
        ("mail_marketing", "accounting", "purpose_without_category"),
    ],
)
def test_a_tag_that_tells_of_health_is_no_ordinary_tag(
    tmp_path: Path, old: str, new: str, code: str
) -> None:
    text = """\
    vocabularies:
      member:
        label: 会員 / Members
        purposes: [mail_marketing]
        sensitivity: ordinary
        owner: customer_desk
        labels: {gold: ゴールド / Gold}
    """
    text = text.replace(
        "labels: {gold: ゴールド / Gold}", "labels:\n          gold: ゴールド / Gold"
    )
    assert declared(tmp_path, text).vocabularies["member"].labels["gold"].ja == "ゴールド"
    assert code in {fault[0] for fault in faults(tmp_path, text.replace(old, new, 1))}
