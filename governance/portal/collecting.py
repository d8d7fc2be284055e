"""Pages of collection points: each item with its purpose, empty boxes, no script needed.

The answer is the same for everybody: it does not tell whether somebody is in the register.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from audit.types import canonical_json
from consent import ledger
from consent.collecting import store
from consent.collecting.errors import CollectedFaultsError, NoticeStaleError, PointUnknownError
from consent.collecting.rules import Answers, in_force, needed_notices
from consent.collecting.types import AgeQuestion, Ask, AskForm, Point
from consent.notices.store import edition_in_force
from consent.notices.types import Transfer
from consent.signals import sent as gpc_sent
from governance.core.clock import JST
from governance.core.terms import FieldId, Lang, PurposeId
from governance.customers.catalogue import catalogue
from governance.gateway.collecting.service import collect
from governance.gateway.collecting.types import Submission, collector
from governance.gateway.writing.types import FieldsInvalidError, Once
from governance.http.principal import PrincipalKind
from governance.http.problems import DetailedError
from governance.http.request import check_same_site, open_to_all, principal_of, wiring_of
from governance.i18n.catalogue import text
from governance.identity.rules import truncate_network
from governance.portal.pages import subject_of
from governance.ui.pages import Page, Surface
from governance.ui.parts import Choice, Mistake
from governance.ui.surfaces import page_of, rendered_page, templates_of
from policies.purposes import PurposeRecord

router = APIRouter(include_in_schema=False)
Name = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
ITEM, ANSWER, NOTICE = "f.", "c.", "n."
YES, NO = "yes", "no"
MOST_PARTS: Final = 200
TYPES: Final[Mapping[str, tuple[str, str]]] = {  # type and autocomplete (WCAG 1.3.5)
    "name": ("text", "name"),
    "email": ("email", "email"),
    "phone": ("tel", "tel"),
    "mobile": ("tel", "tel"),
    "postal_code": ("text", "postal-code"),
    "address": ("text", "street-address"),
    "company_name": ("text", "organization"),
    "title": ("text", "organization-title"),
}
DATES = frozenset({"birth_date"})
PARTS = ("year", "month", "day")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of the form, in words."""

    id: str
    name: str
    label: str
    hint: str
    purposes: str
    required: bool
    type: str
    autocomplete: str
    value: str = field(default="", repr=False)
    parts: tuple[str, str, str] = field(default=("", "", ""), repr=False)  # of a date
    mistake: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One consent that is asked, with what must be known before it is given."""

    id: str
    name: str
    words: str
    purpose: str
    box: bool
    options: tuple[Choice, ...]
    notice: str
    abroad: tuple[str, ...]
    said: str = ""  # what the person said before a mistake brought the form back
    mistake: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """A notice in short, with the way to the whole."""

    id: str
    version: str
    title: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Everything that the page of a point needs, read in one go."""

    point: Point
    purposes: Mapping[PurposeId, PurposeRecord]
    notices: tuple[Brief, ...]
    abroad: Mapping[str, tuple[Transfer, ...]]  # by notice


@router.get("/collect/{name}", response_class=HTMLResponse, dependencies=[Depends(open_to_all)])
async def form(request: Request, name: Name) -> str:
    """The form of an open point; any other name is no page."""
    page, shown = await _shown(request, name)
    return _page(request, page, shown, {}, once=secrets.token_hex(16))


@router.post("/collect/{name}", dependencies=[Depends(open_to_all)])
async def send(request: Request, name: Name) -> Response:
    """What was written is stored once; mistakes come back beside their items."""
    check_same_site(request)
    wiring = wiring_of(request)
    network = truncate_network(request.client.host if request.client else None)
    request.app.state.collect_throttle.pass_one(network, at=wiring.clock())
    page, shown = await _shown(request, name)
    sent = await _sent(request)
    principal = principal_of(request)
    person = subject_of(principal) if principal.kind is PrincipalKind.PERSON else None
    by = principal if person else collector(shown.point, network)
    submission = Submission(
        point=name,
        answers=_answers(sent, page.lang),
        person=person,
        once=_once(name, sent),
        user_agent=_device(request.headers.get("user-agent", "")),
        request_id=str(getattr(request.state, "request_id", "")) or None,
        gpc=gpc_sent(request.headers),
    )
    try:
        await run_in_threadpool(collect, wiring.ports, by, submission, at=wiring.clock())
    except (CollectedFaultsError, FieldsInvalidError) as error:
        again = _page(request, page, shown, sent, once=sent.get("once", ""), error=error)
        return HTMLResponse(again, status_code=422)
    except NoticeStaleError:
        again = _page(request, page, shown, sent, once=sent.get("once", ""), stale=True)
        return HTMLResponse(again, status_code=409)
    return RedirectResponse(f"/collect/{name}/received", status_code=303)


@router.get(
    "/collect/{name}/received", response_class=HTMLResponse, dependencies=[Depends(open_to_all)]
)
async def received(request: Request, name: Name) -> str:
    """The same words for everybody."""
    page, shown = await _shown(request, name)
    return await rendered_page(
        request,
        "portal/collected.html",
        page,
        title=shown.point.title[page.lang],
        contact=wiring_of(request).settings.contact_mail,
    )


async def _shown(request: Request, name: str) -> tuple[Page, Shown]:
    """The page's frame in a language of the point, and what stands on it."""
    page = page_of(request, "portal.collect.title", surface=Surface.PORTAL)
    wiring = wiring_of(request)
    day = wiring.clock().astimezone(JST).date()

    def look() -> Shown:
        with wiring.database.read() as tx:
            return _looked(tx, name, wiring.policies.current.purposes, page.lang, on=day)

    shown = await run_in_threadpool(look)
    langs = shown.point.langs
    return (page if page.lang in langs else replace(page, lang=langs[0])), shown


def _looked(
    tx: Connection,
    name: str,
    purposes: Mapping[PurposeId, PurposeRecord],
    lang: Lang,
    *,
    on: date,
) -> Shown:
    point = store.open_point(tx, name, on=on).point
    if not point.hosted:
        raise PointUnknownError
    notices = ledger.notices(tx)
    briefs, abroad = [], {}
    for wanted in needed_notices(point, purposes):
        version = in_force(notices, wanted, on=on)
        if version is None:
            raise PointUnknownError  # fails closed: nothing is asked without its notice
        whole = ledger.notice_text(tx, version.notice, version.version, lang) or ""
        title, _, rest = whole.partition("\n\n")
        briefs.append(
            Brief(
                id=wanted,
                version=version.version,
                title=title,
                words=rest.rpartition("\n\n")[0] or rest,
            )
        )
        edition = edition_in_force(tx, version.notice, version.version)
        abroad[wanted] = edition.transfers if edition else ()
    return Shown(point=point, purposes=purposes, notices=tuple(briefs), abroad=abroad)


def _page(
    request: Request,
    page: Page,
    shown: Shown,
    sent: Mapping[str, str],
    *,
    once: str,
    error: DetailedError | None = None,
    stale: bool = False,
) -> str:
    """The form with what was written, its mistakes first."""
    lang, point = page.lang, shown.point
    wrong = {f["field"]: f["detail"] for f in error.errors(lang)} if error else {}
    items = tuple(_item(shown, one.name, sent, wrong.get(one.name, ""), lang)
                  for one in point.fields)  # fmt: skip
    questions = tuple(
        _question(
            shown,
            ask,
            wrong.get(f"consents.{ask.purpose}", ""),
            lang,
            said="" if stale else sent.get(ANSWER + ask.purpose, ""),
        )
        for ask in point.asks
    )
    adult = wrong.get("adult", "")
    mistakes = [
        *(Mistake(field_id=one.id, sentence=f"{one.label}: {one.mistake}")
          for one in items if one.mistake),
        *(Mistake(field_id=one.id, sentence=one.mistake) for one in questions if one.mistake),
        *([Mistake(field_id="adult", sentence=adult)] if adult else []),
    ]  # fmt: skip
    return templates_of(request).render(
        "portal/collect.html",
        replace(page, invalid=bool(mistakes)),
        point=point,
        title=point.title[lang],
        lead=point.lead[lang],
        items=items,
        questions=questions,
        notices=shown.notices,
        mistakes=tuple(mistakes),
        ask_adult=point.age is AgeQuestion.ADULT and bool(point.asks),
        adult_mistake=adult,
        adult=sent.get("adult") == YES,
        once=once,
        stale=stale,
        contact=wiring_of(request).settings.contact_mail,
    )


def _item(shown: Shown, name: str, sent: Mapping[str, str], mistake: str, lang: Lang) -> Item:
    declared = next(one for one in shown.point.fields if one.name == name)
    kind, autocomplete = TYPES.get(name, ("text", "off"))
    named = [shown.purposes[p].label[lang] for p in declared.purposes if p in shown.purposes]
    separator = text("portal.collect.comma", lang)
    return Item(
        id=f"item-{name}",
        name=ITEM + name,
        label=catalogue().fields[FieldId(f"person.{name}")].label(lang),
        hint=declared.hint[lang] if declared.hint else "",
        purposes=text("portal.collect.for", lang, purposes=separator.join(named)),
        required=declared.required,
        type="date" if name in DATES else kind,
        autocomplete=autocomplete,
        value=sent.get(ITEM + name, ""),
        parts=(
            sent.get(f"{ITEM}{name}_year", ""),
            sent.get(f"{ITEM}{name}_month", ""),
            sent.get(f"{ITEM}{name}_day", ""),
        ),
        mistake=mistake,
    )


def _question(shown: Shown, ask: Ask, mistake: str, lang: Lang, *, said: str) -> Question:
    purpose = shown.purposes[ask.purpose]
    notice = str(purpose.notice or "")
    return Question(
        id=f"ask-{ask.purpose}",
        name=ANSWER + ask.purpose,
        words=ask.words[lang],
        purpose=purpose.label[lang],
        box=ask.form is AskForm.BOX,
        options=(
            Choice(value=YES, label=text("portal.collect.yes", lang)),
            Choice(value=NO, label=text("portal.collect.no", lang)),
        ),
        notice=notice,
        abroad=tuple(
            text(
                "portal.collect.abroad",
                lang,
                recipient=one.recipient[lang],
                country=one.country_name[lang],
                system=one.system[lang],
                measures=one.measures[lang],
            )
            for one in shown.abroad.get(notice, ())
            if one.country is None or one.country in purpose.countries
        ),
        said=said,
        mistake=mistake,
    )


async def _sent(request: Request) -> dict[str, str]:
    """The form's parts; files and repeated names have no meaning here and are left out."""
    found: dict[str, str] = {}
    async with request.form(max_files=0, max_fields=MOST_PARTS) as parts:
        for name, value in parts.multi_items():
            if isinstance(value, str) and name not in found:
                found[name] = value
    return found


def _answers(sent: Mapping[str, str], lang: Lang) -> Answers:
    values = {}
    for name, value in sent.items():
        bare = name.removeprefix(ITEM)
        if bare != name and not bare.endswith(tuple(f"_{part}" for part in PARTS)):
            values[bare] = value.strip()
    for name in DATES:
        parts = [sent.get(f"{ITEM}{name}_{part}", "").strip() for part in PARTS]
        if any(parts):
            values[name] = "-".join(part.zfill(2) for part in parts)
    return Answers(
        lang=lang,
        values=values,
        consents={
            PurposeId(name.removeprefix(ANSWER)): value == YES
            for name, value in sent.items()
            if name.startswith(ANSWER) and value in (YES, NO)
        },
        notices={
            name.removeprefix(NOTICE): value
            for name, value in sent.items()
            if name.startswith(NOTICE)
        },
        adult=sent.get("adult") == YES,
    )


def _once(name: str, sent: Mapping[str, str]) -> Once:
    """The form that was opened once is stored once, however often it is sent."""
    key = sha256(f"collect\n{name}\n{sent.get('once', '')}".encode()).hexdigest()
    whole = {part: value for part, value in sent.items() if part != "once"}
    return Once(key=key, fingerprint=sha256(canonical_json(whole)).hexdigest())


def _device(agent: str) -> str:
    """The class of device; the browser's own words are not kept."""
    if not agent:
        return "unknown"
    return "phone" if "Mobi" in agent or "iPhone" in agent else "desktop"
