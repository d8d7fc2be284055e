"""An event in ArcSight's Common Event Format (CEF 0), one line."""

from typing import Final

from audit.forms.ocsf import INFORMATIONAL, LOW, Source, ocsf
from audit.review import RecordedEvent

SEVERITY: Final = {INFORMATIONAL: 1, LOW: 3, 3: 6, 4: 9}  # OCSF's five steps on CEF's ten


def cef(event: RecordedEvent, source: Source) -> str:
    """CEF:0|vendor|product|version|code|name|severity|extensions."""
    grave = ocsf(event, source)["severity_id"]
    severity = SEVERITY[grave] if isinstance(grave, int) else SEVERITY[INFORMATIONAL]
    heads = ("Sekisho", "Sekisho", source.version, event.action, event.action, str(severity))
    told = {
        "rt": int(event.recorded_at.timestamp() * 1000),
        "start": int(event.occurred_at.timestamp() * 1000),
        "externalId": event.id,
        "suser": event.actor,
        "suid": event.actor_os,
        "act": event.action,
        "outcome": event.outcome,
        "reason": event.reasons,
        "requestContext": event.request_id,
        "cn1Label": "seq",
        "cn1": event.seq,
        "cs1Label": "object",
        "cs1": f"{event.object_type}:{event.object_id}",
        "cs2Label": "subject",
        "cs2": event.subject,
        "cs3Label": "purpose",
        "cs3": event.purpose,
        "cs4Label": "network",
        "cs4": event.network,
        "cs5Label": "leaf",
        "cs5": event.leaf.hex(),
        "cs6Label": "log",
        "cs6": source.origin,
    }
    labelled = {name for name in told if told.get(name.removesuffix("Label")) is not None}
    extension = " ".join(
        f"{name}={_value(str(value))}"
        for name, value in told.items()
        if value is not None and name in labelled
    )
    return f"CEF:0|{'|'.join(map(_head, heads))}|{extension}"


def _head(text: str) -> str:
    return _one_line(text.replace("\\", "\\\\").replace("|", "\\|"))


def _value(text: str) -> str:
    return _one_line(text.replace("\\", "\\\\").replace("=", "\\="))


def _one_line(text: str) -> str:
    return text.replace("\r", "\\r").replace("\n", "\\n")
