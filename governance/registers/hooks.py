"""Use cases of a recipient's webhook: set, change its secret, take away, look; on record."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from governance.core.terms import RowId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.keys.vault import FieldVault
from governance.outbound.ssrf import Egress
from governance.outbound.webhooks import is_secret, may_go_to, new_secret
from governance.registers import store
from governance.registers.errors import RecipientHookError, RecipientHookMissingError
from governance.registers.sealing import opened_hook, sealed_hook
from governance.registers.service import changed_event, known
from governance.registers.types import Hook, Recipient
from policies.actions import Action
from policies.api import ensure

NAMES = ("webhook",)


def set_hook(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    key: str,
    *,
    url: str,
    secret: str | None = None,
    egress: Egress,
    at: datetime,
) -> Hook:
    """The recipient is told by webhook from now on, signed by this secret or by a new one alone.

    A message that waits goes to the new address, signed by the new secret.
    """
    ensure(principal, Action.REGISTER_WRITE, ports.policies.current)
    recipient = known(tx, key)
    if not may_go_to(url, egress):
        raise RecipientHookError(part="url")
    hook = Hook(url=url, secret=_secret(secret))
    return _put(tx, ports, principal, recipient, hook, at=at)


def rotate_hook(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    key: str,
    *,
    secret: str | None = None,
    at: datetime,
) -> Hook:
    """This secret or a new one signs from now on, and the one before too, until it is settled.

    Raises RecipientHookMissingError where the recipient is told by mail.
    """
    recipient, hook = _kept(tx, ports, principal, key)
    turned = replace(hook, secret=_secret(secret), older=hook.secret)
    return _put(tx, ports, principal, recipient, turned, at=at)


def settle_hook(
    tx: Connection, ports: Ports, principal: Principal, key: str, *, at: datetime
) -> Hook:
    """The older secret signs no more: the recipient has changed to the newer one."""
    recipient, hook = _kept(tx, ports, principal, key)
    return _put(tx, ports, principal, recipient, replace(hook, older=None), at=at)


def _kept(tx: Connection, ports: Ports, principal: Principal, key: str) -> tuple[Recipient, Hook]:
    """The recipient with its webhook, for who may change it."""
    ensure(principal, Action.REGISTER_WRITE, ports.policies.current)
    recipient = known(tx, key)
    if (hook := hook_of(tx, ports.vault, recipient.id)) is None:
        raise RecipientHookMissingError
    return recipient, hook


def _secret(given: str | None) -> str:
    if given is not None and not is_secret(given):
        raise RecipientHookError(part="secret")
    return given or new_secret()


def _put(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    recipient: Recipient,
    hook: Hook,
    *,
    at: datetime,
) -> Hook:
    store.set_hook(tx, recipient.id, sealed_hook(ports.vault, recipient.id, hook))
    ports.audit.append(tx, changed_event(ports, principal, recipient, names=NAMES, at=at))
    return hook


def remove_hook(
    tx: Connection, ports: Ports, principal: Principal, key: str, *, at: datetime
) -> None:
    """The recipient is told by mail again; its secret is gone."""
    ensure(principal, Action.REGISTER_WRITE, ports.policies.current)
    recipient = known(tx, key)
    store.set_hook(tx, recipient.id, None)
    ports.audit.append(tx, changed_event(ports, principal, recipient, names=NAMES, at=at))


def hook_for(tx: Connection, ports: Ports, principal: Principal, key: str) -> Hook | None:
    """The recipient's webhook for a reader of the register, who shows no secret; None: by mail."""
    ensure(principal, Action.REGISTER_READ, ports.policies.current)
    return hook_of(tx, ports.vault, known(tx, key).id)


def hook_of(tx: Connection, vault: FieldVault, recipient: RowId) -> Hook | None:
    """The webhook of a recipient, opened; None where it is told by mail."""
    sealed = store.hook_of(tx, recipient)
    return None if sealed is None else opened_hook(vault, recipient, sealed)
