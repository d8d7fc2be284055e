"""The frame of a help text in the reader's language: the parser writes English around our words."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import typer

from governance.cli.output import say

HEADINGS: Final = {  # the parser's own, and ours
    "Arguments": "frame.arguments",
    "Options": "frame.options",
    "Commands": "frame.commands",
}
ASKS_HELP: Final = "Show this message and exit."
FACTS: Final = re.compile(r"(?<=\[)(?:default: |required\])|(?<=; )(?:default: |required\])")
FACT_WORDS: Final = {"default: ": "frame.default", "required]": "frame.required"}
FORMATTER: Final[Any] = typer.Context.formatter_class


class Frame(FORMATTER):  # type: ignore[misc] # typer keeps its parser's classes private
    """The parser's help with the words of the catalogue."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """How the command is written."""
        super().write_usage(prog, args, say("frame.usage") if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        """The head of a part."""
        known = HEADINGS.get(heading)
        super().write_heading(heading if known is None else say(known))

    def write_dl(self, rows: Sequence[tuple[str, str]], *spacing: int, **named: int) -> None:
        """Options or commands, each with what it does."""
        super().write_dl([(name, _said(words)) for name, words in rows], *spacing, **named)


class FramedContext(typer.Context):
    """What each command of the tree runs in."""

    formatter_class = Frame


def framed(command: Any) -> Any:
    """The command and all below it, whose help is written in the reader's language."""
    for one in _all(command):
        one.context_class = FramedContext
    return command


def _all(command: Any) -> Iterator[Any]:
    yield command
    for one in getattr(command, "commands", {}).values():
        yield from _all(one)


def _said(words: str) -> str:
    if words == ASKS_HELP:
        return say("frame.help")
    return FACTS.sub(lambda found: say(FACT_WORDS[found.group()]), words)
