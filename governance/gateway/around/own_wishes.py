"""What a person says themselves, signed in, about being reached by a channel; on record at once."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from governance.core.clock import JST
from governance.core.errors import NotFoundError
from governance.core.ids import new_row_id
from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers import store
from governance.customers.changes.touched import touch
from governance.customers.master.rules import Wish, wished
from governance.customers.master.types import ContactChannel, ContactKind, Told, Wanted
from governance.customers.ports import Ports
from governance.customers.store import Record, records_of
from governance.http.principal import Principal

TABLE = "channel_permission"


def wish_of(
    tx: Connection, subject: SubjectId, channel: ContactChannel, kind: ContactKind
) -> Wanted:
    """What the person wishes about this contact; what nobody said is to be asked."""
    said = (
        Wish(
            channel=ContactChannel(one.clear["channel"]),
            kind=ContactKind(one.clear["kind"]),
            wanted=Wanted(one.clear["wanted"]),
        )
        for one in records_of(tx, subject, TABLE)
    )
    return wished(said, channel=channel, kind=kind, register="")


def say(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    subject: SubjectId,
    *,
    channel: ContactChannel,
    kind: ContactKind,
    wanted: Wanted,
    at: datetime,
) -> None:
    """The wish stands, in the person's own words; raises NotFoundError for who is gone."""
    day = at.astimezone(JST).date()
    store.lock_subject(tx, subject)
    person = store.subject_by_id(tx, subject, on=day)
    if person is None or person.gone:
        raise NotFoundError
    said = {
        "wanted": wanted.value,
        "since": day,
        "source": Told.PERSON.value,
        "recorded_by": principal.id,
        "recorded_at": at,
    }
    row = _written(tx, subject, channel, kind, said)
    touch(tx, [subject])
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.PERSON_CHANGED,
            occurred_at=at,
            actor=principal.id,
            object_type=TABLE,
            object_id=row,
            subject=subject,
            outcome=Outcome.DONE,
            reasons=("own_wish",),
            network=Network(principal.network) if principal.network else None,
            fields=(FieldId(f"{TABLE}.wanted"),),
        ),
    )


def _written(
    tx: Connection,
    subject: SubjectId,
    channel: ContactChannel,
    kind: ContactKind,
    said: Mapping[str, object],
) -> RowId:
    """The one row for this channel and kind, new or said anew."""
    meant = {"channel": channel.value, "kind": kind.value}
    held = next(
        (
            one
            for one in records_of(tx, subject, TABLE)
            if all(one.clear[name] == word for name, word in meant.items())
        ),
        None,
    )
    if held is not None:
        changed = Record(table=TABLE, id=held.id, subject=subject, clear=said, sealed={})
        store.update_record(tx, changed, expected_version=held.clear["version"])
        return held.id
    new = {**meant, "version": 1, **said}
    made = Record(table=TABLE, id=new_row_id(), subject=subject, clear=new, sealed={})
    store.insert_records(tx, [made])
    return made.id
