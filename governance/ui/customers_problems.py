"""What a page for customers says when something failed: in their words, and nothing twice.

Most of our errors speak to staff and systems. To a customer each says what it has for them under
`portal.problem.of.<code>`; an error of what customers do themselves says its own sentence; every
other one what its status means to them. A whole sentence tells by itself what was not changed and
what to do.
"""

from typing import Final

from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from governance.i18n.catalogue import domain, error_text, text
from governance.ui.problems import Problem

WORDED: Final = frozenset({400, 401, 403, 404, 409, 413, 422, 429, 500, 503})
NOWHERE: Final = frozenset({403, 404})  # nothing there can be tried once more
LIKE: Final = {405: 404, 410: 404, 412: 409}
UNKNOWN: Final = 500
THEIRS: Final = frozenset({"portal", "dsar", "signon", "customers"})  # whose errors speak to them


def customers_status(error: GovernanceError) -> int:
    """The status under whose words a customer reads of the error."""
    status = LIKE.get(error.status, error.status)
    return status if status in WORDED else UNKNOWN


def title_key(error: GovernanceError) -> str:
    """The catalogue key of the page's heading."""
    own = f"portal.problem.of.{error.code}.title"
    return own if _has(own) else f"portal.problem.{customers_status(error)}.title"


def customers_problem(
    error: GovernanceError, lang: Lang, *, reference: str, sent: bool, kept: bool
) -> Problem:
    """The problem as its reader is told of it.

    `sent`: a form was on its way; `kept`: the page still has it, and says how to send it again.
    """
    status, whole = customers_status(error), _whole(error, lang)
    todo = "" if kept else _todo(error, status, whole=bool(whole))
    return Problem(
        status=error.status,
        code=error.code,
        title=text(title_key(error), lang),
        happened=whole or text(_by(status, "happened"), lang),
        unchanged=text("portal.problem.unchanged", lang) if sent and not (whole or kept) else "",
        todo=text(todo, lang) if todo else "",
        reference=reference,
    )


def _todo(error: GovernanceError, status: int, *, whole: bool) -> str:
    """The catalogue key of what to do next; empty where the sentence has told it."""
    own = f"portal.problem.of.{error.code}.todo"
    if _has(own):
        return own
    if whole:
        return ""
    return "portal.problem.todo" if status in NOWHERE else _by(status, "todo")


def _by(status: int, part: str) -> str:
    return f"portal.problem.{status}.{part}"


def _has(key: str) -> bool:
    return key in domain("portal", Lang.JA)


def _whole(error: GovernanceError, lang: Lang) -> str:
    """The sentence of just this error for customers; empty where its status says enough."""
    own = f"portal.problem.of.{error.code}"
    if _has(own):
        return text(own, lang)
    theirs = error.text_key.partition(".")[0] in THEIRS
    return error_text(error, lang) if theirs else ""
