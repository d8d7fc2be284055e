"""Refusals of the job ledger, the outbox and the control journal."""

from governance.core.errors import GovernanceError, UnavailableError


class FenceLostError(GovernanceError):
    """Another process took this slot over; this one must change nothing more."""

    code, status = "fence_lost", 409


class JobUnknownError(GovernanceError):
    """The registry has no such job."""

    code, status, exit_code = "job_unknown", 404, 2


class OutboxNotDeadError(GovernanceError):
    """Only a dead letter can be sent again by hand."""

    code, status = "outbox_not_dead", 409


class JournalDamagedError(UnavailableError):
    """A whole record of the control journal does not verify; nothing was cut or written."""

    code = "journal_damaged"


class JournalForeignError(UnavailableError):
    """The file is another installation's journal, of an unknown version, or no journal."""

    code = "journal_foreign"


class JournalBehindError(UnavailableError):
    """The journal ends before, or differs from, a head that was recorded outside."""

    code = "journal_behind"


class JournalUnwritableError(UnavailableError):
    """The record is not durable; whoever waited for it must not acknowledge."""

    code = "journal_unwritable"


class JournalSealError(UnavailableError):
    """No key of this installation signed what the journal says of entries that left it."""

    code = "journal_seal"


class JournalRecordError(GovernanceError):
    """A journal field is not of its form; the journal takes ids and codes only."""

    code, status = "journal_record", 422
