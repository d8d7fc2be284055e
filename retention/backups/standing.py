"""How backups, copies of the key store and restore drills stand today, for doctor and page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from retention.backups.creating import kept
from retention.backups.desk import Desk
from retention.backups.key_copies import key_copies
from retention.backups.replacing import STAMP, aside_databases, aside_files
from retention.backups.store import GOOD, drills

LATE: Final = 2  # intervals after which a backup or drill is too old
PLACES: Final = 2  # that copies of the key store lie in


class State(StrEnum):
    """How urgent it is."""

    GOOD = "good"
    ATTENTION = "attention"
    BAD = "bad"
    ABSENT = "absent"  # not set up here


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One thing that was looked at; its sentence is `cli.doctor.<code>`."""

    check: str
    state: State
    code: str
    params: Mapping[str, str | int] = field(default_factory=dict)


def standings(desk: Desk, *, at: datetime) -> tuple[Standing, ...]:
    """All of them."""
    looks = (data_standing, keys_standing, drill_standing, aside_standing)
    return tuple(look(desk, at=at) for look in looks)


def data_standing(desk: Desk, *, at: datetime) -> Standing:
    """Whether a backup was made in time, and proven."""
    if desk.folder is None:
        return Standing(check="backup", state=State.ABSENT, code="backup_none")
    found = kept(desk, desk.folder) if desk.folder.is_dir() else ()
    if not found:
        return Standing(check="backup", state=State.BAD, code="backup_missing")
    newest = found[0]
    hours = int((at - newest.manifest.created_at) / timedelta(hours=1))
    params: dict[str, str | int] = {"hours": hours, "count": len(found), "file": newest.file}
    if newest.verified not in {None, GOOD}:
        params["reason"] = str(newest.verified)
        return Standing(check="backup", state=State.BAD, code="backup_damaged", params=params)
    late = hours > LATE * desk.hours
    state, code = (State.BAD, "backup_old") if late else (State.GOOD, "backup_good")
    return Standing(check="backup", state=state, code=code, params=params)


def keys_standing(desk: Desk, *, at: datetime) -> Standing:
    """Whether each folder has a copy of the key store younger than R/2 (design 1)."""
    if not desk.key_copies:
        return Standing(check="key_copies", state=State.ABSENT, code="key_copies_none")
    newest: dict[str, datetime | None] = {str(folder): None for folder in desk.key_copies}
    newest |= {str(copy.folder): copy.made_at for copy in reversed(key_copies(desk))}
    half = timedelta(days=desk.keep_days) / 2
    old = [path for path, made in newest.items() if made is None or at - made > half]
    params: dict[str, str | int] = {"days": desk.keep_days, "places": len(newest)}
    if old:
        params["folders"] = ", ".join(old)
        return Standing(check="key_copies", state=State.BAD, code="key_copies_old", params=params)
    few = len(newest) < PLACES
    state, code = (State.ATTENTION, "key_copies_few") if few else (State.GOOD, "key_copies_good")
    return Standing(check="key_copies", state=state, code=code, params=params)


def drill_standing(desk: Desk, *, at: datetime) -> Standing:
    """Whether the last restore drill went through, and is not too long ago."""
    if desk.folder is None:
        return Standing(check="drill", state=State.ABSENT, code="drill_none")
    with desk.ports.database.read() as tx:
        last = next(iter(drills(tx, limit=1)), None)
    if last is None:
        return Standing(check="drill", state=State.ATTENTION, code="drill_none")
    days = (at - last.ended_at).days
    params: dict[str, str | int] = {"days": days, "reason": last.outcome}
    if not last.good:
        return Standing(check="drill", state=State.BAD, code="drill_failed", params=params)
    late = days > LATE * desk.drill_days
    state, code = (State.ATTENTION, "drill_old") if late else (State.GOOD, "drill_good")
    return Standing(check="drill", state=state, code=code, params=params)


def aside_standing(desk: Desk, *, at: datetime) -> Standing:
    """Whether a database that a restore moved aside still lies there, index tokens and all."""
    database = desk.ports.database
    if database.dialect == "sqlite":
        found = [str(path) for path in aside_files(Path(database.engine.url.database or ""))]
    else:
        with database.read() as tx:
            found = list(aside_databases(tx))
    if not found:
        return Standing(check="aside", state=State.GOOD, code="aside_none")
    days = max((at - _moved(name)).days for name in found)
    params: dict[str, str | int] = {
        "days": days,
        "places": ", ".join(found),
        "keep": desk.keep_days,
    }
    state = State.BAD if days > desk.keep_days else State.ATTENTION
    return Standing(check="aside", state=state, code="aside_left", params=params)


def _moved(name: str) -> datetime:
    """When the database with this name was moved aside; one of an unknown form always was."""
    digits = name.replace("-", "_").rpartition("replaced_")[2].partition("_")[0]
    try:
        return datetime.strptime(digits, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
