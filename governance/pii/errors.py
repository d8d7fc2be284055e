"""Refusals of personal data detection; none of them carries a character of the text."""

from governance.core.errors import GovernanceError, UnavailableError


class PiiWorkerError(UnavailableError):
    """The worker process could not answer; nothing may be taken as free of personal data."""

    code, status, exit_code = "pii_worker_unavailable", 503, 3


class PiiStartError(PiiWorkerError):
    """No worker process could be started; nothing may be taken as free of personal data."""

    code, status, exit_code = "pii_worker_start", 503, 3


class PiiEndedError(PiiWorkerError):
    """The worker process ended over a question, twice; nothing may be taken as clean."""

    code, status, exit_code = "pii_worker_ended", 503, 3


class PiiTimeoutError(UnavailableError):
    """The worker process came to no end or showed no life; nothing may be taken as clean."""

    code, status, exit_code = "pii_worker_timeout", 503, 3


class PiiTextTooLongError(GovernanceError):
    """One text is longer than the worker takes."""

    code, status = "pii_text_too_long", 422


class PiiModelError(UnavailableError):
    """A file of weights is missing, damaged or of another version."""

    code, status, exit_code = "pii_model_unreadable", 503, 3


class PiiNothingToLearnError(GovernanceError):
    """The texts to learn from hold no span."""

    code, status, exit_code = "pii_nothing_to_learn", 422, 2


class PiiOutputError(GovernanceError):
    """The folder for a model could not be written."""

    code, status, exit_code = "pii_output_unwritable", 400, 2
