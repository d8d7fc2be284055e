"""A customer's passkeys: added and removed after a fresh code, and the way in beside codes.

Each change is on record, told to the person by mail, and ends their other sessions. A passkey of a
merged or erased pseudonym opens nothing: merged by mistake, it would show another's data.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from governance.core.terms import RowId, SubjectId
from governance.customers.ports import Ports
from governance.customers.post import own_address, post
from governance.http.principal import Principal, PrincipalKind
from governance.identity.credentials import challenges
from governance.identity.credentials.backoff import Door
from governance.identity.credentials.entering import note_refused
from governance.identity.credentials.errors import FactorRefusedError
from governance.identity.credentials.passkeys import Site
from governance.identity.credentials.types import Caller, Opened, Passkey
from governance.identity.errors import SignInRefusedError
from governance.identity.persons import store
from governance.identity.persons.errors import CodeNeededError
from governance.identity.service import PERSON_PREFIX, open_session, person_stands
from governance.identity.store import revoke_sessions, session_by_id
from governance.identity.types import Level
from governance.outbound.mail import Mail

PROOF_LIFE: Final = timedelta(minutes=10)  # after a fresh code, to find the device


def listed(tx: Connection, ports: Ports, principal: Principal) -> tuple[Passkey, ...]:
    """The own passkeys, the oldest first."""
    return store.of_persons(tx, ports.vault, (own(principal),))


def own(principal: Principal) -> SubjectId:
    """Whose ways of signing in these are; fails closed for anybody but the person themselves."""
    if principal.kind is not PrincipalKind.PERSON or principal.session is None:
        raise SignInRefusedError
    if principal.acts_for is not None:
        raise SignInRefusedError  # who acts for a child has no say in how anybody signs in
    return SubjectId(principal.id.removeprefix(PERSON_PREFIX))


def fresh(tx: Connection, principal: Principal, *, at: datetime) -> bool:
    """Whether a code was typed for this a moment ago; the sign-in itself is none."""
    session = session_by_id(tx, principal.session) if principal.session else None
    proved = session.proved_at if session is not None else None
    return proved is not None and timedelta() <= at - proved < PROOF_LIFE


def _demand_fresh(tx: Connection, principal: Principal, *, at: datetime) -> SubjectId:
    """Fails closed: whoever found a session open changes no way of signing in."""
    subject = own(principal)
    if not fresh(tx, principal, at=at):
        raise CodeNeededError
    return subject


def offered(
    ports: Ports, site: Site, principal: Principal, *, at: datetime
) -> tuple[dict[str, object], str]:
    """What a browser needs to make a passkey, and the secret of the challenge."""

    def write(tx: Connection) -> tuple[dict[str, object], str]:
        subject = _demand_fresh(tx, principal, at=at)
        login = own_address(tx, ports, subject, at=at).value or site.name
        known = listed(tx, ports, principal)
        return challenges.offered(tx, site, actor=principal.id, login=login, known=known, at=at)

    return ports.database.write(write)


def add(
    ports: Ports,
    site: Site,
    principal: Principal,
    secret: str,
    answer: str,
    name: str,
    *,
    at: datetime,
) -> None:
    """The passkey opens the person's pages from now on, and they are told so."""

    def write(tx: Connection) -> None:
        subject = _demand_fresh(tx, principal, at=at)
        made = challenges.made(tx, site, secret, answer, actor=principal.id, name=name, at=at)
        if not store.add(tx, ports.vault, made, subject):
            raise FactorRefusedError
        _changed(tx, ports, principal, subject, made.id, "passkey", at=at)

    ports.database.write(write)


def remove(ports: Ports, principal: Principal, passkey: str, *, at: datetime) -> None:
    """The passkey opens nothing, and sessions that it opened have ended."""

    def write(tx: Connection) -> None:
        subject = _demand_fresh(tx, principal, at=at)
        if not store.drop(tx, subject, passkey):
            raise FactorRefusedError
        _changed(tx, ports, principal, subject, passkey, "passkey_removed", at=at)

    ports.database.write(write)


def _changed(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    subject: SubjectId,
    passkey: str,
    what: str,
    *,
    at: datetime,
) -> None:
    """Other sessions end, a letter says what changed, and the log has it."""
    ended = revoke_sessions(tx, principal.id, at=at, but=principal.session)
    if address := own_address(tx, ports, subject, at=at).value:
        mail = Mail(
            idem_key=f"portal/{what}/{passkey}",
            to=address,
            template=f"portal.mail.{what}",
            lang=principal.lang,
            params={},
        )
        post(tx, ports.vault, mail, subject=subject, at=at)
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.CREDENTIAL_CHANGED,
            occurred_at=at,
            actor=principal.id,
            object_type="principal",
            object_id=principal.id,
            subject=subject,
            outcome=Outcome.DONE,
            reasons=(what,),
            counts=(("sessions", ended),),
            network=Network(principal.network) if principal.network else None,
        ),
    )


def asked(ports: Ports, site: Site, *, at: datetime) -> tuple[dict[str, object], str]:
    """What a browser needs to ask for a passkey: alike for everybody, whatever was typed before."""
    return ports.database.write(lambda tx: challenges.asked(tx, site, at=at))


def enter(
    ports: Ports,
    site: Site,
    secret: str,
    answer: str,
    caller: Caller,
    *,
    lasting: timedelta,
    at: datetime,
) -> Opened:
    """The session of the person who holds the passkey; every refusal is alike and on record."""

    def write(tx: Connection) -> Opened:
        def standing(credential: bytes) -> Passkey | None:
            found = store.by_credential(tx, credential)
            return found if found is not None and person_stands(tx, found.actor, at=at) else None

        passkey, count = challenges.answered(tx, site, secret, answer, standing, at=at)
        if not store.use(tx, passkey, count, at=at):
            raise SignInRefusedError
        session, token = open_session(
            tx,
            actor=passkey.actor,
            kind=PrincipalKind.PERSON,
            lasting=lasting,
            at=at,
            level=Level.MFA,
            network=caller.network,
            passkey=RowId(passkey.id),
        )
        return Opened(session=session, secret=token)

    def note(tx: Connection) -> None:
        challenges.spend(tx, secret, at=at)
        note_refused(tx, ports, caller, "passkey", door=Door.PORTAL, at=at)

    try:
        return ports.database.write(write)
    except (SignInRefusedError, FactorRefusedError):
        ports.database.write(note)
        raise SignInRefusedError from None
