"""What the decision endpoints refuse to read; a refusal of a use is an answer, never an error."""

from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from governance.http.problems import DetailedError
from governance.i18n.catalogue import text


class EvaluationFormError(DetailedError):
    """The body is not of the form of this endpoint; the places that are wrong are named."""

    code, status, exit_code = "evaluation_form", 400, 2

    def detail(self, code: str, lang: Lang, /) -> str:
        """What is wrong at one place, for people."""
        return text(f"consent.form.{code}", lang)


class MediaTypeError(GovernanceError):
    """The body is not announced as application/json (AuthZEN 1.0, HTTPS JSON binding)."""

    code, status, exit_code = "evaluation_media_type", 400, 2


class PageTokenError(GovernanceError):
    """The page token is not of this search, or the search is no longer what it was."""

    code, status, exit_code = "page_token", 400, 2


class PageMovedError(GovernanceError):
    """Choices changed since the first page; the pages would not be one answer."""

    code, status = "page_moved", 409


class NotFoundHereError(GovernanceError):
    """No such address under /access."""

    code, status = "no_such_address", 404


class MethodHereError(GovernanceError):
    """The address does not take this method."""

    code, status = "access_method", 405

    def __init__(self, allowed: str) -> None:
        super().__init__()
        self.allowed = allowed
