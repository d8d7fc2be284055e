"""The installation and its time-stamping authority (RFC 3161): a token for the log's head a day."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from audit.stamps.stamping import Stamped, newest_stamp, stamp_newest
from governance.app.deliveries import INNER
from governance.app.wiring import Wiring
from governance.core.logging import logger
from governance.core.settings import Settings, SettingsError
from governance.crypto.stamp_tokens import QUERY_TYPE, REPLY_BYTES, REPLY_TYPE, Roots, roots_in
from governance.db.engine import Database
from governance.jobs.types import Step
from governance.outbound.client import Limits, Request, fetch
from governance.outbound.errors import DeliveryFailedError, OutboundRefusedError
from governance.outbound.ssrf import Egress

LIMITS = Limits(total_seconds=20.0, response_bytes=REPLY_BYTES)
PORTS = {"https": 443, "http": 80}
OK = 200
log = logger()


def authority_of(settings: Settings) -> tuple[str, Roots] | None:
    """Where tokens come from and the roots they lead to; None where the settings name none."""
    if settings.stamp_url is None and settings.stamp_roots_file is None:
        return None
    if settings.stamp_url is None or urlsplit(settings.stamp_url).scheme not in PORTS:
        raise SettingsError(setting="stamp_url")
    if settings.stamp_roots_file is None:
        raise SettingsError(setting="stamp_roots_file")
    return settings.stamp_url, roots_in(settings.stamp_roots_file)


def stamp(wiring: Wiring) -> Stamped | None:
    """The newest checkpoint has a token; None where it had one, or no authority is set."""
    authority = authority_of(wiring.settings)
    if authority is None:
        return None
    url, roots = authority

    def post(body: bytes) -> bytes | None:
        return _post(url, body)

    host = urlsplit(url).hostname or ""
    return stamp_newest(wiring.database, authority=host, roots=roots, post=post)


def newest(wiring: Wiring) -> Stamped | None:
    """The newest token, verified again; None where there is none or no authority is set."""
    authority = authority_of(wiring.settings)
    if authority is None:
        return None
    with wiring.database.read() as tx:
        return newest_stamp(tx, roots=authority[1])


def stamp_step(
    wiring: Wiring,
    _db: Database,
    /,
    *,
    cursor: str | None,
    limit: int,  # noqa: ARG001 - the step's form; there is one head
    at: datetime,  # noqa: ARG001 - the authority says what time it is
    heartbeat: Callable[[], None],  # noqa: ARG001 - the lease outlasts one request
) -> Step:
    """The day's token; a silent authority is asked again by the ledger's next try."""
    done = stamp(wiring)
    return Step(done=0 if done is None else 1, cursor=cursor, finished=True)


def _post(url: str, body: bytes) -> bytes | None:
    """One request to the authority of the settings, and to no other host."""
    parts = urlsplit(url)
    egress = Egress(
        schemes=frozenset({parts.scheme}),
        ports=frozenset({parts.port or PORTS[parts.scheme]}),
        networks=INNER,  # an authority in the company's own network is the operator's choice
        hosts=frozenset({parts.hostname or ""}),
    )
    request = Request(method="POST", url=url, headers={"content-type": QUERY_TYPE}, content=body)
    try:
        answer = fetch(request, egress=egress, limits=LIMITS)
    except (DeliveryFailedError, OutboundRefusedError) as error:
        log.warning("audit.stamp_silent", code=error.code)
        return None
    kind = answer.headers.get("content-type", "").partition(";")[0].strip()
    return answer.body if answer.status == OK and kind == REPLY_TYPE else None
