"""Which letter a step calls for, what its text must name, when it goes, how it is filled; pure."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from hashlib import sha256
from typing import Final

from dsar.case import Case
from dsar.correspondence.errors import LetterPartError, LetterSlotError, LetterTextError
from dsar.correspondence.types import (
    MAY,
    MUST,
    OF,
    REVIEWED,
    Slot,
    Source,
    State,
    Template,
    Written,
)
from dsar.types import LAPSING, Letter, Outcome, RequestKind
from governance.core.terms import Law
from policies.actions import Action

MOST_TITLE: Final = 120  # characters
MOST_BODY: Final = 8_000
EDITING: Final = timedelta(days=2)  # how long a letter waits for an officer, at most
BLANKS: Final = ("＿＿＿", "____")
OPEN_SLOT: Final = re.compile(r"\{([^{}\n]{0,40})\}")
CONTROL: Final = re.compile(
    r"[^\S\n ]|[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
CORRECTING: Final = frozenset({RequestKind.CORRECTION, RequestKind.RECTIFICATION})
STOPPING: Final = frozenset(
    {
        *(RequestKind.CESSATION, RequestKind.PROVISION_STOP, RequestKind.ERASURE),
        *(RequestKind.RESTRICTION, RequestKind.OBJECTION),
    }
)
REMEDIES: Final[Mapping[Law, tuple[str, ...]]] = {
    Law.APPI: ("APPI-40", "APPI-39"),
    Law.GDPR: ("GDPR-12-4",),
}  # duties of the law book on which the remedies rest


def template_of(case: Case, letter: Letter, *, alternative: bool = False) -> Template:
    """The text that says what this letter is for; of an answer, what was decided."""
    decided = case.decision.outcome if case.decision else None
    match letter, decided:
        case ((Letter.READY | Letter.OUTCOME), Outcome.NOT_HELD):
            return Template.NOT_HELD
        case Letter.OUTCOME, Outcome.PARTIAL if _stops(case):
            return Template.STOPPED_PARTLY
        case ((Letter.READY | Letter.OUTCOME), Outcome.PARTIAL):
            return Template.PARTIAL
        case Letter.OUTCOME, (Outcome.REFUSE | None):
            return Template.INCOMPLETE if _never_complete(case) else Template.REFUSED
        case Letter.OUTCOME, Outcome.GRANT:
            return Template.ALTERNATIVE if alternative else _granted(case)
        case _:
            return OF[letter]


def _granted(case: Case) -> Template:
    if any(track.kind in CORRECTING for track in case.tracks):
        return Template.CORRECTED
    return Template.STOPPED if _stops(case) else Template.GRANTED


def _stops(case: Case) -> bool:
    return any(track.kind in STOPPING for track in case.tracks)


def _never_complete(case: Case) -> bool:
    """Whether it was refused for what it lacked, under every law of the case."""
    grounds = case.decision.grounds if case.decision else ()
    return bool(grounds) and set(grounds) <= set(LAPSING.values())


def action_for(template: Template) -> Action:
    """Who may write and send it: what decides is the officer's, the rest the desk's."""
    return Action.DSAR_DECIDE if template in REVIEWED else Action.DSAR_WRITE


def send_by(template: Template, *, today: date, last: date | None) -> date | None:
    """The day on which it goes as it stands; None: at once.

    A letter waits two days for an officer and never past the day that the law or our own target
    sets: what nobody sends, the clock sends (APPI 33(3), 34(3), 35(7); GDPR 12(3), (4)).
    """
    if template not in REVIEWED:
        return None
    day = min(today + EDITING, last) if last is not None else today + EDITING
    return day if day > today else None


def checked(template: Template, source: Source) -> Source:
    """The text, if it names what it may and all that it must; raises the first fault."""
    title, body = _clean(source.title), _clean(source.body)
    if not 0 < len(title) <= MOST_TITLE or "\n" in title:
        raise LetterTextError(most=MOST_TITLE)
    if not 0 < len(body) <= MOST_BODY:
        raise LetterTextError(most=MOST_BODY)
    named = OPEN_SLOT.findall(title) + OPEN_SLOT.findall(body)
    known = {slot.value for slot in MAY[template]}
    strange = next((name for name in named if name not in known), None)
    if strange is not None:
        raise LetterSlotError(slot=strange if strange.isidentifier() else "{...}")
    if "{" in OPEN_SLOT.sub("", title + body) or "}" in OPEN_SLOT.sub("", title + body):
        raise LetterSlotError(slot="{...}")
    in_body = set(OPEN_SLOT.findall(body))
    for slot in (Slot.REFERENCE, *sorted(MUST[template])):
        if slot.value not in in_body:
            raise LetterPartError(slot=slot.value)
    return Source(title=title, body=body)


def _clean(words: str) -> str:
    """The words with plain line ends; raises LetterTextError for signs that no letter has."""
    plain = words.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").strip()
    if CONTROL.search(plain.replace("\u3000", " ")):
        raise LetterTextError(most=MOST_BODY)
    return plain


def filled(source: Source, facts: Mapping[Slot, str]) -> Written:
    """The text with its slots filled, once: what a fact says in braces stays as it is."""

    def fill(found: re.Match[str]) -> str:
        return facts[Slot(found[1])]

    return Written(title=OPEN_SLOT.sub(fill, source.title), body=OPEN_SLOT.sub(fill, source.body))


def slots_in(source: Source) -> frozenset[Slot]:
    """The slots that a checked text names."""
    return frozenset(Slot(name) for name in OPEN_SLOT.findall(f"{source.title}\n{source.body}"))


def digest_of(written: Written) -> str:
    """What the log holds of the text that went out."""
    return sha256(f"{written.title}\n\n{written.body}".encode()).hexdigest()


def lines(words: Iterable[str]) -> str:
    """A line a word; a dash for none."""
    return "\n".join(f"- {word}" for word in words) or "-"


def has_blank(source: Source) -> bool:
    """Whether something stands open that only an officer knows."""
    return any(blank in source.body for blank in BLANKS)


def is_open(state: State) -> bool:
    """Whether its text may still be written."""
    return state is State.DRAFT
