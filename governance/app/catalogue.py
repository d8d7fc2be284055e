"""The installation's own fields as a part of the start: read, checked, registered, in force."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.log import AuditLog
from audit.types import EventDraft, Outcome
from governance.core.settings import Settings
from governance.core.terms import ActorId
from governance.customers.catalogue import CatalogueError
from governance.customers.custom import store
from governance.customers.custom.declaration import (
    Declaration,
    check_against,
    read_declaration,
)
from governance.customers.custom.sources import CatalogueRefusedError
from governance.customers.custom.store import Registered
from governance.customers.custom.types import register_id
from policies.document import PolicyField
from policies.load import default_folder
from policies.reader import Fault
from policies.snapshot import PolicySnapshot, default_snapshot, load_snapshot
from policies.types import Label

SYSTEM = ActorId("svc:sekisho")


def open_catalogue(settings: Settings) -> tuple[Declaration, PolicySnapshot]:
    """What the installation declares, and the policy over it; raises for the first fault."""
    declared = read_declaration(settings.catalogue_folder)
    snapshot = policy_over(settings, declared)
    if snapshot.policy is not None:
        check_against(declared, snapshot.policy.categories, snapshot.purposes.values())
    return declared, snapshot


def policy_over(settings: Settings, declared: Declaration) -> PolicySnapshot:
    """The policy of the installation, whose rules may name its own fields by id or category."""
    added = policy_fields(declared)
    if settings.policy_dir is None and not added:
        return default_snapshot()
    folder = default_folder() if settings.policy_dir is None else settings.policy_dir
    return load_snapshot(folder, added=added)


def policy_fields(declared: Declaration) -> Mapping[str, tuple[PolicyField, ...]]:
    """The custom fields as the policy knows fields, by their resource."""
    found: dict[str, tuple[PolicyField, ...]] = {}
    for field in declared.fields:
        made = PolicyField(
            id=field.id,
            label=Label(ja=field.label_ja, en=field.label_en),
            category=field.category,
        )
        found[field.table] = (*found.get(field.table, ()), made)
    return found


def unregistered(
    declared: Declaration, register: Mapping[str, Registered]
) -> tuple[Registered, ...]:
    """Fields that the register does not know yet.

    Fails closed: an id that meant another field before, a closed one that is open again, and a
    live one that nobody declares any more.
    """
    faults: list[Fault] = []
    fresh: list[Registered] = []
    for field in (*declared.fields, *declared.retired.values()):
        name = register_id(field.id)
        known, kind = register.get(name), str(field.custom)
        place = declared.place(name.partition(".")[2])
        if known is None:
            entry = Registered(id=name, table=field.table, kind=kind, retired=False)
            fresh += [] if name in declared.retired else [entry]
        elif known.retired and name not in declared.retired:
            faults.append(Fault(code="id_retired", place=place, name=name))
        elif (known.table, known.kind) != (field.table, kind):
            was = f"{known.table}, {known.kind}"
            faults.append(Fault(code="id_changed", place=place, name=name, allowed=was))
    if faults:
        raise CatalogueRefusedError(tuple(faults))
    names = {register_id(field.id) for field in declared.fields} | {*declared.retired}
    for name, known in sorted(register.items()):
        if not known.retired and name not in names:
            raise CatalogueError(place=name, problem="undeclared_custom_field")
    return tuple(fresh)


def settle(tx: Connection, audit: AuditLog, declared: Declaration, *, at: datetime) -> int:
    """The register knows every declared field; how many it learned now, with an event."""
    fresh = unregistered(declared, store.register(tx))
    added = store.enter(tx, fresh, at=at)
    if added:
        audit.append(
            tx,
            EventDraft(
                action=EventCode.CATALOGUE_CHANGED,
                occurred_at=at,
                actor=SYSTEM,
                object_type="catalogue",
                object_id="custom_field",
                outcome=Outcome.DONE,
                fields=tuple(sorted(f"{entry.table}.{entry.id}" for entry in fresh)),
                counts=(("added", added),),
            ),
        )
    return added
