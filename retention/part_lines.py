"""Lines of a schedule about rows and fields of one table, read strictly from YAML."""

from collections.abc import Iterator
from types import MappingProxyType
from typing import assert_never

from governance.core.terms import FieldId, PurposeId
from governance.customers.catalogue import CatalogueField, Storage, catalogue
from governance.customers.custom.types import NAME, PREFIX, is_custom
from policies.law.in_force import law_in_force
from policies.law.reader import Node, Record
from retention import nodes
from retention.errors import ScheduleFormError
from retention.types import OF_PARTS, Action, Part, Period, Trigger

SCHEMA_OF_PARTS = "sekisho-retention/2"
LEAST_K = 3  # fewer persons than that tell of one another
DELETABLE = frozenset(  # of which a row may go while its person stays, and nothing hangs on it
    {"inquiry", "inquiry_message", "subscription", "preference", "person_tag", "household_member"}
)
COUNTED = frozenset(  # of which a count by month and kind says enough
    {"inquiry", "inquiry_message", "subscription", "preference", "purchase"}
)
NOT_COUNTED = MappingProxyType(  # why a count of others makes no sense, as the fault says it
    {
        "person": "row_is_the_person",
        "company": "about_a_company",
        "deal": "about_a_company",  # `null` empties what is said about its contact
        "contact": "ties_a_person_to_a_company",
        "relation": "ties_two_persons",
        "household_member": "ties_two_persons",
        "channel_permission": "a_choice_that_must_hold",
        "person_tag": "what_it_says_is_sealed",
    }
)
NO_KIND = frozenset(  # categories that tell of a person, a row or a clerk even in clear
    {"record_keeping", "identifier", "name", "contact", "address", "employment", "free_text"}
)
NOT_BY = frozenset({"merge_trace"})  # ends with its merge alone
KEYS = frozenset({"id", "subject_id", "source_key", "version", "recorded_at", "recorded_by"})


def part(node: Node) -> Part:
    """One line about rows or fields of a table."""
    entry = node.record(
        required=("id", "label", "basis", "table", "action"),
        optional=("fields", "categories", "when", "since", "period", "law", "purposes", "k"),
    )
    table = entry["table"].text()
    if table not in catalogue().tables or table in NOT_BY:
        raise entry["table"].bad(", ".join(sorted({*catalogue().tables} - NOT_BY)))
    action = entry["action"].one_of(Action)
    if action is Action.DESTROY_KEY:
        place, problem = f"{node.path}.action", "key_of_whole_person"
        raise ScheduleFormError(file=node.file, path=place, problem=problem)
    if action not in OF_PARTS:
        raise entry["action"].bad(", ".join(sorted(OF_PARTS)))
    since = entry.get("since")
    found = Part(
        id=entry["id"].text(),
        label=nodes.label(entry["label"]),
        basis=nodes.label(entry["basis"]),
        table=table,
        fields=tuple(_fields(node, entry, table, action)),
        when=nodes.condition(entry.get("when")),
        action=action,
        since=nodes.since(since) if since is not None else None,
        period=_period(entry),
        purposes=tuple(PurposeId(item.text()) for item in nodes.listed(entry.get("purposes"))),
        k=entry.whole("k") or 0,
        law=_law(entry.get("law")),
    )
    _refuse(node, found)
    return found


def _period(entry: Record) -> Period:
    """A period that is left out has passed at once: what has ended goes without delay."""
    given = entry.get("period")
    return nodes.period(given) if given is not None else Period()


def _law(node: Node | None) -> str | None:
    """The id of a rule of the law book on how long something is kept."""
    if node is None:
        return None
    known = {rule.id for rule in law_in_force().retention_rules}
    rule = node.record(required=("rule",))["rule"]
    if rule.text() not in known:
        raise rule.bad(", ".join(sorted(known)))
    return rule.text()


def _fields(node: Node, entry: Record, table: str, action: Action) -> Iterator[FieldId]:
    named, categories = entry.get("fields"), entry.get("categories")
    whole = action is Action.DELETE
    if whole:
        if named is not None or categories is not None:
            raise node.bad("delete takes the whole row; null empties fields")
        return
    if (named is None) is (categories is None):
        raise node.bad("fields | categories")
    for item in nodes.listed(named):
        yield _field(item, table)
    for item in nodes.listed(categories):
        if item.text() not in catalogue().terms:
            raise item.bad(", ".join(sorted(catalogue().terms)))
        yield from (
            one.id
            for one in catalogue().table(table).fields
            if one.category == item.text() and emptiable(one)
        )


def _field(node: Node, table: str) -> FieldId:
    """A field of the table; one of the installation's own may be declared later, or no more."""
    name = FieldId(node.text())
    own = name.removeprefix(f"{table}.{PREFIX}")
    if is_custom(name) and name != own and NAME.fullmatch(own):
        return name
    return nodes.field(node, table)


def emptiable(field: CatalogueField) -> bool:
    """Whether the row stays what it is without the field: what is sealed and no key to it."""
    return field.storage is Storage.SEALED and field.column not in KEYS


def _refuse(node: Node, found: Part) -> None:
    """Fails closed: what could not be carried out, or would break what it does not name."""
    known = catalogue().fields
    match found.action:
        case Action.NULL | Action.KEEP:
            wrong = [n for n in found.fields if n in known and not emptiable(known[n])]
            if wrong:
                raise node.bad(f"sealed fields, not {wrong[0]}")
        case Action.DELETE:
            if found.table not in DELETABLE:
                raise node.bad(f"delete: {', '.join(sorted(DELETABLE))}")
        case Action.DE_IDENTIFY:
            _refuse_count(node, found)
        case Action.DESTROY_KEY:  # refused before
            raise node.bad(", ".join(sorted(OF_PARTS)))
        case never:
            assert_never(never)
    if found.since is None and (found.action is not Action.KEEP or found.period != Period()):
        raise node.bad("since")
    if found.law is not None and (
        found.action is not Action.KEEP or found.since is None or found.period != Period()
    ):
        raise node.bad("law with keep and since, without period")
    if found.k and found.action is not Action.DE_IDENTIFY:
        raise node.bad("k with de_identify")
    _refuse_purposes(node, found)


def _refuse_count(node: Node, found: Part) -> None:
    """A count tells of nobody: by clear fields that are no key, of k persons or more."""
    if found.table not in COUNTED:
        problem = NOT_COUNTED.get(found.table, "no_count")
        raise ScheduleFormError(file=node.file, path=f"{node.path}.table", problem=problem)
    known = catalogue().fields
    for name in found.fields:
        field = known.get(name)
        if field is None or not _tells_kind(field):
            raise node.bad(f"clear fields that are no key, not {name}")
    if found.k < LEAST_K:
        raise node.bad(f"k >= {LEAST_K}")


def _tells_kind(field: CatalogueField) -> bool:
    """Whether a count may be by it: in clear, and no key, name, address or text."""
    clear = field.storage is Storage.CLEAR and field.column not in KEYS
    return clear and not field.free_text and field.category not in NO_KIND


def _refuse_purposes(node: Node, found: Part) -> None:
    """What another purpose still needs is not emptied because one was withdrawn."""
    starts = found.since.triggers if found.since is not None else ()
    if bool(found.purposes) is not (Trigger.CONSENT_WITHDRAWN in starts):
        raise node.bad("purposes with consent_withdrawn")
    known = catalogue()
    for name in found.fields if found.purposes else ():
        field = known.fields.get(name)
        others = field.purposes - known.duties - {*found.purposes} if field is not None else ()
        if others:
            raise node.bad(f"{name} serves {', '.join(sorted(others))} too")
