"""From a request to the facts every page needs; and the page of an error."""

from typing import Final, cast
from urllib.parse import urlencode

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from governance.http.principal import Principal, PrincipalKind
from governance.http.request import StaleFormError, csrf_token, principal_of, wiring_of
from governance.http.sent import sent_form
from governance.i18n.catalogue import text
from governance.i18n.voice import Voice, speak
from governance.ui.customers_problems import customers_problem, title_key
from governance.ui.pages import Page, Surface, Templates
from governance.ui.parts import Link, NavGroup, NavItem, Who
from governance.ui.preferences import Preferences, Reading, preferences_of
from governance.ui.problems import STORED, Problem, problem_of

STEP_UP: Final = "step_up_needed"
CLOSED: Final = 403  # to this reader, as is the list above it
RETURNING: Final = "/portal/requests/"  # whoever filed without an account comes back by number
OUT: Final = 401  # nobody is signed in any more
LOST: Final = frozenset({OUT, 409, 412, 429, 500, 503})  # whose pages offer a form once more
SECOND_DUE: Final = "second_factor_due"
FOOT: Final = (  # of every page for customers
    NavItem(label="portal.foot.notices", href="/notices"),
    NavItem(label="portal.foot.requests", href="/portal/requests"),
)
STAFF: Final = "/console"
CUSTOMERS: Final = ("/portal", "/notices", "/collect/", "/confirm/")  # what they see and open


def templates_of(request: Request) -> Templates:
    """The templates of the application."""
    return cast("Templates", request.app.state.templates)


async def rendered_page(request: Request, name: str, page: Page, **facts: object) -> str:
    """The finished page, made beside the event loop: names of staff are asked of the database."""
    return await run_in_threadpool(templates_of(request).render, name, page, **facts)


def page_of(
    request: Request,
    title: str,
    *,
    surface: Surface,
    nav: tuple[NavGroup, ...] = (),
    foot: tuple[NavItem, ...] = (),
    name: str | None = None,
    role: str = "",
) -> Page:
    """What every page knows: language, theme, who is signed in, where the switches return to."""
    settings = wiring_of(request).settings
    chosen = _chosen(request)
    principal = principal_of(request)
    signed_in = principal.kind is not PrincipalKind.ANONYMOUS
    reading = chosen.reading if surface is Surface.PORTAL else frozenset[Reading]()
    speak(Voice(easy=Reading.EASY in reading, era=Reading.ERA in reading))
    return Page(
        lang=chosen.lang,
        title=title,
        path=request.url.path if request.method == "GET" else "/",
        surface=surface,
        theme=chosen.theme,
        keys=chosen.keys,
        principal=Who(name=name or _shown(principal), role=role) if signed_in else None,
        nav=nav,
        foot=foot or (FOOT if surface is Surface.PORTAL else ()),
        csrf=csrf_token(request),
        owner=settings.company_ja if chosen.lang.value == "ja" else settings.company_en,
        sign_out_href="/sign-out" if signed_in else "",
        demo=settings.mode.value == "demo",
        reading=reading,
        acting=principal.acts_for is not None,
    )


def lang_of(request: Request) -> Lang:
    """The language in which the reader is answered."""
    return _chosen(request).lang


def _chosen(request: Request) -> Preferences:
    return preferences_of(
        request.cookies, accept_language=request.headers.get("accept-language", "")
    )


def _shown(principal: Principal) -> str:
    """An employee by name, a system by its own; a customer's pseudonym is not shown to anybody."""
    if principal.kind is PrincipalKind.PERSON:
        return ""
    return principal.name or principal.id.partition(":")[2]


def error_page(request: Request, error: GovernanceError) -> str:
    """The error in words, in the layout of the place where it happened."""
    customers = request.url.path.startswith(CUSTOMERS)
    page = page_of(
        request,
        title_key(error) if customers else "ui.error.title",
        surface=Surface.PORTAL if customers else Surface.PLAIN,
    )
    again = sent_form(request) if _may_send_again(error) else None
    return templates_of(request).render(
        "error.html",
        page,
        problem=_problem(request, error, page.lang, customers=customers, kept=again is not None),
        ways=_ways(request, error, page.lang, customers=customers, kept=again is not None),
        again=again,
        signed_out=error.status == OUT,
        sign_in="/portal/sign-in" if customers else "/sign-in",
        by_number=request.url.path.startswith(RETURNING),
        contact=wiring_of(request).settings.contact_mail,
    )


def _may_send_again(error: GovernanceError) -> bool:
    """Whether the form did not arrive and can; what is stored already is not sent once more."""
    lost = error.status in LOST or isinstance(error, StaleFormError)
    return lost and error.code not in STORED


def _problem(
    request: Request, error: GovernanceError, lang: Lang, *, customers: bool, kept: bool
) -> Problem:
    reference = str(getattr(request.state, "request_id", "-"))
    if not customers:
        return problem_of(error, lang, reference=reference)
    sent = request.method != "GET"
    return customers_problem(error, lang, reference=reference, sent=sent, kept=kept)


def _ways(
    request: Request, error: GovernanceError, lang: Lang, *, customers: bool, kept: bool
) -> tuple[Link, ...]:
    if customers and error.status == OUT and not kept:
        return (Link(label=text("ui.sign_in_again", lang), href="/portal/sign-in"),)
    ways = _ways_on(request, error.status, lang, customers=customers)
    if error.code == STEP_UP:
        ways = (Link(label=text("ui.confirm_again", lang), href=_confirming(request)), *ways)
    if error.code == SECOND_DUE:
        ways = (Link(label=text("ui.enrol", lang), href="/account"), *ways)
    return ways


def _confirming(request: Request) -> str:
    """Where staff prove anew who they are, and come back to the page that they looked at."""
    place = request.url.path if request.method == "GET" else "/console"  # no referer is sent
    return f"/account/confirm?{urlencode({'next': place})}"


def _ways_on(request: Request, status: int, lang: Lang, *, customers: bool) -> tuple[Link, ...]:
    """Where the reader can go on: staff to the list of what they looked for, or to sign in."""
    path = request.url.path
    if customers:  # staff not to a page again that opens to customers alone
        kind = principal_of(request).kind
        theirs = kind in (PrincipalKind.PERSON, PrincipalKind.ANONYMOUS)
        return (Link(label=text("ui.home", lang), href="/portal" if theirs else "/"),)
    if not path.startswith(STAFF):
        return (Link(label=text("ui.home", lang), href="/"),)
    if status == OUT and request.method == "GET":  # a form is sent once more from here instead
        return (Link(label=text("ui.sign_in_again", lang), href="/sign-in"),)
    overview = Link(label=text("ui.to_overview", lang), href=STAFF)
    area = "/".join(path.split("/")[:3])
    if area in (path, f"{STAFF}/figures") or status in (OUT, CLOSED):
        return (overview,)
    return (Link(label=text("ui.to_list", lang), href=area), overview)
