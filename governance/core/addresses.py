"""Addresses in settings: each of its own schemes, with a host and nobody's password in it."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from governance.core.scanner_address import is_scanner

WEB: Final = frozenset({"https", "http"})
SCHEMES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "origin": WEB,
        "forward_url": frozenset({"https", "syslog+tls", "syslog"}),
        "stamp_url": WEB,
        "sms_url": WEB,
        "vault_address": WEB,
        "kms_endpoint": WEB,
    }
)
CONTACT: Final = re.compile(r"(?:mailto:[^\s@<>]+@[^\s@<>]+|https://[^\s@<>]+|tel:\+[0-9-]+)")


def is_address(value: str, schemes: frozenset[str]) -> bool:
    """Whether this is an address of one of the schemes, without a user and without line ends."""
    if not value.isprintable() or " " in value or "\\" in value:
        return False
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname) and "@" not in parts.netloc


def is_origin(value: str) -> bool:
    """Whether this is scheme, host and port alone (RFC 6454)."""
    parts = urlsplit(value)
    return parts.path in {"", "/"} and not parts.query and not parts.fragment


def is_contact(value: str) -> bool:
    """Whether this is a URI by which somebody is reached, on one line (RFC 9116, 2.5.3)."""
    return CONTACT.fullmatch(value) is not None


def faulty_address(settings: Mapping[str, object]) -> str | None:
    """The first setting that is no address of its schemes; None where all are."""
    for name, schemes in SCHEMES.items():
        value = settings.get(name)
        if isinstance(value, str) and not is_address(value, schemes):
            return name
    scanner = settings.get("file_scanner")
    if isinstance(scanner, str) and not is_scanner(scanner):
        return "file_scanner"
    contact = settings.get("security_contact")
    if isinstance(contact, str) and not is_contact(contact):
        return "security_contact"
    origin = settings.get("origin")
    return "origin" if isinstance(origin, str) and not is_origin(origin) else None
