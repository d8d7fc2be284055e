"""An event in the Open Cybersecurity Schema Framework (OCSF 1.3), for a SIEM.

Classes: Authentication (3002), Account Change (3001), Datastore Activity (6005) for persons and
what stands about them, API Activity (6003) for everything else. What OCSF has no place for
stands under `unmapped`, by our own column names.
"""

from dataclasses import dataclass
from typing import Final

from audit.forms.rows import row
from audit.review import RecordedEvent
from audit.types import Outcome

VERSION: Final = "1.3.0"
PRODUCT: Final = {"name": "Sekisho", "vendor_name": "Sekisho"}
API, DATASTORE, AUTHENTICATION, ACCOUNT = 6003, 6005, 3002, 3001
CREATE, READ, UPDATE, DELETE, OTHER = 1, 2, 3, 4, 99
LOGON, LOGOFF = 1, 2
INFORMATIONAL, LOW, MEDIUM, HIGH = 1, 2, 3, 4
SUCCESS, FAILURE = 1, 2

_CRUD: Final = {
    "created": CREATE,
    "placed": CREATE,
    "published": CREATE,
    "recorded": CREATE,
    "imported": CREATE,
    "read": READ,
    "searched": READ,
    "exported": READ,
    "used": READ,
    "changed": UPDATE,
    "merged": UPDATE,
    "unmerged": UPDATE,
    "applied": UPDATE,
    "rotated": UPDATE,
    "destroyed": DELETE,
    "purged": DELETE,
    "executed": DELETE,
}
_GRAVE: Final = {
    "log.alert": HIGH,
    "actor.break_glass": HIGH,
    "actor.break_glass_ended": HIGH,
    "actor.break_glass_reviewed": HIGH,
    "log.clock_anomaly": MEDIUM,
    "identity.sign_in_failed": LOW,
    "access.denied": LOW,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Whose log this is: the product's version and the log's name."""

    version: str
    origin: str


def ocsf(event: RecordedEvent, source: Source) -> dict[str, object]:
    """The event as one OCSF object; `metadata.uid` is the event's id, so a double is known."""
    kind, _, verb = event.action.partition(".")
    uid, activity = _class(kind, verb)
    failed = event.outcome in {Outcome.DENY.value, Outcome.FAILED.value}
    flat = row(event)
    shape: dict[str, object] = {
        "class_uid": uid,
        "category_uid": uid // 1000,
        "activity_id": activity,
        "type_uid": uid * 100 + activity,
        "time": int(event.occurred_at.timestamp() * 1000),
        "severity_id": _GRAVE.get(event.action, INFORMATIONAL),
        "status_id": FAILURE if failed else SUCCESS,
        "status_code": event.outcome,
        "status_detail": event.reasons or "",
        "metadata": {
            "version": VERSION,
            "product": PRODUCT | {"version": source.version},
            "uid": event.id,
            "sequence": event.seq,
            "log_name": source.origin,
            "logged_time": int(event.recorded_at.timestamp() * 1000),
            "event_code": event.action,
            "correlation_uid": event.request_id or "",
        },
        "actor": {"user": {"uid": event.actor, "name": event.actor}},
        "src_endpoint": {"name": event.network or "unknown"},
        "unmapped": {name: value for name, value in flat.items() if value is not None},
    }
    return shape | _own(uid, event)


def _class(kind: str, verb: str) -> tuple[int, int]:
    """OCSF class and activity of an action."""
    if verb in {"signed_in", "sign_in_failed"}:
        return AUTHENTICATION, LOGON
    if verb == "signed_out":
        return AUTHENTICATION, LOGOFF
    if kind == "identity":
        return ACCOUNT, _CRUD.get(verb, OTHER)
    if kind in {"person", "company", "data", "erasure", "retention"}:
        return DATASTORE, _DATASTORE.get(_CRUD.get(verb, OTHER), OTHER)
    return API, _CRUD.get(verb, OTHER)


_DATASTORE: Final = {READ: 1, UPDATE: 2, CREATE: 5, DELETE: 6}  # Read, Update, Create, Delete


def _own(uid: int, event: RecordedEvent) -> dict[str, object]:
    """What the class itself asks for."""
    target = {"uid": event.object_id, "type": event.object_type}
    if uid == DATASTORE:
        return {
            "type_id": 1,
            "database": target | {"type_id": 99},
            "query_info": {"name": event.action},
        }
    if uid in {AUTHENTICATION, ACCOUNT}:
        return {"user": {"uid": event.object_id}}
    return {"api": {"operation": event.action}, "resources": [target]}
