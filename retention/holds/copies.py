"""What is said in matters, and their conditions, a second time outside the database.

One sealed file a matter beside the control journal, from which a restore brings back what an older
database lost.

Holds on persons are in the journal, which takes ids and codes alone. The rest stands here, under a
key of the file that no rotation renews. A file follows its matter, and goes when that is released.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select, update

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.durable import durable_name
from governance.core.logging import logger
from governance.core.terms import RowId
from governance.crypto.stream import FileDamagedError, StreamReader, StreamWriter
from governance.customers.holds.reading import SCOPE, standing_scopes
from governance.customers.ports import Ports
from governance.customers.store import HOLD
from governance.db.types import insert_ignore
from governance.http.principal import Principal
from governance.jobs.journal_record import JournalKind
from governance.keys.file_keys import file_key, new_file_key
from retention.holds import store
from retention.holds.sealing import REASON, open_particulars, opened, sealed_particulars
from retention.holds.store import ACT, MATTER
from retention.holds.types import Particulars

FOLDER: Final = "holds"
SUFFIX: Final = ".hold"
PRIVATE: Final = 0o700
FORMAT: Final = 1
SCOPE_CELLS: Final = ("id", "matter", "kind", "held_table", "field", "conditions", "placed_by")
log = logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One matter as its file tells it."""

    id: RowId
    number: str
    particulars: Particulars = field(repr=False)
    facts: dict[str, Any]  # placed and reviewed, by whom and when; expected end
    acts: Sequence[dict[str, Any]] = field(repr=False)
    scopes: Sequence[dict[str, Any]] = field(repr=False)


def folder_of(ports: Ports) -> Path:
    """Where the files lie: beside the journal, apart from the data."""
    return ports.journal.path.parent / FOLDER


def keep_all(ports: Ports) -> int:
    """How many files were made anew or went, so that each follows its matter; twice equals once."""
    folder, done = folder_of(ports), 0
    with ports.database.read() as tx:
        rows = tx.execute(select(MATTER.c.id, MATTER.c.number, MATTER.c.closed_at)).all()
        marks = {row.id: _mark(tx, row.number) for row in rows if row.closed_at is None}
    for row in rows:
        path = folder / f"{row.id}{SUFFIX}"
        try:
            if row.closed_at is not None:
                done += path.exists()
                path.unlink(missing_ok=True)
            elif _marked(path) != marks[row.id]:
                done += _keep(ports, RowId(row.id), path)
        except OSError as error:  # the hold stands all the same; the next look tries again
            log.warning("holds.copy_failed", slot=row.id, kind=type(error).__name__)
    return done


def copies(ports: Ports) -> Iterator[Copy]:
    """Every matter on file; one whose file does not open is told in the log and passed over."""
    for path in sorted(folder_of(ports).glob(f"*{SUFFIX}")):
        try:
            yield _read(ports, path)
        except (FileDamagedError, OSError, ValueError, KeyError, TypeError):
            log.warning("holds.copy_unreadable", slot=path.stem)


def bring_back(ports: Ports, principal: Principal, *, at: datetime) -> int:
    """How many matters have again what an older database did not know of them; twice equals once.

    Conditions that the journal says were released stand no more, and a matter under which nothing
    stands is closed.
    """
    last = {
        str(record.entry.event): record.entry.kind
        for record in ports.journal.replay()
        if record.entry.kind in {JournalKind.HOLD, JournalKind.RELEASE}
    }
    released = {event for event, kind in last.items() if kind is JournalKind.RELEASE}
    ports.database.write(lambda tx: _end_released(tx, released, by=principal.id, at=at))
    done = 0
    for copy in copies(ports):
        known = [one for one in copy.scopes if one["id"] in last and one["id"] not in released]
        done += ports.database.write(
            lambda tx, copy=copy, known=known: _enter(tx, ports, principal, copy, known, at=at)  # type: ignore[misc] # bound at once
        )
    ports.database.write(lambda tx: _close_empty(tx, at=at))
    return done


def _mark(tx: Connection, number: str) -> list[str]:
    """What changes with the matter: its last step, and the conditions that stand."""
    acts = select(ACT.c.id).where(ACT.c.matter == number).order_by(ACT.c.id.desc()).limit(1)
    scopes = (scope.id for scope in standing_scopes(tx, matter=number))
    return [str(tx.execute(acts).scalar() or ""), *sorted(scopes)]


def _marked(path: Path) -> list[str] | None:
    try:
        with path.open("rb") as source:
            return list(json.loads(StreamReader(source).head)["mark"])
    except (OSError, FileDamagedError, ValueError, KeyError, TypeError):
        return None


def _keep(ports: Ports, row: RowId, path: Path) -> bool:
    """The matter's file is whole and durable under its name; not where nothing of it opens."""
    with ports.database.read() as tx:
        found = tx.execute(select(MATTER).where(MATTER.c.id == row)).one()
        said = open_particulars(ports.vault, row, bytes(found.particulars))
        content = None if said is None else _content(tx, ports, found, said)
        if content is None:  # fails closed: a file is not replaced by one that knows less
            return False
        mark = _mark(tx, found.number)
    key, sealed = new_file_key(ports.vault, row)
    head = {"format": FORMAT, "matter": row, "mark": mark, "sealed_key": sealed.hex()}
    path.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        writer = StreamWriter(out, key, json.dumps(head, sort_keys=True).encode())
        writer.write(json.dumps(content, sort_keys=True).encode())
        writer.end(b"{}")
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)
    durable_name(path.parent)
    return True


def _content(tx: Connection, ports: Ports, row: Any, said: Particulars) -> dict[str, Any] | None:
    """Everything of the matter; None where a reason opens no more."""
    acts = tx.execute(select(ACT).where(ACT.c.matter == row.number).order_by(ACT.c.id)).all()
    reasons = {act.id: _reason(ports, act) for act in acts}
    if None in reasons.values():
        return None
    mine = SCOPE.c.matter == row.number, SCOPE.c.released_at.is_(None)
    scopes = tx.execute(select(SCOPE).where(*mine).order_by(SCOPE.c.id)).all()
    return {
        "number": row.number,
        "particulars": {"name": said.name, "counsel": said.counsel, "notes": said.notes},
        "facts": {
            "placed_by": row.placed_by,
            "placed_at": row.placed_at.isoformat(),
            "expected_end": row.expected_end.isoformat() if row.expected_end else None,
            "reviewed_by": row.reviewed_by,
            "reviewed_at": row.reviewed_at.isoformat(),
        },
        "acts": [
            {
                "id": act.id,
                "kind": act.kind,
                "persons": act.persons,
                "by": act.by,
                "at": act.at.isoformat(),
                "approval": act.approval_id,
                "reason": reasons[act.id],
            }
            for act in acts
        ],
        "scopes": [
            {name: getattr(one, name) for name in SCOPE_CELLS}
            | {"placed_at": one.placed_at.isoformat()}
            for one in scopes
        ],
    }


def _reason(ports: Ports, act: Any) -> str | None:
    """Why the step was taken; None where it opens no more."""
    if act.reason is None:
        return ""
    found = opened(ports.vault, REASON, act.id, bytes(act.reason))
    return None if found is None else found.decode()


def _read(ports: Ports, path: Path) -> Copy:
    with path.open("rb") as source:
        reader = StreamReader(source)
        head = json.loads(reader.head)
        row = RowId(str(head["matter"]))
        key = file_key(ports.vault, row, bytes.fromhex(head["sealed_key"]))
        said = json.loads(b"".join(reader.chunks(key)))
    return Copy(
        id=row,
        number=said["number"],
        particulars=Particulars(**said["particulars"]),
        facts=said["facts"],
        acts=said["acts"],
        scopes=said["scopes"],
    )


def _enter(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    copy: Copy,
    scopes: Sequence[dict[str, Any]],
    *,
    at: datetime,
) -> int:
    """Whether anything of the matter was not here; one under which nothing stands stays away."""
    standing = HOLD.c.matter == copy.number, HOLD.c.released_at.is_(None)
    if not scopes and tx.execute(select(HOLD.c.id).where(*standing).limit(1)).first() is None:
        return 0
    fresh = _enter_matter(tx, ports, copy)
    for one in scopes:
        cells = {**one, "placed_at": datetime.fromisoformat(one["placed_at"])}
        made = insert_ignore(SCOPE, tx.dialect.name).values(cells).returning(SCOPE.c.id)
        fresh = tx.execute(made).first() is not None or fresh
    for act in copy.acts:
        fresh = _enter_act(tx, ports, copy.number, act) or fresh
    if fresh:
        ports.audit.append(
            tx,
            EventDraft(
                action=EventCode.HOLD_PLACED,
                occurred_at=at,
                actor=principal.id,
                actor_os=principal.os_user,
                object_type="hold",
                object_id=copy.number,
                outcome=Outcome.DONE,
                reasons=("restore", "particulars"),
            ),
        )
    return int(fresh)


def _enter_matter(tx: Connection, ports: Ports, copy: Copy) -> bool:
    """The matter is on file, and what it says opens."""
    row, facts = store.matter_row(tx, copy.number), copy.facts
    if row is not None:
        if open_particulars(ports.vault, row.id, bytes(row.particulars)) is not None:
            return False
        sealed = sealed_particulars(ports.vault, row.id, copy.particulars)
        mine = update(MATTER).where(MATTER.c.id == row.id)
        return bool(tx.execute(mine.values(particulars=sealed)).rowcount)
    end = facts["expected_end"]
    cells = {
        "id": copy.id,
        "number": copy.number,
        "particulars": sealed_particulars(ports.vault, copy.id, copy.particulars),
        "placed_by": facts["placed_by"],
        "placed_at": datetime.fromisoformat(facts["placed_at"]),
        "expected_end": None if end is None else date.fromisoformat(end),
        "reviewed_by": facts["reviewed_by"],
        "reviewed_at": datetime.fromisoformat(facts["reviewed_at"]),
    }
    tx.execute(insert_ignore(MATTER, tx.dialect.name).values(cells))
    return True


def _enter_act(tx: Connection, ports: Ports, number: str, act: dict[str, Any]) -> bool:
    """The step is in the history, and its reason opens."""
    row, said = act["id"], act["reason"]
    sealed = bytes(ports.vault.seal_blob(REASON, row, said.encode())) if said else None
    known = tx.execute(select(ACT).where(ACT.c.id == row)).one_or_none()
    if known is not None:
        if _reason(ports, known) is not None or not said:
            return False
        mine = update(ACT).where(ACT.c.id == row)
        return bool(tx.execute(mine.values(reason=sealed)).rowcount)
    cells = {
        "id": row,
        "matter": number,
        "kind": act["kind"],
        "persons": act["persons"],
        "reason": sealed,
        "approval_id": act["approval"],
        "by": act["by"],
        "at": datetime.fromisoformat(act["at"]),
    }
    tx.execute(insert_ignore(ACT, tx.dialect.name).values(cells))
    return True


def _end_released(tx: Connection, released: set[str], *, by: str, at: datetime) -> None:
    """Conditions whose release the journal knows stand no more."""
    for scope in standing_scopes(tx):
        if scope.id in released:
            mine = SCOPE.c.id == scope.id, SCOPE.c.released_at.is_(None)
            tx.execute(update(SCOPE).where(*mine).values(released_by=by, released_at=at))


def _close_empty(tx: Connection, *, at: datetime) -> None:
    """Matters that were released since are closed again."""
    rows = tx.execute(select(MATTER.c.number).where(MATTER.c.closed_at.is_(None))).scalars().all()
    for number in rows:
        store.close_matter(tx, number, at=at)
