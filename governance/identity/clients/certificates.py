"""The certificate that a system showed: by our own TLS, or by a proxy that was declared.

RFC 8705 binds a credential to the SHA-256 thumbprint of a certificate. Who verified the chain is
the TLS server; here only the thumbprint is compared.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final
from urllib.parse import unquote

from governance.core.settings import Settings, SettingsError

SCOPE: Final = "client_certificate"  # where our own TLS leaves the certificate (DER)
PEER: Final = "peer"  # address of the connection itself, whatever a proxy says of it
MOST: Final = 16_384  # characters of a header
TOKEN: Final = re.compile(r"[A-Za-z0-9-]{1,64}")  # name of a header
THUMBPRINT: Final = re.compile(r"[0-9a-f]{64}")
PEM: Final = re.compile(
    r"\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxies:
    """The proxies that may say which certificate they verified, and in which header."""

    header: bytes | None = None
    networks: tuple[IPv4Network | IPv6Network, ...] = ()


def proxies_of(settings: Settings) -> Proxies:
    """The proxies of the settings; raises SettingsError for what is no network."""
    words = [word.strip() for word in settings.proxy_addresses.split(",") if word.strip()]
    try:
        networks = tuple(map(ip_network, words))
    except ValueError:
        raise SettingsError(setting="proxy_addresses") from None
    name = settings.certificate_header
    if name is not None and not TOKEN.fullmatch(name):
        raise SettingsError(setting="certificate_header")
    return Proxies(header=name.lower().encode() if name else None, networks=networks)


def thumbprint_of(scope: Mapping[str, Any], proxies: Proxies) -> str | None:
    """SHA-256 of the certificate that was verified for this request; None for none.

    Fails closed: a header of an address that was not declared, or that stands twice, counts not.
    """
    own = scope.get(SCOPE)
    if isinstance(own, bytes):
        return sha256(own).hexdigest()
    if proxies.header is None or not _declared(scope.get(PEER), proxies):
        return None
    said = [value for name, value in scope["headers"] if name == proxies.header]
    der = _der(said[0]) if len(said) == 1 and len(said[0]) <= MOST else None
    return None if der is None else sha256(der).hexdigest()


def _declared(peer: object, proxies: Proxies) -> bool:
    try:
        address = ip_address(str(peer))
    except ValueError:
        return False
    return any(address in network for network in proxies.networks)


def _der(said: bytes) -> bytes | None:
    """The certificate in a header: a byte sequence (RFC 9440), or PEM in percent-encoding."""
    try:
        text = said.decode("ascii").strip()
        if text.startswith(":") and text.endswith(":"):
            return b64decode(text[1:-1], validate=True) or None
        found = PEM.fullmatch(unquote(text))
        return None if found is None else b64decode("".join(found[1].split()), validate=True)
    except (UnicodeDecodeError, binascii.Error, ValueError):
        return None
