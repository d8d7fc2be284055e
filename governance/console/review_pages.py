"""The officers' pages of a review: what was found beside what the person will see, and judging."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from dsar import decisions
from dsar.case import Case
from dsar.errors import RequestUnknownError
from dsar.execution.types import MEASURES
from dsar.reading import request_by_id
from dsar.review import service
from dsar.review.preview import preview
from dsar.review.rules import Where
from dsar.review.service import LABELS, Desk
from dsar.review.types import COVERING, EXCEPTIONS, REVEALING, Reason
from dsar.rules import suggestion
from dsar.types import Ground, Outcome, Status
from governance.approvals.service import Approvals
from governance.approvals.types import ApprovalKind
from governance.console.frame import Csrf, again, case_way, may, mistakes_of, way
from governance.console.pages import console_page
from governance.console.refusing import refusable, refusal_choices
from governance.console.request_pages import HOME
from governance.console.review_facts import kind_words, review_shown
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import FieldId, Lang, RequestId, RowId
from governance.http.numbers import NumberAsked, NumberNamed
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.ui.parts import Choice, Mistake
from governance.ui.surfaces import rendered_page, templates_of
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.DSAR_READ))]
Officer = Annotated[Principal, Depends(require(Action.DSAR_DECIDE))]
TITLE: Final = "console.review.title"
ALONE: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"  # the answer's own page
NAMES: Final = (
    *("step", "place", "reason", "everywhere", "phrase", "label", "scope", "field", "row"),
    *("act", "basis", "seen", "source", "page"),
)
GROUNDS: Final = "ground_"


@router.get("/{request_id}/review", response_class=HTMLResponse)
async def review(
    request: Request, request_id: str, principal: Reader, source: str = "", page: NumberAsked = 1
) -> str:
    """What was found, side by side with what the person will see; the look is recorded."""
    work = partial(_page, request, request_id, principal, source=source, number=page)
    return await run_in_threadpool(work)


@router.get("/{request_id}/review/files/{place}")
async def file(
    request: Request, request_id: str, place: NumberNamed, principal: Reader
) -> Response:
    """A file of a connected system for the look before it is handed over; the look is on record."""
    wiring = wiring_of(request)
    look = partial(
        service.look_at_file,
        wiring.ports,
        principal,
        RequestId(request_id),
        place,
        at=wiring.clock(),
    )
    found = await run_in_threadpool(look)
    disposition = f'attachment; filename="{found.name}"'
    headers = {"cache-control": "no-store", "content-disposition": disposition}
    return Response(found.content, media_type="application/octet-stream", headers=headers)


@router.post("/{request_id}/review")
async def judge(request: Request, request_id: str, principal: Officer) -> Response:
    """One judgement is on record, or nothing is and the page says why."""
    async with request.form(max_files=0, max_fields=40) as parts:
        sent = {name: value for name, value in parts.items() if isinstance(value, str)}
    check_csrf(request, sent.get("csrf", ""))
    act = ACTS.get(sent.get("step", ""))
    if act is None:
        raise NotFoundError
    given = {name: sent.get(name, "") for name in NAMES}
    given |= {name: value for name, value in sent.items() if name.startswith(GROUNDS)}
    wiring = wiring_of(request)
    desk = Desk(
        ports=wiring.ports,
        principal=principal,
        request=RequestId(request_id),
        at=wiring.clock(),
        basis=given["basis"],
    )
    back = {"source": given["source"], "page": given["page"] or "1"}
    try:
        await run_in_threadpool(act, desk, given)
    except GovernanceError as error:
        if isinstance(error, RequestUnknownError):
            raise
        told = partial(mistakes_of, error, field_id=FIELDS.get(given["step"], "head"))
        page = partial(
            _page, request, request_id, principal, source=back["source"],
            number=_number(back["page"]) or 1, told=told, given=given,
        )  # fmt: skip
        return HTMLResponse(await run_in_threadpool(page), status_code=error.status)
    place = f"#place-{given['place']}" if given["place"].isdecimal() else ""
    where = f"{HOME}/{request_id}/review?{urlencode(back)}{place}"
    return RedirectResponse(where, status_code=303)


def _number(given: str) -> int:
    """The number that was written; 0 where it is none, which the rules refuse."""
    return int(given) if given.isdecimal() and len(given) < len("1000000000") else 0


def _reason(given: dict[str, str]) -> Reason:
    """The reason chosen; one of the other kind where none was, which the rules refuse."""
    wrong = Reason.BUSINESS if given["step"] == "reveal" else Reason.OWN
    return Reason(given["reason"]) if given["reason"] in set(Reason) else wrong


def _reveal(desk: Desk, given: dict[str, str]) -> object:
    everywhere = given["everywhere"] == "yes"
    return service.reveal(desk, _number(given["place"]), _reason(given), everywhere=everywhere)


def _cover(desk: Desk, given: dict[str, str]) -> object:
    where = {"source": Where(source=given["source"]), "value": _where(given)}.get(given["scope"])
    return service.cover(desk, given["phrase"], given["label"], _reason(given), where=where)


def _where(given: dict[str, str]) -> Where:
    """The value, field or record of the source that was chosen."""
    return Where(
        source=given["source"],
        row=RowId(given["row"]) if given["row"] else None,
        name=FieldId(given["field"]) if given["field"] else None,
    )


def _withhold(desk: Desk, given: dict[str, str]) -> object:
    where = _where(given)
    codes = [value for name, value in given.items() if name.startswith(GROUNDS)]
    return service.withhold(desk, where, [Ground(one) for one in codes if one in set(Ground)])


def _seen(given: dict[str, str]) -> int:
    return _number(given["seen"])


ACTS: Final[dict[str, Callable[[Desk, dict[str, str]], object]]] = {
    "accept": lambda desk, given: service.accept(desk, [_number(given["place"])]),
    "reveal": _reveal,
    "cover": _cover,
    "withhold": _withhold,
    "lift": lambda desk, given: service.lift(desk, _number(given["act"])),
    "all": lambda desk, given: service.accept_all(desk, seen=_seen(given)),
    "finish": lambda desk, given: service.finish(desk, seen=_seen(given)),
}
FIELDS: Final = {"cover": "phrase", "withhold": "field", "all": "all", "finish": "finish"}


@router.post("/{request_id}/decide")
async def decide(request: Request, request_id: str, principal: Officer) -> Response:
    """What follows from the review waits for a second person; or the whole is refused."""
    async with request.form(max_files=0, max_fields=10) as parts:
        sent = {name: value for name, value in parts.items() if isinstance(value, str)}
    check_csrf(request, sent.get("csrf", ""))
    wiring, at = wiring_of(request), wiring_of(request).clock()
    refuses = sent.get("outcome") == Outcome.REFUSE
    desk = Approvals(audit=wiring.ports.audit, executors={})

    def work() -> object:
        with wiring.database.read() as tx:
            case = request_by_id(tx, wiring.ports, principal, RequestId(request_id))
        outcome, grounds = suggestion(case)
        if refuses:
            outcome, grounds = Outcome.REFUSE, _refused_on(case, sent)
        decided = partial(
            decisions.decide, ports=wiring.ports, approvals=desk, principal=principal,
            request=case.id, outcome=outcome, grounds=grounds, at=at,
        )  # fmt: skip
        return wiring.database.write(decided)

    field_id = "refuse-all" if refuses else "decide"
    return await _stepped(request, request_id, principal, work, field_id=field_id)


def _refused_on(case: Case, sent: dict[str, str]) -> tuple[Ground, ...]:
    """The chosen ground of each law; what is no ground is left out and then missed."""
    chosen = (sent.get(GROUNDS + law.value, "") for law in sorted(case.laws))
    return tuple(Ground(one) for one in chosen if one in set(Ground))


@router.post("/{request_id}/approve")
async def approve(
    request: Request,
    request_id: str,
    principal: Annotated[Principal, Depends(require(Action.DSAR_APPROVE))],
    digest: Annotated[str, Form()] = "",
    csrf: Csrf = "",
) -> Response:
    """A second person agrees to exactly the decision that the page showed."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    executor = decisions.approval_executor(
        wiring.ports, wait_days=wiring.settings.erasure_wait_days
    )
    desk = Approvals(audit=wiring.ports.audit, executors={ApprovalKind.REQUEST_DECISION: executor})
    agree = partial(
        decisions.approve, approvals=desk, principal=principal,
        request=RequestId(request_id), digest=digest, at=wiring.clock(),
    )  # fmt: skip
    work = partial(wiring.database.write, agree)
    return await _stepped(request, request_id, principal, work, field_id="approve")


async def _stepped(
    request: Request,
    request_id: str,
    principal: Principal,
    work: Callable[[], object],
    *,
    field_id: str,
) -> Response:
    try:
        await run_in_threadpool(work)
    except GovernanceError as error:
        if isinstance(error, RequestUnknownError):
            raise
        told = partial(mistakes_of, error, field_id=field_id)
        page = partial(_page, request, request_id, principal, told=told)
        return HTMLResponse(await run_in_threadpool(page), status_code=error.status)
    return RedirectResponse(f"{HOME}/{request_id}/review#decision", status_code=303)


@router.get("/{request_id}/preview", response_class=HTMLResponse)
async def preview_list(request: Request, request_id: str, principal: Reader) -> str:
    """Every file that the person would get now."""
    page = console_page(request, "console.review.preview", principal)
    files = await run_in_threadpool(_files, request, request_id, principal)
    return await rendered_page(request,
        "console/request_preview.html",
        page,
        way=way(page.lang, ("console.requests.title", HOME),
                (TITLE, f"{HOME}/{request_id}/review"), ("console.review.preview", "")),
        request_id=request_id,
        files=[{"name": name, "size": len(files[name])} for name in sorted(files)],
    )  # fmt: skip


@router.get("/{request_id}/preview/{name:path}")
async def preview_file(request: Request, request_id: str, name: str, principal: Reader) -> Response:
    """One file, byte for byte as the package would hold it; a page of it runs nothing."""
    files = await run_in_threadpool(_files, request, request_id, principal)
    if name not in files:
        raise NotFoundError
    is_page = name.endswith(".html")
    shown = "inline" if is_page else f'attachment; filename="{name.rpartition("/")[2]}"'
    headers = {"cache-control": "no-store", "content-disposition": shown}
    if is_page:
        headers["content-security-policy"] = ALONE
    media = "text/html; charset=utf-8" if is_page else "application/octet-stream"
    return Response(files[name], media_type=media, headers=headers)


def _files(request: Request, request_id: str, principal: Principal) -> dict[str, bytes]:
    wiring = wiring_of(request)
    return preview(
        wiring.ports,
        principal,
        RequestId(request_id),
        controller=wiring.settings,
        at=wiring.clock(),
    )


def _page(
    request: Request,
    request_id: str,
    principal: Principal,
    *,
    source: str = "",
    number: int = 1,
    told: Callable[[Lang], tuple[Mistake, ...]] = lambda _: (),
    given: dict[str, str] | None = None,
) -> str:
    page = console_page(request, TITLE, principal)
    wiring, lang = wiring_of(request), page.lang
    mistakes = told(lang)
    found = service.look(wiring.ports, principal, RequestId(request_id), at=wiring.clock())
    with wiring.database.read() as tx:
        case = request_by_id(tx, wiring.ports, principal, RequestId(request_id))
        digest = decisions.waiting_digest(tx, case, at=wiring.clock())
    facts = review_shown(found, case, lang, source=source, page=number)
    here = f"{HOME}/{request_id}/review"
    outcome, grounds = suggestion(case)
    reviewing = any(track.status is Status.REVIEW for track in case.tracks)
    return templates_of(request).render(
        "console/request_review.html",
        again(page, here, mistakes),
        way=case_way(lang, case.id, case.reference, (TITLE, here)),
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        given=dict.fromkeys(NAMES, "") | (given or {}),
        case=case,
        facts=facts,
        here=here,
        judges=reviewing and may(request, principal, Action.DSAR_DECIDE),
        approves=may(request, principal, Action.DSAR_APPROVE),
        **_lists(case, facts.label, lang),
        outcome=outcome.value,
        because=[text(f"dsar.ground.{one}", lang) for one in grounds],
        digest=digest,
        planned=any(track.kind in MEASURES for track in case.tracks),
        refusals=refusal_choices(case, lang) if refusable(case) else (),
        decides=may(request, principal, Action.DSAR_DECIDE),
    )


def _lists(case: Case, label: str, lang: Lang) -> dict[str, object]:
    """What the forms of the page offer."""
    return {
        "reasons": _choices(REVEALING, "dsar.review.reason", lang),
        "hiding": _choices(COVERING, "dsar.review.reason", lang),
        "labels": [
            Choice(value=one.value, label=kind_words(one.value, lang)) for one in reversed(LABELS)
        ],
        "scopes": [
            Choice(value=one, label=text(f"console.review.scope.{one}", lang, source=label))
            for one in ("everywhere", "source", "value")
        ],
        "grounds": [
            (law.value, _choices(EXCEPTIONS[law], "dsar.ground", lang))
            for law in sorted(case.laws)
            if law in EXCEPTIONS
        ],
    }


def _choices(
    words: tuple[Reason, ...] | tuple[Ground, ...], group: str, lang: Lang
) -> list[Choice]:
    return [Choice(value=one.value, label=text(f"{group}.{one.value}", lang)) for one in words]
