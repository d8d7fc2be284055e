"""What a system presents with a request, and as whom it acts by that."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from governance.core.terms import PurposeId
from governance.http.principal import Principal
from governance.identity import store
from governance.identity.clients import keys, tokens
from governance.identity.clients.types import Rate
from governance.identity.rules import may_act
from governance.identity.service import principal_of_client
from governance.identity.types import Client

PURPOSE: Final = "purpose:"  # a scope that names a purpose, not an action


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A credential that opens, of a system that may act."""

    principal: Principal
    until: datetime | None = None  # it opens no longer than this
    key: str | None = None  # id of the key, where it is one
    certificate: str | None = field(default=None, repr=False)  # it opens with this one alone
    rate: Rate | None = None


def presented(
    tx: Connection, secret: str, *, at: datetime, network: str | None = None
) -> Presented | None:
    """The key or token that this secret is; None when it opens nothing."""
    if secret.startswith(tokens.MARK):
        return _by_token(tx, secret, at=at, network=network)
    key = keys.key_of(tx, secret, at=at)
    client = None if key is None else store.client_by_id(tx, key.client)
    if key is None or client is None or not may_act(client.state):
        return None
    return _presented(client, network, until=key.expires_at, key=key.id)


def _by_token(
    tx: Connection, secret: str, *, at: datetime, network: str | None
) -> Presented | None:
    token = tokens.token_of(tx, secret, at=at)
    client = None if token is None else store.client_by_id(tx, token.client)
    if token is None or client is None or not may_act(client.state):
        return None
    found = _presented(client, network, until=token.expires_at)
    return replace(found, principal=narrowed(found.principal, token.scopes))


def _presented(
    client: Client, network: str | None, *, until: datetime | None, key: str | None = None
) -> Presented:
    return Presented(
        principal=principal_of_client(client, network=network),
        until=until,
        key=key,
        certificate=client.certificate,
        rate=client.rate,
    )


def narrowed(principal: Principal, scopes: frozenset[str]) -> Principal:
    """The principal with what the scopes leave: actions, and the purposes that they name."""
    purposes = frozenset(PurposeId(one.removeprefix(PURPOSE)) for one in _purposes(scopes))
    actions = scopes - _purposes(scopes)
    held = principal.scopes
    return replace(
        principal,
        scopes=actions if held is None else held & actions,
        purposes=principal.purposes & purposes,
    )


def _purposes(scopes: frozenset[str]) -> frozenset[str]:
    return frozenset(one for one in scopes if one.startswith(PURPOSE))
