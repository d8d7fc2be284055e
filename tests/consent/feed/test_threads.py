"""Leases and feeds are answered while every thread of the pages waits for the database."""

import threading

import anyio
import httpx
from anyio import to_thread

from governance.app.factory import create_app
from governance.app.wiring import Wiring
from governance.core.ids import new_subject_id
from governance.core.terms import PurposeId
from governance.identity.service import register_client
from tests.installation import AT


def _key(wiring: Wiring) -> str:
    roles = frozenset(wiring.policies.current.roles)
    _, key = wiring.database.write(
        lambda tx: register_client(
            tx,
            name="shop",
            role="shop",
            purposes=[PurposeId("mail_marketing")],
            known_roles=roles,
            at=AT,
        )
    )
    return key


def test_clients_are_answered_while_every_thread_of_the_pages_waits(installation: Wiring) -> None:
    app, released = create_app(installation), threading.Event()
    headers = {"authorization": f"Bearer {_key(installation)}"}

    async def a_page() -> None:
        await to_thread.run_sync(released.wait)

    async def asked() -> list[httpx.Response]:
        to_thread.current_default_thread_limiter().total_tokens = 1
        transport = httpx.ASGITransport(app)
        async with anyio.create_task_group() as waiting:
            waiting.start_soon(a_page)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://localhost"
            ) as client:
                await anyio.wait_all_tasks_blocked()
                body = {"holder": new_subject_id(), "applied": 0}
                told = [
                    await client.post("/v1/leases", json=body, headers=headers) for _ in range(2)
                ]
                named = {"add": [new_subject_id()]}
                told.append(await client.post("/v1/identifiers", json=named, headers=headers))
                released.set()
        return told

    try:
        told = anyio.run(asked)
    finally:
        released.set()
    assert [answer.status_code for answer in told] == [200, 200, 200]
    assert told[0].json()["standing"] == "joined"
