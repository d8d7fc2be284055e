"""Where the rows of a console list come from, and the list as a page shows it.

A page and the files of its list ask the same source, so that a file holds exactly what was shown.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final, TypeVar, cast
from urllib.parse import parse_qsl

from fastapi import Request
from sqlalchemy import Connection

from governance.console.naming import with_names
from governance.core.clock import JST
from governance.core.terms import Lang
from governance.http.principal import Principal, PrincipalKind
from governance.http.request import wiring_of
from governance.identity.views import store as views
from governance.identity.views.types import SavedView
from governance.ui.lists.listing import Listing, SavedLink, listing_of
from governance.ui.lists.types import Found, ListOf, Pairs, View
from governance.ui.lists.views import ALL, address, is_own, names_of, others, view_of
from governance.ui.surfaces import lang_of
from policies.actions import Action
from policies.api import ensure, snapshot_of

T = TypeVar("T")
FILES: Final = "/console/lists"
VIEWS: Final = "/console/views"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a source may know: who looks at which view, in which language, at what time."""

    wiring: Any
    principal: Principal
    lang: Lang
    at: datetime
    view: View
    given: Mapping[str, str] = field(default_factory=dict, repr=False)  # of the page: `keeps`

    @property
    def today(self) -> date:
        """The day in Japan."""
        return self.at.astimezone(JST).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A declared list with who may see it (any one of the actions) and its rows."""

    declared: ListOf
    any_of: tuple[Action, ...]
    rows: Callable[[Connection, Asked], Found]
    writes: bool = False  # that somebody looked is on record: it needs a transaction that writes


def listed(
    request: Request,
    principal: Principal,
    source: Source,
    *,
    tx: Connection | None = None,
    given: Pairs | None = None,
) -> Listing:
    """The list in the view of the request's address, or in that of the parameters given instead.

    Of a form's answer it is the list's own.
    """
    pairs = request.query_params.multi_items() if request.method == "GET" else []
    pairs = pairs if given is None else [*given]
    if tx is not None:
        return _listed(tx, request, principal, source, pairs)
    return in_tx(
        wiring_of(request), source, lambda tx: _listed(tx, request, principal, source, pairs)
    )


def rows_of(tx: Connection, source: Source, asked: Asked) -> Found:
    """The rows of a source, everybody who acted by name."""
    return with_names(tx, source.rows(tx, asked), asked.lang)


def in_tx(wiring: Any, source: Source, work: Callable[[Connection], T]) -> T:
    """What the work finds in a transaction of the kind that the source needs."""
    if source.writes:
        return cast("T", wiring.database.write(work))
    with wiring.database.read() as tx:
        return work(tx)


def listed_all(
    request: Request, principal: Principal, sources: Iterable[Source]
) -> tuple[Listing, ...]:
    """The lists of one page, from one state of the database."""
    with wiring_of(request).database.read() as tx:
        return tuple(listed(request, principal, one, tx=tx) for one in sources)


def demand(request: Request, principal: Principal, source: Source) -> None:
    """The reader may see the list; raises the refusal of its first action."""
    policy = snapshot_of(request)
    for action in source.any_of[1:]:
        if policy.may(principal.roles, action) and not principal.untrained:
            ensure(principal, action, policy)
            return
    ensure(principal, source.any_of[0], policy)  # fails closed


def asked_by(request: Request, principal: Principal, source: Source, pairs: Pairs) -> Asked:
    """The question to the source with these parameters of an address."""
    wiring = wiring_of(request)
    kept = {name: value for name, value in pairs if name in source.declared.keeps}
    return Asked(
        wiring=wiring,
        principal=principal,
        lang=lang_of(request),
        at=wiring.clock(),
        view=view_of(source.declared, pairs),
        given=kept,
    )


def _listed(
    tx: Connection, request: Request, principal: Principal, source: Source, pairs: Pairs
) -> Listing:
    declared, staff = source.declared, principal.kind is PrincipalKind.STAFF
    vault = wiring_of(request).vault
    kept = views.seen_by(tx, vault, principal.id, declared.id) if staff else ()
    asked = asked_by(request, principal, source, pairs)
    opened = _opened(declared, pairs, asked.view, kept, principal)
    view = _of_saved(declared, opened) if opened else replace(asked.view, saved="")
    found = rows_of(tx, source, replace(asked, view=view))
    rest = others(declared, pairs)
    return listing_of(
        declared,
        view,
        found,
        rest=rest,
        saved=_links(declared, kept, opened, principal, rest),
        keeps_views=VIEWS if staff else "",
        files=FILES if declared.has_files else "",
    )


def _opened(
    declared: ListOf,
    pairs: Pairs,
    view: View,
    kept: tuple[SavedView, ...],
    principal: Principal,
) -> SavedView | None:
    """The saved view that the address names; of one that says nothing, the reader's own first."""
    names = {
        name.removeprefix(declared.prefix) for name, _ in pairs if is_own(declared, name)
    } & names_of(declared)
    if names == {"view"} and view.saved != ALL:
        return next((one for one in kept if one.id == view.saved), None)
    mine = (one for one in kept if one.preferred and one.owner == principal.id)
    return None if names else next(mine, None)


def _of_saved(declared: ListOf, saved: SavedView) -> View:
    """The view that was kept; what the list no longer knows of it is named like anything else."""
    return replace(view_of(declared, parse_qsl(saved.query)), saved=saved.id, page=1, before="")


def _links(
    declared: ListOf,
    kept: tuple[SavedView, ...],
    opened: SavedView | None,
    principal: Principal,
    rest: Pairs,
) -> tuple[SavedLink, ...]:
    return tuple(
        SavedLink(
            id=one.id,
            name=one.name,
            href=address(
                declared, View(sort=declared.order, size=declared.size, saved=one.id), rest
            ),
            own=one.owner == principal.id,
            shared=one.shared,
            preferred=one.preferred and one.owner == principal.id,
            here=opened is not None and one.id == opened.id,
        )
        for one in kept
    )


def saved_place(declared: ListOf, row: str, rest: Pairs = ()) -> str:
    """Where a saved view is looked at; without one, where the list is."""
    return address(declared, View(sort=declared.order, size=declared.size, saved=row), rest)
