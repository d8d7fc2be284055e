"""Facts about the companies' sign-on: providers, and what one of them vouched for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network

from governance.core.terms import Lang


class Audience(StrEnum):
    """Whom a provider signs in."""

    STAFF = "staff"
    CUSTOMERS = "customers"


class Proof(StrEnum):
    """How we prove to the provider who we are (OpenID Connect Core 1.0, 9)."""

    BASIC = "client_secret_basic"
    POST = "client_secret_post"
    NONE = "none"  # a public client; PKCE alone


class Match(StrEnum):
    """By what a customer is found who comes for the first time."""

    EMAIL = "email"  # one that the provider has verified
    CUSTOMER_NUMBER = "customer_number"  # the company's own, in a claim that nobody edits


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactor:
    """What the provider must say of how the person was proved; either is enough."""

    acr: frozenset[str] = frozenset()
    amr: frozenset[str] = frozenset()
    enforced: bool = False  # its tokens do not say; the company's policy there demands it


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One OpenID provider, as the file names it."""

    id: str
    label: Mapping[Lang, str]
    audience: Audience
    issuer: str
    client_id: str
    secret: str | None = field(default=None, repr=False)  # a reference, never the secret
    proof: Proof = Proof.BASIC
    scopes: tuple[str, ...] = ("openid", "profile")
    algorithms: tuple[str, ...] = ("RS256",)
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    groups_claim: str = "groups"
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)  # group -> roles
    create: bool = False
    subject_claim: str = "sub"  # what never changes and names nobody else, ever
    login_claim: str = "preferred_username"
    name_claim: str = "name"
    second_factor: SecondFactor | None = None
    scim_client: str | None = None  # name of the system whose key the directory presents
    match: Match | None = None
    customer_claim: str | None = None  # where the provider says the customer number

    def roles_for(self, groups: frozenset[str]) -> frozenset[str]:
        """The roles that these groups give; a group that the file does not name gives none."""
        given = (self.roles.get(group, frozenset()) for group in groups)
        return frozenset().union(*given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """What a provider's verified ID token says; nothing of it is printed."""

    provider: str
    subject: str = field(repr=False)  # `sub`
    account: str = field(repr=False)  # by what the account is found: `sub`, or the claim named
    session: str | None = field(default=None, repr=False)  # `sid`
    groups: frozenset[str] = field(default=frozenset(), repr=False)
    login: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    email: str | None = field(default=None, repr=False)  # only one that was verified
    customer: str | None = field(default=None, repr=False)  # the customer number


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Whose sessions a provider's logout token ends: all of a person, or one."""

    provider: str
    subject: str | None = field(default=None, repr=False)
    session: str | None = field(default=None, repr=False)
