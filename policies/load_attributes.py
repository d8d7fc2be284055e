"""Reading of subjects of the policy, of attributes, and of the entries that carry their values."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from policies.attributes import Attribute, AttributeKind, Source, Value
from policies.conditions import fact_of
from policies.document import SubjectType
from policies.reader import RULE_NAME, Cursor
from policies.words import value_word

PRINCIPALS = frozenset({"staff", "system", "person"})  # who they are is proved, never told
BUILT_IN = frozenset({"id", "type", "name"})
MAX_ID = 256  # characters
_SUBJECT = frozenset({"label", "attributes", "listed_only"})
_ATTRIBUTE = frozenset({"type", "from"})
_KINDS = frozenset(kind.value for kind in AttributeKind if kind is not AttributeKind.ANY)
_SOURCES = frozenset({Source.DATA.value, Source.CALLER.value})
_NUMBER = range(-(10**15), 10**15)


def read_subject(name: str, cursor: Cursor) -> SubjectType:
    """One kind of subject that callers ask about."""
    parts = cursor.table(_SUBJECT, required=frozenset({"label"}))
    if not RULE_NAME.fullmatch(name) or name in PRINCIPALS:
        raise cursor.refuse("bad_name", name)
    return SubjectType(
        id=name,
        label=parts["label"].label(),
        attributes=read_attributes(parts.get("attributes")),
        listed_only=parts["listed_only"].flag() if "listed_only" in parts else True,
    )


def read_attributes(cursor: Cursor | None) -> Mapping[str, Attribute]:
    """Attributes by name; a plain list names those that the gate itself knows."""
    if cursor is None:
        return MappingProxyType({})
    if not cursor.is_table:
        known = Attribute(kind=AttributeKind.ANY, source=Source.GATE)
        return MappingProxyType({item.written(): known for item, _ in cursor.words()})
    named = cursor.named().items()
    return MappingProxyType({_name(name, entry): _attribute(entry) for name, entry in named})


def read_actions(cursor: Cursor) -> Mapping[str, Mapping[str, Attribute]]:
    """Actions of a resource type, each with the attributes that a caller tells of it."""
    if not cursor.is_table:
        return {_verb(word, item): MappingProxyType({}) for item, word in cursor.words()}
    found: dict[str, Mapping[str, Attribute]] = {}
    for name, entry in cursor.named().items():
        told = {} if entry.is_empty else read_attributes(entry)
        by_caller = {key: _by_caller(one, entry) for key, one in told.items()}
        found[_verb(value_word(name), entry)] = MappingProxyType(by_caller)
    return found


def _verb(word: str, cursor: Cursor) -> str:
    if not RULE_NAME.fullmatch(word):
        raise cursor.refuse("bad_name", word)
    return word


def _by_caller(attribute: Attribute, entry: Cursor) -> Attribute:
    if attribute.source is Source.GATE:
        raise entry.refuse("table_expected")
    return Attribute(kind=attribute.kind, source=Source.CALLER)


def _name(name: str, entry: Cursor) -> str:
    if fact_of(f"subject.{name}") is None or name in BUILT_IN:
        raise entry.refuse("bad_name", name)
    return name


def _attribute(cursor: Cursor) -> Attribute:
    if not cursor.is_table:
        return Attribute(kind=_kind(cursor), source=Source.DATA)
    parts = cursor.table(_ATTRIBUTE, required=frozenset({"type"}))
    source = parts["from"].within(_SOURCES) if "from" in parts else Source.DATA.value
    return Attribute(kind=_kind(parts["type"]), source=Source(source))


def _kind(cursor: Cursor) -> AttributeKind:
    return AttributeKind(cursor.within(_KINDS))


def read_entries(
    cursor: Cursor, declared: Iterable[Mapping[str, Attribute]]
) -> dict[str, Mapping[str, Value]]:
    """Entries of one type by their ids; every value is of the kind that was declared."""
    kinds = {name: one for attributes in declared for name, one in attributes.items()}
    found: dict[str, Mapping[str, Value]] = {}
    for name, entry in cursor.named().items():
        if len(name) > MAX_ID:
            raise entry.refuse("bad_name", name[:MAX_ID])
        found[name] = MappingProxyType({} if entry.is_empty else _values(entry, kinds))
    return found


def _values(entry: Cursor, kinds: Mapping[str, Attribute]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, cursor in entry.named().items():
        attribute = kinds.get(name)
        if attribute is None or attribute.source is Source.GATE:
            raise cursor.refuse("unknown_attribute", name)
        found[name] = read_value(cursor, attribute.kind)
    return found


def read_value(cursor: Cursor, kind: AttributeKind) -> Value:
    """The value at this place, of this kind."""
    match kind:
        case AttributeKind.STRING:
            return cursor.written()
        case AttributeKind.BOOLEAN:
            return cursor.flag()
        case AttributeKind.INTEGER:
            return _integer(cursor)
        case AttributeKind.LIST:
            return tuple(item.written() for item in cursor.items())
        case AttributeKind.ANY:
            raise cursor.refuse("unknown_attribute")


def _integer(cursor: Cursor) -> int:
    word = cursor.written()
    if not word.removeprefix("-").isascii() or not word.removeprefix("-").isdigit():
        raise cursor.refuse("not_a_number", word, allowed=f"{_NUMBER.start}..{_NUMBER.stop - 1}")
    number = int(word[:17])
    if number not in _NUMBER:
        raise cursor.refuse("not_a_number", word, allowed=f"{_NUMBER.start}..{_NUMBER.stop - 1}")
    return number
