"""Refusals of reports."""

from governance.core.errors import NotFoundError, WrongUseError


class ReportUnknownError(NotFoundError):
    """There is no report of this id."""

    code = "report_unknown"


class ReportPeriodError(WrongUseError):
    """The period ends before it begins, or lies in the future."""

    code, status = "report_period", 422
