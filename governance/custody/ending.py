"""The end of a key before its day: one person's, or one epoch's; after a second person agreed.

Destroying a person's `active` key while their data is in use is their erasure, and goes the way
of `sekisho erase`, which keeps what a law keeps. What is left to end here is what an erasure
does not reach: a key of another class, or a living key of somebody who was erased.
"""

from sqlalchemy import Connection, delete, select

from audit.actions import EventCode
from governance.core.clock import JST
from governance.core.terms import KeyClass, SubjectId
from governance.crypto.providers.types import EpochId
from governance.custody.errors import EpochNotEndableError, KeyHeldError, KeySubjectUnknownError
from governance.custody.rotation import Custodian, Drive, finish, let_go
from governance.customers.search.leaving import forget_subjects
from governance.customers.store import FINDING, held, subject_by_id
from governance.keys.epochs import end_epoch, endable, promised_day
from governance.keys.models import DATA_KEY


def check_subject(tx: Connection, by: Custodian, subject: SubjectId, key_class: KeyClass) -> None:
    """Fails closed: no hold, no keeping duty, and a key that there is to end."""
    if held(tx, subject):
        raise KeyHeldError(reason="hold", subject=subject)
    person = subject_by_id(tx, subject, on=by.ports.vault.ring.clock().astimezone(JST).date())
    if key_class is KeyClass.KEPT and person is not None and person.kept_by_law is not None:
        raise KeyHeldError(reason=person.kept_by_law, subject=subject)
    wanted = select(DATA_KEY.c.dek_id).where(
        DATA_KEY.c.subject == subject, DATA_KEY.c.key_class == key_class.value
    )
    with by.ports.vault.ring.db.read() as keys:
        if keys.execute(wanted.limit(1)).first() is None:
            raise KeySubjectUnknownError


def check_epoch(by: Custodian, epoch: EpochId) -> None:
    """Fails closed: an epoch of the past under which no living key is left."""
    with by.ports.vault.ring.db.read() as tx:
        if (reason := endable(tx, epoch)) is not None:
            raise EpochNotEndableError(epoch=epoch, reason=reason)


def end_subject(drive: Drive) -> None:
    """The person's keys of the class are gone, and with the active one what was derived."""
    task, by = drive.task, drive.by
    subject, key_class = task.subject, task.key_class
    if subject is None or key_class is None:
        raise KeySubjectUnknownError
    try:
        with by.ports.database.read() as tx:
            check_subject(tx, by, subject, key_class)  # a hold may have come since the approval
    except KeyHeldError:
        let_go(drive)
        raise
    ended = by.ports.vault.destroy(subject, key_class)
    by.ports.vault.ring.db.checkpoint()
    final = promised_day(by.ports.vault.ring, ended.last_epoch, keep_days=by.keep_days)
    said = "never" if final is None else final.isoformat()

    def also(tx: Connection) -> None:
        if key_class is KeyClass.ACTIVE:
            forget_subjects(tx, [subject])  # both derived from the values of the `active` key
            tx.execute(delete(FINDING).where(FINDING.c.subject_id == subject))

    finish(
        drive,
        EventCode.KEY_DESTROYED,
        counts=(("keys", ended.keys),),
        refs=(f"final_at:{said}",),
        also=also,
    )


def end_one_epoch(drive: Drive) -> None:
    """The epoch's key is gone; copies of the key store from its days open nothing more."""
    epoch, by = EpochId(drive.task.target or ""), drive.by
    done = end_epoch(by.ports.vault.ring, epoch, at=drive.worker.clock())
    said = "never" if done.final_at is None else done.final_at.isoformat(timespec="seconds")
    finish(
        drive,
        EventCode.KEY_DESTROYED,
        counts=(("epochs", 1),),
        refs=(f"epoch:{epoch}", f"final_at:{said}"),
    )
