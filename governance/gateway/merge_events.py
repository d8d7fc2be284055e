"""What the log says of a merge and of its undoing, of persons as of companies."""

from collections.abc import Iterable
from datetime import datetime

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.terms import FieldId, SubjectId
from governance.customers.ports import Ports
from governance.gateway.pairs import PURPOSE
from governance.http.principal import Principal


def merge_event(
    ports: Ports,
    principal: Principal,
    code: EventCode,
    *,
    merge: str,
    subject: SubjectId | None = None,
    fields: Iterable[FieldId] = (),
    counts: tuple[tuple[str, int], ...],
    refs: tuple[str, ...],
    at: datetime,
) -> EventDraft:
    """The event of a merge or its undoing: field names, counts and references."""
    return EventDraft(
        action=code,
        occurred_at=at,
        actor=principal.id,
        actor_os=principal.os_user,
        object_type="merge",
        object_id=merge,
        subject=subject,
        purpose=PURPOSE,
        outcome=Outcome.DONE,
        policy_version=ports.policies.current.version or None,
        fields=tuple(fields),
        counts=counts,
        refs=refs,
    )
