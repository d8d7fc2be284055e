"""What a person told the staff by telephone, in writing or at the counter ends a use at once.

Only what narrows is taken here: nobody agrees on behalf of a person on this page (APPI 27(1);
GDPR 7(3): to withdraw is as easy as to give). Who noted it, and how it came, is in the proof.
"""

from contextlib import suppress
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from consent import ledger
from consent.choices import Choice, ChoiceTimeError, ChoiceUnknownError
from consent.service import choose
from consent.types import EventKind
from dsar.intake.importing import arrived
from governance.console.choice_facts import HOME, HOW
from governance.console.choice_pages import person_page
from governance.console.frame import mistakes_of, today
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import SubjectId
from governance.gateway.api.asking import person_id, row_id
from governance.gateway.choices import permitted
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.ui.surfaces import lang_of
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix=HOME, include_in_schema=False)
Writer = Annotated[Principal, Depends(require(Action.CONSENT_WRITE))]
LONGEST: Final = 2_000  # characters of what was said
FIELDS: Final[dict[type[GovernanceError], str]] = {
    ChoiceTimeError: "said_on",
    ChoiceUnknownError: "withdrawn",
}


@router.post("/persons/{subject}/told")
async def told(request: Request, principal: Writer, subject: str) -> Response:
    """The withdrawal holds everywhere before the page is shown again; a mistake keeps the form."""
    async with request.form(max_files=0, max_fields=10) as parts:
        sent = {name: value for name, value in parts.items() if isinstance(value, str)}
    check_csrf(request, sent.get("csrf", ""))
    wiring, who, at = wiring_of(request), person_id(subject), wiring_of(request).clock()

    def act() -> None:
        choice = permitted(wiring.ports, principal, _choice(who, sent, day=today(request), at=at))
        with wiring.database.read() as tx, suppress(NotFoundError):
            ledger.purpose_of(tx, row_id(choice.id or ""))
            return  # the form was sent twice: once is enough
        choose(wiring.ports, principal, choice, at=at)

    try:
        await run_in_threadpool(act)
    except GovernanceError as error:
        field = FIELDS.get(type(error), "told")
        mistakes = mistakes_of(error, lang_of(request), field_id=field)
        page = await person_page(request, principal, subject, mistakes=mistakes, given=sent)
        return HTMLResponse(page, status_code=error.status)
    return RedirectResponse(f"{HOME}/persons/{who}?told={sent['withdrawn']}", status_code=303)


def _choice(who: SubjectId, sent: dict[str, str], *, day: object, at: datetime) -> Choice:
    """The withdrawal that the form says; raises ChoiceUnknownError and ChoiceTimeError.

    Fails closed: without a purpose nothing is chosen for the officer.
    """
    said_on, how = sent.get("said_on", ""), sent.get("how", "")
    if not sent.get("withdrawn"):
        raise ChoiceUnknownError(part="purpose")
    if how not in HOW:
        raise ChoiceUnknownError(part="channel")
    moment = arrived(said_on) if said_on and said_on != str(day) else None
    if moment is None and said_on not in ("", str(day)):
        raise ChoiceTimeError
    if moment is not None and moment > at:
        raise ChoiceTimeError
    return Choice(
        subject=who,
        purpose=sent["withdrawn"],
        kind=EventKind.WITHDRAWN,
        id=row_id(sent.get("once", "")),
        method=how,
        place="console",
        statement=sent.get("words", "").strip()[:LONGEST] or None,
        occurred_at=moment,
    )
