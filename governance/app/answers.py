"""The package of an answer, made from what this installation knows of itself."""

from datetime import datetime

from dsar import packaging
from dsar.case import Case
from dsar.information import Controller
from governance.app.periods import periods
from governance.app.wiring import Wiring
from governance.core.settings import Settings
from governance.core.terms import RequestId
from governance.http.principal import Principal
from policies.types import Label
from retention import store as schedules


def controller_of(settings: Settings) -> Controller:
    """Who answers, as the settings name it (APPI 32(1)(i), GDPR 15(1))."""
    return Controller(
        name=Label(ja=settings.company_ja, en=settings.company_en), contact=settings.contact_mail
    )


def pack(wiring: Wiring, principal: Principal, request: RequestId, *, at: datetime) -> Case:
    """The approved answer is packed with the keeping periods of the schedule in force."""
    with wiring.database.read() as tx:
        schedule = schedules.in_force(tx)
    return packaging.build_package(
        wiring.ports,
        principal,
        request,
        controller=controller_of(wiring.settings),
        periods=periods(schedule),
        at=at,
    )
