"""A Celery task that asks before it uses a person's data, and asks again when nobody could say.

SEKISHO_URL=https://sekisho.example SEKISHO_KEY=sk_... celery -A celery_app worker
"""

import os
from functools import cache
from typing import Any

from celery import Celery
from sekisho_client import Client

app = Celery("offers", broker=os.environ.get("CELERY_BROKER", "memory://"))


class RefusedError(Exception):
    """The person's data may not be used for this."""


@cache
def sekisho() -> Client:
    """One client a worker process: a forked child renews it, with a lease of its own."""
    client = Client(os.environ["SEKISHO_URL"], os.environ["SEKISHO_KEY"])
    client.start()
    client.ready()
    return client


@app.task(bind=True, max_retries=5)
def offer(task: Any, person: str) -> str:
    """Writes to the person, if that is allowed at the moment of sending."""
    decision = sekisho().allowed(person, "mail_marketing", channel="email")
    if decision.retryable:
        raise task.retry(countdown=1)
    if not decision:
        raise RefusedError(decision.code)
    return f"sent to {person}"
