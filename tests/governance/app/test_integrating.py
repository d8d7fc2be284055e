"""No answer leaves before its strict event is in the signed log; without the log it is a 503."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from audit.actions import EventCode
from audit.errors import NotIntegratedError, TreeRolledBackError
from audit.review import EventFilter, count
from governance.app.integrating import Integrating
from governance.app.wiring import Wiring
from governance.core.errors import GovernanceError
from governance.core.settings_reading import load
from tests.audit.bench import draft


@pytest.fixture
def wiring(tmp_path: Path) -> Iterator[Wiring]:
    opened = Wiring.create(load(config=None, environment={}, overrides={"data_dir": tmp_path}))
    yield opened
    opened.close()


def served(wiring: Wiring) -> Integrating:
    """One address that records a strict event, one that records another, one that fails."""

    def act(code: EventCode, status: int) -> Any:
        def answer(_request: Request) -> Response:
            wiring.database.write(lambda tx: wiring.audit.append(tx, draft(code)))
            return PlainTextResponse("done", status_code=status)

        return answer

    application = Starlette(
        routes=[
            Route("/erase", act(EventCode.ERASURE_EXECUTED, 200), methods=["POST"]),
            Route("/read", act(EventCode.PERSON_READ, 200), methods=["POST"]),
            Route("/refused", act(EventCode.ERASURE_EXECUTED, 409), methods=["POST"]),
        ]
    )

    def problem(_request: Request, error: GovernanceError) -> Response:
        return JSONResponse({"code": error.code}, status_code=error.status)

    return Integrating(application, wiring=wiring, answer=problem)


def posted(application: Integrating, path: str) -> httpx.Response:
    async def post() -> httpx.Response:
        transport = httpx.ASGITransport(app=application)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.post(path)

    return asyncio.run(post())


def placed(wiring: Wiring, code: EventCode) -> int:
    with wiring.database.read() as tx:
        return count(tx, EventFilter(action=code))


def test_a_strict_act_is_answered_when_it_is_in_the_tree(wiring: Wiring) -> None:
    assert posted(served(wiring), "/erase").text == "done"
    assert placed(wiring, EventCode.ERASURE_EXECUTED) == 1


def test_other_acts_do_not_wait(wiring: Wiring) -> None:
    assert posted(served(wiring), "/read").text == "done"
    assert placed(wiring, EventCode.PERSON_READ) == 0


def test_without_the_sequencer_a_strict_act_is_answered_503_and_others_as_ever(
    wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: Any, **__: Any) -> None:
        raise TreeRolledBackError(expected=2, found=1)

    monkeypatch.setattr("audit.sequencer.sequence_once", down)
    application = served(wiring)
    answer = posted(application, "/erase")
    assert (answer.status_code, answer.json()["code"]) == (503, NotIntegratedError.code)
    assert posted(application, "/read").status_code == 200
    assert posted(application, "/refused").status_code == 409
