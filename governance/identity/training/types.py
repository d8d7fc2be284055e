"""Facts of training (教育): courses with questions, and what each employee passed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from governance.core.terms import ActorId, Lang

Words = Mapping[Lang, str]


class Way(StrEnum):
    """How a course was done."""

    TEST = "test"  # the questions were answered here
    ATTENDANCE = "attendance"  # a session in a room, put down by whoever keeps the register


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question with its answers; `why` is told after the test."""

    ask: Words
    answers: tuple[Words, ...]
    right: int
    why: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A material with its test."""

    id: str
    version: int
    least_version: int  # passes of earlier versions count no more
    title: Words
    sections: tuple[tuple[Words, Words], ...]  # heading and text
    questions: tuple[Question, ...]
    pass_percent: int
    valid_months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One try at a test, or one attendance."""

    id: str
    staff: ActorId
    course: str
    version: int
    way: Way
    at: datetime
    right: int
    of: int
    passed: bool
    recorded_by: ActorId


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one employee stands with one course."""

    course: str
    until: datetime | None  # None: never passed, or in a version that counts no more
    last: Result | None
