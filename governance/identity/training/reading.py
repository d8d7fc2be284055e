"""Courses from YAML, whole or not at all: the shipped one, or the installation's own folder."""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, ClassVar, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from governance.identity.training.types import Course, Question, Words

MOST_BYTES: Final = 1_000_000
FEWEST: Final = 2  # answers of a question
Text = Annotated[str, Field(min_length=1, max_length=5_000)]


class TrainingFileError(GovernanceError):
    """A course is not of its form (`place`); no course was taken."""

    code, status, exit_code = "training_file", 422, 2


class _Form(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Said(_Form):
    ja: Text
    en: Text

    def words(self) -> Words:
        return MappingProxyType({Lang.JA: self.ja, Lang.EN: self.en})


class _Section(_Form):
    heading: _Said
    text: _Said


class _Question(_Form):
    ask: _Said
    answers: Annotated[list[_Said], Field(min_length=FEWEST, max_length=8)]
    right: Annotated[int, Field(ge=1)]
    why: _Said

    @model_validator(mode="after")
    def _one_is_right(self) -> "_Question":
        if self.right > len(self.answers):
            raise ValueError("right")
        return self


class _Course(_Form):
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,40}$")]
    version: Annotated[int, Field(ge=1)]
    least_version: Annotated[int, Field(ge=1)] = 1
    title: _Said
    sections: Annotated[list[_Section], Field(min_length=1, max_length=40)]
    questions: Annotated[list[_Question], Field(min_length=1, max_length=60)]
    pass_percent: Annotated[int, Field(ge=50, le=100)] = 80
    valid_months: Annotated[int, Field(ge=1, le=36)] = 12

    @model_validator(mode="after")
    def _versions(self) -> "_Course":
        if self.least_version > self.version:
            raise ValueError("least_version")
        return self


@lru_cache(maxsize=8)
def courses(folder: Path | None) -> Mapping[str, Course]:
    """Every course by its id; read once a process. Raises TrainingFileError."""
    if folder is None:
        source = files("governance.identity.training").joinpath("data", "basics.yaml")
        found = [course_of(source.read_bytes(), "basics.yaml")]
    else:
        try:
            paths = sorted(folder.glob("*.yaml"))
            found = [course_of(path.read_bytes(), path.name) for path in paths]
        except OSError:
            raise TrainingFileError(place=folder.name) from None
    if not found:
        raise TrainingFileError(place="-")  # fails closed: nothing to learn is no training
    made = {one.id: one for one in found}
    if len(made) != len(found):
        raise TrainingFileError(place="id")
    return MappingProxyType(made)


def course_of(content: bytes, name: str) -> Course:
    """The course that the file declares; raises TrainingFileError with the place of the fault."""
    if len(content) > MOST_BYTES:
        raise TrainingFileError(place=name)
    try:
        raw = _Course.model_validate(yaml.safe_load(content.decode("utf-8")))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "-"
        raise TrainingFileError(place=f"{name}:{place}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        raise TrainingFileError(place=name) from None
    return Course(
        id=raw.id,
        version=raw.version,
        least_version=raw.least_version,
        title=raw.title.words(),
        sections=tuple((one.heading.words(), one.text.words()) for one in raw.sections),
        questions=tuple(
            Question(
                ask=one.ask.words(),
                answers=tuple(answer.words() for answer in one.answers),
                right=one.right - 1,
                why=one.why.words(),
            )
            for one in raw.questions
        ),
        pass_percent=raw.pass_percent,
        valid_months=raw.valid_months,
    )
