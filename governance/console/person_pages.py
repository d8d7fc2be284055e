"""The officers' page of one person: fields with reasons, what stands, what happened, a checker."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from audit.reviewing.service import reviewer
from consent.standing import PAGE, Entry
from governance.console.frame import Csrf, again, may, way
from governance.console.pages import console_page
from governance.console.person import TreatedTable, in_tables, name_of, treated_rows
from governance.console.person_check import Question, Said, ask, channels, recipients, systems
from governance.console.person_events import OPENED_BY, Asking, Happened, Kind, happened
from governance.console.person_results import FIRST, purposes_to
from governance.console.person_state import PersonState, person_state
from governance.core.terms import Lang, SubjectId, Treatment
from governance.gateway.choices import history
from governance.gateway.reading import read
from governance.gateway.types import ReadAnswer, ReadRequest
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.ui.parts import Choice
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require, snapshot_of
from policies.types import Verb

HOME: Final = "/console/persons"
TITLE: Final = "console.person.title"
TABLES: Final = (
    *("person", "channel_permission", "preference", "person_tag", "relation", "household_member"),
    *("subscription", "purchase", "inquiry", "inquiry_message", "contact", "deal", "company"),
)
KINDS: Final = {one.value: one for one in Kind}

router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.PERSON_READ))]
Words = Annotated[str, Form()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Everything that the page shows."""

    answer: ReadAnswer
    tables: tuple[TreatedTable, ...] = field(repr=False)
    name: str = field(repr=False)
    state: PersonState
    happened: Happened
    offered: dict[str, tuple[Choice, ...]]  # what the form of the checker offers
    said: Said | None

    @property
    def counts(self) -> dict[str, int]:
        """How many fields are clear, masked and withheld."""
        return {one.value: self.answer.counts.get(one, 0) for one in Treatment}


@router.get("/{subject}", response_class=HTMLResponse)
async def person(
    request: Request, principal: Reader, subject: str, purpose: str = "", show: str = ""
) -> str:
    """One person as this reader may see them for this purpose; the reading is recorded."""
    return await _page(request, principal, subject, purpose=purpose, show=show)


@router.post("/{subject}/check", response_class=HTMLResponse)
async def check(
    request: Request,
    principal: Reader,
    subject: str,
    *,
    system: Words = "",
    use: Words = "",
    recipient: Words = "",
    channel: Words = "",
    purpose: Words = "",
    csrf: Csrf = "",
) -> str:
    """What the enforcer answers to this use; nothing is handed over, the question is on record."""
    check_csrf(request, csrf)
    asked = Question(system=system, purpose=use, recipient=recipient, channel=channel)
    return await _page(request, principal, subject, purpose=purpose, asked=asked)


async def _page(
    request: Request,
    principal: Principal,
    subject: str,
    *,
    purpose: str,
    show: str = "",
    asked: Question | None = None,
) -> str:
    page = again(console_page(request, TITLE, principal), f"{HOME}/{subject}", ())
    able = purposes_to(request, principal, Verb.READ)
    chosen = purpose or (able[0].id if able else FIRST)
    look = _looking(request, principal, SubjectId(subject), page.lang, chosen, show, asked)
    shown = await run_in_threadpool(look)
    others = [one for one in snapshot_of(request).purposes.values() if one not in able]
    return await rendered_page(
        request,
        "console/person.html",
        page,
        subject=subject,
        shown=shown,
        asked=asked or Question(purpose=chosen),
        show=show if show in KINDS else "",
        rights={
            name: may(request, principal, action)
            for name, action in (
                ("hold", Action.HOLD_PLACE),
                ("request", Action.DSAR_WRITE),
                ("choices", Action.CONSENT_READ),
                ("search", Action.PERSON_SEARCH),
            )
        },
        way=way(page.lang, ("persons.title", HOME), ("console.person.heading", ""))
        if may(request, principal, Action.PERSON_SEARCH)
        else way(page.lang, ("console.person.heading", "")),
        purpose=chosen,
        purposes=[Choice(value=one.id, label=one.label[page.lang]) for one in (*able, *others)],
    )


def _looking(
    request: Request,
    principal: Principal,
    subject: SubjectId,
    lang: Lang,
    purpose: str,
    show: str,
    asked: Question | None,
) -> Callable[[], Shown]:
    """The work of the page, to be done in a thread; who is unknown is found unknown first."""
    wiring, at = wiring_of(request), wiring_of(request).clock()
    policy, by = snapshot_of(request), reviewer(principal, at=at)
    opened = frozenset(kind for kind in Kind if may(request, principal, OPENED_BY[kind]))
    told = str(getattr(request.state, "request_id", "")) or None
    wanted = ReadRequest(subject=subject, purpose=purpose, tables=TABLES, request_id=told)
    only = KINDS.get(show)

    def events(tx: Connection, choices: tuple[Entry, ...]) -> tuple[Happened, Said | None]:
        asking = Asking(
            subject=subject, by=by, policy=policy, lang=lang, may=opened, choices=choices
        )
        found = happened(tx, wiring.audit, asking, only=only)
        if asked is None:
            return found, None
        return found, ask(tx, wiring.ports, principal, subject, asked, lang, at=at)

    def look() -> Shown:
        answer = read(wiring.ports, replace(principal, lang=lang), wanted, at=at)
        choices: tuple[Entry, ...] = ()
        if Kind.CHOICES in opened and only in (None, Kind.CHOICES):
            choices = history(wiring.ports, principal, subject, None, after=0, limit=PAGE, at=at)
        found, said = wiring.database.write(lambda tx: events(tx, choices))
        rights = {"holds": Kind.HOLDS in opened, "requests": Kind.REQUESTS in opened}
        known = may(request, principal, Action.CLIENT_READ)
        with wiring.database.read() as tx:
            offered = _offered(tx, lang, known=known)
            state = person_state(tx, subject, lang, at=at, **rights)
        return Shown(
            answer=answer,
            tables=in_tables(treated_rows(answer, lang)),
            name=name_of(answer),
            state=state,
            happened=found,
            offered=offered,
            said=said,
        )

    return look


def _offered(tx: Connection, lang: Lang, *, known: bool) -> dict[str, tuple[Choice, ...]]:
    """What the form of the checker offers."""
    return {
        "systems": systems(tx, lang, known=known),
        "recipients": recipients(tx, lang),
        "channels": channels(lang),
    }
