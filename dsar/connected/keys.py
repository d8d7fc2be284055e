"""By which values connected systems may know a person, opened for the one question alone."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection

from governance.connectors.matching import canonical
from governance.connectors.types import KeyKind, PersonKeys
from governance.core.terms import FieldId, SubjectId
from governance.customers.ports import Ports
from governance.customers.search.looking import find_tokens
from governance.customers.store import cells_of, records_of
from governance.customers.upkeep.merges import survivor_of
from governance.gateway.intake.tokens import Indexer

FIELDS: Final[Mapping[KeyKind, tuple[FieldId, ...]]] = MappingProxyType(
    {
        KeyKind.CUSTOMER: (FieldId("person.customer_id"),),
        KeyKind.EMAIL: (FieldId("person.email"),),
        KeyKind.PHONE: (FieldId("person.mobile"), FieldId("person.phone")),
    }
)
USED: Final = tuple(name for names in FIELDS.values() for name in names)


def person_keys(ports: Ports, subject: SubjectId) -> PersonKeys:
    """The person's own values, and which kinds of them are another person's, too.

    Fails closed: raises where a value does not open, for without it nobody knows whom to look for.
    """
    with ports.database.read() as tx:
        person = survivor_of(tx, subject)
        values = _values(tx, ports, person)
        shared = frozenset(
            kind for kind in KeyKind if _shared(tx, ports, person, kind, values[kind])
        )
    return PersonKeys(
        subject=subject,
        customers=values[KeyKind.CUSTOMER],
        emails=values[KeyKind.EMAIL],
        phones=values[KeyKind.PHONE],
        shared=shared,
    )


def _values(tx: Connection, ports: Ports, person: SubjectId) -> dict[KeyKind, tuple[str, ...]]:
    found: dict[KeyKind, dict[str, None]] = {kind: {} for kind in KeyKind}
    for record in records_of(tx, person, "person"):
        cells = {name: record.sealed[name] for name in USED if name in record.sealed}
        opened = ports.vault.open_row(record.id, cells)
        for kind, names in FIELDS.items():
            said = (str(opened[name].value).strip() for name in names if name in cells)
            found[kind] |= dict.fromkeys(value for value in said if value)
    return {kind: tuple(values) for kind, values in found.items()}


def _shared(
    tx: Connection, ports: Ports, person: SubjectId, kind: KeyKind, values: tuple[str, ...]
) -> bool:
    """Whether another person of the register has one of these values; a token is only a hint."""
    indexer, names = Indexer(ports.vault, ["person"]), FIELDS[kind]
    own = {canonical(kind, value) for value in values}
    tokens = [token for v in values for name in names for _, token in indexer.of(name, v)]
    others = {
        row for _, row, who in find_tokens(tx, names, tokens) if survivor_of(tx, who) != person
    }
    for name in names:
        cells = cells_of(tx, "person", name.partition(".")[2], others)
        opened = ports.vault.open_rows([(row, {name: cell}) for row, cell in cells.items()])
        if any(canonical(kind, values_[name].value) in own for values_ in opened):
            return True
    return False
