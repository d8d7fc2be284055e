"""What one schedule changes of another, in words, and whom it affects, in numbers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum

from sqlalchemy import Connection

from governance.core.terms import Lang, SubjectId
from governance.i18n.catalogue import text
from retention.calendar.keeping import looked_at
from retention.calendar.rules import Change as Move
from retention.calendar.rules import Entry, moves
from retention.explained import duty_words, part_words, rule_words
from retention.facts import PAGE, covered_after, covered_of
from retention.types import Duty, Part, Rule, Schedule


class What(StrEnum):
    """What became of a line."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    REORDERED = "reordered"  # another line may come first now


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line that is not what it was; `parts` names what of it."""

    id: str
    what: What
    parts: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """The lines: one, or all of them in their new order."""
        return tuple(self.id.split(ORDER))


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """How many lines of persons another schedule moves, on one day."""

    persons: int
    newly_due: int
    no_longer_due: int
    moved: int
    same: int
    by: tuple[tuple[Move, str, str, str, int], ...]  # kind, rule before, after, month, number


ORDER = " > "  # between lines that stand in another order
HEAD = ("overflow", "covers", "hold", "ledger")


def differences(old: Schedule, new: Schedule) -> tuple[Change, ...]:
    """Every line that was added, removed, changed or moved to another place, and the head."""
    found = [
        Change(id=name, what=What.CHANGED)
        for name in HEAD
        if getattr(old, name) != getattr(new, name)
    ]
    for before, after in (
        (old.rules, new.rules),
        (old.duties, new.duties),
        (old.parts, new.parts),
    ):
        found += _lines(before, after)
    return tuple(found)


def _lines(
    before: Sequence[Rule | Duty | Part], after: Sequence[Rule | Duty | Part]
) -> list[Change]:
    old, new = {line.id: line for line in before}, {line.id: line for line in after}
    found = [Change(id=id_, what=What.REMOVED) for id_ in old if id_ not in new]
    for id_, line in new.items():
        if id_ not in old:
            found.append(Change(id=id_, what=What.ADDED))
        elif line != old[id_]:
            names = tuple(
                one.name
                for one in fields(line)
                if getattr(line, one.name) != getattr(old[id_], one.name, None)
            )
            found.append(Change(id=id_, what=What.CHANGED, parts=names))
    stays = [id_ for id_ in old if id_ in new]
    if stays != [id_ for id_ in new if id_ in old]:
        found.append(Change(id=ORDER.join(new), what=What.REORDERED))
    return found


def change_words(found: Change, old: Schedule, new: Schedule, lang: Lang) -> str:
    """The change in one sentence, with what stood before where something changed."""
    before, after = _said(old, found.id, lang), _said(new, found.id, lang)
    if found.what is What.CHANGED and not found.parts:
        name = text(f"retention.head.{found.id}", lang)
        return text("retention.difference.head", lang, name=name)
    names = [_label(new, one, lang) or _label(old, one, lang) or one for one in found.ids]
    return text(
        f"retention.difference.{found.what.value}",
        lang,
        name=text("retention.difference.then", lang).join(names),
        before=before,
        after=after,
        parts=text("retention.fields.and", lang).join(
            text(f"retention.part.{name}", lang) for name in found.parts
        ),
    )


def _label(schedule: Schedule, id_: str, lang: Lang) -> str | None:
    """The name of a line, where the schedule has it."""
    lines: tuple[Rule | Part | Duty, ...] = (*schedule.rules, *schedule.parts, *schedule.duties)
    return next((line.label.of(lang) for line in lines if line.id == id_), None)


def _said(schedule: Schedule, id_: str, lang: Lang) -> str:
    """A line in one breath: what, of whom, from when, how long, what happens."""
    lines: tuple[Rule | Part, ...] = (*schedule.rules, *schedule.parts)
    for line in lines:
        if line.id == id_:
            words = rule_words(line, lang) if isinstance(line, Rule) else part_words(line, lang)
            form = "keeps" if words.period == "-" else "lasts" if words.starts == "-" else "ends"
            return text(
                f"retention.difference.{form}",
                lang,
                what=words.what,
                who=words.who,
                starts=words.starts,
                period=words.period,
                action=words.action,
            )
    for duty in schedule.duties:
        if duty.id == id_:
            kept = duty_words(duty, lang)
            named = text("retention.fields.and", lang).join(kept.fields)
            return text("retention.difference.duty", lang, fields=named, period=kept.period)
    return "-"


def affected(tx: Connection, old: Schedule, new: Schedule, *, at: date) -> Affected:
    """Whom the new schedule makes due, keeps or moves; everybody is looked at under both."""
    kinds = old.covers | new.covers
    moved: Counter[tuple[Move, str, str, str]] = Counter()
    persons, page = 0, covered_after(tx, kinds, after=None)
    while page:
        persons += len(page)
        before, after = (_lines_of(tx, used, page, at=at) for used in (old, new))
        moved += moves(before, after, at=at)
        page = covered_after(tx, kinds, after=page[-1]) if len(page) == PAGE else ()
    totals = {kind: sum(n for key, n in moved.items() if key[0] is kind) for kind in Move}
    by = sorted((*key, n) for key, n in moved.items() if key[0] is not Move.SAME)
    return Affected(
        persons=persons,
        newly_due=totals[Move.NEWLY_DUE],
        no_longer_due=totals[Move.NO_LONGER_DUE],
        moved=totals[Move.MOVED],
        same=totals[Move.SAME],
        by=tuple(by),
    )


def _lines_of(
    tx: Connection, schedule: Schedule, page: Sequence[SubjectId], *, at: date
) -> tuple[Entry, ...]:
    """Lines of those of the page whom the schedule covers."""
    return looked_at(tx, schedule, covered_of(tx, schedule.covers, page), day=at)
