"""Refusals about notices; each names parts of a document, never a text of it."""

from typing import ClassVar

from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import Lang
from governance.http.problems import DetailedError
from governance.i18n.catalogue import text


class NoticeUnknownError(NotFoundError):
    """No such notice or version, or none that this caller may know of."""

    code = "notice_unknown"


class NoticeFormError(GovernanceError):
    """The document is not of the form of a notice; `path` is the place."""

    code, status, exit_code = "notice_form", 422, 2


class NoticeFaultsError(DetailedError):
    """The version says or leaves out what the law or its change class does not allow."""

    code, status = "notice_faults", 422
    exit_code: ClassVar[int] = 1

    def detail(self, code: str, lang: Lang, /) -> str:
        """What is wrong with one part."""
        return text(f"consent.fault.{code}", lang)


class NoticeClosedError(GovernanceError):
    """The version was announced: it is never edited; a new version follows it."""

    code, status = "notice_closed", 409


class NoticeChangedError(GovernanceError):
    """The stored version is not the one that was approved; nothing is shown of it."""

    code, status = "notice_changed", 503
    exit_code: ClassVar[int] = 3
