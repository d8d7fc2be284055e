"""A child behind a request: what the register says, what concerns follow, what the child said.

What is found is for the officer alone: whoever asks learns nothing of the register by it.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from dsar.case import Case
from dsar.errors import RequestStepError
from dsar.identity.guardians import Child, Concern, Heard, concerns
from dsar.listing import timeline
from dsar.records import actor_of, changed, demand, write_down
from dsar.store import case_by_id
from dsar.types import Mark, Refusal
from governance.core.clock import JST
from governance.core.terms import FieldId, RequestId
from governance.customers.ports import Ports
from governance.customers.store import records_of, subject_by_id
from governance.http.principal import Principal
from policies.actions import Action

SPECIAL: Final = FieldId("person_tag.special_label")
ANSWERED: Final = frozenset({Concern.CHILD_HEARD, Concern.SENSITIVE, Concern.CHILD_ALONE})


def child_of(tx: Connection, case: Case, *, at: datetime) -> Child | None:
    """What the register says of the person; None while nobody knows whom the request is about."""
    if case.subject is None:
        return None
    person = subject_by_id(tx, case.subject, on=at.astimezone(JST).date())
    if person is None:
        return None
    tags = records_of(tx, case.subject, "person_tag")
    return Child(
        band=person.age_band,
        guardian=person.guardian_verified,
        sensitive=any(SPECIAL in one.sealed for one in tags),
    )


def open_concerns(tx: Connection, case: Case, *, at: datetime) -> tuple[Concern, ...]:
    """What an officer still has to look at; what the child said settles what it answers."""
    child = child_of(tx, case, at=at)
    found = concerns(case.requester, child) if child is not None else ()
    settled = ANSWERED if heard(tx, case.id) is not None else frozenset[Concern]()
    return tuple(one for one in found if one not in settled)


def heard(tx: Connection, request: RequestId) -> Heard | None:
    """What the child said last, as an officer noted it."""
    said = [one.ground for one in timeline(tx, request) if one.event == Mark.CHILD_HEARD]
    return Heard(said[-1]) if said and said[-1] else None


def note_heard(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    request: RequestId,
    said: Heard,
    *,
    at: datetime,
) -> Case:
    """What the child said is on file as a code, for whoever decides."""
    case = case_by_id(tx, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_WRITE)
    if case.closed:
        raise RequestStepError(request=request, reason=Refusal.NO_SUCH_STEP.value, law="-")
    return write_down(
        tx,
        ports,
        principal,
        changed(case, at=at),
        Mark.CHILD_HEARD,
        EventCode.REQUEST_CHANGED,
        at=at,
        before=case.version,
        ground=said.value,
        reasons=(said.value,),
    )
