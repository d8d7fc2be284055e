"""A Django view that asks before it uses a person's data; one file, for reading.

It takes the server's address and the key from SEKISHO_URL and SEKISHO_KEY:

    python -m django runserver --settings=django_app
"""

import os
from functools import cache

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.urls import path
from sekisho_client import Client

SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "")
ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
ROOT_URLCONF = __name__
USE_TZ = True

if not settings.configured:
    settings.configure(
        SECRET_KEY=SECRET_KEY or os.urandom(32).hex(),
        ALLOWED_HOSTS=ALLOWED_HOSTS,
        ROOT_URLCONF=__name__,
        USE_TZ=True,
    )


@cache
def sekisho() -> Client:
    """One client a process; started with the first question, renewed in a forked worker."""
    client = Client(os.environ["SEKISHO_URL"], os.environ["SEKISHO_KEY"])
    client.start()
    client.ready()
    return client


def offer(_request: HttpRequest, person: str) -> JsonResponse:
    """Writes to the person, if that is allowed now."""
    decision = sekisho().allowed(person, "mail_marketing", channel="email")
    if decision:
        return JsonResponse({"sent_to": person, "decision": decision.number})
    return JsonResponse({"refused": decision.code}, status=503 if decision.retryable else 403)


urlpatterns = [path("offers/<str:person>", offer)]
