"""OAuth 2.0 client credentials (RFC 6749, 4.4): who the system is, and what its token opens."""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import unquote_plus

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from governance.core.errors import GovernanceError
from governance.core.terms import ActorId
from governance.customers.ports import Ports
from governance.identity import store
from governance.identity.clients import keys, tokens
from governance.identity.clients.assertions import KIND, client_named, proved_by
from governance.identity.clients.presenting import PURPOSE
from governance.identity.rules import may_act
from governance.identity.service import principal_of_client
from governance.identity.types import Client
from policies.actions import Action
from policies.actors import may
from policies.snapshot import PolicySnapshot

GRANT: Final = "client_credentials"
BASIC: Final = "basic"


class GrantRefusedError(GovernanceError):
    """No token was given; `error` is the word of RFC 6749, 5.2."""

    code, status = "grant_refused", 400


class ClientRefusedError(GrantRefusedError):
    """Nobody proved to be a system that may act; no more is told."""

    code, status = "client_refused", 401

    def __init__(self) -> None:
        super().__init__(error="invalid_client")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request to the token endpoint, as it came."""

    form: Mapping[str, str] = field(repr=False)
    authorization: str = field(default="", repr=False)
    certificate: str | None = field(default=None, repr=False)  # thumbprint of the one shown
    network: str | None = None
    audiences: frozenset[str] = frozenset()  # names of this endpoint in an assertion


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A token that was given, shown this once."""

    token: str = field(repr=False)
    scopes: frozenset[str]
    seconds: int


def grant(
    tx: Connection, ports: Ports, asked: Asked, *, lasting: timedelta, at: datetime
) -> Granted:
    """A token of the system that proved who it is; raises GrantRefusedError."""
    client = authenticated(tx, asked, at=at)
    if asked.form.get("grant_type") != GRANT:
        known = "grant_type" in asked.form
        raise GrantRefusedError(error="unsupported_grant_type" if known else "invalid_request")
    scopes = granted_scopes(client, asked.form.get("scope", ""), ports.policies.current)
    token = tokens.add_token(tx, client.id, scopes, until=at + lasting, at=at)
    counts = (("scopes", len(scopes)),)
    _record(tx, ports, EventCode.TOKEN_ISSUED, client.id, asked, at=at, counts=counts)
    return Granted(token=token, scopes=scopes, seconds=int(lasting.total_seconds()))


def revoke(tx: Connection, ports: Ports, asked: Asked, *, at: datetime) -> None:
    """The token opens nothing any more; one that is not the system's own is as if revoked."""
    client = authenticated(tx, asked, at=at)
    token = asked.form.get("token")
    if not token:
        raise GrantRefusedError(error="invalid_request")
    if tokens.end_token(tx, client.id, token):
        _record(tx, ports, EventCode.TOKEN_REVOKED, client.id, asked, at=at)


def authenticated(tx: Connection, asked: Asked, *, at: datetime) -> Client:
    """The system by its key (client_secret_basic) or its signature (private_key_jwt).

    Fails closed: two ways at once, or a bound system without its certificate, prove nothing.
    """
    basic = asked.authorization[: len(BASIC)].lower() == BASIC
    assertion = asked.form.get("client_assertion")
    if asked.form.get("client_secret") is not None or basic is (assertion is not None):
        raise ClientRefusedError
    if basic:
        client = _by_key(tx, asked.authorization, at=at)
    else:
        client = _by_assertion(tx, asked, assertion or "", at=at)
    said = asked.form.get("client_id")
    if client is None or not may_act(client.state) or said not in (None, client.name):
        raise ClientRefusedError
    if client.certificate is not None and client.certificate != asked.certificate:
        raise ClientRefusedError
    return client


def _by_key(tx: Connection, authorization: str, *, at: datetime) -> Client | None:
    """RFC 6749, 2.3.1: name and key are form-encoded before they are joined."""
    try:
        said = b64decode(authorization[len(BASIC) :].strip(), validate=True).decode("ascii")
    except (ValueError, UnicodeDecodeError):
        return None
    name, _, secret = (unquote_plus(part) for part in said.partition(":"))
    key = keys.key_of(tx, secret, at=at)
    if key is None or key.client != f"svc:{name}":
        return None
    return store.client_by_id(tx, key.client)


def _by_assertion(tx: Connection, asked: Asked, assertion: str, *, at: datetime) -> Client | None:
    if asked.form.get("client_assertion_type") != KIND:
        return None
    name = client_named(assertion)
    client = None if name is None else store.client_by_id(tx, ActorId(f"svc:{name}"))
    if client is None or client.public_keys is None:
        return None
    proved = proved_by(
        assertion, client.public_keys, name=client.name, audiences=asked.audiences, at=at
    )
    if proved is None:
        return None
    first = tokens.use_assertion(tx, client.id, proved.jti, until=proved.until, at=at)
    return client if first else None  # fails closed: an assertion is used once


def granted_scopes(client: Client, said: str, policy: PolicySnapshot) -> frozenset[str]:
    """What the token opens: what was asked for, which must all be the system's; else all of it."""
    principal = principal_of_client(client)
    mine = frozenset(one.value for one in Action if may(principal, one, policy))
    mine |= frozenset(f"{PURPOSE}{purpose}" for purpose in client.purposes)
    asked = frozenset(said.split())
    if not asked <= mine or not mine:
        raise GrantRefusedError(error="invalid_scope")
    return asked or mine


def _record(
    tx: Connection,
    ports: Ports,
    code: EventCode,
    client: ActorId,
    asked: Asked,
    *,
    at: datetime,
    counts: tuple[tuple[str, int], ...] = (),
) -> None:
    ports.audit.append(
        tx,
        EventDraft(
            action=code,
            occurred_at=at,
            actor=client,
            object_type="principal",
            object_id=client,
            outcome=Outcome.DONE,
            counts=counts,
            network=Network(asked.network) if asked.network else None,
        ),
    )
