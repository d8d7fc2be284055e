"""Saved views: sealed, one's own, shared by choice, and on record."""

from collections.abc import Iterator
from functools import partial

import pytest
from sqlalchemy import select

from audit.actions import EventCode
from audit.models import EVENTS
from governance.app.wiring import Wiring
from governance.core.terms import ActorId, RowId
from governance.http.principal import Principal, PrincipalKind
from governance.identity.views import service, store
from governance.identity.views.types import MOST, SavedView
from tests.installation import AT, create

ONE = Principal(id=ActorId("u:one"), kind=PrincipalKind.STAFF)
TWO = Principal(id=ActorId("u:two"), kind=PrincipalKind.STAFF)


@pytest.fixture(scope="module")
def wiring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    made = create(tmp_path_factory.mktemp("views"))
    yield made
    made.close()


def keep(
    wiring: Wiring,
    who: Principal,
    name: str,
    *,
    query: str = "sort=until",
    shared: bool = False,
    preferred: bool = False,
) -> SavedView:
    work = partial(
        service.keep,
        ports=wiring.ports,
        principal=who,
        listed="requests",
        name=name,
        query=query,
        shared=shared,
        preferred=preferred,
        at=AT,
    )
    return wiring.database.write(work)


def names(wiring: Wiring, who: Principal) -> dict[str, bool]:
    with wiring.database.read() as tx:
        found = store.seen_by(tx, wiring.vault, who.id, "requests")
    return {one.name: one.preferred for one in found}


def test_a_view_is_ones_own_until_it_is_shared(wiring: Wiring) -> None:
    keep(wiring, ONE, "own")
    keep(wiring, ONE, "all", shared=True)
    assert set(names(wiring, ONE)) == {"own", "all"}
    assert set(names(wiring, TWO)) == {"all"}


def test_one_view_opens_the_list_and_nobody_touches_anothers(wiring: Wiring) -> None:
    first = keep(wiring, TWO, "first", preferred=True)
    keep(wiring, TWO, "second", preferred=True)
    assert {name: opens for name, opens in names(wiring, TWO).items() if name != "all"} == {
        "first": False,
        "second": True,
    }
    for act in (partial(service.drop), partial(service.prefer, opens=True)):
        with pytest.raises(service.ViewUnknownError):
            wiring.database.write(
                partial(act, ports=wiring.ports, principal=ONE, row=RowId(first.id), at=AT)
            )
    wiring.database.write(
        partial(service.drop, ports=wiring.ports, principal=TWO, row=first.id, at=AT)
    )
    assert "first" not in names(wiring, TWO)


def test_name_and_conditions_are_sealed_and_the_log_has_neither(wiring: Wiring) -> None:
    view = keep(wiring, ONE, "架空の名前", query="q=%E7%A7%98")
    with wiring.database.read() as tx:
        row = tx.execute(select(store.VIEW).where(store.VIEW.c.id == view.id)).one()
        event = tx.execute(
            select(EVENTS).where(
                EVENTS.c.action == EventCode.VIEW_CHANGED.value, EVENTS.c.object_id == view.id
            )
        ).one()
    assert "架空の名前".encode() not in bytes(row.content)
    assert "架空" not in str(event) + repr(view)


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\x00b"])
def test_a_view_needs_a_name(wiring: Wiring, name: str) -> None:
    with pytest.raises(service.ViewFormError):
        keep(wiring, ONE, name)


def test_views_of_one_list_have_an_end(wiring: Wiring) -> None:
    who = Principal(id=ActorId("u:many"), kind=PrincipalKind.STAFF)
    for number in range(MOST):
        keep(wiring, who, f"v{number}")
    with pytest.raises(service.ViewsFullError):
        keep(wiring, who, "more")
