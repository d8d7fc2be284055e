"""What the HTTP interface refuses before any gate is asked."""

from governance.core.errors import GovernanceError, WrongUseError
from governance.core.terms import Lang
from governance.http.problems import DetailedError
from governance.i18n.catalogue import text


class BodyFormError(WrongUseError):
    """The body is not one JSON object without repeated names, in UTF-8."""

    code = "body_form"


class BodyTypeError(GovernanceError):
    """The body is of another media type than this address takes."""

    code, status = "body_type", 415


class BodyInvalidError(DetailedError):
    """Members of the body or of the query are missing, unknown or of another type."""

    code, status = "body_invalid", 422

    def detail(self, code: str, lang: Lang, /) -> str:
        """What is wrong with one member."""
        return text(f"gateway.fault.{code}", lang)


class PreconditionMissingError(GovernanceError):
    """A correction names the version that it corrects, in If-Match."""

    code, status = "precondition_required", 428


class OnceKeyFormError(WrongUseError):
    """An Idempotency-Key is 1 to 255 visible ASCII characters."""

    code = "idempotency_key_form"


class OnceKeyMissingError(WrongUseError):
    """A request that writes many rows carries an Idempotency-Key, so that it can be repeated."""

    code = "idempotency_key_missing"


class PurposeNotInPolicyError(GovernanceError):
    """The query names no purpose of the policy in force."""

    code, status = "purpose_not_in_policy", 422


class RecipientHeaderError(GovernanceError):
    """Answers of this address stay inside: they name no recipient."""

    code, status = "recipient_header", 422


class DeleteByRequestError(GovernanceError):
    """A person is erased by a request with a plan and an approval, never by one call."""

    code, status = "delete_by_request", 405
