"""The children for whom whoever is signed in may act, by name; each look is on record."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from governance.core.errors import NotFoundError
from governance.core.terms import FieldId, Lang, RowId
from governance.customers.master.guardians import Acting, children_of
from governance.customers.ports import Ports
from governance.gateway.reading import read
from governance.gateway.types import ReadRequest
from governance.http.principal import Principal
from governance.i18n.catalogue import text
from governance.portal.home import own_name

NAME = FieldId("person.name")
PURPOSE = "dsar_fulfilment"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildLine:
    """One child in the guardian's list."""

    relation: RowId
    name: str = field(repr=False)
    age: int


def children(
    tx: Connection, ports: Ports, principal: Principal, *, at: datetime
) -> tuple[Acting, ...]:
    """The children of whoever looks at their own pages; none while acting for one."""
    if principal.acts_for is not None or principal.person is None:
        return ()
    return children_of(tx, ports.vault, principal.person, at=at)


def named(
    ports: Ports, principal: Principal, found: Iterable[Acting], *, at: datetime
) -> tuple[ChildLine, ...]:
    """The same with their names, read through the gate by the guardian about the child."""
    lines = []
    for one in found:
        acting = replace(principal, acts_for=one.child, by_relation=one.relation)
        asked = ReadRequest(subject=one.child, purpose=PURPOSE, fields=frozenset({NAME}))
        answer = read(ports, acting, asked, at=at)
        lines.append(ChildLine(relation=one.relation, name=own_name(answer), age=one.age))
    return tuple(lines)


def guardian_name(ports: Ports, principal: Principal, lang: Lang, *, at: datetime) -> str:
    """Under which name a parent or guardian asks for a child; empty for whoever asks alone.

    The name of their own register row; without one, the right in words.
    """
    if principal.acts_for is None:
        return ""
    own = replace(principal, acts_for=None, by_relation=None)
    if own.person is None:
        raise NotFoundError
    asked = ReadRequest(subject=own.person, purpose=PURPOSE, fields=frozenset({NAME}))
    name = own_name(read(ports, own, asked, at=at))
    return name or text("portal.request.who.statutory_agent", lang)
