"""Every word of requests has a text in both languages."""

from itertools import chain

import pytest

from dsar import collection, errors
from dsar.correspondence.types import Slot, Template
from dsar.machine import tables
from dsar.types import (
    ClockKind,
    Delivery,
    Event,
    EvidenceKind,
    ExtensionGround,
    Ground,
    HoldGround,
    Intake,
    Mark,
    Outcome,
    Refusal,
    Requester,
    RequestKind,
)
from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from governance.i18n.catalogue import text

WORDS = {
    "event": Event,
    "mark": Mark,
    "right": RequestKind,
    "requester": Requester,
    "intake": Intake,
    "delivery": Delivery,
    "evidence": EvidenceKind,
    "outcome": Outcome,
    "ground": Ground,
    "extension": ExtensionGround,
    "hold": HoldGround,
    "clock": ClockKind,
    "refused": Refusal,
}
KEYS = [f"dsar.{group}.{word.value}" for group, words in WORDS.items() for word in words]
LETTERS = [
    f"dsar.letter.{template}.{part}" for template in Template for part in ("name", "title", "body")
]
SLOTS = [f"dsar.letter.slot.{slot}" for slot in Slot]
STATES = [
    f"dsar.status.{law.value}.{status.value}"
    for law, steps in tables().items()
    for status in sorted({s for step in steps.values() for s in (step.source, step.target)})
]
ERRORS = [
    item
    for item in chain(vars(errors).values(), vars(collection).values())
    if isinstance(item, type)
    and issubclass(item, GovernanceError)
    and item.__module__.startswith("dsar")
]


@pytest.mark.parametrize("lang", list(Lang))
@pytest.mark.parametrize("key", [*KEYS, *STATES, *LETTERS, *SLOTS])
def test_word_has_a_text(key: str, lang: Lang) -> None:
    assert text(key, lang).strip()


@pytest.mark.parametrize("lang", list(Lang))
@pytest.mark.parametrize("error", ERRORS)
def test_error_has_a_text(error: type[GovernanceError], lang: Lang) -> None:
    assert text(error().text_key, lang).strip()
