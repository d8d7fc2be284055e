"""By which values connected systems may know a person, opened for the one question alone."""

from sqlalchemy import Connection

from governance.connectors.knowing import FIELDS, USED, Values, values_of
from governance.connectors.matching import canonical
from governance.connectors.types import KeyKind, PersonKeys
from governance.core.terms import SubjectId
from governance.customers.ports import Ports
from governance.customers.search.looking import find_tokens
from governance.customers.store import cells_of, records_of
from governance.customers.upkeep.merges import survivor_of
from governance.gateway.intake.tokens import Indexer


def person_keys(ports: Ports, subject: SubjectId) -> PersonKeys:
    """The person's own values, and which kinds of them are another person's, too.

    Fails closed: raises where a value does not open, for without it nobody knows whom to look for.
    """
    with ports.database.read() as tx:
        person = survivor_of(tx, subject)
        values = _values(tx, ports, person)
        return _keys(tx, ports, subject, values, person=person)


def keys_by(ports: Ports, subject: SubjectId, values: Values) -> PersonKeys:
    """The same of a person who is here no more; whoever has such a value is another person."""
    with ports.database.read() as tx:
        return _keys(tx, ports, subject, values, person=None)


def _keys(
    tx: Connection, ports: Ports, subject: SubjectId, values: Values, *, person: SubjectId | None
) -> PersonKeys:
    shared = (kind for kind in KeyKind if _shared(tx, ports, person, kind, values[kind]))
    return PersonKeys(
        subject=subject,
        customers=values[KeyKind.CUSTOMER],
        emails=values[KeyKind.EMAIL],
        phones=values[KeyKind.PHONE],
        shared=frozenset(shared),
    )


def _values(tx: Connection, ports: Ports, person: SubjectId) -> Values:
    rows = []
    for record in records_of(tx, person, "person"):
        cells = {name: record.sealed[name] for name in USED if name in record.sealed}
        opened = ports.vault.open_row(record.id, cells)
        rows.append({name: opened[name].value for name in cells})
    return values_of(rows)


def _shared(
    tx: Connection, ports: Ports, person: SubjectId | None, kind: KeyKind, values: tuple[str, ...]
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
