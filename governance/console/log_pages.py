"""The officers' pages of the audit log: events with filters, one event, a person, the sign-off."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from audit.alarms.types import Alarm
from audit.alarms.watching import alarms
from audit.alarms.wording import in_words
from audit.errors import QueryFormError, ReviewRangeError
from audit.review import waiting
from audit.reviewing.decided import DecisionPage, look_at_decisions
from audit.reviewing.service import (
    KeptFilter,
    Reviewer,
    Timeline,
    drop_filter,
    keep_filter,
    kept_filters,
    look_at,
    person_timeline,
    reviewer,
)
from audit.reviewing.signing import ReviewWords, Unreviewed, opened_reviews, sign_off, unreviewed
from audit.store import last_note, prove_inclusion
from governance.console.frame import Csrf, may, today, way
from governance.console.lists.log import AUDIT_LOG, LOOKED, REVIEWS, Reach, meant, reach_of
from governance.console.lists.source import asked_by, listed
from governance.console.log_facts import (
    FIELDS,
    HOME,
    AskedFilter,
    Standing,
    asked_filter,
    choices_of,
    decided_occurrences,
    deciders_of,
    erasure_words,
    event_terms,
    occurrences,
    proof_path,
    standing,
    verdict_of,
)
from governance.console.log_person_facts import asked_of_person, field_choices
from governance.console.naming import names_for
from governance.console.pages import console_page
from governance.core.terms import EventId, Lang, PurposeId, RowId, SubjectId
from governance.http.numbers import NumberSent, number_in
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import error_text, text
from governance.identity.naming import names_of
from governance.ui.lists.listing import Listing
from governance.ui.parts import Crumb, Mistake
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require, snapshot_of

router = APIRouter(include_in_schema=False)
PAGE, ALARMS = 20, 5
Reader = Annotated[Principal, Depends(require(Action.AUDIT_READ))]
Signer = Annotated[Principal, Depends(require(Action.AUDIT_REVIEW))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The facts of the page of the log."""

    found: Listing
    reach: Reach | None  # of the question, where it was not answered from the whole log
    kept: tuple[KeptFilter, ...]
    open: Unreviewed
    reviews: tuple[ReviewWords, ...]
    alarms: tuple[Alarm, ...]
    named: Mapping[str, str]  # staff of the alarms by their ids
    standing: Standing
    waiting: int


def _by(request: Request, principal: Principal) -> Reviewer:
    return reviewer(principal, at=wiring_of(request).clock())


@router.get("/console/audit", response_class=HTMLResponse)
async def log(request: Request, principal: Reader) -> str:
    """Events that meet the filter of the address, how the log stands, what waits for a sign-off."""
    return await _log_page(request, principal)


async def _log_page(
    request: Request, principal: Principal, *, comment: str = "", wrong: str = ""
) -> str:
    given, wiring = request.query_params, wiring_of(request)
    asked = await run_in_threadpool(_asked, wiring, given)
    shown = await run_in_threadpool(_shown, request, principal)
    watched = await run_in_threadpool(wiring.log_watch.latest, at=wiring.clock())
    page = replace(
        console_page(request, "console.log.title", principal),
        path=HOME,
        invalid=bool(wrong or asked.wrong),
    )
    purposes = _purposes(request, page.lang)
    mistakes = [Mistake(field_id="comment", sentence=wrong)] if wrong else []
    if asked.wrong:
        key = "console.log.wrong_actor" if asked.wrong == "actor" else "console.log.wrong"
        told = text(key, page.lang)
        mistakes.append(Mistake(field_id=asked.wrong, sentence=told))
    return await rendered_page(
        request,
        "console/log.html",
        page,
        shown=shown,
        looked=LOOKED,
        asked=asked,
        options=choices_of(purposes, page.lang),
        verdict=verdict_of(watched, waiting=shown.waiting),
        alarm_words=[in_words(one, page.lang, shown.named) for one in shown.alarms],
        may_sign=may(request, principal, Action.AUDIT_REVIEW),
        may_report=may(request, principal, Action.REPORT_READ),
        mistakes=mistakes,
        comment=comment,
        signed=given.get("signed", ""),
        today=today(request),
        way=_way(page.lang),
    )


def _asked(wiring: Any, given: Mapping[str, str]) -> AskedFilter:
    """The filter with whom it means; the form keeps the name as it was typed."""
    with wiring.database.read() as tx:
        found = asked_filter(meant(tx, given))
    return replace(found, given={**found.given, "actor": given.get("actor", "").strip()})


def _shown(request: Request, principal: Principal) -> Shown:
    wiring, by = wiring_of(request), _by(request, principal)

    def write(tx: Any) -> tuple[Listing, tuple[ReviewWords, ...]]:
        found = listed(request, principal, AUDIT_LOG, tx=tx)
        return found, opened_reviews(tx, open_part=wiring.vault.open_part, limit=REVIEWS)

    found, reviewed = wiring.database.write(write)
    asked = asked_by(request, principal, AUDIT_LOG, request.query_params.multi_items())
    with wiring.database.read() as tx:
        told = alarms(tx, limit=ALARMS)
        return Shown(
            found=found,
            reach=reach_of(tx, replace(asked, view=found.view)),
            kept=kept_filters(tx, wiring.vault, by.id),
            open=unreviewed(tx, within=timedelta(days=wiring.settings.review_days), at=by.at),
            reviews=reviewed,
            alarms=told,
            named=names_of(tx, (one.actor for one in told if one.actor)),
            standing=standing(tx),
            waiting=waiting(tx),
        )


def _purposes(request: Request, lang: Lang) -> dict[PurposeId, str]:
    """The purposes of the policy by their names for people."""
    return {name: record.label[lang] for name, record in snapshot_of(request).purposes.items()}


def _way(lang: Lang, *further: str) -> tuple[Crumb, ...]:
    return way(lang, ("console.log.title", HOME), *((name, "") for name in further))


@router.get("/console/audit/events/{event}", response_class=HTMLResponse)
async def one_event(request: Request, principal: Reader, event: str) -> str:
    """One event with everything that it says, and the road from its leaf to the checkpoint."""
    wiring, by = wiring_of(request), _by(request, principal)
    page = console_page(request, "console.log.event", principal)

    def work() -> dict[str, object]:
        found = wiring.database.write(lambda tx: look_at(tx, wiring.audit, EventId(event), by))
        report = wiring.log_watch.latest(at=by.at).report
        with wiring.database.read() as tx:
            note = last_note(tx)
            size = 0 if note is None else int(note.split("\n", 2)[1])
            proof = prove_inclusion(tx, found.seq, size=size) if found.seq < size else None
            actor = names_for(tx, (found.actor,), page.lang)[found.actor]
        keys = wiring.signing.every_key()
        path = None if proof is None or note is None else proof_path(proof, note, keys, report)
        return {
            "event": found,
            "terms": event_terms(found, _purposes(request, page.lang), page.lang, actor=actor),
            "path": path,
        }

    facts = await run_in_threadpool(work)
    way = _way(page.lang, "console.log.event")
    return await rendered_page(request, "console/log_event.html", page, way=way, **facts)


@router.get("/console/audit/persons/{subject}", response_class=HTMLResponse)
async def one_person(request: Request, principal: Reader, subject: str) -> str:
    """What the log says of one person, and by which event they were erased."""
    wiring, by = wiring_of(request), _by(request, principal)
    page = console_page(request, "console.log.person", principal)
    place = request.query_params.get("before", "")
    before = number_in(place)
    asked = asked_of_person(subject, request.query_params)

    def work(tx: Any) -> tuple[Timeline, DecisionPage, dict[str, str]]:
        found = person_timeline(
            *(tx, wiring.audit, SubjectId(subject), by),
            query=asked.query, before=before, limit=PAGE,
        )  # fmt: skip
        if asked.wrong or asked.given["field"]:  # a decision about a use opens no field
            decided = DecisionPage(decisions=(), next=None)
        else:
            decided = look_at_decisions(tx, wiring.audit, asked.query, by, limit=PAGE)
        actors = (event.actor for event in found.page.events)
        told = names_for(tx, (*actors, *deciders_of(decided.decisions)), page.lang)
        return found, decided, told

    found, decided, names = await run_in_threadpool(lambda: wiring.database.write(work))
    purposes = _purposes(request, page.lang)
    return await rendered_page(
        request,
        "console/log_person.html",
        page,
        subject=subject,
        erased=[(one, erasure_words(one, page.lang)) for one in found.erased],
        happened=occurrences(found.page.events, purposes, names, page.lang),
        decided=decided_occurrences(decided.decisions, purposes, names, page.lang),
        more_href=f"/console/decisions?{urlencode({'person': subject})}" if decided.next else "",
        next_href=asked.before(found.page.next, f"{HOME}/persons/{subject}")
        if found.page.next
        else "",
        asked=asked,
        fields=field_choices(page.lang),
        mistakes=[Mistake(field_id=asked.wrong, sentence=text("console.log.wrong", page.lang))]
        if asked.wrong
        else [],
        way=_way(page.lang, "console.log.person"),
    )


@router.post("/console/audit/sign-off")
async def sign(
    request: Request,
    principal: Signer,
    below: NumberSent,
    comment: Annotated[str, Form()] = "",
    csrf: Csrf = "",
) -> Response:
    """The events that the page told of are signed off; a form with a mistake comes back whole."""
    check_csrf(request, csrf)
    wiring, by = wiring_of(request), _by(request, principal)

    def work() -> int:
        verdict = wiring.log_watch.latest(at=by.at).report.verdict
        done = wiring.database.write(
            lambda tx: sign_off(tx, wiring.audit, by, below=below, comment=comment, verdict=verdict)
        )
        return int(done.below_seq)

    try:
        signed = await run_in_threadpool(work)
    except (QueryFormError, ReviewRangeError) as error:
        lang = console_page(request, "console.log.title", principal).lang
        key = "console.log.comment_missing"
        told = text(key, lang) if isinstance(error, QueryFormError) else error_text(error, lang)
        body = await _log_page(request, principal, comment=comment, wrong=told)
        return HTMLResponse(body, status_code=error.status)
    return RedirectResponse(f"{HOME}?signed={signed - 1}#reviews", status_code=303)


@router.post("/console/audit/filters")
async def keep(
    request: Request, principal: Reader, name: Annotated[str, Form()] = "", csrf: Csrf = ""
) -> Response:
    """The filter of the page is kept under this name, for this officer alone."""
    check_csrf(request, csrf)
    wiring, by = wiring_of(request), _by(request, principal)
    form = await request.form()
    asked = asked_filter({field: str(form.get(field, "")) for field in FIELDS})
    kept = await run_in_threadpool(
        lambda: wiring.database.write(
            lambda tx: keep_filter(tx, wiring.vault, by, name=name, query=asked.query)
        )
    )
    return RedirectResponse(f"{HOME}?filter={kept.id}", status_code=303)


@router.post("/console/audit/filters/{row}/drop")
async def drop(request: Request, principal: Reader, row: str, csrf: Csrf = "") -> Response:
    """The kept filter is gone."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    await run_in_threadpool(
        lambda: wiring.database.write(lambda tx: drop_filter(tx, principal.id, RowId(row)))
    )
    return RedirectResponse(HOME, status_code=303)
