"""Structured logs that refuse personal values: events with references, never sentences.

A key that is not on the list of permitted keys, or a value that looks like a person's contact,
is replaced before anything is written; the event itself is never lost.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

PERMITTED = frozenset(
    {
        "event", "level", "timestamp", "request", "event_id", "subject", "actor", "action",
        "code", "status", "method", "route", "ms", "count", "rows", "job", "slot", "state",
        "reason", "size", "seq", "path_kind", "kind", "table", "field", "purpose", "outcome",
        "policy_version", "consent_seq", "fence", "owner", "attempt", "port", "host", "mode",
        "version", "exception", "file_kind", "encoding", "read", "stored", "merged",
        "quarantined", "refused", "step", "worker", "lag_ms", "verdict", "setting",
    }
)  # fmt: skip
LOOKS_PERSONAL = re.compile(
    r"[^\s@＠]+[@＠][^\s@＠]+[.．][A-Za-zＡ-Ｚａ-ｚ]{2,}"  # an e-mail address
    r"|(?<![0-9A-Za-z-])\+?[0-9０-９][0-9０-９()（）‐－ー -]{8,}[0-9０-９](?![0-9A-Za-z-])"
    r"|[\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]",
    # the last: Japanese words, half-width and rare ones too; ours are in English
)
WITHHELD = "[withheld]"


def refuse_personal(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """The event with every unknown key and every personal-looking value withheld."""
    for key, value in event.items():
        if key not in PERMITTED or not isinstance(value, str | int | float | bool | None):
            event[key] = WITHHELD  # fails closed: what is not known to be safe is not written
        elif isinstance(value, str) and key != "timestamp" and LOOKS_PERSONAL.search(value):
            event[key] = WITHHELD
    return event


def exception_name(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """An exception is logged by its class only: its message may quote a value."""
    failure = event.pop("exc_info", None)
    if failure:
        current = sys.exc_info()[1] if failure is True else failure
        event["exception"] = type(current).__name__
    return event


class FromLibraries(logging.Handler):
    """What a library tells is logged by its place alone: its words may quote a value."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line with the library's logger, the place in its code and the exception's class."""
        failure = record.exc_info[0] if record.exc_info else None
        logger().log(
            record.levelno,
            "library.said",
            kind=record.name,
            code=f"{record.module}:{record.lineno}",
            **({"exception": failure.__name__} if failure else {}),
        )


def configure(*, level: str, json_lines: bool) -> None:
    """Every logger of this process, a library's too, writes redacted lines to standard error."""
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, FromLibraries)]:
        root.removeHandler(handler)
    root.addHandler(FromLibraries(logging.WARNING))
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if json_lines
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            exception_name,
            refuse_personal,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
        ),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def logger() -> Any:
    """A logger of events; call it as `log.info("dsar.approved", request=rid)`."""
    return structlog.get_logger()
