"""Several questions in one request: defaults, order, and the three semantics (AuthZEN 1.0).

A question that cannot be read is answered no with its error; the others are decided all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from consent.access.errors import EvaluationFormError
from consent.access.questions import (
    NOTHING,
    Document,
    Entity,
    Question,
    action_of,
    context_of,
    entity_of,
    refuse,
)
from consent.access.recording import Asking
from consent.access.shapes import Answer, of_check, of_error
from consent.access.single import answer, own_use
from consent.access.uses import same_use
from consent.checks import check_many, check_many_now
from consent.gates import UseRequest
from consent.state.live import LiveState
from governance.core.terms import Lang
from governance.customers.ports import Ports

MAX_ITEMS: Final = 1_000  # questions of one request
STOPS: Final[Mapping[str, bool | None]] = {  # which decision ends the batch
    "execute_all": None,
    "deny_on_first_deny": False,
    "permit_on_first_permit": True,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The questions of one request, each read or with what is wrong with it."""

    items: tuple[Question | EvaluationFormError, ...]
    stop: bool | None


def batch_of(document: Document) -> Batch | None:
    """The batch of this request; None when it asks one question alone."""
    listed = document.get("evaluations")
    if "evaluations" in document and not isinstance(listed, list):
        refuse("evaluations", "not_a_list")
    if not listed:
        return None
    if len(listed) > MAX_ITEMS:
        refuse("evaluations", "too_many")
    for name in ("subject", "action", "resource", "context"):
        if not isinstance(document.get(name, NOTHING), Mapping):
            refuse(name, "not_an_object")
    defaults = _Defaults(document)
    return Batch(items=tuple(map(defaults.question, listed)), stop=_stop(document))


def _stop(document: Document) -> bool | None:
    options = document.get("options", NOTHING)
    if not isinstance(options, Mapping):
        refuse("options", "not_an_object")
    semantic = options.get("evaluations_semantic", "execute_all")
    if not isinstance(semantic, str) or semantic not in STOPS:
        refuse("options.evaluations_semantic", "unknown_word")
    return STOPS[semantic]


class _Defaults:
    """What stands above the questions of a batch; what no question says itself is read once."""

    def __init__(self, document: Document) -> None:
        self._document, self._context = document, context_of(document)
        self._entities: dict[str, Entity] = {}
        self._action: tuple[str, Document] | None = None

    def question(self, item: object) -> Question | EvaluationFormError:
        """The question of one item over the defaults, or what is wrong with it."""
        try:
            if not isinstance(item, dict):
                refuse("", "not_an_object")
            return Question(
                self._entity(item, "subject"),
                *self._act(item),
                self._entity(item, "resource"),
                context_of(item) if "context" in item else self._context,
            )
        except EvaluationFormError as error:
            return error

    def _entity(self, item: Document, name: str) -> Entity:
        if name in item:
            return entity_of(self._completed(item, name, ("type", "id")), name)
        known = self._entities.get(name)
        if known is None:
            known = self._entities[name] = entity_of(self._document, name)
        return known

    def _act(self, item: Document) -> tuple[str, Document]:
        if "action" in item:
            return action_of(self._completed(item, "action", ("name",)))
        if self._action is None:
            self._action = action_of(self._document)
        return self._action

    def _completed(self, item: Document, name: str, required: tuple[str, ...]) -> Document:
        """The item's object replaces the default's, but for required members that it leaves out."""
        own, default = item[name], self._document.get(name)
        if not default or not isinstance(own, dict):
            return item
        lent = {key: default[key] for key in required if key not in own and key in default}
        return {name: {**lent, **own}} if lent else item


def answers_now(
    ports: Ports, live: LiveState, asking: Asking, batch: Batch
) -> tuple[Answer, ...] | None:
    """The answers from memory when all are about uses by who asks; None: ask in a thread."""
    uses = _Uses(asking)
    mine: list[UseRequest] = []
    for item in batch.items:
        use = uses.of(item)
        if not isinstance(use, UseRequest):
            return None
        mine.append(use)
    found = check_many_now(ports, live, asking.caller, mine, at=asking.at, stop=batch.stop)
    return None if found is None else tuple(map(of_check, found))


def answers(ports: Ports, live: LiveState, asking: Asking, batch: Batch) -> tuple[Answer, ...]:
    """The answers in the order of the questions, up to the one that ends the batch; may wait."""
    made: list[Answer] = []
    uses = _Uses(asking)
    asked = ((item, uses.of(item)) for item in batch.items)
    for together, run in groupby(asked, key=lambda pair: isinstance(pair[1], UseRequest)):
        if together:
            mine = [use for _, use in run if isinstance(use, UseRequest)]
            found = check_many(ports, live, asking.caller, mine, at=asking.at, stop=batch.stop)
            made += [of_check(one) for one in found]
        else:
            for item, _ in run:
                made.append(_one(ports, live, asking, item))
                if made[-1].decision is batch.stop:
                    break
        if made[-1].decision is batch.stop:
            break
    return tuple(made)


def _one(
    ports: Ports, live: LiveState, asking: Asking, item: Question | EvaluationFormError
) -> Answer:
    try:
        if isinstance(item, EvaluationFormError):
            raise item
        return answer(ports, live, asking, item)
    except EvaluationFormError as error:
        (place, code), *_ = error.faults
        return of_error(error.status, code, error.detail(code, Lang.EN), place)


class _Uses:
    """Questions as uses by who asks; what the questions of a batch share is read once."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._last: tuple[Question, UseRequest] | None = None

    def of(self, item: Question | EvaluationFormError) -> UseRequest | EvaluationFormError | None:
        """The use; None for another question, and the error of one that cannot be read."""
        if isinstance(item, EvaluationFormError):
            return item
        if self._last is not None and _alike(item, self._last[0]):
            return same_use(self._last[1], item.resource.id)
        try:
            use = own_use(self._asking, item)
        except EvaluationFormError as error:
            return error
        if use is not None:
            self._last = item, use
        return use


def _alike(one: Question, other: Question) -> bool:
    """Whether both are the defaults' but for the resource, which is of the same type."""
    return (
        one.subject is other.subject
        and one.action_properties is other.action_properties
        and one.context is other.context
        and one.action == other.action
        and one.resource.type == other.resource.type
    )
