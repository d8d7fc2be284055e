"""No table holds personal data, and no reference names a person, that the catalogue forgets."""

from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import Column, ForeignKey, MetaData, Table

import governance
from governance.customers.catalogue import Catalogue, CatalogueError, catalogue
from governance.customers.catalogue_checks import (
    Reference,
    TableShape,
    check_columns,
    check_shape,
)
from governance.customers.edges import EdgeAction
from governance.customers.schema import shapes
from governance.customers.store import TABLES
from retention.edges import steps

ROOT = Path(governance.__file__).parents[1]
PACKAGES = ("governance", "policies", "consent", "retention", "audit", "dsar")


def every_shape() -> tuple[TableShape, ...]:
    """All tables of the data, whether or not this test happens to import them."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("models.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            import_module(name)
    return shapes()


def refused(shape: TableShape, declared: Catalogue | None = None) -> tuple[object, object]:
    with pytest.raises(CatalogueError) as error:
        check_shape(declared or catalogue(), [shape])
    return error.value.params["place"], error.value.params["problem"]


def test_the_catalogue_answers_for_every_table_of_the_schema() -> None:
    found = every_shape()
    check_shape(catalogue(), found)
    check_columns(catalogue(), {n: [c.name for c in t.columns] for n, t in TABLES.items()})
    names = {shape.name for shape in found}
    assert names >= {*catalogue().tables, *catalogue().beside}, "a declared table does not exist"


def test_a_table_may_be_looked_at_before_the_one_that_it_refers_to_is_declared() -> None:
    """A command imports what it needs, in any order; it found its own schema broken once."""
    alone = Table("visit", MetaData(), Column("who", ForeignKey("subject.id")))
    (shape,) = shapes(alone.metadata)
    assert shape.references == (Reference(column="who", to="subject"),)


def test_a_new_table_about_a_person_is_refused_until_it_is_declared() -> None:
    link = TableShape(
        name="loyalty_card",
        columns=("id", "subject_id", "points"),
        references=(Reference(column="subject_id", to="subject"),),
    )
    assert refused(link) == ("loyalty_card.subject_id", "undeclared_personal")


def test_a_pseudonym_without_a_foreign_key_is_found_as_well() -> None:
    loose = TableShape(name="visit", columns=("id", "subject_id"))
    assert refused(loose) == ("visit.subject_id", "undeclared_personal")


@pytest.mark.parametrize("column", ["email", "home_phone", "birth_date", "kana", "guardian_name"])
def test_a_column_that_is_named_like_a_person_s_is_found(column: str) -> None:
    assert refused(TableShape(name="lead", columns=("id", column))) == (
        f"lead.{column}",
        "undeclared_personal",
    )


def test_a_place_for_frames_is_found_whatever_its_name() -> None:
    blob = TableShape(name="cache", columns=("id", "x"), binary=("x",))
    assert refused(blob) == ("cache.x", "undeclared_personal")


def test_a_further_reference_of_a_declared_table_needs_an_edge() -> None:
    tagged = next(shape for shape in every_shape() if shape.name == "person_tag")
    more = TableShape(
        name=tagged.name,
        columns=(*tagged.columns, "giver_subject_id"),
        references=(*tagged.references, Reference(column="giver_subject_id", to="subject")),
        binary=tagged.binary,
    )
    assert refused(more) == ("person_tag.giver_subject_id", "undeclared_edge")


def test_an_edge_that_is_no_reference_any_more_is_refused() -> None:
    relation = next(shape for shape in every_shape() if shape.name == "relation")
    less = TableShape(
        name="relation",
        columns=tuple(name for name in relation.columns if name != "other_subject_id"),
        references=relation.references[:1],
    )
    assert refused(less) == ("relation.other_subject_id", "undeclared_edge")


def test_every_edge_to_a_person_is_followed_or_says_why_it_stays() -> None:
    followed = {edge for step in steps() for edge in step.edges}
    for table in (*catalogue().tables.values(), *catalogue().beside.values()):
        for edge in table.edges:
            if edge.to == "subject":
                kept = edge.on_erase in {EdgeAction.KEEP, EdgeAction.KEEP_BY_LAW}
                assert kept or edge in followed, edge
                assert edge.because or not kept or edge.on_erase is EdgeAction.KEEP_BY_LAW


def test_a_parent_is_erased_after_its_children() -> None:
    order = catalogue().erase_order()
    for name, table in catalogue().tables.items():
        for edge in table.edges:
            if edge.to in catalogue().tables:
                assert order.index(name) < order.index(edge.to), edge
