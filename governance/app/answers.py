"""The package of an answer, made from what this installation knows of itself."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from dsar import packaging
from dsar.case import Case
from dsar.gaps import Gap
from dsar.review import preview as previewed
from governance.app.periods import periods
from governance.app.wiring import Wiring
from governance.core.terms import RequestId
from governance.http.principal import Principal
from policies.types import Label
from retention import store as schedules


def missing(
    wiring: Wiring, principal: Principal, request: RequestId, *, at: datetime
) -> tuple[Gap, ...]:
    """What the registers lack for this answer."""
    return packaging.missing(
        wiring.ports,
        principal,
        request,
        controller=wiring.settings,
        periods=_periods(wiring),
        at=at,
    )


def pack(
    wiring: Wiring,
    principal: Principal,
    request: RequestId,
    *,
    at: datetime,
    despite_gaps: bool = False,
) -> Case:
    """The approved answer is packed with the keeping periods of the schedule in force."""
    return packaging.build_package(
        wiring.ports,
        principal,
        request,
        controller=wiring.settings,
        periods=_periods(wiring),
        at=at,
        keep=timedelta(days=wiring.settings.answer_days),
        despite_gaps=despite_gaps,
    )


def preview(
    wiring: Wiring, principal: Principal, request: RequestId, *, at: datetime
) -> dict[str, bytes]:
    """The files of the answer as the review stands now, as `pack` would make them."""
    return previewed.preview(
        wiring.ports,
        principal,
        request,
        controller=wiring.settings,
        periods=_periods(wiring),
        at=at,
    )


def _periods(wiring: Wiring) -> Mapping[str, Label]:
    with wiring.database.read() as tx:
        return periods(schedules.in_force(tx))
