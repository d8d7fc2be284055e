"""Refusals of collection points; each names items, never what somebody wrote."""

from typing import ClassVar

from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import Lang
from governance.http.problems import DetailedError
from governance.i18n.catalogue import text


class PointUnknownError(NotFoundError):
    """No collection point of this name takes anything in."""

    code = "point_unknown"


class PointFormError(GovernanceError):
    """The document is not of the form of a collection point; `path` is the place."""

    code, status, exit_code = "point_form", 422, 2


class PointFaultsError(DetailedError):
    """The declaration asks for what no purpose covers, or asks it wrongly; nothing was kept."""

    code, status = "point_faults", 422
    exit_code: ClassVar[int] = 1

    def detail(self, code: str, lang: Lang, /) -> str:
        """What is wrong with one item."""
        return text(f"consent.fault.{code}", lang)


class CollectedFaultsError(DetailedError):
    """What was sent is not what the collection point asks for; nothing was stored."""

    code, status = "collected_faults", 422

    def detail(self, code: str, lang: Lang, /) -> str:
        """What is wrong with one item."""
        return text(f"consent.fault.{code}", lang)


class NoticeStaleError(GovernanceError):
    """The notice that was shown is no longer in force: it must be shown anew; nothing stored."""

    code, status = "notice_stale", 409


class PointChangedError(GovernanceError):
    """The stored declaration is not what its digest says; the point takes nothing in."""

    code, status = "point_changed", 503
    exit_code: ClassVar[int] = 3
