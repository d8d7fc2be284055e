"""The questions of AuthZEN's information model: who, what, on what, in which surroundings.

A member that the specification does not know is ignored; one of another type is refused with its
place. An empty text is of the form: it names nothing, so it is answered no.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, NoReturn

from consent.access.errors import EvaluationFormError

Document = Mapping[str, Any]
NOTHING: Final[Document] = MappingProxyType({})


class Entity(NamedTuple):
    """A subject or a resource; a tuple, because two are made for every question."""

    type: str
    id: str
    properties: Document


class Question(NamedTuple):
    """One access evaluation."""

    subject: Entity
    action: str
    action_properties: Document
    resource: Entity
    context: Document


def question_of(document: Document) -> Question:
    """The question that this object asks; raises EvaluationFormError naming what is wrong."""
    return Question(
        entity_of(document, "subject"),
        *action_of(document),
        entity_of(document, "resource"),
        context_of(document),
    )


def entity_of(document: Document, name: str) -> Entity:
    """Subject or resource, with type and id."""
    part = _object(document, name)
    return Entity(_text(part, name, "type"), _text(part, name, "id"), _properties(part, name))


def kind_of(document: Document, name: str) -> Entity:
    """Subject or resource that a search looks for: its id does not count."""
    part = _object(document, name)
    return Entity(_text(part, name, "type"), "", _properties(part, name))


def action_of(document: Document) -> tuple[str, Document]:
    """Name and properties of the action."""
    part = _object(document, "action")
    return _text(part, "action", "name"), _properties(part, "action")


def context_of(document: Document) -> Document:
    """The surroundings; none when the question names none."""
    context = document.get("context", NOTHING)
    if type(context) is not dict and context is not NOTHING:
        refuse("context", "not_an_object")
    return context


def refuse(place: str, code: str) -> NoReturn:
    """The form error of one place."""
    raise EvaluationFormError([(place, code)])


def _object(document: Document, name: str) -> Document:
    part = document.get(name)
    if type(part) is not dict:  # JSON knows no other object
        refuse(name, "missing" if name not in document else "not_an_object")
    return part


def _text(part: Document, owner: str, name: str) -> str:
    value = part.get(name)
    if type(value) is not str:
        refuse(f"{owner}.{name}", "missing" if name not in part else "not_a_text")
    return value


def _properties(part: Document, owner: str) -> Document:
    properties = part.get("properties", NOTHING)
    if type(properties) is not dict and properties is not NOTHING:
        refuse(f"{owner}.properties", "not_an_object")
    return properties
