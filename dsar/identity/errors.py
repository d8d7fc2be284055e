"""Refusals of identity proof; alike for every reason that would tell something."""

from governance.core.errors import GovernanceError


class CodeRefusedError(GovernanceError):
    """The code is wrong, late, used or was tried too often: all alike. The try is on record."""

    code, status = "code_refused", 422


class CodesSpentError(GovernanceError):
    """This request was sent as many codes as a day allows; nothing was sent. Params: most."""

    code, status = "codes_spent", 429


class ContactMissingError(GovernanceError):
    """No contact of this kind was given with the request."""

    code, status = "contact_missing", 409


class UploadRefusedError(GovernanceError):
    """The file was not stored. Params: reason (empty, large, kind, many, stays, damaged), most."""

    code, status = "upload_refused", 422

    @property
    def text_key(self) -> str:
        """The sentence of the reason."""
        reason = getattr(self, "params", {}).get("reason")
        return f"dsar.upload.refused.{reason}" if reason else super().text_key


class UploadUnknownError(GovernanceError):
    """No such paper, or it was judged and is gone."""

    code, status = "upload_unknown", 404


class DocumentKindError(GovernanceError):
    """A paper of this kind cannot prove this; nothing was changed."""

    code, status = "document_kind", 422
