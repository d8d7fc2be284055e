"""The officers' pages of requests that come in: enter one, check who asks, quote a fee."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import Annotated, Final, TypeVar

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from dsar.errors import RequestUnknownError
from dsar.identity import documents
from dsar.identity.guardians import Heard
from dsar.identity.hearing import note_heard
from dsar.identity.rules import proved
from dsar.identity.types import Document, Doubt, UploadKind
from dsar.intake import fees
from dsar.intake.desk import arrival_of
from dsar.intake.errors import FilingFaultsError
from dsar.intake.importing import arrived
from dsar.intake.rules import fee_allowed, scope_of
from dsar.intake.service import file_request
from dsar.intake.types import Claim, FeeState, Filing, Scope, Source, StopGround
from dsar.records import actor_of
from dsar.service import match_subject
from dsar.types import Delivery, ExtensionGround, HoldGround, Intake, Requester, RequestKind
from governance.console import request_facts as facts
from governance.console.case_facts import desk_steps
from governance.console.frame import Csrf, again, case_way, may, mistakes_of, today, way
from governance.console.pages import console_page
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import Lang, RequestId, RowId, SubjectId
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.ui.parts import Choice, Mistake
from governance.ui.surfaces import templates_of
from policies.actions import Action
from policies.api import require

HOME: Final = "/console/requests"
router = APIRouter(prefix=HOME, include_in_schema=False)
Officer = Annotated[Principal, Depends(require(Action.CONSOLE_OPEN))]
Desk = Annotated[Principal, Depends(require(Action.DSAR_WRITE))]
Words = Annotated[str, Form()]
WAYS_IN: Final = (Intake.COUNTER, Intake.POST, Intake.PHONE, Intake.EMAIL)
TITLE: Final = "console.requests.title"
ITEMS: Final = (
    *("channel", "received_on", "right", "ground", "scope", "words", "requester", "agent_name"),
    *("name", "email", "phone", "customer_number", "delivery", "answer_lang"),
)
LATER: Final = "console.requests.received_later"
DIGITS: Final = 7  # of an amount
Word = TypeVar("Word", bound=StrEnum)


@router.get("/new", response_class=HTMLResponse)
async def entry(request: Request, principal: Desk) -> str:
    """The form for a request on paper, by telephone or mail."""
    return await run_in_threadpool(_entry, request, principal, {}, ())


@router.post("/new")
async def enter(request: Request, principal: Desk) -> Response:
    """The request is on file from the day on which it arrived; mistakes come back with the form."""
    async with request.form(max_files=0, max_fields=40) as parts:
        sent = {name: value for name, value in parts.items() if isinstance(value, str)}
    check_csrf(request, sent.get("csrf", ""))
    wiring = wiring_of(request)

    def act() -> str:
        at = wiring.clock()
        filing = _filing(sent, policy_days=wiring.settings.dsar_policy_days, at=at)
        return file_request(wiring.ports, principal, filing, at=at).id

    try:
        done = await run_in_threadpool(act)
    except GovernanceError as error:
        mistakes = _told(error, console_page(request, TITLE, principal).lang)
        form = await run_in_threadpool(_entry, request, principal, sent, mistakes)
        return HTMLResponse(form, status_code=error.status)
    return RedirectResponse(f"{HOME}/{done}/identity", status_code=303)


def _told(error: GovernanceError, lang: Lang) -> tuple[Mistake, ...]:
    """What was wrong, each at the item of the form that it is about and by the item's name."""
    if not isinstance(error, FilingFaultsError):
        return mistakes_of(error, lang, field_id="right")
    return tuple(
        Mistake(field_id=name, sentence=text(LATER, lang))
        if name == "received_on"
        else Mistake(field_id=name, sentence=f"{_label(name, lang)}: {error.detail(code, lang)}")
        for name, code in error.faults
    )


def _label(name: str, lang: Lang) -> str:
    """The item's name on the form."""
    return text(f"console.requests.{name if name in ITEMS else 'right'}", lang)


def _filing(sent: dict[str, str], *, policy_days: int, at: datetime) -> Filing:
    """What the form says; raises FilingFaultsError for what it cannot say."""
    day = sent.get("received_on", "").strip()
    received = arrived(day)
    if day and (received is None or received > at):  # fails closed: the law counts from this day
        raise FilingFaultsError([("received_on", "day")])
    if sent.get("scope", "") not in {"", *Scope}:
        raise FilingFaultsError([("scope", "unknown")])
    names = ("name", "email", "phone", "agent_name", "customer_number")
    return Filing(
        kind=_word(RequestKind, sent, "right"),
        intake=_word(Intake, sent, "channel"),
        source=Source.CONSOLE,
        claim=Claim(**{name: sent.get(name, "").strip() for name in names}),
        policy_days=policy_days,
        requester=_word(Requester, sent, "requester"),
        delivery=_word(Delivery, sent, "delivery"),
        lang=_word(Lang, sent, "answer_lang"),
        scope=scope_of(sent.get("scope", "")) or (Scope.EVERYTHING,),
        ground=_word(StopGround, sent, "ground") if sent.get("ground") else None,
        words=sent.get("words", "").strip() or None,
        received_at=received,
        once=sent.get("once") or None,
    )


def _word(words: type[Word], sent: dict[str, str], name: str) -> Word:
    """The word of a closed list that was chosen; raises FilingFaultsError."""
    given = sent.get(name, "")
    if given not in set(words):
        raise FilingFaultsError([(name, "unknown" if given else "missing")])
    return words(given)


def _entry(
    request: Request, principal: Principal, sent: dict[str, str], mistakes: tuple[Mistake, ...]
) -> str:
    page = again(console_page(request, "console.requests.new", principal), f"{HOME}/new", mistakes)
    lang = page.lang
    return templates_of(request).render(
        "console/request_new.html",
        page,
        way=way(lang, (TITLE, HOME), ("console.requests.new", f"{HOME}/new")),
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        given={name: sent.get(name, "") for name in ITEMS},
        once=sent.get("once") or secrets.token_hex(16),
        rights=_choices(RequestKind, "dsar.right", lang),
        channels=_choices(WAYS_IN, "dsar.intake", lang),
        requesters=_choices(Requester, "dsar.requester", lang),
        deliveries=_choices(Delivery, "portal.request.delivery", lang),
        langs=(Choice(value="ja", label="日本語"), Choice(value="en", label="English")),
        grounds=(
            Choice(value="", label=text("console.requests.no_ground", lang)),
            *_choices(StopGround, "portal.request.ground", lang),
        ),
        scopes=_choices(Scope, "portal.request.scope", lang),
    )


def _choices(words: Iterable[StrEnum], domain: str, lang: Lang) -> tuple[Choice, ...]:
    return tuple(Choice(value=one.value, label=text(f"{domain}.{one}", lang)) for one in words)


@router.get("/{request_id}/identity", response_class=HTMLResponse)
async def identity(request: Request, request_id: str, principal: Desk) -> str:
    """How the request came, who is said to ask, what is proved, what looks alike, the fee."""
    return await run_in_threadpool(_identity, request, request_id, principal)


@router.post("/{request_id}/identity")
async def judge(
    request: Request,
    request_id: str,
    principal: Desk,
    verdict: Words = "",
    document: Words = "",
    kind: Words = "",
    paper: Words = "",
    csrf: Csrf = "",
) -> Response:
    """The look at a paper is on file and its image gone."""
    check_csrf(request, csrf)
    known = document in set(Document) and kind in set(UploadKind)
    if not known or verdict not in {"accepted", *facts.PAPER_DOUBTS}:
        raise NotFoundError

    def work(tx: Connection) -> object:
        wiring = wiring_of(request)
        return documents.judge(
            tx,
            wiring.ports,
            principal,
            RequestId(request_id),
            Document(document),
            UploadKind(kind),
            doubt=None if verdict == "accepted" else Doubt(verdict),
            at=wiring.clock(),
            paper=RowId(paper) if paper else None,
        )

    return await changed(request, request_id, principal, work, field_of=at_field("document"))


@router.post("/{request_id}/match")
async def match(
    request: Request, request_id: str, principal: Desk, subject: Words = "", csrf: Csrf = ""
) -> Response:
    """The request is about this person of the store, as the officer has seen for themselves."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    work = partial(
        match_subject,
        ports=wiring.ports,
        principal=principal,
        request=RequestId(request_id),
        subject=SubjectId(subject.strip()),
        at=wiring.clock(),
    )
    return await changed(request, request_id, principal, work, field_of=at_field("subject"))


@router.post("/{request_id}/heard")
async def hear(
    request: Request, request_id: str, principal: Desk, said: Words = "", csrf: Csrf = ""
) -> Response:
    """What the child said is on file, for whoever decides."""
    check_csrf(request, csrf)
    if said not in set(Heard):
        raise NotFoundError
    wiring = wiring_of(request)
    work = partial(
        note_heard,
        ports=wiring.ports,
        principal=principal,
        request=RequestId(request_id),
        said=Heard(said),
        at=wiring.clock(),
    )
    return await changed(request, request_id, principal, work, field_of=at_field("said"))


@router.get("/{request_id}/papers/{paper}")
async def see(request: Request, request_id: str, paper: str, principal: Desk) -> Response:
    """The image of a paper for the look; the look is on record, no cache keeps it."""
    wiring = wiring_of(request)
    look = partial(
        documents.look,
        wiring.ports,
        principal,
        RowId(paper),
        request=RequestId(request_id),
        at=wiring.clock(),
    )
    media, content = await run_in_threadpool(look)
    name = f"paper.{media.rpartition('/')[2]}"
    headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media, headers=headers)


@router.post("/{request_id}/fee")
async def fee(
    request: Request,
    request_id: str,
    principal: Desk,
    step: Words = "",
    yen: Words = "",
    csrf: Csrf = "",
) -> Response:
    """The fee is quoted, its acceptance noted, or it is paid or waived."""
    check_csrf(request, csrf)
    if step not in set(FeeState):
        raise NotFoundError
    wiring = wiring_of(request)
    act = {"request": RequestId(request_id), "at": wiring.clock()}

    def work(tx: Connection) -> object:
        match FeeState(step):
            case FeeState.QUOTED:
                amount = int(yen) if yen.isdecimal() and len(yen) <= DIGITS else 0
                published = wiring.settings.disclosure_fee
                return fees.quote(
                    tx, wiring.ports, principal, yen=amount, published=published, **act
                )
            case FeeState.ACCEPTED:
                return fees.accept(tx, wiring.ports, principal, **act)
            case FeeState.PAID | FeeState.WAIVED as end:
                return fees.settle(tx, wiring.ports, principal, state=end, **act)

    return await changed(request, request_id, principal, work, field_of=at_field("yen"))


def at_field(field_id: str) -> Callable[[GovernanceError], str]:
    """Every refusal of a form is about this field."""
    return lambda _: field_id


async def changed(
    request: Request,
    request_id: str,
    principal: Principal,
    work: Callable[[Connection], object],
    *,
    field_of: Callable[[GovernanceError], str],
    given: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    """Back to the page after the change; or the page with what was refused."""
    try:
        await run_in_threadpool(wiring_of(request).database.write, work)
    except GovernanceError as error:
        if isinstance(error, RequestUnknownError):
            raise
        told = partial(mistakes_of, error, field_id=field_of(error))
        page = partial(_identity, request, request_id, principal, told=told, given=given)
        return HTMLResponse(await run_in_threadpool(page), status_code=error.status)
    return RedirectResponse(f"{HOME}/{request_id}/identity", status_code=303)


def _identity(
    request: Request,
    request_id: str,
    principal: Principal,
    *,
    told: Callable[[Lang], tuple[Mistake, ...]] = lambda _: (),
    given: Mapping[str, str] = MappingProxyType({}),
) -> str:
    page = console_page(request, "console.requests.identity", principal)
    wiring, lang = wiring_of(request), page.lang
    mistakes = told(lang)
    ports, at = wiring.ports, wiring.clock()
    arrival = arrival_of(ports, principal, RequestId(request_id), at=at)
    case, actor = arrival.case, actor_of(principal, ports.policies.current, arrival.case)
    here = f"{HOME}/{request_id}/identity"
    published = wiring.settings.disclosure_fee
    return templates_of(request).render(
        "console/request_identity.html",
        again(page, here, mistakes),
        way=case_way(lang, case.id, case.reference, ("console.requests.identity", here)),
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        case=case,
        given={"ground": "", "until": "", **given},
        holds=_choices(HoldGround, "dsar.hold", lang),
        extensions=_choices(ExtensionGround, "dsar.extension", lang),
        extends=facts.may_extend(case, at=at),
        decides=may(request, principal, Action.DSAR_DECIDE),
        reads=may(request, principal, Action.DSAR_READ),
        here=here,
        steps=desk_steps(case, actor, lang, at=at),
        today=today(request),
        said=facts.said_terms(arrival, lang),
        proofs=facts.proof_lines(arrival, lang),
        proved=proved(case, at=case.last_at),
        lacking=facts.lacking_words(case, lang),
        waiting=facts.waiting(arrival.papers),
        documents=facts.document_choices(lang),
        verdicts=facts.verdict_choices(lang),
        kinds=_choices(facts.paper_kinds(case), "console.paper", lang),
        alike=facts.alike_lines(arrival, lang),
        concerns=arrival.concerns,
        heard=arrival.heard,
        hearings=_choices(Heard, "dsar.heard", lang),
        claimed=arrival.filed.claimed if arrival.filed else None,
        opens_persons=may(request, principal, Action.PERSON_READ),
        fee=arrival.fees[-1] if arrival.fees else None,
        fee_allowed=fee_allowed(case) and published > 0,
        published=published,
    )
