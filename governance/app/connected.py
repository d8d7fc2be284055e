"""The connected systems of this installation, and every source that a request is collected from."""

from datetime import datetime

from sqlalchemy import Connection

from dsar.collection import Source, every_source
from dsar.store import case_by_id
from governance.app.wiring import Wiring
from governance.connectors.building import connected
from governance.connectors.manual import ManualConnector
from governance.connectors.tasks import end, to_remind
from governance.connectors.types import Connector
from governance.jobs.types import Step
from policies.types import Label


def connectors_of(wiring: Wiring) -> tuple[Connector, ...]:
    """Every declared system, as the file says now."""
    return connected(wiring.settings, wiring.ports)


def sources_of(wiring: Wiring) -> tuple[Source, ...]:
    """Everything that may hold data about a person here and in connected systems."""
    return every_source(wiring.ports, connectors_of(wiring))


def label_of(wiring: Wiring, name: str) -> Label:
    """What people call the system; its name where it is declared no more."""
    labels = {one.name: one.label for one in connectors_of(wiring)}
    return labels.get(name, Label(ja=name, en=name))


def remind_step(
    wiring: Wiring, tx: Connection, /, *, cursor: str | None, limit: int, at: datetime
) -> Step:
    """Colleagues who owe an answer are asked again, once a time; of what has ended, no more."""
    manual = {one.name: one for one in connectors_of(wiring) if isinstance(one, ManualConnector)}
    due = to_remind(tx, at=at, limit=limit)
    for task in due:
        if task.connector not in manual or case_by_id(tx, task.request).closed:
            end(tx, task.id)
        else:
            manual[task.connector].remind(tx, task, at=at)
    return Step(done=len(due), cursor=cursor, finished=True)
