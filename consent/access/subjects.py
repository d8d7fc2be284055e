"""Subjects that are staff or systems: who asks is proved, another one only who may read of them.

A caller without the grant to read the register of staff or of systems learns nothing of another:
it is answered as for one who does not exist.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection

from consent.access.questions import Entity
from governance.core.terms import ActorId
from governance.http.principal import Principal, PrincipalKind
from governance.identity import store
from governance.identity.rules import may_act
from governance.identity.service import principal_of_client
from governance.identity.types import Staff
from policies.actions import Action
from policies.actors import may
from policies.snapshot import PolicySnapshot

SYSTEM: Final = "system"
STAFF: Final = "staff"
PREFIX: Final[Mapping[str, str]] = MappingProxyType({SYSTEM: "svc:", STAFF: "u:"})
_READ: Final = MappingProxyType({SYSTEM: Action.CLIENT_READ, STAFF: Action.STAFF_READ})


def is_caller(caller: Principal, subject: Entity) -> bool:
    """Whether the subject is who asks, by its id with or without the prefix of its kind."""
    prefix, own, name = PREFIX.get(subject.type), caller.id, subject.id
    return prefix is not None and own.startswith(prefix) and own in (name, prefix + name)


def named(
    tx: Connection, policy: PolicySnapshot, caller: Principal, subject: Entity
) -> Principal | None:
    """Another subject as the log will name it, with who asks beside it; None for a stranger."""
    prefix = PREFIX.get(subject.type)
    if prefix is None or not subject.id or not _may_read(policy, caller, subject.type):
        return None  # fails closed: an unknown subject has no right
    actor = ActorId(prefix + subject.id.removeprefix(prefix))
    found = _system(tx, actor) if subject.type == SYSTEM else _staff(store.staff_by_id(tx, actor))
    return None if found is None else replace(found, os_user=caller.id)


def everybody(
    tx: Connection, policy: PolicySnapshot, caller: Principal, kind: str
) -> Iterator[Principal]:
    """The active subjects of this kind that the caller may know of, by their ids."""
    if not _may_read(policy, caller, kind):
        if caller.id.startswith(PREFIX[kind]):
            yield caller
        return
    if kind == SYSTEM:
        clients = sorted(store.all_clients(tx), key=lambda client: client.id)
        yield from (principal_of_client(one) for one in clients if may_act(one.state))
    else:
        for staff in sorted(store.all_staff(tx), key=lambda one: one.id):
            if found := _staff(staff):
                yield found


def _may_read(policy: PolicySnapshot, caller: Principal, kind: str) -> bool:
    return bool(may(caller, _READ[kind], policy))


def _system(tx: Connection, actor: ActorId) -> Principal | None:
    client = store.client_by_id(tx, actor)
    return principal_of_client(client) if client is not None and may_act(client.state) else None


def _staff(staff: Staff | None) -> Principal | None:
    if staff is None or not may_act(staff.state):
        return None
    return Principal(id=staff.id, kind=PrincipalKind.STAFF, roles=staff.roles)
