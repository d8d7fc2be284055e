"""Use cases of saved views: keep one, let it open the list, delete it. Each is on record."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.ids import new_row_id
from governance.core.terms import RowId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.identity.views import store
from governance.identity.views.types import MOST, NAME_MOST, QUERY_MOST, SavedView

KEPT: Final = "view.kept"
PREFERRED: Final = "view.preferred"
UNPREFERRED: Final = "view.unpreferred"
DROPPED: Final = "view.dropped"


class ViewUnknownError(NotFoundError):
    """No such view is this employee's."""

    code = "view_unknown"


class ViewFormError(GovernanceError):
    """A view needs a name, and conditions that are not too long; nothing was kept."""

    code, status = "view_form", 422


class ViewsFullError(GovernanceError):
    """The employee keeps as many views of this list as may be (`limit`); nothing was kept."""

    code, status = "views_full", 409


def keep(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    *,
    listed: str,
    name: str,
    query: str,
    shared: bool,
    preferred: bool,
    at: datetime,
) -> SavedView:
    """The view is kept; raises ViewFormError, ViewsFullError."""
    said = " ".join(name.split())
    if not said or len(said) > NAME_MOST or len(query) > QUERY_MOST or not said.isprintable():
        raise ViewFormError
    if store.count(tx, principal.id, listed) >= MOST:
        raise ViewsFullError(limit=MOST)
    view = SavedView(
        id=new_row_id(),
        owner=principal.id,
        list=listed,
        name=said,
        query=query,
        shared=shared,
        preferred=preferred,
    )
    store.add(tx, ports.vault, view, at=at)
    if preferred:
        store.prefer(tx, principal.id, listed, view.id)
    _record(tx, ports, principal, view, KEPT, at=at)
    return view


def prefer(
    tx: Connection, ports: Ports, principal: Principal, row: RowId, *, opens: bool, at: datetime
) -> SavedView:
    """The view opens its list for this employee, or does so no longer."""
    view = _own(tx, ports, principal, row)
    store.prefer(tx, principal.id, view.list, row if opens else None)
    _record(tx, ports, principal, view, PREFERRED if opens else UNPREFERRED, at=at)
    return view


def drop(
    tx: Connection, ports: Ports, principal: Principal, row: RowId, *, at: datetime
) -> SavedView:
    """The view is gone, for those with whom it was shared too."""
    view = _own(tx, ports, principal, row)
    store.drop(tx, principal.id, row)
    _record(tx, ports, principal, view, DROPPED, at=at)
    return view


def _own(tx: Connection, ports: Ports, principal: Principal, row: RowId) -> SavedView:
    view = store.own(tx, ports.vault, principal.id, row)
    if view is None:
        raise ViewUnknownError  # fails closed: another's view is as none
    return view


def _record(
    tx: Connection, ports: Ports, principal: Principal, view: SavedView, did: str, *, at: datetime
) -> None:
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.VIEW_CHANGED,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="list_view",
            object_id=view.id,
            outcome=Outcome.DONE,
            reasons=(did, f"list.{view.list}"),
            counts=(("shared", int(view.shared)),),
        ),
    )
