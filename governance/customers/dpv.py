"""The W3C Data Privacy Vocabulary as far as fields are mapped to it; shipped as data/dpv.yaml."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from governance.core.terms import FieldId
from governance.core.yamls import read_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The terms of one release, and the fields that have one of their own."""

    version: str
    terms: frozenset[str]  # prefix:Name
    special: frozenset[str]  # terms below dpv:SpecialCategoryPersonalData
    former: Mapping[str, str]  # what a term was called before: what it is called now
    fields: Mapping[FieldId, str]


@cache
def vocabulary() -> Vocabulary:
    """The shipped release of the vocabulary."""
    document = read_yaml(files("governance.customers.data").joinpath("dpv.yaml").read_text("utf-8"))
    special = frozenset(f"dpv-pd:{name}" for name in document["special"])
    named = frozenset(f"{p}:{name}" for p in ("dpv", "dpv-pd") for name in document[p])
    return Vocabulary(
        version=document["version"],
        terms=named | special,
        special=special,
        former=MappingProxyType(dict(document["former"])),
        fields=MappingProxyType({FieldId(name): t for name, t in document["fields"].items()}),
    )
