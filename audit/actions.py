"""The closed registry of what the log can say happened; texts under ``audit.event.<code>``."""

from enum import StrEnum


class EventCode(StrEnum):
    """Every action that an audit event may name; codes are API and never reused."""

    # customer store, through the gate
    PERSON_READ = "person.read"
    PERSON_SEARCHED = "person.searched"
    PERSON_CREATED = "person.created"
    PERSON_CHANGED = "person.changed"
    PERSON_MERGED = "person.merged"
    PERSON_UNMERGED = "person.unmerged"
    PERSON_USED = "person.used"
    PERSON_EXPORTED = "person.exported"
    PERSON_RESTRICTED = "person.restricted"
    PERSON_RELEASED = "person.released"
    PERSON_LAWS_CHANGED = "person.laws_changed"
    COMPANY_CHANGED = "company.changed"
    COMPANY_MERGED = "company.merged"
    COMPANY_UNMERGED = "company.unmerged"
    AUDIENCE_BUILT = "audience.built"
    DATA_IMPORTED = "data.imported"
    DATA_QUARANTINED = "data.quarantined"
    QUALITY_REVIEWED = "quality.reviewed"
    PII_SCANNED = "pii.scanned"
    PII_SCAN_EXPORTED = "pii.scan_exported"
    CATALOGUE_CHANGED = "catalogue.changed"
    CONNECTOR_CALLED = "connector.called"
    CONNECTOR_ANSWERED = "connector.answered"  # by a colleague
    # decisions and consent
    DECISION_MADE = "decision.made"
    DECISIONS_RECORDED = "decisions.recorded"
    DECISIONS_LOST = "decisions.lost"
    NOTICE_DRAFTED = "notice.drafted"
    NOTICE_PUBLISHED = "notice.published"
    NOTICE_IN_FORCE = "notice.in_force"
    COLLECTION_CHANGED = "collection.changed"
    DATA_COLLECTED = "data.collected"
    CONSENT_REQUESTED = "consent.requested"
    CONSENT_GIVEN = "consent.given"
    CONSENT_REFUSED = "consent.refused"
    CONSENT_RENEWED = "consent.renewed"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    CONSENT_EXPIRED = "consent.expired"
    CONSENT_INVALIDATED = "consent.invalidated"
    CONSENT_IMPORTED = "consent.imported"
    CONSENT_PROOF_READ = "consent.proof_read"
    CONSENT_LISTED = "consent.listed"
    WEBHOOK_CHANGED = "webhook.changed"
    WEBHOOK_RESENT = "webhook.resent"
    OBJECTION_RAISED = "objection.raised"
    OBJECTION_LIFTED = "objection.lifted"
    RECEIPT_ISSUED = "receipt.issued"
    # requests of the person (APPI 32-39, GDPR 15-22)
    REQUEST_RECEIVED = "request.received"
    REQUEST_IDENTITY_PROVED = "request.identity_proved"
    REQUEST_CHANGED = "request.changed"
    REQUEST_EXTENDED = "request.extended"
    REQUEST_PAUSED = "request.paused"  # a clock stands
    REQUEST_RESUMED = "request.resumed"
    REQUEST_HELD = "request.held"
    REQUEST_RELEASED = "request.released"
    REQUEST_REVIEWED = "request.reviewed"
    REQUEST_DECIDED = "request.decided"
    REQUEST_PACKAGED = "request.packaged"
    REQUEST_DELIVERED = "request.delivered"
    REQUEST_DISPATCHED = "request.dispatched"  # on paper
    REQUEST_DISPATCH_ENDED = "request.dispatch_ended"
    REQUEST_LETTER_WRITTEN = "request.letter_written"
    REQUEST_LETTER_SENT = "request.letter_sent"
    REQUEST_LETTER_READ = "request.letter_read"
    REQUEST_MESSAGE_WRITTEN = "request.message_written"
    REQUEST_MESSAGE_READ = "request.message_read"
    REQUEST_COMMENTED = "request.commented"  # among officers
    REQUEST_FILE_ADDED = "request.file_added"
    REQUEST_FILE_FETCHED = "request.file_fetched"
    REQUEST_REFUSED = "request.refused"
    REQUEST_CLOSED = "request.closed"
    LETTER_TEMPLATE_CHANGED = "letter_template.changed"
    COMPLAINT_RECEIVED = "complaint.received"
    COMPLAINT_CHANGED = "complaint.changed"
    RECIPIENT_TOLD = "recipient.told"
    RECIPIENT_CONFIRMED = "recipient.confirmed"
    CERTIFICATE_ISSUED = "certificate.issued"
    # retention and erasure
    ERASURE_PLANNED = "erasure.planned"
    ERASURE_EXECUTED = "erasure.executed"
    RETENTION_PLANNED = "retention.planned"
    RETENTION_PURGED = "retention.purged"
    RETENTION_ROWS_ENDED = "retention.rows_ended"
    SCHEDULE_CHANGED = "schedule.changed"
    HOLD_PLACED = "hold.placed"
    HOLD_RELEASED = "hold.released"
    HOLD_REVIEWED = "hold.reviewed"
    HOLD_NOTICE_SENT = "hold.notice_sent"
    HOLD_NOTICE_CONFIRMED = "hold.notice_confirmed"
    ERASURE_DEFERRED = "erasure.deferred"
    DATASET_MADE = "dataset.made"
    DATASET_RELEASED = "dataset.released"
    DATASET_TAKEN = "dataset.taken"
    DATASET_METHOD_READ = "dataset.method_read"
    DATASET_PROVIDED = "dataset.provided"
    DATASET_ENDED = "dataset.ended"
    ERASURE_RESUMED = "erasure.resumed"
    BACKUP_CREATED = "backup.created"
    BACKUP_VERIFIED = "backup.verified"
    BACKUP_RESTORED = "backup.restored"
    BACKUP_DRILLED = "backup.drilled"
    JOURNAL_ENDED = "journal.ended"
    # approvals, policy, keys
    APPROVAL_REQUESTED = "approval.requested"
    APPROVAL_GIVEN = "approval.given"
    APPROVAL_REFUSED = "approval.refused"
    POLICY_APPLIED = "policy.applied"
    POLICY_DRY_RUN = "policy.dry_run"
    PROCESSING_PAUSED = "processing.paused"
    PROCESSING_RESUMED = "processing.resumed"
    BREAK_GLASS = "actor.break_glass"
    BREAK_GLASS_ENDED = "actor.break_glass_ended"
    BREAK_GLASS_REVIEWED = "actor.break_glass_reviewed"
    KEY_CREATED = "key.created"
    KEY_USED = "key.used"
    KEY_ROTATED = "key.rotated"
    KEY_DESTROYED = "key.destroyed"
    KEY_COMPROMISED = "key.compromised"  # somebody else may hold it
    # principals
    SIGN_IN = "identity.signed_in"
    SIGN_IN_FAILED = "identity.sign_in_failed"
    SIGN_OUT = "identity.signed_out"
    LOCKED_OUT = "identity.locked_out"
    PRINCIPAL_CREATED = "identity.created"
    PRINCIPAL_CHANGED = "identity.changed"
    PRINCIPAL_DISABLED = "identity.disabled"
    CREDENTIAL_CHANGED = "identity.credential_changed"
    TOKEN_ISSUED = "identity.token_issued"  # noqa: S105 # an event
    TOKEN_REVOKED = "identity.token_revoked"  # noqa: S105 # an event
    SESSION_ENDED = "identity.session_ended"
    PROVED_AGAIN = "identity.proved_again"  # before a grave act
    ELEVATION_BEGUN = "identity.elevation_begun"
    ELEVATION_ENDED = "identity.elevation_ended"
    ACTING_BEGUN = "identity.acting_begun"  # a parent or guardian, for a child
    ACTING_ENDED = "identity.acting_ended"
    TRAINING_COMPLETED = "training.completed"
    ACCESS_REVIEW_STARTED = "access_review.started"
    ACCESS_REVIEWED = "access_review.decided"
    ACCESS_REVIEW_CLOSED = "access_review.closed"
    ACCESS_DENIED = "access.denied"
    FILE_REFUSED = "file.refused"  # by the scanner for viruses
    # registers and reports
    REGISTER_CHANGED = "register.changed"
    PROVISION_RECORDED = "provision.recorded"
    PROVISION_SHOWN = "provision.shown"
    BREACH_RECORDED = "breach.recorded"
    BREACH_WEIGHED = "breach.weighed"  # which of the four grounds it has
    BREACH_NOTED = "breach.noted"
    BREACH_PAPER = "breach.paper"  # a report or a notice to the persons was made as a paper
    BREACH_REPORTED = "breach.reported"
    BREACH_CLOSED = "breach.closed"
    ASSESSMENT_RECORDED = "assessment.recorded"
    COMPLAINT_RECORDED = "complaint.recorded"
    REPORT_CREATED = "report.created"
    LIST_EXPORTED = "list.exported"  # of the console, as a file
    VIEW_CHANGED = "view.changed"  # a saved view of a list
    # the installation and the log itself
    SYSTEM_INITIALISED = "system.initialised"
    SYSTEM_STARTED = "system.started"
    SYSTEM_STOPPED = "system.stopped"
    SYSTEM_HEARTBEAT = "system.heartbeat"
    SETTINGS_CHANGED = "settings.changed"
    JOB_RUN = "job.run"
    MAIL_SENT = "mail.sent"
    LOG_READ = "log.read"
    LOG_EXPORTED = "log.exported"
    LOG_VERIFIED = "log.verified"
    LOG_REVIEWED = "log.reviewed"
    LOG_ALERT = "log.alert"
    LOG_KEY_CHANGED = "log.key_changed"
    LOG_PART_DESTROYED = "log.part_destroyed"
    LOG_SHARD_OPENED = "log.shard_opened"
    LOG_SHARD_EXPIRED = "log.shard_expired"
    LOG_RESTORED = "log.restored"
    CLOCK_ANOMALY = "log.clock_anomaly"


ERASING = frozenset(
    {EventCode.ERASURE_EXECUTED, EventCode.RETENTION_PURGED, EventCode.LOG_PART_DESTROYED}
)  # only these may excuse a destroyed part

STRICT = frozenset(
    {
        EventCode.BREAK_GLASS,
        EventCode.PROCESSING_PAUSED,
        EventCode.PROCESSING_RESUMED,
        EventCode.BREAK_GLASS_REVIEWED,
        EventCode.KEY_USED,
        EventCode.KEY_ROTATED,
        EventCode.KEY_DESTROYED,
        EventCode.KEY_COMPROMISED,
        EventCode.POLICY_APPLIED,
        EventCode.SCHEDULE_CHANGED,
        EventCode.ERASURE_EXECUTED,
        EventCode.RETENTION_PURGED,
        EventCode.LOG_PART_DESTROYED,
        EventCode.LOG_KEY_CHANGED,
        EventCode.LOG_SHARD_EXPIRED,
        EventCode.LOG_RESTORED,
    }
)  # integrated before the caller answers


def text_key(code: EventCode) -> str:
    """Catalogue key of the action's name for people."""
    return f"audit.event.{code.value}"
