"""Routes state their action; without sign-in, role or policy they are refused."""

from types import SimpleNamespace

import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.routing import APIRoute

from governance.core.terms import ActorId
from governance.http.principal import ANONYMOUS, Principal, PrincipalKind
from policies.actions import Action
from policies.api import (
    ActionForbiddenError,
    PolicyUnavailableError,
    SignInNeededError,
    ensure,
    require,
    snapshot_of,
    stated_actions,
)
from policies.snapshot import NO_POLICY, PolicyHolder, default_snapshot

AUDITOR = Principal(id=ActorId("u:1"), kind=PrincipalKind.STAFF, roles=frozenset({"auditor"}))


def request_on(wiring: object) -> Request:
    app = SimpleNamespace(state=SimpleNamespace(wiring=wiring))
    return Request({"type": "http", "app": app, "headers": []})


def test_holder_of_the_action_passes() -> None:
    assert ensure(AUDITOR, Action.AUDIT_READ, default_snapshot()) is AUDITOR


def test_nobody_must_sign_in() -> None:
    with pytest.raises(SignInNeededError):
        ensure(ANONYMOUS, Action.AUDIT_READ, default_snapshot())


def test_other_role_is_forbidden() -> None:
    with pytest.raises(ActionForbiddenError):
        ensure(AUDITOR, Action.KEY_ROTATE, default_snapshot())


def test_no_policy_stops_everybody() -> None:
    with pytest.raises(PolicyUnavailableError):
        ensure(AUDITOR, Action.AUDIT_READ, NO_POLICY)


@pytest.mark.parametrize("wiring", [SimpleNamespace(), SimpleNamespace(policies="yes"), None])
def test_missing_wiring_is_no_policy(wiring: object) -> None:
    assert snapshot_of(request_on(wiring)) is NO_POLICY


def test_wired_holder_gives_the_policy_in_force() -> None:
    holder = PolicyHolder(default_snapshot())
    assert snapshot_of(request_on(SimpleNamespace(policies=holder))) is default_snapshot()


def test_actions_of_a_route_can_be_listed() -> None:
    app = FastAPI()

    @app.get("/audit", dependencies=[Depends(require(Action.AUDIT_READ))])
    async def audit() -> None: ...

    @app.get("/open")
    async def opened() -> None: ...

    stated = {
        route.path: list(stated_actions(route.dependant))
        for route in app.routes
        if isinstance(route, APIRoute)
    }
    assert stated["/audit"] == [Action.AUDIT_READ]
    assert stated["/open"] == []
