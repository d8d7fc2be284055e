"""A FastAPI service that asks before it uses a person's data.

SEKISHO_URL=https://sekisho.example SEKISHO_KEY=sk_... uvicorn fastapi_app:app
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request
from sekisho_client import AsyncClient, Client


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """The client follows the server as long as the application runs."""
    client = Client(os.environ["SEKISHO_URL"], os.environ["SEKISHO_KEY"])
    async with AsyncClient(client) as app.state.sekisho:
        yield


app = FastAPI(lifespan=lifespan)


def sekisho(request: Request) -> AsyncClient:
    """The application's client."""
    found: AsyncClient = request.app.state.sekisho
    return found


@app.post("/offers/{person}")
async def offer(person: str, gate: Annotated[AsyncClient, Depends(sekisho)]) -> dict[str, str]:
    """Writes to the person, if that is allowed now."""
    decision = gate.allowed(person, "mail_marketing", channel="email")
    if decision.retryable:
        raise HTTPException(503, decision.code, {"retry-after": "1"})
    if not decision:
        raise HTTPException(403, decision.code)
    return {"sent_to": person, "decision": str(decision.number)}
