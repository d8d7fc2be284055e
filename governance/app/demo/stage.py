"""What the steps of the demo share: the installation, the invented people, the progress lines."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from governance.app.wiring import Wiring
from governance.core.terms import Lang, SubjectId
from governance.http.principal import Principal
from governance.i18n.catalogue import text


class Watch(Protocol):
    """Where a step tells how far it is: done of all, in its own unit."""

    def __call__(self, done: int, total: int, /) -> None:
        """The progress line moves."""
        ...


@dataclass(slots=True, kw_only=True)
class Stage:
    """The state that the steps hand on to each other."""

    wiring: Wiring
    lang: Lang
    people: Mapping[str, Principal] = field(default_factory=dict)
    customer: SubjectId | None = None  # the person whose pages the links open
    facts: dict[str, int] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict, repr=False)  # of systems, shown at the end

    def who(self, name: str) -> Principal:
        """An invented principal by its role."""
        return self.people[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a step came to: one sentence for the closing table, and lines of detail."""

    sentence: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the main job; `run` raises DemoStepError when it does not hold."""

    name: str
    run: Callable[[Stage, Watch], Outcome]


def words(stage: Stage, key: str, **params: object) -> str:
    """A text of the demo in the language of this run."""
    return text(f"app.demo.{key}", stage.lang, **params)
