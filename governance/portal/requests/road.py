"""The way of a request in four steps, as its own page draws it."""

from typing import Final

from dsar.case import Case
from dsar.types import DISCLOSING, Status
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day
from governance.i18n.voice import voice
from governance.ui.parts import Step, StepState

TOLD: Final = frozenset({Status.RESPONDED, Status.RECIPIENTS_TOLD})
STEPS: Final = ("received", "proof", "work", "answer")


def road(case: Case, lang: Lang, *, proved: bool, answered: bool) -> tuple[Step, ...]:
    """Where the request stands; nothing of one that is over, whose page says how it ended.

    `proved` is what the reader may know of it: a stranger's page stands still at the proof.
    """
    if case.closed:
        return ()
    told = answered or (proved and all(track.status in TOLD for track in case.tracks))
    here = STEPS.index("answer" if told else "work" if proved else "proof")
    day = long_day(case.received_at, lang, era=voice().era)
    handed = case.tracks[0].kind in DISCLOSING
    keys = [name if name != "answer" or handed else "result" for name in STEPS]
    return tuple(
        Step(
            name=text(f"portal.road.{key}", lang),
            state=_state(place, here),
            note=day if key == "received" else text(f"portal.road.{key}.note", lang),
        )
        for place, key in enumerate(keys)
    )


def _state(place: int, here: int) -> StepState:
    if place == here:
        return StepState.HERE
    return StepState.DONE if place < here else StepState.AHEAD
