"""The second factors of the own account: an authenticator application, passkeys."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from governance.core.ids import new_row_id
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.identity.credentials import passkeys, store, totp
from governance.identity.credentials.entering import TOTP, begin_step
from governance.identity.credentials.errors import FactorRefusedError, LastFactorError
from governance.identity.credentials.keeping import demand_fresh, own_session, record
from governance.identity.credentials.terms import Terms
from governance.identity.credentials.types import Passkey, StepKind
from governance.identity.rules import TWO_FACTORS, digest
from governance.identity.service import open_session
from governance.identity.store import revoke_sessions
from governance.identity.types import Level, Session

MOST_PASSKEYS: Final = 20
LONGEST_NAME: Final = 60
CHALLENGE: Final = 32  # octets


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
    challenge = secrets.token_bytes(CHALLENGE)

    def write(tx: Connection) -> tuple[tuple[Passkey, ...], str]:
        own_session(tx, principal)
        known = store.passkeys_of(tx, principal.id)
        if len(known) >= MOST_PASSKEYS:
            raise FactorRefusedError
        kind = StepKind.ADDING
        return known, begin_step(tx, kind, actor=principal.id, challenge=challenge, at=at)

    known, secret = ports.database.write(write)
    options = passkeys.options_to_add(
        terms.site,
        login=principal.id.removeprefix("u:"),
        handle=digest(principal.id),
        known=known,
        challenge=challenge,
    )
    return options, secret


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
        step = store.step_by_digest(tx, digest(secret), StepKind.ADDING)
        over = step is None or step.actor != principal.id or at >= step.expires_at
        if (
            step is None
            or over
            or step.challenge is None
            or not store.use_step_row(tx, step, at=at)
        ):
            raise FactorRefusedError  # fails closed: a challenge is answered once, by who asked
        made = passkeys.added(terms.site, answer, challenge=step.challenge)
        fresh = Passkey(
            id=new_row_id(),
            actor=principal.id,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            name=_name(name) or f"{at:%Y-%m-%d}",
            added_at=at,
            used_at=None,
        )
        if not store.add_passkey(tx, fresh):
            raise FactorRefusedError
        record(tx, ports, principal, principal.id, "passkey", at=at)
        return _whole(tx, terms, mine, at=at)

    return ports.database.write(write)


def _name(given: str) -> str:
    return "".join(sign for sign in given if sign.isprintable()).strip()[:LONGEST_NAME]


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
