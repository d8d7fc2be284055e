"""Refusals of requests; parameters are ids, codes and counts, never a value."""

from governance.core.errors import GovernanceError, NotFoundError


def _by_reason(error: GovernanceError, group: str) -> str:
    """The key of the sentence of the reason; empty where none is told, as in a list of codes."""
    reason = getattr(error, "params", {}).get("reason")
    return f"{group}.{reason}" if reason else ""


class RequestUnknownError(GovernanceError):
    """No request of this id, or this caller may not know of it."""

    code, status = "request_unknown", 404


class RequestStepError(GovernanceError):
    """The step is not possible now; `reason` is a code of dsar.types.Refusal."""

    code, status = "request_step", 409

    @property
    def text_key(self) -> str:
        """The sentence of the reason: what is so, that nothing was changed, what to do."""
        return _by_reason(self, "dsar.refused") or super().text_key


class RequestChangedError(GovernanceError):
    """Somebody else moved the request meanwhile; nothing was changed."""

    code, status = "request_changed", 409


class ComplaintUnknownError(GovernanceError):
    """No complaint of this id."""

    code, status = "complaint_unknown", 404


class ComplaintStepError(GovernanceError):
    """The step is not possible for the complaint now; `reason` says why."""

    code, status = "complaint_step", 409

    @property
    def text_key(self) -> str:
        """The sentence of the reason."""
        return _by_reason(self, "dsar.complaint.refused") or super().text_key


class RecipientUnknownError(GovernanceError):
    """The register names no such company to which data goes. Nothing changed."""

    code, status = "recipient_unknown", 404


class NothingToTellError(GovernanceError):
    """Nothing was corrected, erased or restricted by this request yet. Nobody was told."""

    code, status = "nothing_to_tell", 409


class RequestRightsError(GovernanceError):
    """No right was asked for, or two under one law; each is a request of its own."""

    code, status = "request_rights", 422


class RequestNotAllowedError(GovernanceError):
    """The principal may not do this to requests."""

    code, status = "request_not_allowed", 403


class MachineMismatchError(GovernanceError):
    """The law book's states are not those that this version knows; nothing is decided."""

    code, status, exit_code = "machine_mismatch", 503, 3


class RequestAssigneeError(GovernanceError):
    """No employee who works on requests has this login. Nothing was changed."""

    code, status = "request_assignee", 422


class RequestSubjectError(GovernanceError):
    """No such person in the customer store."""

    code, status = "request_subject", 404


class RequestTimeError(GovernanceError):
    """The request cannot have arrived after it was entered."""

    code, status = "request_time", 422


class PackageMissingError(GovernanceError):
    """The request has no package that could be handed over."""

    code, status = "package_missing", 409


class PackageKindError(GovernanceError):
    """This right is not answered by a package of data."""

    code, status = "package_kind", 409


class PackageGapsError(GovernanceError):
    """The registers lack what the information page must say. Params: gaps."""

    code, status = "package_gaps", 409


class ProofUnknownError(GovernanceError):
    """No audit event of this id tells of this person."""

    code, status = "proof_unknown", 422


class PackageUnreleasedError(GovernanceError):
    """The answer was not told yet; until then nothing of it leaves."""

    code, status = "package_unreleased", 409


class ProofNotFreshError(GovernanceError):
    """Whoever is signed in must show anew who they are before they get the answer."""

    code, status = "proof_not_fresh", 403


class DownloadRefusedError(GovernanceError):
    """The link is unknown, used or over; all alike, so that nothing is learnt from it."""

    code, status = "download_refused", 404


class NothingByHandError(NotFoundError):
    """No connected system of this name waits there for a hand."""

    code = "nothing_by_hand"
