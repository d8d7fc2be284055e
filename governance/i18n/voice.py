"""How one reader wants Japanese: easy words, and years of the Japanese era.

A choice of one request. It stands in a context variable, so that a sentence that is made far from
the page follows it too; what is mailed, recorded or signed is never made under it.
"""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """The reader's choice."""

    easy: bool = False  # やさしい日本語, where a sentence has an easy form
    era: bool = False  # 和暦 beside the year


PLAIN: Final = Voice()
_VOICE: Final[ContextVar[Voice]] = ContextVar("voice", default=PLAIN)


def voice() -> Voice:
    """The voice of the request that is being answered; plain outside of one."""
    return _VOICE.get()


def speak(chosen: Voice) -> None:
    """From here on this request is answered in the voice."""
    _VOICE.set(chosen)
