"""What an operator does to a system's account: its keys, scopes, purposes, limit, certificate.

Every use case acts as a principal, checks its action and appends its audit event.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.approvals import ties
from governance.approvals.bonds import TieKind
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import ActorId, PurposeId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.identity import store
from governance.identity.accounts import AccountEndedError, AccountUnknownError, PurposeUnknownError
from governance.identity.clients import keys, tokens
from governance.identity.clients.assertions import checked_keys
from governance.identity.clients.certificates import THUMBPRINT
from governance.identity.clients.types import Key, Rate, key_opens
from governance.identity.types import AccountState, Client
from policies.actions import Action
from policies.api import ensure

TOGETHER: Final = 2  # keys of a system that may open at the same time
FASTEST: Final = 1_000_000  # requests a second


class KeysTogetherError(GovernanceError):
    """The system has two keys that open; end one before there is a third. Nothing was changed."""

    code, status = "client_keys", 409


class KeyUnknownError(NotFoundError):
    """The system has no key that begins so."""

    code = "client_key_unknown"


class ScopeUnknownError(GovernanceError):
    """This is no action that a system could do. Nothing was changed."""

    code, status, exit_code = "scope_unknown", 422, 2


class RateFormError(GovernanceError):
    """This is no limit: whole numbers of requests, 0 for none. Nothing was changed."""

    code, status, exit_code = "rate_form", 422, 2


class ThumbprintError(GovernanceError):
    """This is no SHA-256 thumbprint (64 hexadecimal digits). Nothing was changed."""

    code, status, exit_code = "thumbprint", 422, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A system with its keys, the newest first."""

    client: Client
    keys: tuple[Key, ...]


def account(tx: Connection, ports: Ports, principal: Principal, name: str) -> Account:
    """The system with its keys; never a secret."""
    ensure(principal, Action.CLIENT_READ, ports.policies.current)
    client = store.client_by_id(tx, ActorId(f"svc:{name}"))
    if client is None:
        raise AccountUnknownError
    return Account(client=client, keys=keys.keys_of(tx, client.id))


def rotate_key(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    name: str,
    *,
    overlap: timedelta,
    lasting: timedelta | None = None,
    at: datetime,
) -> str:
    """A new key, shown this once; the one before opens until the overlap has passed."""
    client = _living(tx, ports, principal, name)
    living = [one for one in keys.keys_of(tx, client.id) if key_opens(one, at=at)]
    if len(living) >= TOGETHER:
        raise KeysTogetherError
    keys.expire_keys(tx, [one.id for one in living], until=at + overlap)
    until = None if lasting is None else at + lasting
    secret = keys.add_key(tx, client.id, at=at, expires_at=until)
    ties.note(tx, client.id, principal.id, TieKind.KEY, at=at)
    _record(tx, ports, principal, EventCode.CREDENTIAL_CHANGED, client, "key.new", at=at)
    return secret


def end_key(
    tx: Connection, ports: Ports, principal: Principal, name: str, prefix: str, *, at: datetime
) -> int:
    """How many keys that begin so open nothing any more; raises KeyUnknownError for none."""
    client = _living(tx, ports, principal, name)
    found = [
        one.id
        for one in keys.keys_of(tx, client.id)
        if one.prefix == prefix and key_opens(one, at=at)
    ]
    if not found:
        raise KeyUnknownError
    ended = keys.end_keys(tx, found, at=at)
    _record(tx, ports, principal, EventCode.CREDENTIAL_CHANGED, client, "key.ended", at=at)
    return ended


def end_tokens(
    tx: Connection, ports: Ports, principal: Principal, name: str, *, at: datetime
) -> int:
    """How many access tokens of the system open nothing any more."""
    client = _living(tx, ports, principal, name)
    ended = tokens.end_tokens(tx, client.id)
    _record(tx, ports, principal, EventCode.TOKEN_REVOKED, client, "tokens", at=at)
    return ended


def set_scopes(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    name: str,
    scopes: Iterable[str] | None,
    *,
    at: datetime,
) -> None:
    """The system may do these of its role's actions and no other; None: all of them."""
    client = _living(tx, ports, principal, name)
    wanted = None if scopes is None else frozenset(scopes)
    known = frozenset(one.value for one in Action)
    for one in sorted((wanted or frozenset()) - known):
        raise ScopeUnknownError(scope=one[:60])
    store.change_client(tx, client.id, scopes=None if wanted is None else " ".join(sorted(wanted)))
    _record(tx, ports, principal, EventCode.PRINCIPAL_CHANGED, client, "scopes", at=at)


def set_purposes(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    name: str,
    purposes: Iterable[PurposeId],
    *,
    at: datetime,
) -> None:
    """The system may claim these purposes and no other."""
    client = _living(tx, ports, principal, name)
    wanted = frozenset(purposes)
    for one in sorted(wanted - ports.policies.current.purposes.keys()):
        raise PurposeUnknownError(purpose=one[:60])
    put_purposes(tx, ports, principal, client, wanted, at=at)


def put_purposes(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    client: Client,
    purposes: Iterable[PurposeId],
    *,
    at: datetime,
) -> None:
    """The same, for whoever was let in already (the operator, a review)."""
    store.change_client(tx, client.id, purposes=" ".join(sorted(purposes)))
    _record(tx, ports, principal, EventCode.PRINCIPAL_CHANGED, client, "purposes", at=at)


def set_rate(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    name: str,
    rate: Rate | None,
    *,
    at: datetime,
) -> None:
    """The system may come so often; None: as often as the settings say."""
    client = _living(tx, ports, principal, name)
    if rate is not None and not (0 <= rate.per_second <= FASTEST and 0 <= rate.burst <= FASTEST):
        raise RateFormError
    store.change_client(
        tx,
        client.id,
        rate=None if rate is None else rate.per_second,
        burst=None if rate is None else rate.burst,
    )
    _record(tx, ports, principal, EventCode.PRINCIPAL_CHANGED, client, "rate", at=at)


def set_certificate(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    name: str,
    thumbprint: str | None,
    *,
    at: datetime,
) -> None:
    """The system's keys and tokens open with this certificate alone; None: without one."""
    client = _living(tx, ports, principal, name)
    plain = None if thumbprint is None else thumbprint.replace(":", "").lower()
    if plain is not None and not THUMBPRINT.fullmatch(plain):
        raise ThumbprintError
    store.change_client(tx, client.id, certificate=plain)
    _record(tx, ports, principal, EventCode.CREDENTIAL_CHANGED, client, "certificate", at=at)


def set_public_keys(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    name: str,
    document: str | None,
    *,
    at: datetime,
) -> None:
    """The system's assertions are verified by these keys (JWK set); None: it signs none."""
    client = _living(tx, ports, principal, name)
    checked = None if document is None else checked_keys(document)
    store.change_client(tx, client.id, public_keys=checked)
    ties.note(tx, client.id, principal.id, TieKind.KEY, at=at)  # whose private key is it
    _record(tx, ports, principal, EventCode.CREDENTIAL_CHANGED, client, "public_keys", at=at)


def _living(tx: Connection, ports: Ports, principal: Principal, name: str) -> Client:
    ensure(principal, Action.CLIENT_WRITE, ports.policies.current)
    client = store.client_by_id(tx, ActorId(f"svc:{name}"))
    if client is None:
        raise AccountUnknownError
    if client.state is AccountState.ENDED:
        raise AccountEndedError
    return client


def _record(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    code: EventCode,
    client: Client,
    what: str,
    *,
    at: datetime,
) -> None:
    ports.audit.append(
        tx,
        EventDraft(
            action=code,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="principal",
            object_id=client.id,
            outcome=Outcome.DONE,
            reasons=(what,),
            policy_version=ports.policies.current.version,
        ),
    )
