"""A file that somebody hands in is looked through for viruses before anything of it is stored.

Fails closed: a scanner that is silent, late or not understood takes no file. What it found is on
record by the name of its signature; the file, its name and its content are nowhere.
"""

import io
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from governance.core.errors import GovernanceError
from governance.core.logging import logger
from governance.core.terms import SubjectId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.outbound.scanning import ScanLimitError, ScannerSilentError, ScanResult

log = logger()


class FileInfectedError(GovernanceError):
    """The scanner knows what is in the file as harmful; nothing of it was stored."""

    code, status = "file_infected", 422


UNFIT = (FileInfectedError, ScannerSilentError, ScanLimitError)  # of a file, told at its field


class Place(StrEnum):
    """Where files come in."""

    PAPER = "paper"  # proof of identity or authority
    ATTACHMENT = "attachment"  # of the messages about a request
    IMPORT = "import"
    SCAN = "scan"  # looked through for personal data
    CONNECTOR = "connector"  # an export that a colleague attached
    NOTICE = "notice"
    POINT = "point"
    POLICY = "policy"
    SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """The verdict under which a file may be stored, and when it was given."""

    result: ScanResult
    at: datetime


def scanned(
    ports: Ports,
    principal: Principal,
    content: bytes | BinaryIO,
    *,
    place: Place,
    at: datetime,
    subject: SubjectId | None = None,
    refs: tuple[str, ...] = (),
) -> Scanned:
    """The file may be taken; raises FileInfectedError, ScannerSilentError or ScanLimitError.

    Outside of any transaction: the scanner takes seconds, and a refusal is committed at once.
    """
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    try:
        verdict = ports.scanner.scan(stream)
    except (ScannerSilentError, ScanLimitError) as error:
        reason = str(error.params.get("reason", "-"))
        log.warning("upload.unscanned", code=error.code, kind=place.value, reason=reason)
        raise
    if verdict.result is not ScanResult.INFECTED:
        return Scanned(result=verdict.result, at=at)
    found = EventDraft(
        action=EventCode.FILE_REFUSED,
        occurred_at=at,
        actor=principal.id,
        actor_os=principal.os_user,
        object_type="upload",
        object_id=place.value,
        subject=subject,
        outcome=Outcome.DENY,
        reasons=("infected", f"signature:{verdict.signature}"),
        policy_version=ports.policies.current.version or None,
        network=Network(principal.network) if principal.network else None,
        refs=refs,
    )
    ports.database.write(lambda tx: ports.audit.append(tx, found))
    raise FileInfectedError
