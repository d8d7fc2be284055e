"""Use cases of a recipient's webhook: set, take away, look; who changed it is on record."""

from datetime import datetime

from sqlalchemy import Connection

from governance.core.terms import RowId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.keys.vault import FieldVault
from governance.outbound.ssrf import Egress
from governance.outbound.webhooks import is_secret, may_go_to, new_secret
from governance.registers import store
from governance.registers.errors import RecipientHookError
from governance.registers.sealing import opened_hook, sealed_hook
from governance.registers.service import changed_event, known
from governance.registers.types import Hook
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
    """The recipient is told by webhook from now on, signed by this secret or by a new one.

    A message that waits goes to the new address, signed by the new secret.
    """
    ensure(principal, Action.REGISTER_WRITE, ports.policies.current)
    recipient = known(tx, key)
    if not may_go_to(url, egress):
        raise RecipientHookError(part="url")
    if secret is not None and not is_secret(secret):
        raise RecipientHookError(part="secret")
    hook = Hook(url=url, secret=secret or new_secret())
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


def address_of(tx: Connection, ports: Ports, principal: Principal, key: str) -> str | None:
    """Where the recipient is told by webhook, without the secret; None: by mail."""
    ensure(principal, Action.REGISTER_READ, ports.policies.current)
    hook = hook_of(tx, ports.vault, known(tx, key).id)
    return None if hook is None else hook.url


def hook_of(tx: Connection, vault: FieldVault, recipient: RowId) -> Hook | None:
    """The webhook of a recipient, opened; None where it is told by mail."""
    sealed = store.hook_of(tx, recipient)
    return None if sealed is None else opened_hook(vault, recipient, sealed)
