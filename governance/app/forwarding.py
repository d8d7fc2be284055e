"""The installation's receivers of the log: a SIEM over HTTPS or syslog, as the settings say."""

import json
import socket
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urlsplit

from audit.forms.ocsf import Source, ocsf
from audit.forwarding.carrying import Carry, Served, carry_once, served
from audit.forwarding.syslog import SyslogReceiver
from audit.review import RecordedEvent
from governance.app.deliveries import INNER
from governance.app.version import VERSION
from governance.app.wiring import Wiring
from governance.core.settings import Settings, SettingsError
from governance.crypto.secret_refs import read_secret
from governance.outbound.client import Limits, Request, fetch
from governance.outbound.ssrf import Egress
from governance.outbound.webhooks import demand_success

A_ROUND: Final = 20  # batches of one beat; the next one goes on
PORTS: Final = {"https": 443, "http": 80, "syslog+tls": 6514, "syslog": 601}
LIMITS: Final = Limits(response_bytes=65_536)
HOSTNAME: Final = 255


def receiver_of(wiring: Wiring) -> tuple[str, Carry] | None:
    """The receiver's name and how it is reached; None where the settings name none."""
    found = address_of(wiring.settings)
    if found is None:
        return None
    scheme, host, port = found
    name = f"{scheme}://{host}:{port}"
    source = Source(version=VERSION, origin=wiring.log_keys.origin)
    if scheme.startswith("syslog"):
        receiver = SyslogReceiver(
            host=host,
            port=port,
            tls=scheme == "syslog+tls",
            egress=Egress(networks=INNER),
            source=source,
            hostname=_own_name(),
        )
        return name, receiver.carry
    return name, _https(wiring.settings, scheme, port, source)


def address_of(settings: Settings) -> tuple[str, str, int] | None:
    """Scheme, host and port of the receiver; raises SettingsError for what is none."""
    if settings.forward_url is None:
        return None
    try:
        parts = urlsplit(settings.forward_url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise SettingsError(setting="forward_url") from error
    if not port or not parts.hostname or parts.username is not None:
        raise SettingsError(setting="forward_url")
    return parts.scheme, parts.hostname, port


def forward(wiring: Wiring, *, stopping: Callable[[], bool]) -> int:
    """How many events the receiver took; a backlog is worked off in batches."""
    receiver = receiver_of(wiring)
    if receiver is None:
        return 0
    name, carry = receiver
    taken = 0
    for _ in range(A_ROUND):
        if stopping():
            break
        step = carry_once(wiring.database, name, carry, at=wiring.clock())
        if step == 0:
            break
        taken += step
    return taken


def standing(wiring: Wiring) -> Served | None:
    """How far the receiver of the settings is; None where there is none."""
    found = address_of(wiring.settings)
    if found is None:
        return None
    with wiring.database.read() as tx:
        return served(tx, f"{found[0]}://{found[1]}:{found[2]}")


def _https(settings: Settings, scheme: str, port: int, source: Source) -> Carry:
    url = settings.forward_url or ""
    egress = Egress(
        schemes=frozenset({scheme}),
        ports=frozenset({port}),
        networks=INNER,
        hosts=frozenset({urlsplit(url).hostname or ""}),
    )

    def carry(events: Sequence[RecordedEvent]) -> None:
        headers = {"content-type": "application/x-ndjson", "user-agent": f"sekisho/{VERSION}"}
        if settings.forward_token_file is not None:
            token = read_secret(f"file:{settings.forward_token_file}").decode().strip()
            headers["authorization"] = f"Bearer {token}"
        lines = (json.dumps(ocsf(event, source), ensure_ascii=False) for event in events)
        body = "".join(line + "\n" for line in lines).encode()
        request = Request(method="POST", url=url, headers=headers, content=body)
        demand_success(fetch(request, egress=egress, limits=LIMITS))

    return carry


def _own_name() -> str:
    """Our name in a header: printable ASCII, or the nil value of RFC 5424."""
    name = socket.gethostname()[:HOSTNAME]
    plain = name.isascii() and name.isprintable() and " " not in name
    return name if name and plain else "-"
