"""Refusals of table files; row numbers and column names, never a cell's value."""

from governance.core.errors import GovernanceError, UnavailableError


class TableTooLargeError(GovernanceError):
    """The format cannot hold so many rows or columns; no file was made."""

    code, status = "table_too_large", 422


class CellTooLongError(GovernanceError):
    """The format cannot hold so long a text; no file was made."""

    code, status = "cell_too_long", 422


class RowWidthError(GovernanceError):
    """A row has another number of cells than the heading; no file was made."""

    code, status = "row_width", 422


class FolderUnwritableError(UnavailableError):
    """The target cannot be written; no file was made."""

    code = "unwritable_folder"


class PdfMissingError(UnavailableError):
    """The extra `pdf` is not installed; no file was made."""

    code = "pdf_missing"


class PdfFontError(UnavailableError):
    """No font with Japanese characters is installed; no file was made."""

    code = "pdf_font"


class PdfStoppedError(UnavailableError):
    """The paper could not be set, or not in time; no file was made."""

    code = "pdf_stopped"
