"""`POST /v1/consents/check` and `/v1/audiences`: one purpose and many persons, as raw ASGI.

A refusal is an answer: nobody is permitted, and `reasons` says why for all.
"""

from dataclasses import replace
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
from anyio import to_thread

from consent.access.errors import MethodHereError
from consent.checks import record_refusal
from consent.columns.forms import Asked, ColumnFormError, asked_of, persons_of
from consent.columns.service import (
    Sight,
    decision_of,
    digest_of,
    permitted,
    record,
    set_name,
    sight,
    sight_now,
)
from consent.columns.shapes import shape_of
from consent.state.live import LiveState
from consent.wire import (
    Application,
    Receive,
    Scope,
    Send,
    body_of,
    caller_of,
    header,
    require_json,
    respond,
    respond_problem,
)
from governance.core.clock import Clock, ForwardClock
from governance.core.errors import GovernanceError
from governance.core.terms import SubjectId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action
from policies.api import ActionForbiddenError, ensure
from policies.reasons import ReasonCode

if TYPE_CHECKING:
    from consent.columns.answering import Audiences

CHECK: Final = "/v1/consents/check"
AUDIENCES: Final = "/v1/audiences"
SEGMENTS: Final = "/v1/audiences/segments"
PATHS: Final = frozenset({CHECK, AUDIENCES, SEGMENTS})
LIMIT: Final = 40 * 1024 * 1024  # octets: a million pseudonyms are 39 MB
SMALL: Final = 131_072  # octets of a body that is answered in the event loop: 3,000 persons
ENCODE: Final = msgspec.json.Encoder().encode
Shape = dict[str, Any]


class ColumnApplication:
    """The endpoints about many persons; other addresses go on."""

    def __init__(self, app: Application, *, ports: Ports, live: LiveState, clock: Clock) -> None:
        self._app, self._ports, self._live = app, ports, live
        self._clock: Final = ForwardClock(clock)  # a clock put back revives no ended consent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The answer to a question about many persons."""
        path = scope["path"] if scope["type"] == "http" else ""
        if path not in PATHS and not path.startswith(SEGMENTS + "/"):
            await self._app(scope, receive, send)
            return
        request_id, caller = header(scope, b"x-request-id"), caller_of(scope)
        try:
            shape = await self._answered(scope, receive, caller, request_id)
        except GovernanceError as error:
            if isinstance(error, ActionForbiddenError):
                refused = partial(
                    record_refusal, self._ports, caller, Action.CONSENT_CHECK, at=self._clock()
                )
                await to_thread.run_sync(refused)
            await respond_problem(error, request_id, scope, receive, send)
            return
        await respond(send, ENCODE(shape), request_id)

    async def _answered(
        self, scope: Scope, receive: Receive, caller: Principal, request_id: bytes | None
    ) -> Shape:
        path, method = scope["path"], scope["method"]
        ensure(caller, Action.CONSENT_CHECK, self._ports.policies.current)
        if path.startswith(SEGMENTS + "/"):
            if method != "DELETE":
                raise MethodHereError("DELETE")
            drop = partial(self._audiences.drop, caller, path[len(SEGMENTS) + 1 :])
            await to_thread.run_sync(drop)
            return {}
        if method != "POST":
            raise MethodHereError("POST")
        require_json(scope)
        body = await body_of(receive, limit=LIMIT, form=ColumnFormError)
        given = None if request_id is None else request_id.decode("latin-1")
        at = self._clock()
        if path == CHECK and len(body) <= SMALL:
            asked = asked_of(body, segments=False)
            shape = self._check_now(caller, asked, given, at=at)
            if shape is not None:
                return shape
            return await to_thread.run_sync(partial(self._check, caller, asked, given, at=at))
        return await to_thread.run_sync(partial(self._large, path, caller, body, given, at=at))

    @cached_property
    def _audiences(self) -> "Audiences":
        """Made when first asked for: NumPy costs a process 20 MB."""
        from consent.columns.answering import Audiences  # noqa: PLC0415 # see above

        return Audiences(self._ports, self._live)

    def _large(
        self, path: str, caller: Principal, body: bytes, given: str | None, *, at: datetime
    ) -> Shape:
        if path == CHECK:
            return self._check(caller, asked_of(body, segments=False), given, at=at)
        if path == SEGMENTS:
            return self._audiences.save(caller, persons_of(body), at=at)
        return self._audiences.filter(caller, asked_of(body, segments=True), given, at=at)

    def _check_now(
        self, caller: Principal, asked: Asked, given: str | None, *, at: datetime
    ) -> Shape | None:
        use = asked.use(given)
        seen = sight_now(self._ports, self._live, caller, use, at=at)
        if seen is None:
            return None
        subjects = asked.subjects or []
        permit = permitted(seen, subjects)
        if self._live.left() <= 0:
            return None  # the lease ended while the persons were looked up
        about = _about(subjects, permit)
        decision = decision_of(caller, seen, about, count=len(permit), request_id=given, at=at)
        if not self._ports.decisions.record_now((decision,)):
            return None
        return {"permit": permit, **shape_of(seen, decision.id)}

    def _check(self, caller: Principal, asked: Asked, given: str | None, *, at: datetime) -> Shape:
        seen = sight(self._ports, self._live, caller, asked.use(given), at=at)
        subjects = asked.subjects or []
        permit = permitted(seen, subjects)
        about = _about(subjects, permit)
        decision = record(
            self._ports, caller, seen, about, count=len(permit), request_id=given, at=at
        )
        if decision is None:
            seen, permit = _unrecorded(seen), []
        return {"permit": permit, **shape_of(seen, decision)}


def _about(subjects: list[SubjectId], permit: list[SubjectId]) -> SubjectId:
    return set_name(len(subjects), len(permit), digest_of(subjects), digest_of(permit))


def _unrecorded(seen: Sight) -> Sight:
    return replace(seen, code=ReasonCode.UNAVAILABLE_AUDIT)  # fails closed: no record, no permit
