"""Refusals of those who come back."""

from governance.core.errors import GovernanceError


class ScopeAnswerError(GovernanceError):
    """Nobody waits for this answer, it names no data, or it is too long; nothing was stored."""

    code, status = "scope_answer", 422
