"""The officers' page of the sources of a request: asked, asked again, or gone on without."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from dsar.case import Case, SourceState
from dsar.collection import every_source
from dsar.connected.sources import PREFIX, source_of
from dsar.connected.without import WithoutReason, go_without
from dsar.errors import RequestUnknownError
from dsar.fulfilment import COLLECTING, collect
from dsar.reading import request_by_id
from dsar.stepping import advance
from dsar.types import Event
from governance.connectors.building import connected
from governance.connectors.types import Connector
from governance.console.frame import Csrf, again, case_way, may, mistakes_of
from governance.console.pages import console_page
from governance.console.request_pages import HOME
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import Lang, RequestId
from governance.customers.catalogue import catalogue
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.ui.parts import Choice, Mistake
from governance.ui.surfaces import templates_of
from policies.actions import Action
from policies.api import require
from policies.types import Label

router = APIRouter(prefix=HOME, include_in_schema=False)
Officer = Annotated[Principal, Depends(require(Action.DSAR_EXECUTE))]
Decider = Annotated[Principal, Depends(require(Action.DSAR_DECIDE))]
Words = Annotated[str, Form()]
TITLE: Final = "console.sources.title"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """One source of the request in words."""

    state: SourceState
    label: str
    reason: str  # why it gave no answer, or why the answer goes on without it

    @property
    def empty(self) -> bool:
        """Whether the source answered that it holds nothing."""
        return self.state.found and not self.state.records and not self.state.left_out

    @property
    def order(self) -> tuple[bool, bool, int, str]:
        """What lacks first, then what holds most."""
        return self.state.found, self.state.without, -self.state.records, self.state.source


def labels_of(connectors: tuple[Connector, ...]) -> Mapping[str, Label]:
    """What people call each connected system, by its name as a source."""
    return {source_of(one.name): one.label for one in connectors}


def source_words(source: str, labels: Mapping[str, Label], lang: Lang) -> str:
    """A source by its name for people."""
    if source in labels:
        return labels[source][lang]
    table, dot, _ = source.partition(".")
    if table in catalogue().tables:
        named = catalogue().tables[table]
        label = named.label_ja if lang is Lang.JA else named.label_en
        return f"{text('dsar.source.mention', lang)} ({label})" if dot else label
    return source if dot else text(f"dsar.source.{source}", lang)


def reason_words(state: SourceState, lang: Lang) -> str:
    """Why there is no answer; empty where there is one."""
    if state.code is None or state.found:
        return ""
    if state.without:
        return text(f"console.sources.why.{state.code}", lang)
    if state.source.startswith(PREFIX) and state.code.islower():
        return text(f"connectors.reason.{state.code}", lang)
    return state.code


@router.get("/{request_id}/sources", response_class=HTMLResponse)
async def sources(request: Request, request_id: str, principal: Officer) -> str:
    """Every source that was asked: what it holds in counts, or why it gave no answer."""
    return await run_in_threadpool(_page, request, request_id, principal)


def _page(
    request: Request, request_id: str, principal: Principal, mistakes: tuple[Mistake, ...] = ()
) -> str:
    here = f"{HOME}/{request_id}/sources"
    page = again(console_page(request, TITLE, principal), here, mistakes)
    wiring, lang = wiring_of(request), page.lang
    with wiring.database.read() as tx:
        case = request_by_id(tx, wiring.ports, principal, RequestId(request_id))
    labels = labels_of(connected(wiring.settings, wiring.ports))
    lines = [
        SourceLine(
            state=state,
            label=source_words(state.source, labels, lang),
            reason=reason_words(state, lang),
        )
        for state in case.sources
    ]
    lacking = [line for line in lines if not line.state.found and not line.state.without]
    return templates_of(request).render(
        "console/request_sources.html",
        page,
        case=case,
        here=here,
        lines=sorted((line for line in lines if not line.empty), key=lambda line: line.order),
        empty=[line for line in lines if line.empty],
        asked=bool(lines),
        lacking=lacking,
        lacking_options=[Choice(value=one.state.source, label=one.label) for one in lacking],
        collecting=_collecting(case),
        decides=may(request, principal, Action.DSAR_DECIDE),
        reasons=[
            Choice(value=one.value, label=text(f"console.sources.why.{one.value}", lang))
            for one in WithoutReason
        ],
        mistakes=mistakes,
        way=case_way(lang, case.id, case.reference, (TITLE, here)),
    )


def _collecting(case: Case) -> bool:
    return case.hold is None and any(track.status in COLLECTING for track in case.tracks)


@router.post("/{request_id}/sources")
async def act(
    request: Request, request_id: str, principal: Officer, step: Words = "", csrf: Csrf = ""
) -> Response:
    """Every source that gave no answer is asked, or the collecting is ended."""
    check_csrf(request, csrf)
    wiring, wanted = wiring_of(request), RequestId(request_id)

    def work() -> None:
        match step:
            case "collect":
                every = every_source(wiring.ports, connected(wiring.settings, wiring.ports))
                collect(wiring.ports, principal, wanted, sources=every, at=wiring.clock())
            case "finish":
                finish = partial(
                    advance,
                    ports=wiring.ports,
                    principal=principal,
                    request=wanted,
                    event=Event.FINISH_COLLECTING,
                    at=wiring.clock(),
                )
                wiring.database.write(finish)
            case _:
                raise NotFoundError

    return await _done(request, request_id, principal, work, field_id=step)


@router.post("/{request_id}/sources/without")
async def without(
    request: Request,
    request_id: str,
    principal: Decider,
    source: Words = "",
    reason: Words = "",
    csrf: Csrf = "",
) -> Response:
    """The answer goes on without a source that gave none; the person is told so."""
    check_csrf(request, csrf)
    if reason not in set(WithoutReason):
        raise NotFoundError
    wiring = wiring_of(request)

    def work() -> None:
        labels = labels_of(connected(wiring.settings, wiring.ports))
        label = labels.get(source) or Label(
            ja=source_words(source, labels, Lang.JA), en=source_words(source, labels, Lang.EN)
        )
        wiring.database.write(
            lambda tx: go_without(
                *(tx, wiring.ports, principal, RequestId(request_id), source),
                WithoutReason(reason),
                label=label,
                at=wiring.clock(),
            )
        )

    return await _done(request, request_id, principal, work, field_id="reason")


async def _done(
    request: Request,
    request_id: str,
    principal: Principal,
    work: Callable[[], None],
    *,
    field_id: str,
) -> Response:
    """Back to the page after the change; or the page with what was refused."""
    try:
        await run_in_threadpool(work)
    except (RequestUnknownError, NotFoundError):
        raise
    except GovernanceError as error:
        lang = console_page(request, TITLE, principal).lang
        told = mistakes_of(error, lang, field_id=field_id)
        body = await run_in_threadpool(_page, request, request_id, principal, told)
        return HTMLResponse(body, status_code=error.status)
    return RedirectResponse(f"{HOME}/{request_id}/sources", status_code=303)
