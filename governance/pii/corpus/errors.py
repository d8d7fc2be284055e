"""Refusals of annotated texts; none of them carries a character of the text."""

from governance.core.errors import GovernanceError


class CorpusFormatError(GovernanceError):
    """A block of annotated texts breaks the format: named by file, block and reason only."""

    code, status, exit_code = "pii_corpus_format", 422, 2
