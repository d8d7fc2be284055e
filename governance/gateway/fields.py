"""The catalogue in use: which fields nobody reads or fills, and closing a field for good."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from sqlalchemy import Connection, func, select

from audit.actions import EventCode
from audit.models import EVENTS
from audit.types import EventDraft, Network, Outcome
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.ids import new_row_id
from governance.core.terms import FieldId
from governance.customers import tokens
from governance.customers.catalogue import Catalogue, CatalogueField, catalogue
from governance.customers.custom import store as custom
from governance.customers.custom.declaration import Declaration
from governance.customers.custom.models import CustomValueRow
from governance.customers.custom.types import register_id
from governance.customers.holds.reading import held_parts
from governance.customers.ports import Ports
from governance.customers.search_plan import index_names
from governance.customers.store import FINDING, TABLES
from governance.db.types import table_of
from governance.http.principal import Principal
from policies.actions import Action
from policies.api import ensure
from policies.snapshot import PolicySnapshot

VALUE = table_of(CustomValueRow)
READING = frozenset(
    {
        EventCode.PERSON_READ,
        EventCode.PERSON_SEARCHED,
        EventCode.PERSON_USED,
        EventCode.PERSON_EXPORTED,
        EventCode.AUDIENCE_BUILT,
    }
)
KEEPING = "record_keeping"  # keys and bookkeeping are not read for anybody's purpose
PAGE = 10_000  # events read at a time


class Idle(StrEnum):
    """Why a field may not be needed (APPI 22; GDPR 5(1)(c))."""

    NO_RULE = "no_rule"  # no rule of the policy opens it to anybody
    NOT_READ = "not_read"  # nobody has read it in the days that were looked at
    EMPTY = "empty"  # no row has a value


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleField:
    """A field that may not be needed, and why."""

    field: CatalogueField
    why: tuple[Idle, ...]
    rows: int  # rows of its table
    filled: int  # of these, with a value


class FieldUnknownError(NotFoundError):
    """No closed field of this name waits; mark it `retired: true` in its file first."""

    code = "field_not_retired"


class FieldHeldError(GovernanceError):
    """A legal hold stands on persons of whom a value is held; nothing was removed."""

    code, status = "field_under_hold", 409


def unused(ports: Ports, principal: Principal, *, days: int, at: datetime) -> tuple[IdleField, ...]:
    """Every field that no rule opens, nobody read in these days, or that no row fills."""
    policy = ports.policies.current
    ensure(principal, Action.QUALITY_READ, policy)
    with ports.database.read() as tx:
        counts = _counts(tx, catalogue())
        read = _read_since(tx, at - timedelta(days=days))
    found = tuple(_idle(catalogue(), policy, counts, read))
    note = partial(_note, ports=ports, principal=principal, found=found, days=days, at=at)
    ports.database.write(note)
    return found


def _idle(
    declared: Catalogue,
    policy: PolicySnapshot,
    counts: Counter[str],
    read: frozenset[str],
) -> Iterator[IdleField]:
    ruled = _ruled(declared, policy)
    for field in declared.fields.values():
        if field.category == KEEPING:
            continue
        rows, filled = counts[field.table], counts[field.id]
        why = [Idle.NO_RULE] if field.id not in ruled else []
        why += [Idle.NOT_READ] if rows and field.id not in read else []
        why += [Idle.EMPTY] if rows and not filled else []
        if why:
            yield IdleField(field=field, why=tuple(why), rows=rows, filled=filled)


def _ruled(declared: Catalogue, policy: PolicySnapshot) -> frozenset[FieldId]:
    """Fields that some rule opens to somebody, for a purpose that they were declared for."""
    rules = policy.policy.rules if policy.policy is not None else ()
    return frozenset(
        field
        for rule in rules
        if rule.effect.value == "allow"
        for field in rule.fields
        if any(declared.serves(field, purpose) for purpose in rule.purposes)
    )


def _counts(tx: Connection, declared: Catalogue) -> Counter[str]:
    """Rows by table, and by field how many of them have a value."""
    found: Counter[str] = Counter()
    for name, entry in declared.tables.items():
        table = TABLES[name]
        own = [field for field in entry.fields if field.custom is None]
        wanted = select(func.count(), *(func.count(table.c[field.column]) for field in own))
        rows, *filled = tx.execute(wanted.select_from(table)).one()
        found[name] = rows
        found.update(dict(zip((field.id for field in own), filled, strict=True)))
    beside = select(VALUE.c.field, func.count()).group_by(VALUE.c.field)
    found.update({row.field: int(row[1]) for row in tx.execute(beside)})
    return found


def _read_since(tx: Connection, since: datetime) -> frozenset[str]:
    """Fields that were opened, used or handed over since then, from the log alone."""
    found: set[str] = set()
    statement = (
        select(EVENTS.c.id, EVENTS.c.fields)
        .where(
            EVENTS.c.action.in_([code.value for code in READING]),
            EVENTS.c.occurred_at >= since,
            EVENTS.c.fields.is_not(None),
        )
        .order_by(EVENTS.c.id)
        .limit(PAGE)
    )
    page = tx.execute(statement).all()
    while page:
        for row in page:
            found.update(row.fields.split(","))
        page = tx.execute(statement.where(EVENTS.c.id > page[-1].id)).all()
    return frozenset(found)


def _note(
    tx: Connection,
    *,
    ports: Ports,
    principal: Principal,
    found: tuple[IdleField, ...],
    days: int,
    at: datetime,
) -> None:
    counts = Counter(why for idle in found for why in idle.why)
    _event(
        tx,
        ports,
        principal,
        EventCode.QUALITY_REVIEWED,
        fields=(),
        counts=(("days", days), *((why.value, counts[why]) for why in Idle)),
        at=at,
    )


def retire(
    ports: Ports, principal: Principal, declared: Declaration, name: str, *, at: datetime
) -> int:
    """How many values of the closed field went; its id is never given out again.

    Raises FieldHeldError while a legal hold stands on a person of whom a value is held.
    """
    ensure(principal, Action.CATALOGUE_WRITE, ports.policies.current)
    closed = declared.retired.get(name)
    if closed is None:
        raise FieldUnknownError(field=name)
    return ports.database.write(
        partial(_retire, ports=ports, principal=principal, field=closed, at=at)
    )


def _retire(
    tx: Connection,
    *,
    ports: Ports,
    principal: Principal,
    field: CatalogueField,
    at: datetime,
) -> int:
    name = register_id(field.id)
    known = custom.register(tx).get(name)
    if known is None or known.retired:
        raise FieldUnknownError(field=name)
    holds = held_parts(tx, custom.subjects_of(tx, field.id))
    held = [one for one, hold in holds.items() if hold.covers(field.table, field=field.id)]
    if held:
        raise FieldHeldError(field=name, count=len(held))
    tokens.drop_tokens(tx, custom.rows_of(tx, field.id), names=index_names(field.id))
    tx.execute(FINDING.delete().where(FINDING.c.field == field.id))
    gone = custom.remove(tx, field.id)
    custom.retire(tx, name, by=principal.id, at=at)
    _event(
        tx,
        ports,
        principal,
        EventCode.CATALOGUE_CHANGED,
        fields=(field.id,),
        counts=(("removed", gone),),
        at=at,
    )
    return gone


def _event(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    action: EventCode,
    *,
    fields: Iterable[FieldId],
    counts: tuple[tuple[str, int], ...],
    at: datetime,
) -> None:
    ports.audit.append(
        tx,
        EventDraft(
            action=action,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="catalogue",
            object_id=new_row_id(),
            outcome=Outcome.DONE,
            policy_version=ports.policies.current.version or None,
            network=Network(principal.network) if principal.network else None,
            fields=tuple(fields),
            counts=counts,
        ),
    )
