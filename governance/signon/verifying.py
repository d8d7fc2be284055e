"""Tokens of a provider: exchanged for a code, verified, and read (OpenID Connect Core 1.0, 3.1.3).

Only signatures by a key of the provider count, by an algorithm that the file allows.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError

from governance.crypto.secret_refs import read_secret
from governance.outbound.client import Request
from governance.signon.discovery import OK, Directory
from governance.signon.errors import SignOnRefusedError
from governance.signon.flow import callback_of, derived
from governance.signon.types import Ended, Proof, Provider, Vouched

SKEW: Final = 60  # seconds between the provider's clock and ours
OLDEST: Final = 600  # seconds since a token was made
MOST: Final = 65_536  # characters of a token
WORD: Final = 255  # characters of `sub` (Core, 2) and `sid`
GROUPS: Final = 2_000  # of one person
BACKCHANNEL: Final = "http://schemas.openid.net/event/backchannel-logout"
FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the browser brought back, with the secret of its cookie."""

    code: str = field(repr=False)
    secret: str = field(repr=False)


def vouched(
    directory: Directory, provider: Provider, answer: Answer, *, origin: str, at: datetime
) -> Vouched:
    """What the provider says of who it sent; raises SignOnRefusedError or ProviderSilentError."""
    told = _exchanged(directory, provider, answer, origin=origin)
    token, access = told.get("id_token"), told.get("access_token")
    if not isinstance(token, str):
        raise SignOnRefusedError(reason="no_id_token")
    header, claims = _decoded(directory, provider, token)
    params = {
        "nonce": derived(answer.secret, "nonce"),
        "client_id": provider.client_id,
        "access_token": access if isinstance(access, str) else None,
    }
    options = {
        "iss": {"essential": True, "value": provider.issuer},
        "aud": {"essential": True, "value": provider.client_id},
        "nonce": {"essential": True, "value": params["nonce"]},
    }
    said = CodeIDToken(claims, header, options, params)
    try:
        said.validate(now=int(at.timestamp()), leeway=SKEW)
    except (JoseError, TypeError, ValueError, AttributeError):
        raise SignOnRefusedError(reason="claims") from None
    _demand_audience(provider, claims)
    _demand_recent(claims, at=at)
    _demand_second(provider, claims)
    return _vouched(provider, claims)


def _exchanged(
    directory: Directory, provider: Provider, answer: Answer, *, origin: str
) -> Mapping[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": answer.code,
        "redirect_uri": callback_of(origin, provider),
        "code_verifier": derived(answer.secret, "verifier"),
    }
    headers = {"content-type": FORM, "accept": "application/json"}
    secret = "" if provider.secret is None else read_secret(provider.secret).decode()
    if provider.proof is Proof.BASIC:
        pair = f"{quote_plus(provider.client_id)}:{quote_plus(secret)}"
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        form["client_id"] = provider.client_id
    if provider.proof is Proof.POST:
        form["client_secret"] = secret
    place = directory.published(provider).token
    body = urlencode(form).encode()
    request = Request(method="POST", url=place, headers=headers, content=body)
    status, told = directory.told(provider, request)
    if status != OK:
        raise SignOnRefusedError(reason="exchange")
    return told


def _decoded(
    directory: Directory, provider: Provider, token: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token that a key of the provider signed."""
    try:
        if len(token) > MOST:
            raise SignOnRefusedError(reason="size")
        header = jws.extract_compact(token.encode("ascii")).headers()
        if header.get("alg") not in provider.algorithms:
            raise SignOnRefusedError(reason="algorithm")
        kid = header.get("kid")
        known = directory.keys(provider, kid if isinstance(kid, str) else None)
        decoded = jwt.decode(token, known, algorithms=[*provider.algorithms])
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise SignOnRefusedError(reason="signature") from None
    return dict(decoded.header), dict(decoded.claims)


def _demand_audience(provider: Provider, claims: Mapping[str, Any]) -> None:
    """Fails closed: a token for others too must say that we asked for it (Core, 3.1.3.7)."""
    said = claims["aud"]
    named = said if isinstance(said, list) else [said]
    azp = claims.get("azp")
    if provider.client_id not in named or (len(named) > 1 and azp is None):
        raise SignOnRefusedError(reason="audience")
    if azp is not None and azp != provider.client_id:
        raise SignOnRefusedError(reason="audience")


def _demand_recent(claims: Mapping[str, Any], *, at: datetime) -> None:
    made = claims.get("iat")
    if isinstance(made, bool) or not isinstance(made, int | float):
        raise SignOnRefusedError(reason="iat")
    if not -SKEW <= at.timestamp() - made <= OLDEST + SKEW:
        raise SignOnRefusedError(reason="iat")


def _demand_second(provider: Provider, claims: Mapping[str, Any]) -> None:
    """Fails closed: where a second factor is demanded, the provider must say that there was one."""
    wanted = provider.second_factor
    if wanted is None or wanted.enforced:
        return
    amr = claims.get("amr")
    methods = {one for one in amr if isinstance(one, str)} if isinstance(amr, list) else set()
    if claims.get("acr") not in wanted.acr and not methods & wanted.amr:
        raise SignOnRefusedError(reason="second_factor")


def _vouched(provider: Provider, claims: Mapping[str, Any]) -> Vouched:
    subject = _word(claims.get("sub"))
    account = _word(claims.get(provider.subject_claim))
    if subject is None or account is None:
        raise SignOnRefusedError(reason="sub")
    groups = claims.get(provider.groups_claim)
    listed = groups[:GROUPS] if isinstance(groups, list) else []
    email = _word(claims.get("email")) if claims.get("email_verified") is True else None
    return Vouched(
        provider=provider.id,
        subject=subject,
        account=account,
        session=_word(claims.get("sid")),
        groups=frozenset(one for one in listed if isinstance(one, str)),
        login=_word(claims.get(provider.login_claim)) or "",
        name=_word(claims.get(provider.name_claim)) or "",
        email=email,
        customer=_word(claims.get(provider.customer_claim)) if provider.customer_claim else None,
    )


def _word(said: object) -> str | None:
    """A claim that is a plain word of usable length."""
    plain = isinstance(said, str) and 0 < len(said) <= WORD and "\0" not in said
    return said.strip() or None if plain and isinstance(said, str) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Logout:
    """A logout token that verified: whom it ends, its id, until when it may not come again."""

    ended: Ended
    jti: str = field(repr=False)
    seconds: int


def logged_out(directory: Directory, provider: Provider, token: str, *, at: datetime) -> Logout:
    """Whose sessions end (Back-Channel Logout 1.0, 2.6); raises SignOnRefusedError."""
    header, claims = _decoded(directory, provider, token)
    _demand_recent(claims, at=at)
    said = claims.get("aud")
    named = said if isinstance(said, list) else [said]
    events = claims.get("events")
    told = isinstance(events, dict) and isinstance(events.get(BACKCHANNEL), dict)
    kind = header.get("typ", "logout+jwt")
    until, jti = claims.get("exp", claims["iat"] + OLDEST), _word(claims.get("jti"))
    if claims.get("iss") != provider.issuer or provider.client_id not in named or not told:
        raise SignOnRefusedError(reason="logout_claims")
    if "nonce" in claims or str(kind).lower() not in ("logout+jwt", "jwt") or jti is None:
        raise SignOnRefusedError(reason="logout_form")
    if isinstance(until, bool) or not isinstance(until, int | float):
        raise SignOnRefusedError(reason="exp")
    if at.timestamp() >= until + SKEW:
        raise SignOnRefusedError(reason="exp")
    subject, session = _word(claims.get("sub")), _word(claims.get("sid"))
    if subject is None and session is None:
        raise SignOnRefusedError(reason="nobody")
    ended = Ended(provider=provider.id, subject=subject, session=session)
    return Logout(ended=ended, jti=jti, seconds=OLDEST * 2 + SKEW)
