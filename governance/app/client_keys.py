"""What the doctor says of systems' keys: which are old, end soon, or are used by nobody."""

from datetime import datetime, timedelta
from typing import Final

from governance.app.examined import Examined
from governance.app.wiring import Wiring
from governance.core.clock import JST
from governance.identity.clients.keys import open_keys
from governance.identity.clients.types import Key
from governance.identity.rules import may_act
from governance.identity.store import client_by_id

SOON: Final = timedelta(days=14)  # before the end of a key
IDLE: Final = timedelta(days=90)  # without use, a key should be ended


def keys_finding(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Keys that should be exchanged or ended, named by their first characters."""
    oldest = timedelta(days=wiring.settings.client_key_days)
    with wiring.database.read() as tx:
        found = [
            key
            for key in open_keys(tx, at=at)
            if (client := client_by_id(tx, key.client)) is not None and may_act(client.state)
        ]
    named = [key for key in found if needs_care(key, oldest=oldest, at=at)]
    if not named:
        params: dict[str, str | int] = {"count": len(found)}
        return Examined(
            check="client_keys", state="good", key="doctor.client_keys_good", params=params
        )
    listed = ", ".join(f"{key.client} {key.prefix}" for key in named[:10])
    params = {"count": len(named), "keys": listed}
    return Examined(
        check="client_keys", state="attention", key="doctor.client_keys_old", params=params
    )


def needs_care(key: Key, *, oldest: timedelta, at: datetime) -> bool:
    """Whether a key is too old, ends soon, or was used by nobody for long."""
    last = key.last_used_on or key.created_at.astimezone(JST).date()
    idle = at.astimezone(JST).date() - last > IDLE
    ends = key.expires_at is not None and key.expires_at - at < SOON
    return idle or ends or at - key.created_at > oldest
