"""The gate for bulk use that shows nothing: which of these persons may be used for this now."""

from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from consent.state.live import PERMIT_LIFE
from governance.core.terms import EventId, FieldId, SubjectId
from governance.customers.ports import Ports
from governance.gateway.bulk import deciding
from governance.gateway.bulk.deciding import Bulk, MovedError, Run
from governance.gateway.bulk.types import BulkRequest, ExportRefusedError, UseAnswer
from governance.http.principal import Principal
from policies.actions import Action
from policies.actors import decide_actor_on_record, may
from policies.api import ensure
from policies.pause import refuse_paused
from policies.types import Verb

ATTEMPTS: Final = 3
TABLE: Final = "person"
REACHED_BY: Final = FieldId("person.customer_id")


def use(ports: Ports, principal: Principal, request: BulkRequest, *, at: datetime) -> UseAnswer:
    """Who may be used for the purpose now; each of them has a decision on record.

    Raises ExportRefusedError when the first two gates refuse.
    """
    policy = ports.policies.current
    ensure(principal, Action.PERSON_USE, policy)
    refuse_paused(policy)
    bulk = deciding.asked(
        ports,
        principal,
        request,
        verb=Verb.USE,
        explained=bool(may(principal, Action.EXPLAIN_SUBJECT, policy)),
        at=at,
    )
    actor = decide_actor_on_record(
        principal, policy, kind=TABLE, action=Verb.USE.value, purpose=bulk.purpose.id
    )
    if not actor:
        raise ExportRefusedError(reason=actor.code.value, field="-")
    for _ in range(ATTEMPTS):
        run = deciding.start(bulk)
        permit: list[SubjectId] = []
        for subjects in deciding.parts_of(bulk, TABLE):
            with ports.database.read() as tx:
                passing = tuple(deciding.gates_of(tx, run, subjects))
            ports.database.write(partial(deciding.note, run=run, subjects=passing), batch=True)
            permit += passing
        try:
            event = ports.database.write(partial(_release, run=run))
        except MovedError:
            continue
        return _answer(bulk, run, tuple(permit), event)
    raise deciding.too_busy()


def _answer(bulk: Bulk, run: Run, permit: tuple[SubjectId, ...], event: EventId) -> UseAnswer:
    return UseAnswer(
        decision_id=event,
        use=run.id,
        purpose=bulk.purpose.id,
        permit=permit,
        excluded=dict(run.excluded),
        obligations=deciding.duties(bulk, (REACHED_BY,)),
        policy_version=bulk.policy.version,
        consent_seq=run.began,
        valid_until=bulk.at + PERMIT_LIFE,
    )


def _release(tx: Connection, *, run: Run) -> EventId:
    bulk = run.bulk
    if not deciding.stands(tx, run):
        raise MovedError
    counts = (("persons", run.persons), *deciding.codes(run.excluded))
    refs = (f"decisions_of:{run.stream}",)
    draft = deciding.permitted(run, EventCode.PERSON_USED, "use", run.id, counts=counts, refs=refs)
    return bulk.ports.audit.append(tx, draft)
