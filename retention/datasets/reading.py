"""Requests for data sets from YAML: read strictly, every fault named by its place."""

from hashlib import sha256
from typing import Final

from governance.core.terms import FieldId
from governance.customers.catalogue import catalogue
from policies.law.errors import LawError
from policies.law.reader import Node, read_yaml
from retention.datasets.errors import DatasetFormError
from retention.datasets.types import (
    LEAST_K,
    MOST_REMOVED,
    DatasetKind,
    Item,
    K,
    Request,
    Way,
)

SCHEMA: Final = "sekisho-dataset/1"
MOST: Final = 100_000  # characters of a request; a longer text is none
LONGEST_NAME: Final = 200
PERCENT: Final = 100


def read_request(text: str, *, file: str = "dataset.yaml") -> Request:
    """The request of this text; raises DatasetFormError naming the place."""
    if len(text) > MOST:
        raise DatasetFormError(file=file, path="/", problem="too_long")
    try:
        return _request(read_yaml(text, file=file), text)
    except LawError as error:
        place = str(error.params.get("path", "/"))
        problem = error.code.removeprefix("law_schema_")
        raise DatasetFormError(file=file, path=place, problem=problem) from None


def _request(root: Node, text: str) -> Request:
    entry = root.record(
        required=("schema", "name", "kind", "purpose", "table", "items", "expires_on"),
        optional=("k", "most_removed_percent"),
    )
    if entry["schema"].text() != SCHEMA:
        raise entry["schema"].bad(SCHEMA)
    name = entry["name"].text().strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise entry["name"].bad(f"1..{LONGEST_NAME}")
    table = entry["table"].text()
    if table not in catalogue().tables:
        raise entry["table"].bad(", ".join(catalogue().tables))
    items = tuple(_item(node, table) for node in entry["items"].items())
    fields = [item.field for item in items]
    if not items or len(set(fields)) != len(fields):
        raise entry["items"].bad("each column once, one or more")
    k, share = entry.whole("k"), entry.whole("most_removed_percent")
    if k is not None and k < LEAST_K:
        raise entry["k"].bad(f">= {LEAST_K}")
    if share is not None and share >= PERCENT:
        raise entry["most_removed_percent"].bad(f"< {PERCENT}")
    return Request(
        name=name,
        kind=entry["kind"].one_of(DatasetKind),
        purpose=entry["purpose"].text(),
        table=table,
        items=items,
        expires_on=entry["expires_on"].day(),
        k=K if k is None else k,
        most_removed=MOST_REMOVED if share is None else share / PERCENT,
        digest=sha256(text.encode()).hexdigest(),
        text=text,
    )


def _item(node: Node, table: str) -> Item:
    entry = node.record(required=("column",), optional=("way", "width", "quasi"))
    field = FieldId(f"{table}.{entry['column'].text()}")
    if field not in catalogue().fields:
        raise entry["column"].bad(f"{table}.<column>")
    way = Way.AS_IS if (named := entry.get("way")) is None else named.one_of(Way)
    width = entry.whole("width")
    if (way is Way.BAND) is not bool(width):
        raise node.bad("band with width > 0")
    quasi = entry.get("quasi")
    return Item(field=field, way=way, width=width, quasi=quasi is None or quasi.flag())
