"""What an execution does and when, from facts alone; pure."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Final

from dsar.case import Case
from dsar.execution.types import MEASURES, Measure, StoreState
from dsar.types import KEPT_BY_LAW, Ground
from governance.core.clock import JST
from governance.core.terms import Law

PLAN_TAG: Final = "sekisho/erasure-of-request/1"
LIFT_NOTICE: Final = timedelta(days=3)  # between the notice and the end of a restriction (18(3))
CONFIRM_DAYS: Final = 14  # within which a recipient should confirm; then it is listed as late


def measures_of(case: Case) -> tuple[Measure, ...]:
    """What the rights of the case may come to; what one law allows and the other not is left out.

    Empty for rights that a package answers.
    """
    found = [MEASURES.get(track.kind, ()) for track in case.tracks]
    if not found:
        return ()
    return tuple(one for one in found[0] if all(one in other for other in found))


def kept_grounds(laws: Iterable[Law]) -> tuple[Ground, ...]:
    """On which ground under each law a field stays that another law keeps."""
    return tuple(KEPT_BY_LAW[law] for law in sorted(laws) if law in KEPT_BY_LAW)


def execute_from(agreed_at: datetime, *, days: int, answer_by: date | None) -> datetime:
    """When the waiting period ends: never so late that the day of the answer passes.

    The last moment is the beginning of that day in Japan, so that the whole day is left.
    """
    wished = agreed_at + timedelta(days=days)
    if answer_by is None:
        return wished
    last = datetime.combine(answer_by, time(), JST)
    return max(agreed_at, min(wished, last))


def substance(subject: str, fates: Iterable[Mapping[str, object]], *, schedule: str) -> str:
    """Digest of what would become of each field; more rows of the same fate are the same plan.

    What a law keeps, why and until when is in it, so that a change of any of them is another plan.
    """
    lines = sorted(
        json.dumps(
            {name: fate[name] for name in ("field", "fate", "law", "until", "gdpr")},
            sort_keys=True,
        )
        for fate in fates
    )
    head = {"tag": PLAN_TAG, "person": subject, "schedule": schedule, "fields": lines}
    return sha256(json.dumps(head, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def stores_ended(wanted: Iterable[str], states: Mapping[str, StoreState]) -> bool:
    """Whether every connected system has answered or is left out for a reason."""
    ended = {StoreState.ERASED, StoreState.KEPT, StoreState.LEFT}
    return all(states.get(name) in ended for name in wanted)
