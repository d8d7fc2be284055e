"""The installation and its witnesses: who they are, how they are asked, what they saw last."""

from typing import Final
from urllib.parse import urlsplit

from audit.witness.asking import Answer, AskedWitness, Seen, ask_all, seen_by
from governance.app.deliveries import INNER
from governance.app.wiring import Wiring
from governance.app.witness_list import witnesses_of
from governance.core.logging import logger
from governance.outbound.client import Limits, Request, fetch
from governance.outbound.errors import DeliveryFailedError, OutboundRefusedError
from governance.outbound.ssrf import Egress

ANSWER_BYTES: Final = 65_536
SLOW: Final = Limits(total_seconds=10.0, response_bytes=ANSWER_BYTES)
HTTPS: Final = 443
HTTP: Final = 80
log = logger()


def post(url: str, body: bytes) -> Answer | None:
    """One request to a witness of the list, and to no other host; None when it is silent."""
    parts = urlsplit(url)
    port = parts.port or (HTTPS if parts.scheme == "https" else HTTP)
    egress = Egress(
        schemes=frozenset({parts.scheme}),
        ports=frozenset({port}),
        networks=INNER,  # a parent company's witness may stand in an inner network
        hosts=frozenset({parts.hostname or ""}),
    )
    request = Request(method="POST", url=url, headers={"content-type": "text/plain"}, content=body)
    try:
        answer = fetch(request, egress=egress, limits=SLOW)
    except (DeliveryFailedError, OutboundRefusedError) as error:
        log.warning("audit.witness_silent", code=error.code)
        return None
    kind = answer.headers.get("content-type", "").partition(";")[0].strip()
    return Answer(status=answer.status, content_type=kind, body=answer.body)


def ask_witnesses(wiring: Wiring) -> tuple[AskedWitness, ...]:
    """Every witness of the settings was asked to cosign the newest checkpoint."""
    known = witnesses_of(wiring.settings)
    found = ask_all(wiring.database, known, post=post, at=wiring.clock())
    for one in found:
        if one.asked.value not in {"cosigned", "known"}:
            log.warning("audit.witness", state=one.asked.value, size=one.size)
    return found


def last_seen(wiring: Wiring) -> dict[str, Seen | None]:
    """The newest tree head that each witness of the settings cosigned, and when; None for none."""
    with wiring.database.read() as tx:
        return {one.name: seen_by(tx, one) for one in witnesses_of(wiring.settings)}
