"""Every route states its action: ``Depends(require(Action.AUDIT_READ))``.

The policy in force is `wiring.policies`, a PolicyHolder. Without it every route is refused.
"""

from collections.abc import Iterator, Mapping

from fastapi import Request
from fastapi.dependencies.models import Dependant

from governance.core.errors import GovernanceError, Param
from governance.core.terms import Lang
from governance.http.principal import Principal, PrincipalKind
from governance.http.request import principal_of, wiring_of
from policies.actions import GRAVE, Action, action_label
from policies.actors import may
from policies.snapshot import NO_POLICY, PolicyHolder, PolicySnapshot
from policies.types import Outcome


class SignInNeededError(GovernanceError):
    """Nobody is signed in; nothing was shown or changed."""

    code, status = "sign_in_needed", 401


class ActionForbiddenError(GovernanceError):
    """None of the principal's roles holds this action; nothing was shown or changed."""

    code, status = "action_forbidden", 403

    def spoken(self, lang: Lang, /) -> Mapping[str, Param]:
        """The action by its name, and by its code for whoever grants it."""
        action = self.params.get("action")
        if action not in set(Action):
            return self.params
        return {**self.params, "action": f"{action_label(Action(action), lang)} {action}"}


class TrainingDueError(ActionForbiddenError):
    """The training has ended, and roles that open personal data with it; nothing was shown."""

    code, status = "training_due", 403


class SecondFactorDueError(ActionForbiddenError):
    """One factor opened the session and the role needs two; nothing was shown or changed."""

    code, status = "second_factor_due", 403


class StepUpNeededError(GovernanceError):
    """A grave act needs a fresh proof of who acts; nothing was shown or changed."""

    code, status = "step_up_needed", 403


class PolicyUnavailableError(GovernanceError):
    """No policy is in force, so nothing is allowed."""

    code, status, exit_code = "policy_unavailable", 503, 3


def snapshot_of(request: Request) -> PolicySnapshot:
    """The policy in force; the empty one, which denies everything, when none was wired."""
    holder = getattr(wiring_of(request), "policies", None)
    return holder.current if isinstance(holder, PolicyHolder) else NO_POLICY


def ensure(principal: Principal, action: Action, snapshot: PolicySnapshot) -> Principal:
    """The principal itself when it may do this action; the refusal as an error otherwise."""
    if principal.kind is PrincipalKind.ANONYMOUS:
        raise SignInNeededError
    decision = may(principal, action, snapshot)
    match decision.outcome:
        case Outcome.PERMIT:
            if principal.stale and action in GRAVE:
                raise StepUpNeededError  # fails closed: a session left open does no grave act
            return principal
        case Outcome.DENY:
            if principal.single:
                raise SecondFactorDueError(action=action.value)
            if principal.untrained:
                raise TrainingDueError(action=action.value)
            raise ActionForbiddenError(action=action.value)
        case Outcome.UNAVAILABLE:
            raise PolicyUnavailableError


class Require:
    """A FastAPI dependency that lets only holders of one action pass; `action` is readable."""

    __slots__ = ("action",)

    def __init__(self, action: Action) -> None:
        self.action = action

    async def __call__(self, request: Request) -> Principal:
        """The principal of this request, or 401, 403, 503."""
        return ensure(principal_of(request), self.action, snapshot_of(request))


def require(action: Action) -> Require:
    """The dependency that states and checks a route's action."""
    return Require(action)


def stated_actions(dependant: Dependant) -> Iterator[Action]:
    """Actions that a route states, for the test that no route is without one."""
    if isinstance(dependant.call, Require):
        yield dependant.call.action
    for inner in dependant.dependencies:
        yield from stated_actions(inner)
