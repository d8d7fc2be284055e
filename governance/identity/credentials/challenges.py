"""Challenges that passkeys answer, alike for staff and for customers.

A challenge is asked for one purpose, lasts some minutes and is answered once, right or wrong.
"""

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from governance.core.clock import JST
from governance.core.ids import new_row_id
from governance.core.terms import ActorId
from governance.identity.credentials import passkeys, store
from governance.identity.credentials.errors import FactorRefusedError
from governance.identity.credentials.passkeys import Site
from governance.identity.credentials.terms import STEP_LIFE
from governance.identity.credentials.types import Passkey, Step, StepKind
from governance.identity.errors import SignInRefusedError
from governance.identity.rules import digest
from governance.identity.types import Level

CHALLENGE: Final = 32  # octets
MOST_PASSKEYS: Final = 20  # of one account
LONGEST_NAME: Final = 60
Find = Callable[[bytes], Passkey | None]


def begin_step(
    tx: Connection,
    kind: StepKind,
    *,
    at: datetime,
    actor: ActorId | None = None,
    level: Level | None = None,
    challenge: bytes | None = None,
) -> str:
    """The secret under which the next step of a sign-in is taken."""
    secret = secrets.token_urlsafe(32)
    step = Step(
        id=new_row_id(),
        kind=kind,
        actor=actor,
        level=level,
        challenge=challenge,
        tries=0,
        expires_at=at + STEP_LIFE,
        used_at=None,
    )
    store.add_step(tx, step, digest(secret), at=at)
    return secret


def asked(tx: Connection, site: Site, *, at: datetime) -> tuple[dict[str, object], str]:
    """What a browser needs to ask for a passkey, and the secret of the challenge.

    It names no account and no passkey, so it tells of none.
    """
    challenge = secrets.token_bytes(CHALLENGE)
    secret = begin_step(tx, StepKind.PASSKEY, challenge=challenge, at=at)
    return passkeys.options_to_enter(site, challenge=challenge), secret


def answered(
    tx: Connection, site: Site, secret: str, answer: str, find: Find, *, at: datetime
) -> tuple[Passkey, int]:
    """The passkey that answered and its new count; raises SignInRefused, FactorRefusedError.

    `find` gives the passkey that calls itself so, if its account may act.
    """
    step = store.step_by_digest(tx, digest(secret), StepKind.PASSKEY)
    if step is None or step.challenge is None or at >= step.expires_at:
        raise SignInRefusedError
    if not store.use_step_row(tx, step, at=at):
        raise SignInRefusedError  # fails closed: a challenge is answered once
    passkey = find(passkeys.credential_of(answer))
    if passkey is None:
        raise SignInRefusedError
    return passkey, passkeys.entered(site, answer, passkey, challenge=step.challenge)


def spend(tx: Connection, secret: str, *, at: datetime) -> None:
    """The challenge is answered no more."""
    step = store.step_by_digest(tx, digest(secret), StepKind.PASSKEY)
    if step is not None:
        store.use_step_row(tx, step, at=at)


def offered(
    tx: Connection,
    site: Site,
    *,
    actor: ActorId,
    login: str,
    known: Iterable[Passkey],
    at: datetime,
) -> tuple[dict[str, object], str]:
    """What a browser needs to make a passkey, and the secret of the challenge."""
    held = tuple(known)
    if len(held) >= MOST_PASSKEYS:
        raise FactorRefusedError
    challenge = secrets.token_bytes(CHALLENGE)
    secret = begin_step(tx, StepKind.ADDING, actor=actor, challenge=challenge, at=at)
    options = passkeys.options_to_add(
        site, login=login, handle=digest(actor), known=held, challenge=challenge
    )
    return options, secret


def made(
    tx: Connection,
    site: Site,
    secret: str,
    answer: str,
    *,
    actor: ActorId,
    name: str,
    at: datetime,
) -> Passkey:
    """The new passkey, yet to be stored; raises FactorRefusedError for any other answer."""
    step = store.step_by_digest(tx, digest(secret), StepKind.ADDING)
    over = step is None or step.actor != actor or at >= step.expires_at
    if step is None or over or step.challenge is None or not store.use_step_row(tx, step, at=at):
        raise FactorRefusedError  # fails closed: a challenge is answered once, by who asked
    found = passkeys.added(site, answer, challenge=step.challenge)
    return Passkey(
        id=new_row_id(),
        actor=actor,
        credential_id=found.credential_id,
        public_key=found.public_key,
        sign_count=found.sign_count,
        name=_plain(name) or f"{at.astimezone(JST):%Y-%m-%d}",
        added_at=at,
        used_at=None,
    )


def _plain(given: str) -> str:
    return "".join(sign for sign in given if sign.isprintable()).strip()[:LONGEST_NAME]
