"""A system proves itself by a signature of its own key (private_key_jwt; RFC 7523, 2.2 and 3)."""

import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from governance.core.errors import GovernanceError

KIND: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS: Final = ("ES256", "ES384", "PS256", "PS384", "RS256", "Ed25519", "EdDSA")
LONGEST: Final = timedelta(minutes=10)  # how far an assertion's end may lie ahead
SKEW: Final = timedelta(seconds=60)  # between the system's clock and ours
MOST: Final = 8_192  # characters of an assertion, and of a key set
PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "k", "oth"})
FEWEST_BITS: Final = 2_048  # of an RSA modulus


class PublicKeysError(GovernanceError):
    """This is no set of public keys by which assertions can be verified. Nothing was changed."""

    code, status, exit_code = "public_keys", 422, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """An assertion that verified: its id, and until when it may not be used again."""

    jti: str
    until: datetime


def client_named(assertion: str) -> str | None:
    """Whose assertion it says to be; nothing is proved by that."""
    parts = assertion.split(".")
    if len(assertion) > MOST or len(parts) != 3:  # noqa: PLR2004 # a compact JWS (RFC 7515, 7.1)
        return None
    try:
        claims = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    name = claims.get("sub") if isinstance(claims, dict) else None
    return name if isinstance(name, str) else None


def proved_by(
    assertion: str, public_keys: str, *, name: str, audiences: frozenset[str], at: datetime
) -> Proved | None:
    """The assertion, if one of these keys signed it for this endpoint and it holds now."""
    try:
        known = KeySet.import_key_set(json.loads(public_keys))
        claims = jwt.decode(assertion, known, algorithms=[*ALGORITHMS]).claims
    except (JoseError, ValueError, TypeError, KeyError):
        return None  # fails closed: whatever it is, no key of the system signed it
    return _held(claims, name=name, audiences=audiences, at=at)


def _held(
    claims: dict[str, Any], *, name: str, audiences: frozenset[str], at: datetime
) -> Proved | None:
    said = claims.get("aud")
    named = frozenset(one for one in (said if isinstance(said, list) else [said]) if one)
    jti, until = claims.get("jti"), _instant(claims.get("exp"))
    begins = _instant(claims.get("nbf")) if "nbf" in claims else at
    if claims.get("iss") != name or claims.get("sub") != name or named.isdisjoint(audiences):
        return None
    if not isinstance(jti, str) or not 0 < len(jti) <= 200 or until is None or begins is None:  # noqa: PLR2004 # characters
        return None
    if not at - SKEW < until <= at + LONGEST or begins > at + SKEW:
        return None
    return Proved(jti=jti, until=until + SKEW)


def _instant(said: object) -> datetime | None:
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    try:
        return datetime.fromtimestamp(said, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def checked_keys(document: str) -> str:
    """The key set in its plain form; raises PublicKeysError for secrets and weak keys."""
    try:
        if len(document) > MOST:
            raise PublicKeysError
        said = json.loads(document)
        known = said.get("keys", [said]) if isinstance(said, dict) else []
        if not known or any(PRIVATE & one.keys() for one in known):
            raise PublicKeysError
        if any(one.get("kty") not in ("RSA", "EC", "OKP") or _weak(one) for one in known):
            raise PublicKeysError
        KeySet.import_key_set({"keys": known})
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise PublicKeysError from None
    return json.dumps({"keys": known}, separators=(",", ":"))


def _weak(key: dict[str, Any]) -> bool:
    if key.get("kty") != "RSA":
        return False
    size = len(urlsafe_b64decode(key["n"] + "=" * (-len(key["n"]) % 4))) * 8
    return size < FEWEST_BITS
