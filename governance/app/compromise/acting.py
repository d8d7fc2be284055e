"""What is done at once about a key that somebody else may hold, by one person, on record.

First, in one transaction: the record of the breach with its clocks, the event, the pause where the
key opens personal data, and the end of what opens by a row of the database. Then, step by step,
what takes longer. Each step may be repeated: the command goes on with the open record.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from threading import Event
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.app.approvals import approvals_of
from governance.app.compromise.known import demand_known, epoch_reason
from governance.app.compromise.next import steps_of
from governance.app.compromise.types import (
    STANDS_STILL,
    Act,
    Found,
    Response,
    Suspect,
    SuspectTargetError,
)
from governance.app.keys import custodian_of
from governance.app.webhooks import service as webhooks
from governance.app.wiring import Wiring
from governance.core.terms import ActorId, FieldId, KeyClass, RowId
from governance.crypto.providers.types import EpochId
from governance.custody import reindexing
from governance.custody import service as custody
from governance.custody.log_key import change_log_key
from governance.custody.rolling import roll_today
from governance.http.principal import Principal
from governance.identity import lifecycle, store
from governance.identity.accounts import AccountUnknownError
from governance.identity.clients import keys, tokens
from governance.identity.types import AccountState
from governance.jobs.runner import worker_of
from governance.registers.breaches import service as breaches
from governance.registers.breaches.types import Breach, BreachKind, Ground
from policies.actions import Action
from policies.admin import pausing
from policies.api import ensure
from policies.pause import PauseReason, standing

NEEDS: Final[Mapping[Suspect, Action]] = {
    Suspect.CLIENT: Action.CLIENT_WRITE,
    Suspect.STAFF: Action.STAFF_WRITE,
    Suspect.WEBHOOK: Action.CLIENT_WRITE,
    Suspect.LOG: Action.KEY_ROTATE,
    Suspect.INDEX: Action.KEY_ROTATE,
    Suspect.EPOCH: Action.KEY_ROTATE,
    Suspect.PROVIDER: Action.KEY_ROTATE,
}
NAMELESS: Final = frozenset({Suspect.LOG, Suspect.PROVIDER})
NOTHING: Final = timedelta(0)  # old keys are not kept: the thief may hold what wrapped them
Shown = tuple[str, ...]
Done = tuple[tuple[Act, ...], Shown]
Inside = Callable[[Connection, Wiring, Principal, Found], Done]
After = Callable[[Wiring, Principal, Found], tuple[tuple[Act, ...], RowId | None, Shown]]


def respond(wiring: Wiring, principal: Principal, found: Found) -> Response:
    """What could be ended is ended, the breach is on record, and what is left is told."""
    ensure(principal, NEEDS[found.suspect], wiring.policies.current)
    if (found.target is None) is not (found.suspect in NAMELESS):
        raise SuspectTargetError
    demand_known(wiring, found)
    breach, acts, shown = wiring.database.write(
        partial(_begin, wiring=wiring, by=principal, found=found)
    )
    further, approval, more = _AFTER.get(found.suspect, _nothing)(wiring, principal, found)
    with wiring.database.read() as tx:
        stands = breaches.standing(tx, breach)
    return Response(
        suspect=found.suspect,
        target=found.target or found.suspect.value,
        standing=stands,
        acts=(*acts, *further),
        approval=approval,
        steps=steps_of(wiring, found, breach, approval),
        shown=(*shown, *more),
    )


def _begin(
    tx: Connection, /, *, wiring: Wiring, by: Principal, found: Found
) -> tuple[Breach, tuple[Act, ...], Shown]:
    acts, shown = _INSIDE.get(found.suspect, _none_inside)(tx, wiring, by, found)
    breach = breaches.enter(
        tx,
        wiring.ports,
        by,
        BreachKind.KEY_COMPROMISE,
        found.about,
        grounds=(Ground.WRONGFUL,),  # who takes a key may mean harm; an officer may say otherwise
        aware_at=found.aware_at,
        at=found.at,
    )
    if found.suspect in STANDS_STILL and standing(tx) is None:
        pausing.enter_pause(tx, wiring.ports, by, PauseReason.KEY_COMPROMISE, at=found.at)
        acts = (Act(what="paused"), *acts)
    draft = EventDraft(
        action=EventCode.KEY_COMPROMISED,
        occurred_at=found.at,
        actor=by.id,
        actor_os=by.os_user,
        object_type="key",
        object_id=found.about,
        outcome=Outcome.DONE,
        reasons=(found.suspect.value,),
        counts=tuple((act.what, act.count) for act in acts),
        refs=(f"breach:{breach.id}",),
        policy_version=wiring.ports.policies.current.version,
    )
    wiring.audit.append(tx, draft)
    return breach, (Act(what="recorded"), *acts), shown


def _none_inside(_tx: Connection, _wiring: Wiring, _by: Principal, _found: Found) -> Done:
    return (), ()


def _nothing(
    _wiring: Wiring, _by: Principal, _found: Found
) -> tuple[tuple[Act, ...], RowId | None, Shown]:
    return (), None, ()


def _client(tx: Connection, _wiring: Wiring, _by: Principal, found: Found) -> Done:
    """Every key, token and assertion key of the system ends; the account stays."""
    client = store.client_by_id(tx, ActorId(f"svc:{found.target}"))
    if client is None:
        raise AccountUnknownError
    living = [one.id for one in keys.keys_of(tx, client.id) if one.ended_at is None]
    ended = keys.end_keys(tx, living, at=found.at)
    gone = tokens.end_tokens(tx, client.id)
    store.change_client(tx, client.id, public_keys=None)
    return (Act(what="keys_ended", count=ended), Act(what="tokens_ended", count=gone)), ()


def _staff(tx: Connection, wiring: Wiring, by: Principal, found: Found) -> Done:
    """The account does not act until it is resumed; nothing that it proved itself by is left."""
    login = found.target or ""
    staff = store.staff_by_id(tx, ActorId(f"u:{login}"))
    ended = 0
    if staff is not None and staff.state is AccountState.ACTIVE:
        ended = lifecycle.suspend(tx, wiring.ports, by, login, at=found.at)
    lifecycle.reset_stolen(tx, wiring.ports, by, login, at=found.at)
    return (Act(what="suspended"), Act(what="sessions_ended", count=ended)), ()


def _webhook(tx: Connection, wiring: Wiring, by: Principal, found: Found) -> Done:
    """The old secret signs nothing more, not even beside the new one."""
    which = found.target or ""
    turned = webhooks.rotate(tx, wiring, by, which, at=found.at)
    webhooks.settle(tx, wiring, by, which, at=found.at)
    return (Act(what="secret_renewed"),), (turned.secret,)


def _log(
    wiring: Wiring, by: Principal, found: Found
) -> tuple[tuple[Act, ...], RowId | None, Shown]:
    fresh = change_log_key(wiring.ports, wiring.log_keys, by.id, os_user=by.os_user, at=found.at)
    return (Act(what="log_key_changed"),), None, tuple(key.vkey for key in fresh)


def _index(
    wiring: Wiring, by: Principal, found: Found
) -> tuple[tuple[Act, ...], RowId | None, Shown]:
    begun = reindexing.start_reindex(
        wiring.ports, FieldId(found.target or ""), actor=by.id, at=found.at
    )
    worker = worker_of(by.id, wiring.clock, Event())
    done = reindexing.drive(wiring.ports, begun.id, worker=worker, log_keys=wiring.log_keys)
    return (Act(what="reindexed", count=done.done),), None, ()


def _persons(wiring: Wiring, by: Principal, found: Found) -> tuple[Act, ...]:
    """The keys of all persons are new, and nothing is left that the old ones open."""
    custodian, total = custodian_of(wiring), 0
    for key_class in KeyClass:
        task = custody.begin_rotation(
            custodian, by, subject=None, key_class=key_class, keep_old=NOTHING, at=found.at
        )
        worker = worker_of(by.id, wiring.clock, Event())
        total += custody.run(custodian, task.id, worker=worker).renewed
    return (Act(what="person_keys_renewed", count=total),)


def _epoch(
    wiring: Wiring, by: Principal, found: Found
) -> tuple[tuple[Act, ...], RowId | None, Shown]:
    """Today's epoch wraps all; the end of the other one waits for a second person."""
    rolled = roll_today(
        wiring.ports,
        wiring.log_keys,
        by.id,
        keep_days=wiring.settings.key_final_days,
        at=found.at,
    )
    epoch = EpochId(found.target or "")
    if epoch == rolled.epoch:
        return (), None, ()  # what is wrapped today is wrapped by it: the next day's roll ends that
    acts = (Act(what="rewrapped", count=rolled.rewrapped), *_persons(wiring, by, found))
    if epoch_reason(wiring, epoch) is not None:
        return acts, None, ()  # it has ended, or a key that nothing moves still needs it
    end = custody.End(epoch=epoch)
    asked = custody.ask_end(custodian_of(wiring), approvals_of(wiring), by, end, at=found.at)
    return (*acts, Act(what="end_asked")), RowId(asked.id), ()


_INSIDE: Final[Mapping[Suspect, Inside]] = {
    Suspect.CLIENT: _client,
    Suspect.STAFF: _staff,
    Suspect.WEBHOOK: _webhook,
}
_AFTER: Final[Mapping[Suspect, After]] = {
    Suspect.LOG: _log,
    Suspect.INDEX: _index,
    Suspect.EPOCH: _epoch,
}
