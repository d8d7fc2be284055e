"""Which runs carry out the decision on a person's own request, whose execution does the rest."""

from sqlalchemy import Connection

from governance.approvals.store import find as find_approval
from governance.approvals.types import ApprovalId, ApprovalKind
from retention.plans import Ground, Plan
from retention.store import Run


def of_a_request(tx: Connection, plan: Plan, run: Run) -> bool:
    """Whether two persons agreed to the decision, not to this plan by itself."""
    if plan.ground is not Ground.REQUEST or run.approval is None:
        return False
    agreed = find_approval(tx, ApprovalId(run.approval))
    return agreed.kind is not ApprovalKind.HOLD_RELEASE and agreed.object_ref != plan.id
