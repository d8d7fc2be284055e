"""The person's page of what is done: the wait and taking back, corrections, who was told.

Only for the person who is signed in: what is done tells that somebody is on record.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from dsar.case import Case
from dsar.complaints.service import complain
from dsar.complaints.store import complaints_of
from dsar.complaints.types import Cause
from dsar.execution import corrections
from dsar.execution.correction_store import CorrectionState
from dsar.execution.corrections import CORRECTING
from dsar.execution.store import execution_of, interim_of
from dsar.execution.undoing import LOOKED_INTO, OVER, restrict, undo
from dsar.execution.words import field_words
from dsar.recipients import told_names
from dsar.records import is_own
from governance.core.clock import JST
from governance.core.errors import GovernanceError, NotFoundError, WrongUseError
from governance.core.terms import FieldId, Lang, RequestId, RowId
from governance.customers.store import TABLES, records_of
from governance.customers.upkeep.merges import survivor_of
from governance.http.principal import Principal
from governance.http.request import open_to_all, wiring_of
from governance.i18n.catalogue import error_text, text
from governance.portal.requests.asking import asker_of, check_sent, own_case
from governance.portal.requests.correctable import correctable
from governance.portal.requests.pages import OF
from governance.ui.pages import Surface
from governance.ui.parts import Choice, Mistake
from governance.ui.surfaces import page_of, templates_of

router = APIRouter(include_in_schema=False, dependencies=[Depends(open_to_all)])
MOST: Final = 2_100  # characters of one part of a form
DONE: Final = frozenset({"undo", "restrict", "ask", "said", "complain"})
Given = Mapping[str, str]


class CauseMissingError(WrongUseError):
    """What the complaint is about is not said. Nothing was stored."""

    code = "complaint_cause"


@router.get(f"{OF}/{{request_id}}/execution", response_class=HTMLResponse)
async def show(request: Request, request_id: str, done: str = "") -> str:
    """What is done about the request, and what the person can still do."""
    return await run_in_threadpool(_page, request, request_id, done=done)


@router.post(f"{OF}/{{request_id}}/execution")
async def act(request: Request, request_id: str) -> Response:
    """One act of the person."""
    async with request.form(max_files=0, max_fields=8) as parts:
        sent = {name: str(value)[:MOST] for name, value in parts.items() if isinstance(value, str)}
    check_sent(request, sent.get("csrf", ""))
    step = sent.get("step", "")
    if step not in STEPS:
        raise NotFoundError

    def work() -> None:
        case = _own(request, request_id)
        STEPS[step](request, asker_of(request), case.id, sent)

    try:
        await run_in_threadpool(work)
    except NotFoundError:
        raise
    except GovernanceError as error:
        page = partial(_page, request, request_id, error=error, field_id=step)
        return HTMLResponse(await run_in_threadpool(page), status_code=error.status)
    return RedirectResponse(f"{OF}/{request_id}/execution?done={step}", status_code=303)


def _undo(request: Request, by: Principal, wanted: RequestId, _: Given) -> None:
    wiring = wiring_of(request)
    undo(wiring.ports, by, wanted, at=wiring.clock())


def _restrict(request: Request, by: Principal, wanted: RequestId, _: Given) -> None:
    wiring = wiring_of(request)
    at = wiring.clock()
    wiring.database.write(lambda tx: restrict(tx, wiring.ports, by, wanted, at=at))


def _ask(request: Request, by: Principal, wanted: RequestId, sent: Given) -> None:
    wiring = wiring_of(request)
    name, value = FieldId(sent.get("field", "")), sent.get("value", "")
    corrections.ask(wiring.ports, by, wanted, name, value, at=wiring.clock())


def _said(request: Request, by: Principal, wanted: RequestId, sent: Given) -> None:
    wiring = wiring_of(request)
    item, words = RowId(sent.get("item", "")), sent.get("words", "")
    corrections.supplement(wiring.ports, by, wanted, item, words, at=wiring.clock())


def _complain(request: Request, by: Principal, wanted: RequestId, sent: Given) -> None:
    wiring = wiring_of(request)
    if sent.get("cause") not in set(Cause):
        raise CauseMissingError
    cause, at = Cause(sent["cause"]), wiring.clock()
    wiring.database.write(lambda tx: complain(tx, wiring.ports, by, wanted, cause, at=at))


STEPS: Final[Mapping[str, Callable[[Request, Principal, RequestId, Given], None]]] = (
    MappingProxyType(
        {
            "undo": _undo,
            "restrict": _restrict,
            "ask": _ask,
            "said": _said,
            "complain": _complain,
        }
    )
)


def _own(request: Request, request_id: str) -> Case:
    """The case of the person who is signed in; to everybody else there is none."""
    with wiring_of(request).database.read() as tx:
        case = own_case(tx, request, RequestId(request_id))
    if not is_own(asker_of(request), case):
        raise NotFoundError
    return case


def _page(
    request: Request,
    request_id: str,
    *,
    done: str = "",
    error: GovernanceError | None = None,
    field_id: str = "",
) -> str:
    wiring, case = wiring_of(request), _own(request, request_id)
    page = page_of(request, "portal.execution.title", surface=Surface.PORTAL)
    at = wiring.clock()
    with wiring.database.read() as tx:
        facts = _facts(tx, case, page.lang, at=at)
        held = {
            table
            for table in TABLES
            if case.subject is not None and records_of(tx, survivor_of(tx, case.subject), table)
        }
    items = corrections.look(wiring.ports, asker_of(request), case.id, at=at)
    wrong = error_text(error, page.lang) if error else ""
    return templates_of(request).render(
        "portal/request_execution.html",
        page,
        case=case,
        root=f"{OF}/{case.id}",
        done=done if done in DONE else "",
        mistakes=(Mistake(field_id=field_id, sentence=wrong),) if wrong else (),
        items=[
            {
                "id": item.id,
                "field": field_words(item.name, page.lang),
                "state": item.state,
                "told": told,
                "refused": item.state is CorrectionState.REFUSED,
            }
            for item, told in items
        ],
        groups=correctable(held, page.lang),
        **facts,
    )


def _facts(tx: Connection, case: Case, lang: Lang, *, at: datetime) -> dict[str, Any]:
    found, interim = execution_of(tx, case.id), interim_of(tx, case.id)
    starts = found.execute_from if found else None
    today, over = at.astimezone(JST).date(), all(t.status in OVER for t in case.tracks)
    agreed = case.decision is not None and case.decision.approved_by is not None
    looked = any(track.kind in LOOKED_INTO for track in case.tracks)
    return {
        "found": found,
        "undoable": found is not None and found.undoable(at=at),
        "starts": starts,
        "days_left": max(0, (starts.astimezone(JST).date() - today).days) if starts else 0,
        "recipients": told_names(tx, case),
        "may_rest": looked and interim is None and not over,
        "rests": interim is not None and interim["lifted_at"] is None,
        "correcting": any(track.kind in CORRECTING for track in case.tracks),
        "asks": not agreed and not over,
        "complaints": [
            (one.received_at, one.answer_by, one.status) for one in complaints_of(tx, case.id)
        ],
        "causes": [
            Choice(value=one.value, label=text(f"dsar.complaint.cause.{one.value}", lang))
            for one in Cause
        ],
        "lang": lang,
    }
