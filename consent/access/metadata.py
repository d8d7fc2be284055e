"""The discovery document of the decision point (AuthZEN 1.0, metadata; obligations profile)."""

from typing import Any, Final

from consent.access.paging import Sought
from consent.access.uses import OBLIGATIONS

WELL_KNOWN: Final = "/.well-known/authzen-configuration"
EVALUATION: Final = "/access/v1/evaluation"
EVALUATIONS: Final = "/access/v1/evaluations"
SEARCH: Final = {sought: f"/access/v1/search/{sought.value}" for sought in Sought}
MAX_AGE: Final = 300  # seconds for which a caller may keep it


def configuration(origin: str) -> dict[str, Any]:
    """What this decision point offers and where; `origin` is the base under which callers see it.

    Capabilities are left out: none is registered, and a list without members is left out.
    """
    base = origin.rstrip("/")
    return {
        "policy_decision_point": base,
        "access_evaluation_endpoint": base + EVALUATION,
        "access_evaluations_endpoint": base + EVALUATIONS,
        **{f"search_{sought.value}_endpoint": base + path for sought, path in SEARCH.items()},
        "obligations_supported": list(OBLIGATIONS),
    }
