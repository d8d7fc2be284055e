"""A system that only a colleague can look into: asked by mail, answered in the console.

The mail names the task and nothing of the person; who it is about stands behind the link.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from governance.connectors import said as told
from governance.connectors import tasks
from governance.connectors.specs import ManualSpec
from governance.connectors.tasks import Act, Task, TaskAnswer
from governance.connectors.types import (
    Answer,
    Asking,
    ConnectorKind,
    Erased,
    Erasure,
    Failed,
    Found,
    Health,
    Kept,
    KeptItem,
    Pending,
    PersonKeys,
    Reason,
)
from governance.core.clock import JST
from governance.customers.ports import Ports
from governance.customers.post import post
from governance.outbound.mail import ADDRESS, Mail
from policies.types import Label

PLACE: Final = "/console/connectors/tasks/"
ASKED, REMINDED = "connectors.mail.asked", "connectors.mail.reminded"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualConnector:
    """One system behind a colleague."""

    spec: ManualSpec
    ports: Ports = field(repr=False)
    origin: str

    @property
    def name(self) -> str:
        """The declared name."""
        return self.spec.name

    @property
    def label(self) -> Label:
        """What people call it."""
        return self.spec.label

    @property
    def kind(self) -> ConnectorKind:
        """A colleague."""
        return ConnectorKind.MANUAL

    def find(self, person: PersonKeys, asking: Asking) -> Answer:
        """What the colleague attached; pending until they have answered."""
        _ = person
        task = self._task(Act.FIND, asking)
        if isinstance(task, Failed):
            return task
        match task.answer:
            case None:
                return Pending(task=task.id, due=task.due)
            case TaskAnswer.NOTHING:
                return Found()
            case TaskAnswer.FOUND:
                return self._attached(task)
            case _:
                return Failed(reason=Reason.CANNOT)

    def erase(self, person: PersonKeys, asking: Asking) -> Erasure:
        """What the colleague did; pending until they have answered."""
        _ = person
        task = self._task(Act.ERASE, asking)
        if isinstance(task, Failed):
            return task
        match task.answer:
            case None:
                return Pending(task=task.id, due=task.due)
            case TaskAnswer.NOTHING:
                return Erased(records=0)
            case TaskAnswer.ERASED:
                return Erased(records=task.records)
            case TaskAnswer.KEPT:
                ground = self._said(task).reason
                return Kept(
                    erased=0,
                    items=(
                        KeptItem(
                            place=self.name,
                            label=self.label,
                            records=task.records,
                            ground=Label(ja=ground, en=ground),
                            until=task.until,
                        ),
                    ),
                )
            case _:
                return Failed(reason=Reason.CANNOT)

    def _attached(self, task: Task) -> Answer:
        """The records that the colleague attached; failed once they are gone with the copy."""
        if task.said is None:
            return Failed(reason=Reason.UNREADABLE)
        return Found(records=told.records_of(self.name, self._said(task).export))

    def _said(self, task: Task) -> told.Said:
        if task.said is None:
            return told.Said()
        return told.from_bytes(self.ports.vault.open_part(task.id, task.said))

    def _task(self, act: Act, asking: Asking) -> Task | Failed:
        """The task under this key; asked now if nobody was, or the one before has ended."""
        request = asking.request
        if request is None:  # fails closed: nobody could say whom it is about
            return Failed(reason=Reason.CANNOT)

        def work(tx: Connection) -> Task:
            task = tasks.newest(tx, self.name, act, asking.key)
            if task is not None and not task.ended:
                if task.answer is TaskAnswer.CANNOT and act is Act.FIND:
                    tasks.end(tx, task.id)  # an officer hears of it now and may ask anew
                return task
            task = tasks.fresh(
                task,
                request=request,
                connector=self.name,
                act=act,
                key=asking.key,
                due=asking.at.astimezone(JST).date() + timedelta(days=self.spec.days),
                at=asking.at,
            )
            tasks.add(tx, task, remind_at=self._next(asking.at))
            self._mail(tx, task, ASKED, at=asking.at)
            return task

        return self.ports.database.write(work)

    def _next(self, at: datetime) -> datetime:
        return at + timedelta(days=self.spec.remind)

    def remind(self, tx: Connection, task: Task, *, at: datetime) -> None:
        """The colleague is asked again by mail, once however often this runs."""
        if tasks.reminded(tx, task, next_at=self._next(at)):
            self._mail(tx, task, REMINDED, at=at)

    def _mail(self, tx: Connection, task: Task, template: str, *, at: datetime) -> None:
        mail = Mail(
            idem_key=f"connector/{task.id}/{task.reminders}/{template}",
            to=self.spec.mail,
            template=template,
            lang=self.spec.lang,
            params={
                "reference": task.id,
                "due": task.due.isoformat(),
                "link": f"{self.origin.rstrip('/')}{PLACE}{task.id}",
            },
        )
        post(tx, self.ports.vault, mail, subject=None, at=at)

    def health(self, *, at: datetime) -> Health:
        """Whether mail can be sent there and no task is past its day."""
        if not ADDRESS.fullmatch(self.spec.mail):
            return Health(ok=False, reason=Reason.SHAPE)
        today = at.astimezone(JST).date()
        with self.ports.database.read() as tx:
            waiting = [t for t in tasks.listed(tx, waiting=True) if t.connector == self.name]
        over = any(task.due < today for task in waiting)
        return Health(ok=False, reason=Reason.TIMEOUT) if over else Health(ok=True)
