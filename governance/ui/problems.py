"""What a page says when something failed: what happened, what was not changed, what to do."""

from dataclasses import dataclass
from http import HTTPStatus

from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from governance.i18n.catalogue import error_text, text

WORDED = frozenset({400, 401, 403, 404, 409, 422, 429, 503})
LIKE = {405: 404, 410: 404, 413: 400}  # a person needs no other words for these
STORED = frozenset({"audit_not_integrated", "not_yet_everywhere"})  # done, and not yet shown so
UNKNOWN = HTTPStatus.INTERNAL_SERVER_ERROR.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem (RFC 9457) in words for a person."""

    status: int
    code: str
    title: str
    happened: str
    unchanged: str
    todo: str
    reference: str  # id under which the log knows this request


def _worded(status: int) -> int:
    status = LIKE.get(status, status)
    return status if status in WORDED else UNKNOWN


def problem_of(error: GovernanceError, lang: Lang, *, reference: str) -> Problem:
    """The problem that an error of ours is to its reader."""
    return _problem(
        error.status, error.code, happened=error_text(error, lang), lang=lang, reference=reference
    )


def problem_of_status(status: int, lang: Lang, *, reference: str) -> Problem:
    """The problem of a bare HTTP status, for instance an unknown path."""
    happened = text(f"ui.problem.{_worded(status)}.happened", lang)
    return _problem(status, f"http_{status}", happened=happened, lang=lang, reference=reference)


def _problem(status: int, code: str, *, happened: str, lang: Lang, reference: str) -> Problem:
    worded = _worded(status)
    return Problem(
        status=status,
        code=code,
        title=text(f"ui.problem.{worded}.title", lang),
        happened=happened,
        unchanged=_unchanged(code, happened, lang),
        todo=text(f"ui.problem.{worded}.todo", lang),
        reference=reference,
    )


def _unchanged(code: str, happened: str, lang: Lang) -> str:
    """What was not changed; nothing where the error's own sentence has told it."""
    if code in STORED:
        return text("ui.problem.stored", lang)
    told = text("ui.problem.told", lang) in happened
    return "" if told else text("ui.problem.unchanged", lang)
