"""The catalogue stops the start whenever a column is not wholly explained."""

import copy
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
import yaml
from sqlalchemy import LargeBinary

from governance.core.terms import FieldId, Lang, PurposeId
from governance.customers.catalogue import (
    CatalogueError,
    OnErase,
    Sensitivity,
    Storage,
    catalogue,
    parse,
)
from governance.customers.catalogue_checks import check_columns, check_purposes, unused_fields
from governance.customers.store import TABLES
from policies.snapshot import default_snapshot

COLUMNS = {name: [column.name for column in table.columns] for name, table in TABLES.items()}
SHIPPED = yaml.safe_load(
    files("governance.customers.data").joinpath("catalogue.yaml").read_text("utf-8")
)


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    document: dict[str, Any] = copy.deepcopy(SHIPPED)
    change(document)
    return document


def name_of(document: dict[str, Any]) -> dict[str, Any]:
    field: dict[str, Any] = document["tables"]["person"]["fields"]["name"]
    return field


def test_the_shipped_catalogue_fits_tables_and_policy() -> None:
    check_columns(catalogue(), COLUMNS)
    check_purposes(catalogue(), default_snapshot().purposes)


def test_a_column_that_is_not_declared_stops_the_start() -> None:
    columns = COLUMNS | {"person": [*COLUMNS["person"], "shoe_size"]}
    with pytest.raises(CatalogueError) as error:
        check_columns(catalogue(), columns)
    assert error.value.params == {"place": "person.shoe_size", "problem": "undeclared"}


def test_a_declared_column_that_is_not_there_stops_the_start() -> None:
    columns = COLUMNS | {"person": [name for name in COLUMNS["person"] if name != "email"]}
    with pytest.raises(CatalogueError, match=r"person\.email"):
        check_columns(catalogue(), columns)


def test_a_table_that_is_not_declared_stops_the_start() -> None:
    with pytest.raises(CatalogueError, match=r"household\."):
        check_columns(catalogue(), COLUMNS | {"household": ["id", "name"]})
    with pytest.raises(CatalogueError, match=r"deal\."):
        check_columns(catalogue(), {n: c for n, c in COLUMNS.items() if n != "deal"})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda d: name_of(d).update(purposes=[]), "no_purpose"),
        (lambda d: name_of(d).pop("purposes"), "no_purpose"),
        (lambda d: name_of(d).update(category="gossip"), "unknown_category"),
        (lambda d: name_of(d).update(storage="clear"), "clear_without_reason"),
        (lambda d: name_of(d).update(storage="open"), "malformed"),
        (lambda d: name_of(d).update(sensitivity="some"), "malformed"),
        (lambda d: name_of(d).update(search=["fuzzy"]), "malformed"),
        (lambda d: name_of(d).pop("label"), "malformed"),
        (lambda d: name_of(d)["label"].pop("en"), "malformed"),
        (lambda d: name_of(d).pop("retention"), "malformed"),
        (lambda d: name_of(d).pop("owner"), "malformed"),
        (lambda d: d["tables"]["person"]["fields"].update(name=None), "malformed"),
        (lambda d: d["tables"]["person"].update(on_erase="keep"), "malformed"),
        (lambda d: d["tables"]["person"].pop("label"), "malformed"),
    ],
)
def test_a_field_without_purpose_reason_or_owner_is_refused(
    change: Callable[[dict[str, Any]], object], problem: str
) -> None:
    with pytest.raises(CatalogueError) as error:
        parse(changed(change))
    assert error.value.params["problem"] == problem
    assert str(error.value.params["place"]).startswith("person")


def test_a_field_for_a_purpose_that_the_policy_does_not_know_stops_the_start() -> None:
    known = set(default_snapshot().purposes) - {PurposeId("mail_marketing")}
    with pytest.raises(CatalogueError, match="mail_marketing"):
        check_purposes(catalogue(), known)


def test_an_unknown_table_is_an_error_of_ours() -> None:
    with pytest.raises(CatalogueError):
        catalogue().table("household")


@pytest.mark.parametrize("name", sorted(TABLES))
def test_sealed_columns_hold_frames_and_clear_ones_do_not(name: str) -> None:
    for field in catalogue().table(name).fields:
        column = TABLES[name].columns[field.column]
        binary = isinstance(column.type, LargeBinary)
        assert binary is (field.storage is Storage.SEALED), field.id
        if binary:
            assert column.nullable, f"{field.id} must be able to go"


def test_no_index_lies_on_what_it_would_give_away() -> None:
    for field in catalogue().fields.values():
        if field.column in {"sex", "birth_date", "notes", "body", "memo"}:
            assert field.search == frozenset(), field.id
        if field.storage is Storage.CLEAR and field.search:
            assert field.category == "company", field.id  # about no person


def test_what_identifies_a_person_is_sealed() -> None:
    personal = {"name", "contact", "address", "demographic", "guardian", "free_text", "financial"}
    for field in catalogue().fields.values():
        if field.category in personal and field.table in {"person", "inquiry"}:
            clear_on_purpose = field.column == "guardian_consent_on"
            assert field.storage is Storage.SEALED or clear_on_purpose, field.id


def test_every_field_has_names_in_both_languages_and_one_id() -> None:
    for id_, field in catalogue().fields.items():
        assert id_ == field.id == f"{field.table}.{field.column}"
        assert field.label(Lang.JA), id_
        assert field.label(Lang.EN), id_
        assert isinstance(field.sensitivity, Sensitivity)
    for table in catalogue().tables.values():
        assert table.label(Lang.JA) != table.label(Lang.EN)
        assert isinstance(table.on_erase, OnErase)


def test_fields_that_nobody_may_open_are_named() -> None:
    everything = set(catalogue().fields)
    assert unused_fields(catalogue(), everything) == ()
    assert unused_fields(catalogue(), everything - {FieldId("person.fax")}) == ("person.fax",)
