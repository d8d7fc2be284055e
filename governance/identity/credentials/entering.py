"""Signing in: password, one-time code or passkey, then a second factor where there is one.

An unknown login, a wrong password and a suspended account are one answer after the same work.
Tries are counted before the password is looked at, so that many at once are not one try.
"""

import secrets
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from governance.core.terms import ActorId
from governance.customers.ports import Ports
from governance.http.principal import PrincipalKind
from governance.identity.credentials import backoff, challenges, store, totp
from governance.identity.credentials.backoff import Counted, Door
from governance.identity.credentials.challenges import begin_step
from governance.identity.credentials.demand import asked_for_second
from governance.identity.credentials.errors import FactorRefusedError, TooSoonError
from governance.identity.credentials.hashing import Hasher
from governance.identity.credentials.recovery import recovery_digest
from governance.identity.credentials.terms import DEVICE_LIFE, STEP_TRIES, Terms
from governance.identity.credentials.types import Caller, Opened, Passkey, Pending, StepKind
from governance.identity.errors import SignInRefusedError
from governance.identity.rules import ENROLLING_LIFE, digest, login_is_plain, may_act
from governance.identity.service import open_session, spend_code
from governance.identity.store import staff_by_id, staff_exists
from governance.identity.types import Level, Place

TOTP: Final = "staff_totp"  # kind of blob
UNKNOWN: Final = ActorId("unknown")  # in the log; what was typed is not kept


def enter_by_password(
    ports: Ports,
    hasher: Hasher,
    terms: Terms,
    login: str,
    password: str,
    caller: Caller,
    *,
    at: datetime,
    place: Place = Place.BROWSER,
) -> Opened | Pending:
    """Whoever the password proves goes on; raises SignInRefused, TooSoon and BusyError."""
    actor = _actor(login)
    with hasher.place():
        keys, stored = ports.database.write(lambda tx: _begun(tx, actor, caller, at=at))
        fits = hasher.fits(stored, password)
    if not fits or stored is None:
        ports.database.write(lambda tx: _failed(tx, ports, actor, keys, caller, "password", at=at))
        raise SignInRefusedError
    renewed = hasher.hash(password) if hasher.outdated(stored) else None

    def write(tx: Connection) -> Opened | Pending | None:
        staff = staff_by_id(tx, actor)
        if staff is None or not may_act(staff.state):
            _failed(tx, ports, actor, keys, caller, "account", at=at)
            return None  # fails closed: the password was right, the account may not act
        if renewed is not None:
            store.set_password(tx, actor, renewed, at=at)
        store.give_back(tx, keys)
        return _next(tx, ports, terms, actor, Level.PASSWORD, caller, place=place, at=at)

    found = ports.database.write(write)
    if found is None:
        raise SignInRefusedError
    return found


def enter_by_code(
    ports: Ports,
    terms: Terms,
    secret: str,
    caller: Caller,
    *,
    at: datetime,
    place: Place = Place.BROWSER,
) -> Opened | Pending:
    """Whoever was given the one-time code goes on; staff with a second factor are asked for it.

    A code that fits is taken however often others failed: it cannot be guessed.
    """

    def write(tx: Connection) -> Opened | Pending:
        code = spend_code(tx, secret, at=at)
        if code.kind is PrincipalKind.STAFF:
            return _next(tx, ports, terms, code.actor, Level.CODE, caller, place=place, at=at)
        session, token = open_session(
            tx,
            actor=code.actor,
            kind=code.kind,
            lasting=terms.lasting,
            at=at,
            place=place,
            network=caller.network,
        )
        return Opened(session=session, secret=token)

    try:
        return ports.database.write(write)
    except SignInRefusedError:
        door = Door.PORTAL  # customers come in by codes too, and make no password of staff wait
        ports.database.write(lambda tx: note_refused(tx, ports, caller, "code", door=door, at=at))
        raise


def note_refused(
    tx: Connection,
    ports: Ports,
    caller: Caller,
    reason: str,
    *,
    door: Door = Door.STAFF,
    at: datetime,
) -> None:
    """The log has the refusal; of a network that fails again and again not each one."""
    keys = (backoff.network_key(caller.network, door),)
    try:
        demand_turn(tx, keys, at=at)
    except TooSoonError:
        return
    store.count_failure(tx, keys[0], at=at)
    _failed(tx, ports, UNKNOWN, keys, caller, reason, at=at)


def _next(
    tx: Connection,
    ports: Ports,
    terms: Terms,
    actor: ActorId,
    level: Level,
    caller: Caller,
    *,
    place: Place,
    at: datetime,
) -> Opened | Pending:
    """After the first factor: the second, where there is one; its set-up, where it is demanded."""
    factors = store.factors_of(tx, actor)
    if factors.second:
        higher = Level.RECOVERED if level is Level.CODE else Level.MFA
        secret = begin_step(tx, StepKind.SECOND, actor=actor, level=higher, at=at)
        return Pending(secret=secret, factors=factors)
    if asked_for_second(tx, ports, terms, actor, at=at):  # fails closed: it opens nothing yet
        short = replace(terms, lasting=min(terms.lasting, ENROLLING_LIFE))
        return _open(tx, short, actor, Level.ENROLLING, caller, place=place, at=at)
    return _open(tx, terms, actor, level, caller, place=place, at=at)


def _open(
    tx: Connection,
    terms: Terms,
    actor: ActorId,
    level: Level,
    caller: Caller,
    *,
    place: Place,
    at: datetime,
) -> Opened:
    """A session; a browser that proved two factors is known from now on."""
    session, secret = open_session(
        tx,
        actor=actor,
        kind=PrincipalKind.STAFF,
        lasting=terms.lasting,
        at=at,
        level=level,
        place=place,
        network=caller.network,
    )
    store.forget_failures(tx, [backoff.key_of(Counted.ACCOUNT, actor)])
    if caller.device and store.device_known(tx, actor, digest(caller.device), at=at):
        store.forget_failures(tx, [_device_key(caller)])
        return Opened(session=session, secret=secret)
    if place is Place.COMMAND_LINE or level in (Level.ENROLLING, Level.CODE):
        return Opened(session=session, secret=secret)
    device = secrets.token_urlsafe(32)
    store.add_device(tx, actor, digest(device), expires_at=at + DEVICE_LIFE, at=at)
    return Opened(session=session, secret=secret, device=device)


def _actor(login: str) -> ActorId:
    plain = login.strip().lower()
    return ActorId(f"u:{plain}") if login_is_plain(plain) else UNKNOWN


def _device_key(caller: Caller) -> str:
    return backoff.key_of(Counted.DEVICE, caller.device)


def _begun(
    tx: Connection, actor: ActorId, caller: Caller, *, at: datetime
) -> tuple[tuple[str, ...], str | None]:
    """The counts that this try stands in, itself counted already; raises TooSoonError.

    The same rows are asked and written whether the account exists or not.
    """
    stored = store.password_of(tx, actor)
    known = store.device_known(tx, actor, digest(caller.device), at=at)
    if known:
        keys: tuple[str, ...] = (_device_key(caller),)
    else:
        keys = (
            backoff.key_of(Counted.ACCOUNT, actor),
            backoff.network_key(caller.network, Door.STAFF),
        )
    demand_turn(tx, keys, at=at)
    for key in keys:
        store.count_failure(tx, key, at=at)
    return keys, stored


def demand_turn(tx: Connection, keys: tuple[str, ...], *, at: datetime) -> None:
    """Whoever failed too often waits; a try that comes too early is not counted."""
    found = store.failures(tx, keys)
    left = [backoff.waits(backoff.kind_of(key), *found[key], at=at) for key in keys if key in found]
    longest = max((one.total_seconds() for one in left), default=0.0)
    if longest > 0:
        raise TooSoonError(seconds=int(longest) + 1)


def _failed(
    tx: Connection,
    ports: Ports,
    actor: ActorId,
    keys: tuple[str, ...],
    caller: Caller,
    reason: str,
    *,
    at: datetime,
) -> None:
    """The log has the failure, and that the next try waits when this was the first to cause it."""
    exists = staff_exists(tx, actor)  # one question, whoever it is about
    named = actor if exists else UNKNOWN
    _log(tx, ports, EventCode.SIGN_IN_FAILED, named, caller, reason, at=at)
    found = store.failures(tx, keys)
    for key, (number, _) in found.items():
        kind = backoff.kind_of(key)
        if backoff.begins_to_wait(kind, number):
            _log(tx, ports, EventCode.LOCKED_OUT, named, caller, kind.value, at=at)


def _log(
    tx: Connection,
    ports: Ports,
    code: EventCode,
    actor: ActorId,
    caller: Caller,
    reason: str,
    *,
    at: datetime,
) -> None:
    ports.audit.append(
        tx,
        EventDraft(
            action=code,
            occurred_at=at,
            actor=actor if actor != UNKNOWN else ActorId("anonymous"),
            object_type="principal",
            object_id=actor,
            outcome=Outcome.FAILED,
            reasons=(reason,),
            network=Network(caller.network) if caller.network else None,
        ),
    )


def enter_by_second(
    ports: Ports,
    terms: Terms,
    secret: str,
    typed: str,
    caller: Caller,
    *,
    at: datetime,
    place: Place = Place.BROWSER,
) -> Opened:
    """The session, when the code of the application or a recovery code fits the half-done sign-in.

    Raises SignInRefusedError when the step is over, FactorRefusedError for a wrong code.
    """

    def write(tx: Connection) -> Opened | None:
        step = store.step_by_digest(tx, digest(secret), StepKind.SECOND)
        if step is None or step.actor is None or step.level is None or at >= step.expires_at:
            raise SignInRefusedError
        keys = (backoff.key_of(Counted.ACCOUNT, f"{step.actor}/second"),)
        demand_turn(tx, keys, at=at)
        if not store.take_try(tx, step, most=STEP_TRIES):
            raise SignInRefusedError
        staff = staff_by_id(tx, step.actor)
        if staff is None or not may_act(staff.state):
            raise SignInRefusedError
        if not second_fits(tx, ports, step.actor, typed, at=at):
            store.count_failure(tx, keys[0], at=at)
            _failed(tx, ports, step.actor, keys, caller, "second", at=at)
            return None
        if not store.use_step_row(tx, step, at=at):
            raise SignInRefusedError
        store.forget_failures(tx, keys)
        return _open(tx, terms, step.actor, step.level, caller, place=place, at=at)

    opened = ports.database.write(write)
    if opened is None:
        raise FactorRefusedError
    return opened


def second_fits(tx: Connection, ports: Ports, actor: ActorId, typed: str, *, at: datetime) -> bool:
    """Whether the code is the application's or one on paper; it opens nothing a second time."""
    known = store.totp_of(tx, actor)
    if known is not None and known.confirmed_at is not None:
        secret = ports.vault.open_blob(TOTP, actor, known.secret).decode()
        step = totp.fitting_step(secret, typed, after=known.last_step, at=at)
        if step is not None and store.use_step(tx, actor, step):
            return True
    return store.use_recovery(tx, actor, recovery_digest(typed), at=at)


def passkey_asked(ports: Ports, terms: Terms, *, at: datetime) -> tuple[dict[str, object], str]:
    """What a browser needs to ask for a passkey, and the secret of the challenge."""
    return ports.database.write(lambda tx: challenges.asked(tx, terms.site, at=at))


def enter_by_passkey(
    ports: Ports, terms: Terms, secret: str, answer: str, caller: Caller, *, at: datetime
) -> Opened:
    """The session of whoever holds the passkey; no failure elsewhere delays it."""

    def write(tx: Connection) -> Opened:
        actor = passkey_answered(tx, terms, secret, answer, at=at)
        return _open(tx, terms, actor, Level.MFA, caller, place=Place.BROWSER, at=at)

    def note(tx: Connection) -> None:
        challenges.spend(tx, secret, at=at)
        note_refused(tx, ports, caller, "passkey", at=at)

    try:
        return ports.database.write(write)
    except (SignInRefusedError, FactorRefusedError):
        ports.database.write(note)
        raise


def passkey_answered(
    tx: Connection, terms: Terms, secret: str, answer: str, *, at: datetime
) -> ActorId:
    """Whose passkey answered the challenge; raises SignInRefusedError, FactorRefusedError."""

    def standing(credential: bytes) -> Passkey | None:
        passkey = store.passkey_by_credential(tx, credential)
        staff = None if passkey is None else staff_by_id(tx, passkey.actor)
        return passkey if staff is not None and may_act(staff.state) else None

    passkey, count = challenges.answered(tx, terms.site, secret, answer, standing, at=at)
    if not store.use_passkey(tx, passkey, count, at=at):
        raise SignInRefusedError
    return passkey.actor
