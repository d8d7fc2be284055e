"""Rows of credentials to facts and back."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Row, case, delete, func, insert, select, update

from governance.core.ids import new_row_id
from governance.core.terms import ActorId
from governance.db.types import insert_ignore, table_of
from governance.identity.credentials.backoff import FORGOTTEN
from governance.identity.credentials.models import (
    KnownDeviceRow,
    PasskeyRow,
    RecoveryCodeRow,
    SignInFailureRow,
    SignInStepRow,
    StaffPasswordRow,
    StaffTotpRow,
)
from governance.identity.credentials.types import Factors, Passkey, Step, StepKind, Totp
from governance.identity.types import Level

PASSWORD, TOTP = table_of(StaffPasswordRow), table_of(StaffTotpRow)
PASSKEY, RECOVERY = table_of(PasskeyRow), table_of(RecoveryCodeRow)
STEP, FAILURE, DEVICE = (
    table_of(SignInStepRow),
    table_of(SignInFailureRow),
    table_of(KnownDeviceRow),
)
SWEPT = 200  # rows past their time that one sign-in takes away


def password_of(tx: Connection, actor: ActorId) -> str | None:
    """The hash of the account's password."""
    return tx.execute(select(PASSWORD.c.hash).where(PASSWORD.c.staff_id == actor)).scalar()


def set_password(tx: Connection, actor: ActorId, hashed: str, *, at: datetime) -> None:
    """This hash alone stands."""
    tx.execute(delete(PASSWORD).where(PASSWORD.c.staff_id == actor))
    tx.execute(insert(PASSWORD).values(staff_id=actor, hash=hashed, set_at=at))


def totp_of(tx: Connection, actor: ActorId) -> Totp | None:
    """The authenticator application, confirmed or not."""
    row = tx.execute(select(TOTP).where(TOTP.c.staff_id == actor)).one_or_none()
    if row is None:
        return None
    return Totp(secret=bytes(row.secret), confirmed_at=row.confirmed_at, last_step=row.last_step)


def offer_totp(tx: Connection, actor: ActorId, sealed: bytes) -> None:
    """The secret waits for its first code."""
    tx.execute(delete(TOTP).where(TOTP.c.staff_id == actor))
    tx.execute(insert(TOTP).values(staff_id=actor, secret=sealed))


def use_step(tx: Connection, actor: ActorId, step: int) -> bool:
    """Whether this call was the one that used the step; a second one is told no."""
    unused = TOTP.c.last_step.is_(None) | (TOTP.c.last_step < step)
    statement = update(TOTP).where(TOTP.c.staff_id == actor, unused).values(last_step=step)
    return tx.execute(statement).rowcount == 1


def confirm_totp(tx: Connection, actor: ActorId, *, at: datetime) -> None:
    """The application counts as a second factor."""
    tx.execute(update(TOTP).where(TOTP.c.staff_id == actor).values(confirmed_at=at))


def drop_totp(tx: Connection, actor: ActorId) -> bool:
    """Whether there was an application, which counts no more."""
    return tx.execute(delete(TOTP).where(TOTP.c.staff_id == actor)).rowcount > 0


def passkeys_of(tx: Connection, actor: ActorId) -> tuple[Passkey, ...]:
    """The passkeys of the account, the oldest first."""
    mine = select(PASSKEY).where(PASSKEY.c.staff_id == actor).order_by(PASSKEY.c.added_at)
    return tuple(_passkey(row) for row in tx.execute(mine))


def passkey_by_credential(tx: Connection, credential_id: bytes) -> Passkey | None:
    """The passkey that calls itself so."""
    found = select(PASSKEY).where(PASSKEY.c.credential_id == credential_id)
    row = tx.execute(found).one_or_none()
    return None if row is None else _passkey(row)


def _passkey(row: Row[Any]) -> Passkey:
    return Passkey(
        id=row.id,
        actor=ActorId(row.staff_id),
        credential_id=bytes(row.credential_id),
        public_key=bytes(row.public_key),
        sign_count=row.sign_count,
        name=row.name,
        added_at=row.added_at,
        used_at=row.used_at,
    )


def add_passkey(tx: Connection, passkey: Passkey) -> bool:
    """Whether the passkey is stored now; one that somebody has already is not stored twice."""
    values = {
        "id": passkey.id,
        "staff_id": passkey.actor,
        "credential_id": passkey.credential_id,
        "public_key": passkey.public_key,
        "sign_count": passkey.sign_count,
        "name": passkey.name,
        "added_at": passkey.added_at,
    }
    statement = insert_ignore(PASSKEY, tx.dialect.name).values(**values)
    return tx.execute(statement.returning(PASSKEY.c.id)).first() is not None


def use_passkey(tx: Connection, passkey: Passkey, count: int, *, at: datetime) -> bool:
    """Whether this call moved the count on; a replay or a copy is told no."""
    moved = (PASSKEY.c.id == passkey.id) & (PASSKEY.c.sign_count == passkey.sign_count)
    statement = update(PASSKEY).where(moved).values(sign_count=count, used_at=at)
    return tx.execute(statement).rowcount == 1


def drop_passkey(tx: Connection, actor: ActorId, passkey: str) -> bool:
    """Whether the account had this passkey, which opens nothing any more."""
    mine = (PASSKEY.c.staff_id == actor) & (PASSKEY.c.id == passkey)
    return tx.execute(delete(PASSKEY).where(mine)).rowcount == 1


def with_second(tx: Connection) -> frozenset[ActorId]:
    """Every account that has a second factor to be asked for."""
    applications = select(TOTP.c.staff_id).where(TOTP.c.confirmed_at.is_not(None))
    found = applications.union(select(PASSKEY.c.staff_id))
    return frozenset(ActorId(one) for one in tx.execute(found).scalars())


def set_recovery(tx: Connection, actor: ActorId, digests: Iterable[bytes]) -> None:
    """These recovery codes alone open."""
    tx.execute(delete(RECOVERY).where(RECOVERY.c.staff_id == actor))
    for one in digests:
        tx.execute(insert(RECOVERY).values(id=new_row_id(), staff_id=actor, digest=one))


def use_recovery(tx: Connection, actor: ActorId, digest: bytes, *, at: datetime) -> bool:
    """Whether this call was the one that used the code."""
    mine = (RECOVERY.c.staff_id == actor) & (RECOVERY.c.digest == digest)
    statement = update(RECOVERY).where(mine, RECOVERY.c.used_at.is_(None)).values(used_at=at)
    return tx.execute(statement).rowcount == 1


def factors_of(tx: Connection, actor: ActorId) -> Factors:
    """What the account can prove itself with."""
    set_at = tx.execute(select(PASSWORD.c.set_at).where(PASSWORD.c.staff_id == actor)).scalar()
    totp = totp_of(tx, actor)
    keys = select(func.count()).select_from(PASSKEY).where(PASSKEY.c.staff_id == actor)
    unused = (RECOVERY.c.staff_id == actor) & RECOVERY.c.used_at.is_(None)
    left = select(func.count()).select_from(RECOVERY).where(unused)
    return Factors(
        password_set_at=cast("datetime | None", set_at),
        totp=totp is not None and totp.confirmed_at is not None,
        passkeys=tx.execute(keys).scalar_one(),
        recovery_left=tx.execute(left).scalar_one(),
    )


def drop_all(tx: Connection, actor: ActorId) -> None:
    """The account has nothing left to prove itself with, and no browser is known."""
    for table in (PASSWORD, TOTP, PASSKEY, RECOVERY, DEVICE):
        tx.execute(delete(table).where(table.c.staff_id == actor))
    tx.execute(delete(STEP).where(STEP.c.actor == actor))


def add_step(tx: Connection, step: Step, secret_digest: bytes, *, at: datetime) -> None:
    """The half-done sign-in is stored; those past their time are taken away."""
    over = select(STEP.c.id).where(STEP.c.expires_at <= at).limit(SWEPT)
    tx.execute(delete(STEP).where(STEP.c.id.in_(over.scalar_subquery())))
    tx.execute(
        insert(STEP).values(
            id=step.id,
            digest=secret_digest,
            kind=step.kind.value,
            actor=step.actor,
            level=None if step.level is None else step.level.value,
            challenge=step.challenge,
            tries=0,
            expires_at=step.expires_at,
        )
    )


def step_by_digest(tx: Connection, secret_digest: bytes, kind: StepKind) -> Step | None:
    """The half-done sign-in of this kind whose secret has this digest."""
    mine = (STEP.c.digest == secret_digest) & (STEP.c.kind == kind.value)
    row = tx.execute(select(STEP).where(mine)).one_or_none()
    if row is None:
        return None
    return Step(
        id=row.id,
        kind=kind,
        actor=None if row.actor is None else ActorId(row.actor),
        level=None if row.level is None else Level(row.level),
        challenge=None if row.challenge is None else bytes(row.challenge),
        tries=row.tries,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )


def take_try(tx: Connection, step: Step, *, most: int) -> bool:
    """Whether one more try is taken at this step."""
    open_ = (STEP.c.id == step.id) & STEP.c.used_at.is_(None) & (STEP.c.tries < most)
    return tx.execute(update(STEP).where(open_).values(tries=STEP.c.tries + 1)).rowcount == 1


def use_step_row(tx: Connection, step: Step, *, at: datetime) -> bool:
    """Whether this call was the one that ended the step."""
    open_ = (STEP.c.id == step.id) & STEP.c.used_at.is_(None)
    return tx.execute(update(STEP).where(open_).values(used_at=at)).rowcount == 1


def failures(tx: Connection, keys: Iterable[str]) -> dict[str, tuple[int, datetime]]:
    """Failures under these keys, with the moment of the last."""
    rows = tx.execute(select(FAILURE).where(FAILURE.c.key.in_(list(keys))))
    return {row.key: (row.failures, row.last_at) for row in rows}


def count_failure(tx: Connection, key: str, *, at: datetime) -> int:
    """How many failures count under the key with this one; old ones are taken away."""
    over = select(FAILURE.c.key).where(FAILURE.c.last_at <= at - FORGOTTEN).limit(SWEPT)
    tx.execute(delete(FAILURE).where(FAILURE.c.key.in_(over.scalar_subquery())))
    begun = insert_ignore(FAILURE, tx.dialect.name).values(key=key, failures=0, last_at=at)
    tx.execute(begun)  # two who fail at once are both counted
    number = case((FAILURE.c.last_at <= at - FORGOTTEN, 1), else_=FAILURE.c.failures + 1)
    statement = update(FAILURE).where(FAILURE.c.key == key).values(failures=number, last_at=at)
    return int(tx.execute(statement.returning(FAILURE.c.failures)).scalar_one())


def forget_failures(tx: Connection, keys: Iterable[str]) -> None:
    """The counts under these keys begin anew."""
    tx.execute(delete(FAILURE).where(FAILURE.c.key.in_(list(keys))))


def give_back(tx: Connection, keys: Iterable[str]) -> None:
    """A try that was counted beforehand and did not fail counts no more."""
    one = (FAILURE.c.key.in_(list(keys))) & (FAILURE.c.failures > 0)
    tx.execute(update(FAILURE).where(one).values(failures=FAILURE.c.failures - 1))


def add_device(
    tx: Connection, actor: ActorId, secret_digest: bytes, *, expires_at: datetime, at: datetime
) -> None:
    """The browser is known for this account; those past their time are taken away."""
    tx.execute(delete(DEVICE).where(DEVICE.c.staff_id == actor, DEVICE.c.expires_at <= at))
    tx.execute(
        insert(DEVICE).values(
            id=new_row_id(), digest=secret_digest, staff_id=actor, expires_at=expires_at
        )
    )


def device_known(tx: Connection, actor: ActorId, secret_digest: bytes, *, at: datetime) -> bool:
    """Whether the account signed in before in the browser of this secret."""
    mine = (DEVICE.c.digest == secret_digest) & (DEVICE.c.staff_id == actor)
    found = select(DEVICE.c.id).where(mine, DEVICE.c.expires_at > at)
    return tx.execute(found).first() is not None


def forget_devices(tx: Connection, actor: ActorId) -> None:
    """No browser is known for the account."""
    tx.execute(delete(DEVICE).where(DEVICE.c.staff_id == actor))
