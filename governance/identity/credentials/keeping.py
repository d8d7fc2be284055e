"""What the own account has, its password and its recovery codes.

Every change needs a fresh proof, appends its event, and ends the account's other sessions where
somebody else may hold one.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from governance.core.terms import ActorId
from governance.customers.ports import Ports
from governance.http.principal import Principal, PrincipalKind
from governance.identity.credentials import backoff, store
from governance.identity.credentials.backoff import Counted
from governance.identity.credentials.entering import demand_turn
from governance.identity.credentials.errors import FactorRefusedError, PasswordRefusedError
from governance.identity.credentials.hashing import Hasher
from governance.identity.credentials.passwords import weakness
from governance.identity.credentials.recovery import new_codes, recovery_digest
from governance.identity.credentials.terms import RECOVERY_CODES, Terms
from governance.identity.credentials.types import Factors, Passkey
from governance.identity.errors import SignInRefusedError
from governance.identity.store import open_sessions, revoke_sessions, session_by_id, staff_by_id
from governance.identity.types import Level, Session
from policies.api import StepUpNeededError

ASKED_BEFORE: Final = frozenset({Level.PASSWORD, Level.MFA, Level.SIGNED_ON})


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """What an account has, and where it is signed in."""

    factors: Factors
    passkeys: tuple[Passkey, ...]
    sessions: tuple[Session, ...]
    mine: Session


def security_of(tx: Connection, principal: Principal, *, at: datetime) -> Security:
    """What the own account has; raises SignInRefusedError for anybody but signed-in staff."""
    mine = own_session(tx, principal)
    return Security(
        factors=store.factors_of(tx, principal.id),
        passkeys=store.passkeys_of(tx, principal.id),
        sessions=open_sessions(tx, principal.id, at=at),
        mine=mine,
    )


def own_session(tx: Connection, principal: Principal) -> Session:
    """Fails closed: no session of staff, no page of an account."""
    session = session_by_id(tx, principal.session) if principal.session else None
    if session is None or principal.kind is not PrincipalKind.STAFF:
        raise SignInRefusedError
    return session


def demand_fresh(principal: Principal) -> None:
    """Fails closed: whoever found a session open changes nothing of the account."""
    if principal.stale:
        raise StepUpNeededError


def set_password(
    ports: Ports,
    hasher: Hasher,
    terms: Terms,
    principal: Principal,
    password: str,
    *,
    before: str = "",
    at: datetime,
) -> None:
    """The new password stands, and every other session of the account has ended.

    `before` is the password until now, asked for unless a one-time code opened the session.
    """
    demand_fresh(principal)
    with ports.database.read() as tx:
        mine = own_session(tx, principal)
        stored = store.password_of(tx, principal.id)
        staff = staff_by_id(tx, principal.id)
    words = () if staff is None else (staff.login, *staff.display_name.split())
    if (found := weakness(password, terms.policy, words=words)) is not None:
        raise PasswordRefusedError(reason=found.value, shortest=terms.policy.shortest)
    asked = stored is not None and mine.level in ASKED_BEFORE
    with hasher.place():
        if asked:
            _demand_before(ports, hasher, principal.id, stored, before, at=at)
        hashed = hasher.hash(password)

    def write(tx: Connection) -> None:
        store.set_password(tx, principal.id, hashed, at=at)
        store.forget_devices(tx, principal.id)
        ended = revoke_sessions(tx, principal.id, at=at, but=principal.session)
        record(tx, ports, principal, principal.id, "password", ended=ended, at=at)

    ports.database.write(write)


def _demand_before(
    ports: Ports, hasher: Hasher, actor: ActorId, stored: str | None, before: str, *, at: datetime
) -> None:
    """The old password, guessed as seldom as at the door; the caller has a place."""
    key = backoff.key_of(Counted.ACCOUNT, f"{actor}/again")

    def begin(tx: Connection) -> None:
        demand_turn(tx, (key,), at=at)
        store.count_failure(tx, key, at=at)

    ports.database.write(begin)
    if not hasher.fits(stored, before):
        raise FactorRefusedError
    ports.database.write(lambda tx: store.forget_failures(tx, [key]))


def record(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    actor: ActorId,
    what: str,
    *,
    at: datetime,
    ended: int | None = None,
    code: EventCode = EventCode.CREDENTIAL_CHANGED,
) -> None:
    """The log has that a credential or a session of the account changed."""
    ports.audit.append(
        tx,
        EventDraft(
            action=code,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="principal",
            object_id=actor,
            outcome=Outcome.DONE,
            reasons=(what,),
            counts=() if ended is None else (("sessions", ended),),
            network=Network(principal.network) if principal.network else None,
        ),
    )


def renew_recovery(ports: Ports, principal: Principal, *, at: datetime) -> tuple[str, ...]:
    """Fresh recovery codes, shown this once; those before open nothing."""
    demand_fresh(principal)
    codes = new_codes(RECOVERY_CODES)

    def write(tx: Connection) -> None:
        own_session(tx, principal)
        if not store.factors_of(tx, principal.id).second:
            raise FactorRefusedError  # they stand in for a second factor; there is none
        store.set_recovery(tx, principal.id, (recovery_digest(one) for one in codes))
        record(tx, ports, principal, principal.id, "recovery_codes", at=at)

    ports.database.write(write)
    return codes
