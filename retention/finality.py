"""The stages by which an erasure becomes final, each with its day; pure.

Gone from the live store is not gone: copies hold ciphertext still. It is final for the person on
the day from which no copy of the key store opens it; the ciphertext itself goes with the last
copy of the data that was made before.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from governance.core.clock import JST
from governance.core.terms import Lang
from governance.crypto.providers.types import AT_ONCE, EpochId
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day
from governance.keys.epochs import KEEP_DAYS, unreadable_from
from retention.tombstones import Tombstone


class Stage(StrEnum):
    """What is true from a stage's day on."""

    ERASED = "erased"  # rows and index tokens are gone from the live store
    KEYS_DESTROYED = "keys_destroyed"  # the live key store opens nothing of it
    UNREADABLE = "unreadable"  # neither does any copy of the key store: final
    BACKUPS_ENDED = "backups_ended"  # the last backup that holds its ciphertext has ended


class Standing(StrEnum):
    """Where a stage stands on the day it is asked for."""

    REACHED = "reached"
    AWAITED = "awaited"  # its day is known, or what it waits for is under way
    UNPROMISED = "unpromised"  # nobody can name a day


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What this installation can promise of copies."""

    keep_days: int = KEEP_DAYS  # R
    ends_after: timedelta | None = AT_ONCE  # the key provider's wait; None: it cannot end a key
    backups_end_after: timedelta | None = None  # the age at which backups end; None: not by us


@dataclass(frozen=True, slots=True, kw_only=True)
class StageDate:
    """One stage, and its day if one is known."""

    stage: Stage
    on: date | None
    standing: Standing

    def words(self, lang: Lang) -> str:
        """The stage in one sentence, with its day."""
        day = long_day(self.on, lang) if self.on is not None else ""
        key = f"retention.finality.{self.stage.value}.{self.standing.value}"
        return text(key, lang, on=day or text("retention.finality.no_day", lang))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finality:
    """How final an erasure is, on one day."""

    stages: tuple[StageDate, ...]

    def at(self, stage: Stage) -> StageDate:
        """One stage."""
        return self.stages[ORDER.index(stage)]

    @property
    def final_on(self) -> date | None:
        """The day from which nothing opens what was erased; None: nobody promises one."""
        return self.at(Stage.UNREADABLE).on

    def as_json(self) -> list[dict[str, str | None]]:
        """The stages in their order, for certificates and answers."""
        return [
            {
                "stage": one.stage.value,
                "on": one.on.isoformat() if one.on is not None else None,
                "standing": one.standing.value,
            }
            for one in self.stages
        ]


ORDER: Final = tuple(Stage)


def stages(
    stones: Iterable[Tombstone], terms: Terms, *, on: date, log_pages: int | None = 0
) -> Finality:
    """How far these erasures are on a day; a stage is where the last of them stands.

    `log_pages` are pages of SQLite's log that the run could not clear: while one is left, or while
    it is not known, nothing is called gone from the live store.
    """
    found = tuple(stones)
    erased = _day(max((one.at for one in found), default=None))
    ended = _last(one.keys_ended_at for one in found)
    unreadable = _unreadable(found, terms) if ended is not None else None
    backups = _backups_end(erased, terms)
    return Finality(
        stages=(
            _stage(Stage.ERASED, erased, on=on, possible=True, done=log_pages == 0),
            _stage(Stage.KEYS_DESTROYED, _day(ended), on=on, possible=True),
            _stage(Stage.UNREADABLE, unreadable, on=on, possible=terms.ends_after is not None),
            _stage(Stage.BACKUPS_ENDED, backups, on=on, possible=bool(terms.backups_end_after)),
        )
    )


def _stage(
    stage: Stage, day: date | None, *, on: date, possible: bool, done: bool = True
) -> StageDate:
    if not possible:
        return StageDate(stage=stage, on=None, standing=Standing.UNPROMISED)
    reached = done and day is not None and day <= on
    return StageDate(
        stage=stage, on=day, standing=Standing.REACHED if reached else Standing.AWAITED
    )


def _last(moments: Iterable[datetime | None]) -> datetime | None:
    """The last moment; None as long as one is missing."""
    found = list(moments)
    known = [moment for moment in found if moment is not None]
    return max(known) if known and len(known) == len(found) else None


def _unreadable(stones: Iterable[Tombstone], terms: Terms) -> date | None:
    """The day after which no copy of the key store holds one of the ended keys."""
    if terms.ends_after is None:
        return None
    days = [
        unreadable_from(
            EpochId(one.last_epoch), keep_days=terms.keep_days, ends_after=terms.ends_after
        )
        for one in stones
        if one.last_epoch is not None
    ]
    return max(days, default=None)


def _backups_end(erased: date | None, terms: Terms) -> date | None:
    """The day on which the youngest backup from before the erasure ends; a begun day counts."""
    if erased is None or terms.backups_end_after is None:
        return None
    return erased + timedelta(days=-(-terms.backups_end_after // timedelta(days=1)))


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.astimezone(JST).date()
