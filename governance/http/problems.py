"""Problem details (RFC 9457) from our errors, in the caller's language."""

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from governance.i18n.catalogue import error_text, text

MEDIA_TYPE = "application/problem+json"


def language_of(request: Request) -> Lang:
    """The language to answer in: the `lang` parameter, then Accept-Language, then Japanese."""
    wanted = request.query_params.get("lang")
    if wanted in (Lang.JA.value, Lang.EN.value):
        return Lang(wanted)
    return preferred(request.headers.get("accept-language", ""))


def language_of_scope(scope: MutableMapping[str, Any]) -> Lang:
    """The same, of a bare ASGI scope."""
    return language_of(Request(scope))


def preferred(accept_language: str) -> Lang:
    """The first of our languages that the browser names; Japanese when it names none."""
    for part in accept_language.split(","):
        tag = part.partition(";")[0].strip().lower()
        if tag.startswith("ja"):
            return Lang.JA
        if tag.startswith("en"):
            return Lang.EN
    return Lang.JA


class DetailedError(GovernanceError):
    """An error that names the fields that it is about, each with a code and never a value."""

    def __init__(self, faults: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__()
        self.faults = tuple(faults)  # field and code

    def detail(self, _code: str, lang: Lang, /) -> str:
        """What is wrong with one field, for people."""
        return error_text(self, lang)

    def errors(self, lang: Lang) -> list[dict[str, str]]:
        """The extension member `errors` of the problem (RFC 9457, 3.2)."""
        return [
            {"field": name, "code": code, "detail": self.detail(code, lang)}
            for name, code in self.faults
        ]


def problem(error: GovernanceError, lang: Lang) -> dict[str, object]:
    """The RFC 9457 members of an error; `code` is stable, `detail` is for people."""
    more = {"errors": error.errors(lang)} if isinstance(error, DetailedError) else {}
    return {
        "type": f"urn:sekisho:problem:{error.code}",
        "title": text(f"http.status.{error.status}", lang),
        "status": error.status,
        "detail": error_text(error, lang),
        "code": error.code,
        **more,
    }


def problem_response(
    error: GovernanceError, lang: Lang, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The error as an HTTP answer."""
    return JSONResponse(
        problem(error, lang), status_code=error.status, media_type=MEDIA_TYPE, headers=headers
    )
