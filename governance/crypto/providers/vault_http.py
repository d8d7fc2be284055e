"""The way to HashiCorp Vault (or OpenBao): one configured address and no other.

Names are joined to that address only; redirects and proxies from the environment are not
followed, so nothing that Vault answers can lead a request, or the token, elsewhere.
"""

import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx

from governance.core.errors import GovernanceError
from governance.crypto.providers.types import ProviderRefusedError, ProviderUnavailableError
from governance.crypto.secret_refs import read_secret

TRIES: Final = 3
PAUSE: Final = 0.2  # seconds before the second try; doubled for the third
BUSY: Final = frozenset({412, 429, 500, 502, 503, 504})  # not yet consistent, busy, sealed
SEALED: Final = 503
FORBIDDEN: Final = 403
FAULT: Final = 500
NO_CONTENT: Final = 204
ANSWERS: Final = frozenset({200, NO_CONTENT, 400, 404, 405})  # not a matter of trying again
GRAPHIC: Final = range(0x21, 0x7F)  # visible ASCII
MOST: Final = 1_048_576  # bytes of an answer; ours have some thousand


class VaultAddressError(GovernanceError):
    """The address of Vault is no https URL of a host, or http to another machine."""

    code, status, exit_code = "vault_address", 400, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultPlace:
    """Where Vault is and how it knows us; the token stays behind its reference."""

    address: str
    token: str  # reference, read at every request: a renewed token needs no restart
    mount: str = "transit"
    namespace: str | None = None
    ca_file: Path | None = None
    timeout: float = 5.0  # seconds for each try


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultAnswer:
    """What Vault answered."""

    status: int
    body: Mapping[str, Any]

    @property
    def done(self) -> bool:
        """True if Vault did what was asked."""
        return self.status <= NO_CONTENT

    @property
    def data(self) -> Mapping[str, Any]:
        """The answer's data, or nothing."""
        data = self.body.get("data")
        return data if isinstance(data, dict) else {}

    @property
    def errors(self) -> str:
        """The words of a refusal; they name paths and reasons, never content."""
        errors = self.body.get("errors")
        return " ".join(map(str, errors)) if isinstance(errors, list) else ""


class VaultHttp:
    """Requests to one mount of one Vault."""

    def __init__(self, place: VaultPlace, *, pause: Callable[[float], None] = time.sleep) -> None:
        assert_address(place.address)
        self._place = place
        self._pause = pause
        self._base = f"{place.address.rstrip('/')}/v1/{quote(place.mount.strip('/'))}"
        self._tls = _trust(place.ca_file)

    def __repr__(self) -> str:
        return "VaultHttp(...)"

    def ask(
        self, method: str, *names: str, body: Mapping[str, object] | None = None
    ) -> VaultAnswer:
        """The answer below the mount; raises when none came or the token was refused."""
        url = "/".join([self._base, *(quote(name, safe="") for name in names)])
        pause = PAUSE
        for left in reversed(range(TRIES)):
            answer = self._once(method, url, body, last=not left)
            if answer is not None:
                return answer
            self._pause(pause)
            pause *= 2
        raise ProviderUnavailableError(provider="vault", reason="busy")

    def _once(
        self, method: str, url: str, body: Mapping[str, object] | None, *, last: bool
    ) -> VaultAnswer | None:
        """One try; None means: again."""
        try:
            answer = self._send(method, url, body)
        except httpx.TimeoutException:
            reason = "timeout"
        except httpx.HTTPError:
            reason = "connection"
        else:
            if answer.status == FORBIDDEN:
                raise ProviderRefusedError(provider="vault", reason="token_or_policy")
            if answer.status in ANSWERS or (answer.status == FAULT and answer.errors):
                return answer  # some refusals are worded as Vault's own fault
            reason = "sealed" if answer.status == SEALED else f"http_{answer.status}"
            last = last or answer.status not in BUSY
        if last:
            raise ProviderUnavailableError(provider="vault", reason=reason)
        return None

    def _send(self, method: str, url: str, body: Mapping[str, object] | None) -> VaultAnswer:
        place = self._place
        headers = {"X-Vault-Request": "true", "X-Vault-Token": _token(place.token)}
        if place.namespace is not None:
            headers["X-Vault-Namespace"] = place.namespace
        until = time.monotonic() + place.timeout * 2  # also for an answer that drips
        with (
            httpx.Client(
                trust_env=False, follow_redirects=False, timeout=place.timeout, verify=self._tls
            ) as client,
            client.stream(method, url, headers=headers, json=body) as response,
        ):
            content = bytearray()
            for chunk in response.iter_bytes():
                content += chunk
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("dripping")
                if len(content) > MOST:
                    raise ProviderUnavailableError(provider="vault", reason="size")
        return VaultAnswer(status=response.status_code, body=_json(bytes(content)))


def assert_address(address: str) -> None:
    """Fails closed: keys and token travel encrypted, or do not leave this machine."""
    parts = urlsplit(address)
    here = parts.hostname in {"127.0.0.1", "::1", "localhost"}
    plain = bool(parts.path.strip("/") or parts.query or parts.fragment or parts.username)
    known = parts.scheme == "https" or (parts.scheme == "http" and here)
    if not parts.hostname or plain or not known:
        raise VaultAddressError(scheme=parts.scheme or "?")


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """The authorities that may have signed Vault's certificate: this file's alone, if named."""
    try:
        return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (OSError, ssl.SSLError):
        raise ProviderUnavailableError(provider="vault", reason="ca_file") from None


def _token(reference: str) -> str:
    """The token, fit for a header; otherwise refused without quoting it."""
    token = read_secret(reference).strip()
    if not token or not all(byte in GRAPHIC for byte in token):
        raise ProviderRefusedError(provider="vault", reason="token_form")
    return token.decode("ascii")


def _json(content: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(content) if content else {}
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
