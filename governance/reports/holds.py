"""R12H, the register of legal holds: each matter of the period with its scope, persons and days.

Who reads holds gets the register; the name of a case and the reasons stand in it only for who
places or releases holds. It names no person who is held.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from governance.core.clock import JST
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.keys.vault import FieldVault
from governance.reports.types import Document, Listing, Made, Period, ReportId, Section
from governance.reports.words import Words
from retention.holds.register import RegisterEntry, entries
from retention.holds.wording import scope_words, what_words

LIST = "sekisho hold list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """The facts of R12H."""

    entries: tuple[RegisterEntry, ...]
    opened: bool  # names and reasons are among them


def collect(
    tx: Connection, vault: FieldVault, *, period: Period, opens: bool, at: datetime
) -> Holds:
    """Every matter that stood in the period; what is sealed is opened only if the reader may."""
    key = vault if opens else None
    found = entries(tx, key, since=period.since, until=period.until, at=at)
    return Holds(entries=found, opened=opens)


def write(facts: Holds, made: Made, lang: Lang) -> Document:
    """The document of these facts; its listing holds every matter."""
    words = Words(ReportId.R12H, made, lang)
    standing = sum(one.matter.closed_at is None for one in facts.entries)
    late = sum(one.late for one in facts.entries)
    return Document(
        id=ReportId.R12H,
        lang=lang,
        title=words.say("title"),
        finding=words.say(
            "finding", count=f"{len(facts.entries):,}", standing=f"{standing:,}", late=f"{late:,}"
        ),
        made=made,
        sections=(_register(facts, words, standing=standing, late=late),),
        complete=True,
    )


def _register(facts: Holds, words: Words, *, standing: int, late: int) -> Section:
    every = facts.entries
    return Section(
        key="register",
        title=words.say("section.register"),
        figures=(
            words.figure("matters", len(every), LIST),
            words.figure("standing", standing, LIST),
            words.figure("released", len(every) - standing, LIST),
            words.figure("held", sum(one.matter.persons for one in every), "legal_hold"),
            words.figure("waiting", sum(one.matter.deferred for one in every), "hold_deferred"),
            words.figure("late", late, "hold_matter.reviewed_at"),
        ),
        listing=Listing(
            columns=words.columns(
                *("matter", "case", "hold_scope", "hold_reason", "placed_by", "placed_at"),
                *("held_now", "held_ever", "erasures_waiting", "expected_end", "reviewed_at"),
                *("next_review", "hold_state", "release_asked_by", "released_by", "released_at"),
                "release_reason",
            ),
            rows=tuple(_row(one, words, opened=facts.opened) for one in every),
            total=len(every),
            source=LIST,
        ),
        remark="" if facts.opened else words.say("not_opened"),
    )


def _row(one: RegisterEntry, words: Words, *, opened: bool) -> tuple[str, ...]:
    matter, released = one.matter, one.released
    state = "released" if matter.closed_at else "late" if one.late else "standing"
    closed = words.say("withheld") if not opened else "-"
    return (
        matter.number,
        one.name or closed,
        _scope(one, words.lang),
        " / ".join(one.reasons) or closed,
        matter.placed_by,
        _moment(matter.placed_at),
        f"{matter.persons:,}",
        f"{one.persons:,}",
        f"{matter.deferred:,}",
        _day(matter.expected_end),
        _moment(matter.reviewed_at),
        _day(one.next_review),
        words.say(f"state.{state}"),
        one.asked_by or "-",
        released.by if released else "-",
        _moment(released.at) if released else "-",
        (released.reason or closed) if released else "-",
    )


def _scope(one: RegisterEntry, lang: Lang) -> str:
    """What is held of persons by name, then the conditions that catch more."""
    named = dict.fromkeys(what_words((what,), lang) for what in one.what)
    caught = (scope_words(scope.conditions, scope.what, lang) for scope in one.scopes)
    joined = text("console.holds.and", lang).join(named)
    return " / ".join(filter(None, (joined, *dict.fromkeys(caught)))) or "-"


def _moment(at: datetime) -> str:
    return at.astimezone(JST).strftime("%Y-%m-%d %H:%M")


def _day(day: date | None) -> str:
    return "-" if day is None else day.isoformat()
