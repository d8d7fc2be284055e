"""The own sessions: ended, and proved anew before a grave act."""

from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from governance.core.errors import NotFoundError
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.identity.credentials import backoff, store
from governance.identity.credentials.backoff import Counted
from governance.identity.credentials.entering import demand_turn, passkey_answered, second_fits
from governance.identity.credentials.errors import FactorRefusedError
from governance.identity.credentials.hashing import Hasher
from governance.identity.credentials.keeping import own_session, record
from governance.identity.credentials.terms import Terms
from governance.identity.credentials.types import Factors
from governance.identity.errors import SignInRefusedError
from governance.identity.store import note_proof, revoke_sessions


class SessionUnknownError(NotFoundError):
    """No such session of this account; nothing was ended."""

    code = "session_unknown"


def end_session(ports: Ports, principal: Principal, session: str, *, at: datetime) -> None:
    """The own session has ended; raises SessionUnknownError for any other."""

    def write(tx: Connection) -> None:
        own_session(tx, principal)
        if not revoke_sessions(tx, principal.id, at=at, only=session):
            raise SessionUnknownError
        code = EventCode.SESSION_ENDED
        record(tx, ports, principal, principal.id, "own", ended=1, code=code, at=at)

    ports.database.write(write)


def end_other_sessions(ports: Ports, principal: Principal, *, at: datetime) -> int:
    """How many other sessions of the own account ended; no browser is known any more."""

    def write(tx: Connection) -> int:
        own_session(tx, principal)
        ended = revoke_sessions(tx, principal.id, at=at, but=principal.session)
        store.forget_devices(tx, principal.id)
        code = EventCode.SESSION_ENDED
        record(tx, ports, principal, principal.id, "own", ended=ended, code=code, at=at)
        return ended

    return ports.database.write(write)


def prove_again(
    ports: Ports, hasher: Hasher, principal: Principal, *, typed: str, password: str, at: datetime
) -> None:
    """The proof is fresh: by the application or a recovery code, else by the password alone.

    Raises FactorRefusedError, and TooSoonError after failures.
    """
    key = backoff.key_of(Counted.ACCOUNT, f"{principal.id}/again")

    def begin(tx: Connection) -> tuple[Factors, str | None]:
        own_session(tx, principal)
        demand_turn(tx, (key,), at=at)
        store.count_failure(tx, key, at=at)
        return store.factors_of(tx, principal.id), store.password_of(tx, principal.id)

    with hasher.place():
        factors, stored = ports.database.write(begin)
        by_password = not factors.totp and hasher.fits(stored, password)

    def write(tx: Connection) -> bool:
        if not by_password and not second_fits(tx, ports, principal.id, typed, at=at):
            return False
        _fresh(tx, ports, principal, key, at=at)
        return True

    if not ports.database.write(write):
        raise FactorRefusedError


def prove_by_passkey(
    ports: Ports, terms: Terms, principal: Principal, secret: str, answer: str, *, at: datetime
) -> None:
    """The proof is fresh: the own passkey answered."""
    key = backoff.key_of(Counted.ACCOUNT, f"{principal.id}/again")

    def write(tx: Connection) -> None:
        own_session(tx, principal)
        if passkey_answered(tx, terms, secret, answer, at=at) != principal.id:
            raise SignInRefusedError  # fails closed: somebody else's passkey proves nothing here
        _fresh(tx, ports, principal, key, at=at)

    ports.database.write(write)


def _fresh(tx: Connection, ports: Ports, principal: Principal, key: str, *, at: datetime) -> None:
    store.forget_failures(tx, [key])
    note_proof(tx, str(principal.session), at=at)
    code = EventCode.PROVED_AGAIN
    record(tx, ports, principal, principal.id, "proof", code=code, at=at)
