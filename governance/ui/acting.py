"""Who acted, on a page: each stands by a mark until the page is whole, then all are named at once.

A template says `{{ row.by | actor }}` wherever somebody acted; a page of a thousand rows asks for
the names of its accounts once, and a template asks for nothing.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Final

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import escape

from governance.core.terms import Lang
from governance.i18n.actors import called

NamesOf = Callable[[Collection[str]], Mapping[str, str]]
MARKS: Final = "actor_marks"  # what a template's context calls them
SECRET: Final = 8  # bytes; nobody writes a mark into a text


def unnamed(_: Collection[str]) -> Mapping[str, str]:
    """No name of anybody: staff stand by their logins."""
    return {}


@dataclass(frozen=True, slots=True)
class Marks:
    """The actors of one page in the making."""

    actors: dict[str, int] = field(default_factory=dict)
    word: str = field(default_factory=lambda: f"actor-{token_hex(SECRET)}-")

    def mark(self, actor: str) -> str:
        """What stands for this actor until the page is whole."""
        place = self.actors.setdefault(actor, len(self.actors))
        return f"{self.word}{place}."

    def named(self, html: str, names_of: NamesOf, lang: Lang) -> str:
        """The page with everybody by name, as far as there is a name."""
        if not self.actors:
            return html
        names = names_of(self.actors)
        told = [str(escape(called(actor, names, lang))) for actor in self.actors]
        return re.sub(rf"{self.word}(\d+)\.", lambda found: told[int(found[1])], html)


@pass_context
def actor(context: Context, who: str) -> str:
    """The filter: this actor as people are told of it."""
    marks: Marks = context[MARKS]
    return marks.mark(who)
