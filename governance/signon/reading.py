"""The file of OpenID providers, read strictly; what is unsafe stops the start."""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from governance.core.setting_kinds import Mode
from governance.core.settings import Settings
from governance.core.terms import Lang
from governance.core.yamls import read_yaml
from governance.signon.errors import ProviderUnknownError, SignOnFileError
from governance.signon.types import Audience, Match, Proof, Provider, SecondFactor

NAME: Final = r"^[a-z][a-z0-9-]{0,31}$"
REFERENCE: Final = r"^(env|file):.+$"
WORD: Final = r"^[\x21-\x7e]{1,200}$"
SAFE: Final = frozenset(  # signatures by a key of the provider alone: no `none`, no shared secret
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"}
)
MOST: Final = 1_000_000  # octets of the file
Word = Annotated[str, Field(pattern=WORD)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class _Second(_Strict):
    acr: frozenset[Word] = frozenset()
    amr: frozenset[Word] = frozenset()
    enforced: bool = False


class _Entry(_Strict):
    id: Annotated[str, Field(pattern=NAME)]
    label: dict[Lang, Annotated[str, Field(min_length=1, max_length=60)]]
    audience: Annotated[Audience, Field(alias="for")]
    issuer: Annotated[str, Field(max_length=500)]
    client_id: Word
    client_secret: Annotated[str, Field(pattern=REFERENCE)] | None = None
    authentication: Proof = Proof.BASIC
    scopes: tuple[Word, ...] = ("openid", "profile")
    algorithms: Annotated[tuple[str, ...], Field(min_length=1)] = ("RS256",)
    networks: tuple[str, ...] = ()
    groups_claim: Word = "groups"
    roles: dict[str, frozenset[Word]] = {}
    create: bool = False
    subject_claim: Word = "sub"
    login_claim: Word = "preferred_username"
    name_claim: Word = "name"
    second_factor: _Second | None = None
    scim_client: Word | None = None
    match: Match | None = None
    customer_claim: Word | None = None


class _File(_Strict):
    providers: Annotated[tuple[_Entry, ...], Field(min_length=1, max_length=20)]


def providers_of(settings: Settings) -> Mapping[str, Provider]:
    """The providers of the settings by their names; raises SignOnFileError for what is unsafe."""
    if settings.sign_on_file is None:
        return MappingProxyType({})
    found = _read(settings.sign_on_file)
    production = settings.mode is Mode.PRODUCTION
    for one in found.values():
        _refuse_unsafe(one, production=production, mfa=settings.officer_mfa)
    return found


def require_providers(settings: Settings) -> None:
    """The start may go on; fails closed where staff would have no way in, or an unsafe one."""
    staff = [one for one in providers_of(settings).values() if one.audience is Audience.STAFF]
    if not settings.local_sign_in and not staff:
        raise SignOnFileError(path="local_sign_in", reason="no_provider")


def provider_of(settings: Settings, name: str) -> Provider:
    """The provider of this name; raises ProviderUnknownError."""
    found = providers_of(settings).get(name)
    if found is None:
        raise ProviderUnknownError
    return found


def _read(path: Path) -> Mapping[str, Provider]:
    try:
        status = path.stat()
    except OSError as error:
        raise SignOnFileError(path=path.name, reason=type(error).__name__) from None
    return _parsed(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4)
def _parsed(path: Path, _changed: int, size: int) -> Mapping[str, Provider]:
    """The file as it stood at this moment; it is read once."""
    try:
        if size > MOST:
            raise SignOnFileError(path=path.name, reason="size")
        document = _File.model_validate(read_yaml(path.read_text(encoding="utf-8-sig")))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise SignOnFileError(path=path.name, reason=place or first["type"]) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise SignOnFileError(path=path.name, reason=type(error).__name__) from None
    found = {one.id: _provider(one, path.name) for one in document.providers}
    if len(found) != len(document.providers):
        raise SignOnFileError(path=path.name, reason="id")
    return MappingProxyType(found)


def _provider(entry: _Entry, file: str) -> Provider:
    if set(entry.label) != set(Lang) or "openid" not in entry.scopes:
        raise SignOnFileError(path=file, reason=f"{entry.id}.label_or_scopes")
    second = entry.second_factor
    if second is not None and bool(second.acr or second.amr) is second.enforced:
        raise SignOnFileError(path=file, reason=f"{entry.id}.second_factor")
    if not set(entry.algorithms) <= SAFE:
        raise SignOnFileError(path=file, reason=f"{entry.id}.algorithms")
    if (entry.authentication is Proof.NONE) is (entry.client_secret is not None):
        raise SignOnFileError(path=file, reason=f"{entry.id}.client_secret")
    if (entry.match is Match.CUSTOMER_NUMBER) is (entry.customer_claim is None):
        raise SignOnFileError(path=file, reason=f"{entry.id}.customer_claim")
    apart = entry.match is None or entry.roles or entry.scim_client
    if entry.audience is Audience.CUSTOMERS and apart:
        raise SignOnFileError(path=file, reason=f"{entry.id}.match")
    return Provider(
        id=entry.id,
        label=entry.label,
        audience=entry.audience,
        issuer=entry.issuer,
        client_id=entry.client_id,
        secret=entry.client_secret,
        proof=entry.authentication,
        scopes=entry.scopes,
        algorithms=entry.algorithms,
        networks=_networks(entry, file),
        groups_claim=entry.groups_claim,
        roles=MappingProxyType(entry.roles),
        create=entry.create,
        subject_claim=entry.subject_claim,
        login_claim=entry.login_claim,
        name_claim=entry.name_claim,
        second_factor=None if second is None else SecondFactor(**second.model_dump()),
        scim_client=entry.scim_client,
        match=entry.match,
        customer_claim=entry.customer_claim,
    )


def _networks(entry: _Entry, file: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(map(ip_network, entry.networks))
    except ValueError:
        raise SignOnFileError(path=file, reason=f"{entry.id}.networks") from None


def _refuse_unsafe(one: Provider, *, production: bool, mfa: bool) -> None:
    """Fails closed: http leads to this machine alone, and staff come with a second factor."""
    parts = urlsplit(one.issuer)
    plain = parts.scheme == "https" or (not production and _is_loopback(parts.hostname or ""))
    if not plain or parts.query or parts.fragment or parts.username or not parts.hostname:
        raise SignOnFileError(path=one.id, reason="issuer")
    second = one.second_factor
    proved = second is not None and bool(second.acr or second.amr or second.enforced)
    if one.audience is Audience.STAFF and (production or mfa) and not proved:
        raise SignOnFileError(path=one.id, reason="second_factor")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
