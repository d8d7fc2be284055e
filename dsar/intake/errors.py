"""Refusals of intake; parameters are names of items, codes and counts, never a value."""

from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from governance.http.problems import DetailedError
from governance.i18n.catalogue import text


class FilingFaultsError(DetailedError):
    """The request lacks something or says what cannot be; nothing was stored."""

    code, status, exit_code = "filing_faults", 422, 2

    def detail(self, code: str, lang: Lang, /) -> str:
        """What is wrong with one item."""
        return text(f"dsar.fault.{code}", lang)


class FiledBeforeError(GovernanceError):
    """The same request is on file already; this one changed nothing."""

    code, status = "filed_before", 409


class DraftOverError(GovernanceError):
    """The form is unknown, over or already sent; nothing was changed."""

    code, status = "draft_over", 404


class FeeNotAllowedError(GovernanceError):
    """No fee may be asked for this request (APPI 38, GDPR 12(5)), or none is set and published."""

    code, status = "fee_not_allowed", 409


class FeeStepError(GovernanceError):
    """The fee cannot take this step now, or the amount exceeds the published one."""

    code, status = "fee_step", 409


class ImportRowsError(DetailedError):
    """Rows of the file are faulty, each named by number and column; nothing of it was stored."""

    code, status, exit_code = "import_rows", 422, 2

    def detail(self, code: str, lang: Lang, /) -> str:
        """What is wrong with one cell."""
        return text(f"dsar.fault.{code}", lang)
