"""The second factors of the own account: an authenticator application, passkeys."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.identity.credentials import challenges, store, totp
from governance.identity.credentials.entering import TOTP
from governance.identity.credentials.errors import FactorRefusedError, LastFactorError
from governance.identity.credentials.keeping import demand_fresh, own_session, record
from governance.identity.credentials.terms import Terms
from governance.identity.rules import TWO_FACTORS
from governance.identity.service import open_session
from governance.identity.store import revoke_sessions
from governance.identity.types import Level, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """The session that goes on in place of the one before."""

    session: Session
    secret: str = field(repr=False)


def offer_totp(ports: Ports, principal: Principal) -> None:
    """A fresh secret waits for its first code; the one in use is removed first, knowingly."""
    demand_fresh(principal)
    secret = totp.new_secret()

    def write(tx: Connection) -> None:
        own_session(tx, principal)
        known = store.totp_of(tx, principal.id)
        if known is not None and known.confirmed_at is not None:
            raise FactorRefusedError
        sealed = ports.vault.seal_blob(TOTP, principal.id, secret.encode())
        store.offer_totp(tx, principal.id, sealed)

    ports.database.write(write)


def offered_totp(tx: Connection, ports: Ports, terms: Terms, principal: Principal) -> str | None:
    """The address that was offered and waits for its first code; None for none."""
    own_session(tx, principal)
    known = store.totp_of(tx, principal.id)
    if known is None or known.confirmed_at is not None or principal.stale:
        return None
    secret = ports.vault.open_blob(TOTP, principal.id, known.secret).decode()
    return totp.address(secret, login=principal.id.removeprefix("u:"), issuer=terms.site.name)


def confirm_totp(
    ports: Ports, terms: Terms, principal: Principal, typed: str, *, at: datetime
) -> Renewed | None:
    """The application counts; a session that waited for a second factor goes on as a whole one."""
    demand_fresh(principal)

    def write(tx: Connection) -> Renewed | None:
        mine = own_session(tx, principal)
        known = store.totp_of(tx, principal.id)
        if known is None or known.confirmed_at is not None:
            raise FactorRefusedError
        secret = ports.vault.open_blob(TOTP, principal.id, known.secret).decode()
        step = totp.fitting_step(secret, typed, after=known.last_step, at=at)
        if step is None or not store.use_step(tx, principal.id, step):
            raise FactorRefusedError
        store.confirm_totp(tx, principal.id, at=at)
        record(tx, ports, principal, principal.id, "totp", at=at)
        return _whole(tx, terms, mine, at=at)

    return ports.database.write(write)


def _whole(tx: Connection, terms: Terms, mine: Session, *, at: datetime) -> Renewed | None:
    """A new session in place of one that could only enrol, or that one factor had opened."""
    if mine.level is not Level.ENROLLING and (not terms.mfa or mine.level in TWO_FACTORS):
        return None
    revoke_sessions(tx, mine.actor, at=at, only=mine.id)
    session, secret = open_session(
        tx,
        actor=mine.actor,
        kind=mine.kind,
        lasting=terms.lasting,
        at=at,
        level=Level.RECOVERED,
        place=mine.place,
        network=mine.network,
    )
    return Renewed(session=session, secret=secret)


def remove_totp(ports: Ports, terms: Terms, principal: Principal, *, at: datetime) -> None:
    """The application counts no more; raises LastFactorError for the last that is needed."""
    demand_fresh(principal)

    def write(tx: Connection) -> None:
        own_session(tx, principal)
        if terms.mfa and not store.passkeys_of(tx, principal.id):
            raise LastFactorError
        if store.drop_totp(tx, principal.id):
            ended = revoke_sessions(tx, principal.id, at=at, but=principal.session)
            record(tx, ports, principal, principal.id, "totp_removed", ended=ended, at=at)

    ports.database.write(write)


def passkey_offered(
    ports: Ports, terms: Terms, principal: Principal, *, at: datetime
) -> tuple[dict[str, object], str]:
    """What a browser needs to make a passkey, and the secret of the challenge."""
    demand_fresh(principal)

    def write(tx: Connection) -> tuple[dict[str, object], str]:
        own_session(tx, principal)
        login = principal.id.removeprefix("u:")
        known = store.passkeys_of(tx, principal.id)
        return challenges.offered(
            tx, terms.site, actor=principal.id, login=login, known=known, at=at
        )

    return ports.database.write(write)


def add_passkey(
    ports: Ports,
    terms: Terms,
    principal: Principal,
    secret: str,
    answer: str,
    name: str,
    *,
    at: datetime,
) -> Renewed | None:
    """The passkey opens the account from now on; an enrolling session goes on as a whole one."""
    demand_fresh(principal)

    def write(tx: Connection) -> Renewed | None:
        mine = own_session(tx, principal)
        fresh = challenges.made(
            tx, terms.site, secret, answer, actor=principal.id, name=name, at=at
        )
        if not store.add_passkey(tx, fresh):
            raise FactorRefusedError
        record(tx, ports, principal, principal.id, "passkey", at=at)
        return _whole(tx, terms, mine, at=at)

    return ports.database.write(write)


def remove_passkey(
    ports: Ports, terms: Terms, principal: Principal, passkey: str, *, at: datetime
) -> None:
    """The passkey opens nothing; raises LastFactorError where it is the last that is needed."""
    demand_fresh(principal)

    def write(tx: Connection) -> None:
        own_session(tx, principal)
        factors = store.factors_of(tx, principal.id)
        if terms.mfa and not factors.totp and factors.passkeys <= 1:
            raise LastFactorError
        if not store.drop_passkey(tx, principal.id, passkey):
            raise FactorRefusedError
        ended = revoke_sessions(tx, principal.id, at=at, but=principal.session)
        record(tx, ports, principal, principal.id, "passkey_removed", ended=ended, at=at)

    ports.database.write(write)
