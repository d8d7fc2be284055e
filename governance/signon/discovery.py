"""What a provider publishes of itself: addresses and keys, fetched through the guard and kept.

Keys are fetched anew when a token names one that is not known, yet not oftener than a minute.
A provider that is silent is left alone for a moment, and holds up nobody who comes by another.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any, Final
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from governance.core.errors import GovernanceError
from governance.core.logging import logger
from governance.outbound.client import Answer, Limits, Request, fetch
from governance.outbound.ssrf import Egress
from governance.signon.errors import ProviderSilentError
from governance.signon.types import Provider

WELL_KNOWN: Final = "/.well-known/openid-configuration"
FRESH: Final = 3_600.0  # seconds for which what was published counts as known
PAUSE: Final = 60.0  # seconds between two looks for keys, or after a failed one
REST: Final = 10.0  # seconds after a look for addresses that failed
LIMITS: Final = Limits(connect_seconds=5.0, total_seconds=10.0, response_bytes=512_000)
OK: Final = 200
PORTS: Final = {"https": 443, "http": 80}
_LOOPBACK: Final = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
Fetch = Callable[[Provider, Request], Answer]
log = logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The addresses of a provider (OpenID Connect Discovery 1.0, 3)."""

    authorization: str
    token: str
    keys: str
    end_session: str | None
    names_issuer: bool  # every answer says whose it is (RFC 9207)


@dataclass(slots=True)
class _Known:
    published: Published | None = None
    published_at: float = 0.0
    keys: KeySet | None = None
    keys_at: float = 0.0
    tried_at: float = field(default=-PAUSE)
    missed_at: float = field(default=-REST)
    lock: threading.Lock = field(default_factory=threading.Lock)


def egress_for(provider: Provider, url: str) -> Egress:
    """The way to this address of the provider, and to no other host."""
    parts = urlsplit(url)
    scheme = urlsplit(provider.issuer).scheme
    plain = scheme == "http"  # only a provider on this machine, see reading
    networks = (*provider.networks, *(_LOOPBACK if plain else ()))
    return Egress(
        schemes=frozenset({scheme}),
        ports=frozenset({parts.port or PORTS.get(parts.scheme, 0)}),
        networks=networks,
        hosts=frozenset({(parts.hostname or "").rstrip(".").lower()}),
        plain_inside=True,
    )


def guarded(provider: Provider, request: Request) -> Answer:
    """The provider's answer to one request, through the guard."""
    return fetch(request, egress=egress_for(provider, request.url), limits=LIMITS)


class Directory:
    """What is known of the providers in this process."""

    def __init__(
        self, *, send: Fetch = guarded, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._send, self._ticks = send, ticks
        self._known: dict[tuple[str, str], _Known] = {}

    def published(self, provider: Provider) -> Published:
        """The addresses of the provider; raises ProviderSilentError."""
        known = self._of(provider)
        with known.lock:
            now = self._ticks()
            if known.published is None or now - known.published_at > FRESH:
                if now - known.missed_at < REST:  # those who waited meanwhile do not ask again
                    raise ProviderSilentError(provider=provider.id, reason="rest")
                try:
                    document = self.document(provider, _well_known(provider.issuer))
                    known.published, known.published_at = _published(provider, document), now
                except ProviderSilentError:
                    known.missed_at = self._ticks()
                    raise
            return known.published

    def keys(self, provider: Provider, kid: str | None) -> KeySet:
        """The provider's keys, with this one where it has it; raises ProviderSilentError."""
        place = self.published(provider).keys
        known = self._of(provider)
        with known.lock:
            now = self._ticks()
            stale = known.keys is None or now - known.keys_at > FRESH
            if (stale or not _has(known.keys, kid)) and now - known.tried_at >= PAUSE:
                known.tried_at = now
                known.keys = _key_set(provider, self.document(provider, place))
                known.keys_at = now
            if known.keys is None:
                raise ProviderSilentError(provider=provider.id, reason="keys")
            return known.keys

    def document(self, provider: Provider, url: str) -> Mapping[str, Any]:
        """The JSON object at this address; raises ProviderSilentError."""
        return self.told(provider, Request(method="GET", url=url))[1]

    def told(self, provider: Provider, request: Request) -> tuple[int, Mapping[str, Any]]:
        """Status and JSON object of one answer; raises ProviderSilentError."""
        try:
            answer = self._send(provider, request)
        except GovernanceError as error:
            log.warning("sign_on.silent", setting=provider.id, code=error.code)
            raise ProviderSilentError(provider=provider.id, reason=error.code) from None
        try:
            said = json.loads(answer.body)
        except (ValueError, RecursionError):
            raise ProviderSilentError(provider=provider.id, reason="not_json") from None
        if not isinstance(said, dict) or (answer.status != OK and request.method == "GET"):
            raise ProviderSilentError(provider=provider.id, reason="answer")
        return answer.status, said

    def _of(self, provider: Provider) -> _Known:
        return self._known.setdefault((provider.id, provider.issuer), _Known())


def _well_known(issuer: str) -> str:
    return issuer.rstrip("/") + WELL_KNOWN


def _published(provider: Provider, said: Mapping[str, Any]) -> Published:
    """Fails closed: another issuer, or an address that is not of its scheme, is not taken."""
    if said.get("issuer") != provider.issuer:
        raise ProviderSilentError(provider=provider.id, reason="issuer")
    scheme = urlsplit(provider.issuer).scheme
    end = said.get("end_session_endpoint")
    places = [said.get(f"{name}_endpoint") for name in ("authorization", "token")]
    places.append(said.get("jwks_uri"))
    for place in (*places, *([] if end is None else [end])):
        if not isinstance(place, str) or urlsplit(place).scheme != scheme:
            raise ProviderSilentError(provider=provider.id, reason="addresses")
    return Published(
        authorization=str(places[0]),
        token=str(places[1]),
        keys=str(places[2]),
        end_session=end,
        names_issuer=said.get("authorization_response_iss_parameter_supported") is True,
    )


def _key_set(provider: Provider, said: Mapping[str, Any]) -> KeySet:
    """The keys that verify signatures; what is no key of ours is left out."""
    fit = []
    for one in said.get("keys", ()) if isinstance(said.get("keys"), list) else ():
        signs = isinstance(one, dict) and one.get("use", "sig") == "sig"
        if signs and one.get("kty") in ("RSA", "EC", "OKP") and _imports(one):
            fit.append(one)
    if not fit:
        raise ProviderSilentError(provider=provider.id, reason="keys")
    return KeySet.import_key_set({"keys": fit})


def _imports(one: dict[str, Any]) -> bool:
    try:
        KeySet.import_key_set({"keys": [one]})
    except (JoseError, ValueError, TypeError, KeyError):
        return False
    return True


def _has(known: KeySet | None, kid: str | None) -> bool:
    return known is not None and (kid is None or any(one.kid == kid for one in known.keys))
