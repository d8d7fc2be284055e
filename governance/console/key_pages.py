"""The officers' page of keys: epochs, keys by class, copies and their ages, ends that wait."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from governance.approvals.store import waiting as open_approvals
from governance.approvals.types import Approval, ApprovalKind
from governance.console.frame import may, today, way
from governance.console.pages import console_page
from governance.core.errors import GovernanceError
from governance.custody import reindex_runs, store
from governance.custody.clear import Pending, pending
from governance.custody.reindex_runs import Reindexing
from governance.custody.types import Task
from governance.http.principal import Principal
from governance.http.request import wiring_of
from governance.keys.epochs import status
from governance.keys.types import KeysStatus
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require
from retention.backups.key_copies import KeyCopy, key_copies

HOME: Final = "/console/keys"
TITLE: Final = "upkeep.keys.title"
SHOWN: Final = 20  # tasks, copies and epochs of one look
ASKED: Final = 500  # open approvals among which those of keys are looked for
router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.KEY_READ))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the page shows."""

    status: KeysStatus | None  # None: whoever keeps the epoch keys does not answer
    silent: str  # its code then
    tasks: tuple[Task, ...]
    turning: tuple[Reindexing, ...]
    clear: tuple[Pending, ...]
    waiting: tuple[Approval, ...]
    copies: tuple[KeyCopy, ...]
    at: datetime

    def age(self, copy: KeyCopy) -> int:
        """Whole days since the copy was made."""
        return max((self.at - copy.made_at).days, 0)


@router.get("", response_class=HTMLResponse)
async def keys(request: Request, principal: Reader, look: str = "") -> str:
    """How keys stand; no key and no value of one is ever shown.

    Keys are counted over all persons, so that the page comes first and their numbers are fetched
    into it; without script a link leads there.
    """
    page, looked = console_page(request, TITLE, principal), look == "yes"
    shown = await run_in_threadpool(_shown, wiring_of(request), today(request), looked=looked)
    return await rendered_page(
        request,
        "console/keys.html",
        page,
        shown=shown,
        looked=looked,
        shown_most=SHOWN,
        may_destroy=may(request, principal, Action.KEY_DESTROY),
        may_rotate=may(request, principal, Action.KEY_ROTATE),
        me=principal.id,
        way=way(page.lang, (TITLE, HOME)),
    )


def _shown(wiring: Any, day: date, *, looked: bool) -> Shown:
    at, found, silent = wiring.clock(), None, ""
    keep = wiring.settings.key_final_days
    try:
        found = status(wiring.vault.ring, day=day, keep_days=keep) if looked else None
    except GovernanceError as error:  # the provider: the page says so, and shows the rest
        silent = error.code
    with wiring.database.read() as tx:
        asked = open_approvals(tx, at=at, limit=ASKED)
        return Shown(
            status=found,
            silent=silent,
            tasks=store.newest(tx, limit=SHOWN),
            turning=reindex_runs.runs(tx)[:SHOWN],
            clear=pending(tx) if looked else (),
            waiting=tuple(one for one in asked if one.kind is ApprovalKind.KEY_DESTRUCTION),
            copies=key_copies(wiring.backup_desk)[:SHOWN],
            at=at,
        )
