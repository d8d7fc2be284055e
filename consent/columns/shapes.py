"""What an answer about many persons says besides the persons."""

from typing import Any, Final

from consent.checks import shown
from consent.columns.service import Sight
from governance.core.terms import EventId

RETRY_AFTER: Final = 1  # seconds until a part that was away is asked again


def shape_of(seen: Sight, decision: EventId | None) -> dict[str, Any]:
    """Snapshot, decision and, where nobody can be permitted, why."""
    shape: dict[str, Any] = {
        "snapshot": {"policy_version": seen.policy.version, "consent_seq": seen.seq},
    }
    if decision is not None:
        shape["decision_id"] = decision
    if not seen:
        reasons = shown(seen.code, explained=seen.kind.explained)
        shape["reasons"] = [
            {"code": one.code.value, "text_ja": one.text_ja, "text_en": one.text_en}
            for one in reasons
        ]
        if seen.code.value.startswith("unavailable."):
            shape["retry_after"] = RETRY_AFTER
    elif seen.until is not None:
        shape["valid_until"] = seen.until.isoformat()
    return shape
