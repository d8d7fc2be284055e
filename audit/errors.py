"""Refusals of the audit log."""

from governance.core.errors import GovernanceError, NotFoundError, UnavailableError, WrongUseError


class UnknownActionError(WrongUseError):
    """An event names an action that the registry does not hold."""

    code, status = "unknown_action", 422


class ColumnFormError(WrongUseError):
    """A column of an event holds something that is no reference, code or count."""

    code, status = "audit_column_form", 422


class EventTooLargeError(WrongUseError):
    """An event is larger than a log entry may be (C2SP tlog-tiles: 65,535 bytes)."""

    code, status = "audit_event_too_large", 422


class UnknownLeafVersionError(GovernanceError):
    """A stored event has a version that this program cannot encode."""

    code, status = "audit_leaf_version", 500


class NotAnErasureError(WrongUseError):
    """Parts are destroyed only under an erasing action that names the person."""

    code, status = "audit_not_an_erasure", 422


class EventNotFoundError(NotFoundError):
    """No such event, or it is not in the tree yet."""

    code = "audit_event_not_found"


class DecisionUnrecordedError(UnavailableError):
    """The record of a decision cannot be written, so nothing is decided."""

    code = "decision_unrecorded"


class PartForgedError(GovernanceError):
    """An opened part does not match its commitment."""

    code, status = "audit_part_forged", 500


class ProofRangeError(WrongUseError):
    """The asked index or size lies outside the tree."""

    code, status = "audit_proof_range", 422


class NoteFormError(GovernanceError):
    """A text is not a signed note, checkpoint or key of the C2SP forms."""

    code, status = "audit_note_form", 422


class NoteSignatureError(GovernanceError):
    """A known key's signature does not verify; the whole note is refused."""

    code, status = "audit_note_signature", 422


class TreeRolledBackError(UnavailableError):
    """The tree is smaller than the last checkpoint kept outside the database."""

    code = "audit_tree_rolled_back"


class TreeForkedError(UnavailableError):
    """The tree contradicts the last checkpoint kept outside the database."""

    code = "audit_tree_forked"


class NothingLostError(GovernanceError):
    """The tree is not smaller than the last checkpoint outside; there is nothing to declare."""

    code, status = "audit_nothing_lost", 409


class FenceLostError(UnavailableError):
    """Another sequencer took over; this batch was not written."""

    code = "audit_fence_lost"


class NotSequencedError(UnavailableError):
    """An event that must be in the tree before the answer did not get there in time."""

    code = "audit_not_sequenced"


class NotIntegratedError(UnavailableError):
    """The act is done and recorded; the signed tree does not hold its event yet."""

    code = "audit_not_integrated"


class WitnessFolderError(WrongUseError):
    """The folder holds no witness that can be read."""

    code, status = "audit_witness_folder", 422


class WitnessExistsError(WrongUseError):
    """A witness lives in the folder already."""

    code, status = "audit_witness_exists", 422


class WitnessKeyOpenError(WrongUseError):
    """The witness's key can be read by others than its owner."""

    code, status = "audit_witness_key_open", 422


class WitnessListError(WrongUseError):
    """A line of the list of witnesses is not an address and the keys of one witness."""

    code, status = "audit_witness_list", 422


class ParquetMissingError(UnavailableError):
    """The extra `parquet` is not installed."""

    code = "audit_parquet_missing"


class AlarmFileError(WrongUseError):
    """The file of alarm rules cannot be read, or a key of it has no meaning."""

    code, status = "audit_alarm_file", 422


class QueryFormError(WrongUseError):
    """A query of the log has a member that it cannot have."""

    code, status = "audit_query_form", 422


class FilterNotFoundError(NotFoundError):
    """No such kept filter of this officer."""

    code = "audit_filter_not_found"


class ReviewRangeError(WrongUseError):
    """There is nothing to sign off in this range."""

    code, status = "audit_review_range", 422
