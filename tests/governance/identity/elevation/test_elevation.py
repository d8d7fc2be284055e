"""A role for a time: given by another, over by itself, never one that is kept apart."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, func, select

from audit.actions import EventCode
from audit.models import EVENTS
from governance.app.approvals import approve_and_execute
from governance.app.staff import add_staff
from governance.app.staff_jobs import elevations_step
from governance.app.wiring import Wiring
from governance.approvals.errors import ApprovalForbiddenError
from governance.approvals.service import Approvals
from governance.core.terms import ActorId, Lang
from governance.http.principal import Principal, PrincipalKind
from governance.identity import lifecycle, service
from governance.identity.accounts import DutiesApartError, RoleKindError
from governance.identity.elevation import service as elevation
from governance.identity.elevation.types import (
    ElevationForbiddenError,
    ElevationFormError,
    ElevationHeldError,
    ElevationUnknownError,
    Phase,
)
from governance.identity.errors import RoleUnknownError
from policies.api import ActionForbiddenError
from tests.installation import AT, create, staff

REASON = "繁忙期の応援のため"
OFFICER = staff("privacy_officer", name="giver")
OPERATOR = staff("it_operator", name="operator")
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def wiring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    made = create(tmp_path_factory.mktemp("elevation"))
    yield made
    made.close()


class Hired:
    """Somebody signed in, looked at anew at each moment."""

    def __init__(self, wiring: Wiring, login: str, role: str) -> None:
        self.wiring, self.login = wiring, login
        hire = partial(
            add_staff, wiring=wiring, login=login, display_name="架空", roles=[role], at=AT
        )
        actor = ActorId(f"u:{login}")
        wiring.database.write(hire)
        lasting = timedelta(days=300)
        enter = partial(
            service.open_session, actor=actor, kind=PrincipalKind.STAFF, lasting=lasting, at=AT
        )
        _, self.secret = wiring.database.write(enter)

    def at(self, at: datetime = AT) -> Principal:
        with self.wiring.database.read() as tx:
            return service.principal_by_session(tx, self.secret, at=at, lang=Lang.JA)[0]

    def ask(self, role: str, minutes: int = 30, reason: str = REASON, *, at: datetime = AT) -> str:
        def write(tx: Connection) -> str:
            desk = Approvals(audit=self.wiring.audit, executors={})
            asked = partial(elevation.ask, tx, self.wiring.ports, desk, self.at(at))
            return asked(role=role, minutes=minutes, reason=reason, at=at)[1].id

        return self.wiring.database.write(write)


def events(wiring: Wiring, code: EventCode, login: str) -> int:
    with wiring.database.read() as tx:
        mine = (EVENTS.c.action == code.value) & (EVENTS.c.object_id == f"u:{login}")
        return tx.execute(select(func.count()).select_from(EVENTS).where(mine)).scalar_one()


def test_a_role_counts_from_the_approval_to_its_end(wiring: Wiring) -> None:
    hanako = Hired(wiring, "hanako", "sales")
    approval = hanako.ask("support")
    assert hanako.at().roles == {"sales"}
    own = Principal(
        id=ActorId("u:hanako"), kind=PrincipalKind.STAFF, roles=OFFICER.roles, lang=Lang.JA
    )
    with pytest.raises(ApprovalForbiddenError):  # nobody gives it to themselves
        approve_and_execute(wiring, own, approval, at=AT)
    with pytest.raises(ActionForbiddenError):
        approve_and_execute(wiring, staff("support", name="x"), approval, at=AT)
    approve_and_execute(wiring, OFFICER, approval, at=AT + MINUTE)
    end = AT + MINUTE + 30 * MINUTE
    assert hanako.at(AT).roles == {"sales"}
    assert hanako.at(AT + MINUTE).roles == {"sales", "support"}
    assert hanako.at(end - timedelta(microseconds=1)).roles == {"sales", "support"}
    assert hanako.at(end).roles == {"sales"}
    assert events(wiring, EventCode.ELEVATION_BEGUN, "hanako") == 1
    step = partial(elevations_step, wiring, cursor=None, limit=100)
    for _ in range(2):
        wiring.database.write(lambda tx: step(tx, at=end))
    assert events(wiring, EventCode.ELEVATION_ENDED, "hanako") == 1


def test_what_is_kept_apart_is_neither_asked_for_nor_given(wiring: Wiring) -> None:
    jiro = Hired(wiring, "jiro", "privacy_officer")
    for role, error in (
        ("privacy_approver", DutiesApartError),
        ("shop", RoleKindError),
        ("nothing", RoleUnknownError),
        ("privacy_officer", ElevationHeldError),
    ):
        with pytest.raises(error):
            jiro.ask(role)
    saburo = Hired(wiring, "saburo", "support")
    approval = saburo.ask("privacy_approver")
    with pytest.raises(ElevationHeldError):
        saburo.ask("privacy_approver")
    with pytest.raises(DutiesApartError):  # what waits counts too
        saburo.ask("it_operator")
    wiring.database.write(
        lambda tx: lifecycle.set_roles(
            tx, wiring.ports, OPERATOR, "saburo", ["privacy_officer"], at=AT
        )
    )
    with pytest.raises(ElevationUnknownError):  # it ended with the change of roles
        approve_and_execute(wiring, OFFICER, approval, at=AT + MINUTE)


@pytest.mark.parametrize(
    ("minutes", "reason"),
    [(0, REASON), (481, REASON), (-1, REASON), (30, ""), (30, "    a   "), (30, "x" * 5_000_000)],
)
def test_a_request_of_another_form_is_refused(wiring: Wiring, minutes: int, reason: str) -> None:
    login = f"n{abs(minutes)}-{len(reason) % 97}"
    with pytest.raises(ElevationFormError):
        Hired(wiring, login, "sales").ask("support", minutes, reason)


def test_an_account_that_may_not_act_gets_nothing(wiring: Wiring) -> None:
    goro = Hired(wiring, "goro", "sales")
    approval = goro.ask("support")
    wiring.database.write(lambda tx: lifecycle.suspend(tx, wiring.ports, OPERATOR, "goro", at=AT))
    with pytest.raises((ElevationForbiddenError, ElevationUnknownError)):
        approve_and_execute(wiring, OFFICER, approval, at=AT + MINUTE)


def test_it_ends_before_its_time_by_its_holder_and_by_who_may_decide(wiring: Wiring) -> None:
    rokuro = Hired(wiring, "rokuro", "sales")
    other = Hired(wiring, "shichiro", "sales")
    for by in (rokuro.at(), OFFICER):
        approve_and_execute(wiring, OFFICER, rokuro.ask("marketing"), at=AT)
        assert "marketing" in rokuro.at().roles
        with wiring.database.read() as tx:
            found = elevation.listing(tx, wiring.ports, rokuro.at())
            assert elevation.listing(tx, wiring.ports, other.at()) == ()
        one = next(held for held, _ in found if held.phase(AT) is Phase.STANDING)
        stop = partial(elevation.end, ports=wiring.ports, elevation=one.id, at=AT)
        with pytest.raises(ElevationUnknownError):
            wiring.database.write(partial(stop, principal=other.at()))
        wiring.database.write(partial(stop, principal=by))
        assert "marketing" not in rokuro.at().roles
