"""Letters of a request in words: lines of the list, slots of a text, choices."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from dsar.correspondence.types import (
    FREE,
    MAY,
    MUST,
    REVIEWED,
    LetterRecord,
    Slot,
    State,
    Template,
)
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.ui.parts import Choice

COMPOSABLE = (*sorted(FREE), *sorted(REVIEWED))


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterLine:
    """One letter in the list of its request."""

    id: str
    name: str
    state: str
    tone: str
    how: str
    on: datetime
    send_by: date | None
    read_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotLine:
    """What a text may name, and whether it must."""

    name: str
    meaning: str
    must: bool


def letter_line(one: LetterRecord, lang: Lang) -> LetterLine:
    """The letter in words."""
    how = "waits" if one.state is State.DRAFT and one.send_by is not None else "prepared"
    if one.state is State.SENT:
        how = "mailed" if one.mailed else "paper"
    elif one.state is State.VOID:
        how = "void"
    return LetterLine(
        id=one.id,
        name=name_of(one.template, lang),
        state=text(f"dsar.letter.state.{one.state}", lang),
        tone={State.DRAFT: "waiting", State.SENT: "good", State.VOID: "plain"}[one.state],
        how=text(f"console.letter.how.{how}", lang),
        on=one.sent_at or one.changed_at,
        send_by=one.send_by if one.state is State.DRAFT else None,
        read_at=one.read_at,
    )


def name_of(template: Template, lang: Lang) -> str:
    """What the letter is called."""
    return text(f"dsar.letter.{template}.name", lang)


def slot_lines(template: Template, lang: Lang) -> tuple[SlotLine, ...]:
    """The slots of a text, those that must stand first."""
    must = MUST[template] | {Slot.REFERENCE}
    found = sorted(MAY[template], key=lambda slot: (slot not in must, slot))
    return tuple(
        SlotLine(
            name=f"{{{slot}}}",
            meaning=text(f"dsar.letter.slot.{slot}", lang),
            must=slot in must,
        )
        for slot in found
    )


def choices(templates: Iterable[Template], lang: Lang) -> tuple[Choice, ...]:
    """Letters to choose from."""
    return tuple(Choice(value=one.value, label=name_of(one, lang)) for one in templates)
