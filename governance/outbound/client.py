"""One outgoing HTTP request through the guard: pinned, bounded in time and size, re-checked.

Every hop is judged anew. The connection goes to the judged address; TLS still verifies the
certificate against the host name. No proxy of the environment is used, no connection is
kept, no cookie is stored.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache

import httpx

from governance.outbound.errors import DeliveryFailedError, OutboundRefusedError
from governance.outbound.ssrf import Egress, Resolver, Target, pin, system_resolver

REDIRECTS = frozenset({301, 302, 303, 307, 308})
KEEPS_METHOD = frozenset({307, 308})
CREDENTIALS = frozenset({"authorization", "cookie", "webhook-signature"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long, how much and how far."""

    connect_seconds: float = 5.0
    total_seconds: float = 15.0  # for all hops together
    response_bytes: int = 1_000_000
    redirects: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to send; the content is never printed."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, at most as long as allowed."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def fetch(
    request: Request,
    *,
    egress: Egress,
    limits: Limits,
    resolver: Resolver = system_resolver,
    tls: ssl.SSLContext | None = None,
) -> Answer:
    """The same as `fetch_async`, for a thread without an event loop."""
    return asyncio.run(
        fetch_async(request, egress=egress, limits=limits, resolver=resolver, tls=tls)
    )


async def fetch_async(
    request: Request,
    *,
    egress: Egress,
    limits: Limits,
    resolver: Resolver = system_resolver,
    tls: ssl.SSLContext | None = None,
) -> Answer:
    """The answer of the last hop; raises OutboundRefusedError or DeliveryFailedError.

    `tls` may bring other authorities; one that does not verify is refused.
    """
    trust = tls or system_trust()
    if trust.verify_mode is not ssl.CERT_REQUIRED or not trust.check_hostname:
        raise OutboundRefusedError(reason="unverified_tls")
    try:
        async with asyncio.timeout(limits.total_seconds):
            return await _hops(request, egress=egress, limits=limits, resolver=resolver, tls=trust)
    except (TimeoutError, httpx.TimeoutException) as error:
        raise DeliveryFailedError(reason="timeout") from error
    except httpx.HTTPError as error:
        raise DeliveryFailedError(reason=type(error).__name__) from error


@cache
def system_trust() -> ssl.SSLContext:
    """The certificate authorities that this machine trusts."""
    return ssl.create_default_context()


async def _hops(
    request: Request,
    *,
    egress: Egress,
    limits: Limits,
    resolver: Resolver,
    tls: ssl.SSLContext,
) -> Answer:
    current = request
    for _ in range(limits.redirects + 1):
        target = await asyncio.to_thread(pin, current.url, egress, resolver=resolver)
        answer = await _one_hop(current, target, limits=limits, tls=tls)
        location = answer.headers.get("location")
        if limits.redirects == 0 or answer.status not in REDIRECTS or location is None:
            return answer
        current = _redirected(current, location, status=answer.status)
    raise OutboundRefusedError(reason="redirects")


async def _one_hop(
    request: Request, target: Target, *, limits: Limits, tls: ssl.SSLContext
) -> Answer:
    pinned = httpx.URL(request.url).copy_with(host=str(target.address), fragment=None)
    headers = {
        "accept-encoding": "identity",  # a compressed answer could grow past the limit
        **{name.lower(): value for name, value in request.headers.items()},
        "host": httpx.URL(request.url).netloc.decode("ascii"),
    }
    timeout = httpx.Timeout(limits.total_seconds, connect=limits.connect_seconds)
    async with (
        httpx.AsyncClient(trust_env=False, timeout=timeout, verify=tls) as client,
        client.stream(
            request.method,
            pinned,
            headers=headers,
            content=request.content,
            extensions={"sni_hostname": target.host},
            follow_redirects=False,
        ) as response,
    ):
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > limits.response_bytes:
                raise DeliveryFailedError(reason="size")
        return Answer(status=response.status_code, headers=dict(response.headers), body=bytes(body))


def _redirected(request: Request, location: str, *, status: int) -> Request:
    """The next hop: never from https to http, and no credential to another origin."""
    try:
        before = httpx.URL(request.url)
        after = before.join(location)
    except (httpx.InvalidURL, ValueError) as error:
        raise OutboundRefusedError(reason="url") from error
    if before.scheme == "https" and after.scheme != "https":
        raise OutboundRefusedError(reason="scheme")
    headers = dict(request.headers)
    if (before.scheme, before.netloc) != (after.scheme, after.netloc):
        headers = {k: v for k, v in headers.items() if k.lower() not in CREDENTIALS}
    if status in KEEPS_METHOD or request.method in {"GET", "HEAD"}:
        return replace(request, url=str(after), headers=headers)
    return Request(method="GET", url=str(after), headers=headers)
