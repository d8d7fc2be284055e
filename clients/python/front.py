"""Asks Sekisho before every use of personal data, in this process and fail-closed."""

from .client import AsyncClient, Client, NotReadyError, UnknownDutyError
from .decision import Decision

__all__ = ["AsyncClient", "Client", "Decision", "NotReadyError", "UnknownDutyError"]
