"""Which indexes a field may have: their names, how many bits their tokens keep, what is refused.

Pure. A token of few possible values tells the value by its count alone, so such an index is
refused where the catalogue is read. Tokens of different kinds have keys of their own.
"""

from collections.abc import Iterable
from typing import Final

from governance.core.terms import FieldId
from governance.crypto.index import TermKind
from governance.crypto.index_plan import (
    BITS_DEFAULT,
    IndexPlanned,
    IndexRefusal,
    IndexRefused,
    ValueShape,
    plan_bits,
    plan_part_bits,
)
from governance.customers.search_terms import Form, form_of

KINDS: Final = {  # word of the catalogue -> kind of its terms
    "exact": TermKind.EXACT,
    "prefix": TermKind.PREFIX,
    "suffix": TermKind.SUFFIX,
    "ngram": TermKind.GRAM,
}
_SUFFIX: Final = {
    TermKind.EXACT: "",  # the first kind there was keeps the field's own name
    TermKind.PREFIX: "~prefix",
    TermKind.SUFFIX: "~suffix",
    TermKind.GRAM: "~ngram",
}
_DISTINCT: Final = {  # different terms among a million persons, counted on generated registers
    (Form.NAME, TermKind.PREFIX): 600_000,
    (Form.NAME, TermKind.GRAM): 300_000,
    (Form.READING, TermKind.PREFIX): 500_000,
    (Form.READING, TermKind.GRAM): 6_000,
    (Form.COMPANY, TermKind.PREFIX): 600_000,
    (Form.COMPANY, TermKind.GRAM): 300_000,
    (Form.EMAIL, TermKind.PREFIX): 4_000_000,
    (Form.POSTAL, TermKind.EXACT): 120_000,
    (Form.POSTAL, TermKind.PREFIX): 948,  # areas of three digits
    (Form.PHONE, TermKind.SUFFIX): 10_000,
    (Form.ADDRESS, TermKind.GRAM): 200_000,
}
_NEARLY_UNIQUE: Final = frozenset(
    {
        (Form.NAME, TermKind.EXACT),
        (Form.READING, TermKind.EXACT),
        (Form.PHONE, TermKind.EXACT),
        (Form.EMAIL, TermKind.EXACT),
        (Form.ADDRESS, TermKind.EXACT),
        (Form.COMPANY, TermKind.EXACT),
        (Form.CORPORATE, TermKind.EXACT),
        (Form.WORD, TermKind.EXACT),
        (Form.WORD, TermKind.PREFIX),
        (Form.WORD, TermKind.GRAM),
    }
)
_SHAPES: Final = {  # columns whose values are few whatever the catalogue says
    "sex": ValueShape.SEX,
    "gender": ValueShape.SEX,
    "prefecture": ValueShape.PREFECTURE,
    "my_number": ValueShape.MY_NUMBER,
    "individual_number": ValueShape.MY_NUMBER,
}
_CODES: Final = "identification_code"  # 個人識別符号, 個人番号 among them


def index_name(field: FieldId, kind: TermKind) -> FieldId:
    """The name of one kind of index of a field, in the key store and in the token table."""
    return FieldId(field + _SUFFIX[kind])


def index_names(field: FieldId) -> tuple[FieldId, ...]:
    """Every name that an index of this field can have."""
    return tuple(index_name(field, kind) for kind in TermKind)


def field_of(name: FieldId) -> FieldId:
    """The field whose index has this name."""
    return FieldId(name.partition("~")[0])


def shape_of(column: str, declared: str | None, sensitivity: str) -> ValueShape:
    """What the values of a column are like: as declared, or as its name or rank gives away."""
    if sensitivity == _CODES:
        return ValueShape.MY_NUMBER
    named = _SHAPES.get(column)
    if named is None and column.startswith(("is_", "has_")):
        named = ValueShape.BOOLEAN
    return named or ValueShape(declared or ValueShape.FREE)


def planned(form: Form, kind: TermKind) -> IndexPlanned | IndexRefused:
    """Bits of one kind of index over values of this form, or why there is none."""
    distinct = _DISTINCT.get((form, kind))
    if distinct is not None:
        if kind is TermKind.EXACT:
            return plan_bits(ValueShape.FREE, distinct=distinct)
        return plan_part_bits(distinct)
    if (form, kind) in _NEARLY_UNIQUE:
        return IndexPlanned(bits=BITS_DEFAULT, expected_rows=0.0)
    return IndexRefused(reason=IndexRefusal.FEW_VALUES)  # two digits of a number: 100 values


def refusal(field: FieldId, shape: ValueShape, kinds: Iterable[TermKind]) -> IndexRefusal | None:
    """Why one of these indexes must not be; fails closed for a form that has no such index."""
    wanted = tuple(kinds)
    if not wanted:
        return None
    if shape is not ValueShape.FREE:
        return IndexRefusal(shape.value)
    for kind in wanted:
        plan = planned(form_of(field), kind)
        if isinstance(plan, IndexRefused):
            return plan.reason
    return None


def bits_of(field: FieldId, kind: TermKind) -> int:
    """Bits that new versions of this index have."""
    plan = planned(form_of(field), kind)
    return plan.bits if isinstance(plan, IndexPlanned) else BITS_DEFAULT
