"""Holds an answer back until what it did is in the signed log, and holds everywhere.

The log demands it of strict events; the ledger of whatever takes a number of its sequence, since
a process or client that decides by a copy of its own may not know of it yet.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from audit.errors import NotIntegratedError
from consent.leases.barrier import NotYetEverywhereError
from governance.app.wiring import Mark, Wiring
from governance.core.errors import GovernanceError

FAILED: Final = 400  # from here on the answer promises nothing
WAITING: Final = 256  # answers that are held back at once, in threads that no other work needs


class Integrating:
    """Between the application and its edge; what was promised to nobody is not waited for."""

    def __init__(
        self,
        app: Callable[[Scope, Receive, Send], Awaitable[None]],
        *,
        wiring: Wiring,
        answer: Callable[[Request, GovernanceError], Response],
    ) -> None:
        self._app, self._wiring, self._answer = app, wiring, answer
        self._waiting = CapacityLimiter(WAITING)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The request goes on; its answer begins when what it did holds."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        mark, refused = self._wiring.mark(), False

        async def held(message: Message) -> None:
            nonlocal refused
            if refused:
                return  # the answer that was made says too much
            if self._owes(mark, message):
                try:
                    settle = self._wiring.settle_since
                    await to_thread.run_sync(settle, mark, limiter=self._waiting)
                except (NotIntegratedError, NotYetEverywhereError) as error:
                    refused = True
                    await self._answer(Request(scope), error)(scope, receive, send)
                    return
            await send(message)

        await self._app(scope, receive, held)

    def _owes(self, mark: Mark, message: Mapping[str, Any]) -> bool:
        return (
            message["type"] == "http.response.start"
            and message["status"] < FAILED
            and self._wiring.mark() != mark
        )
