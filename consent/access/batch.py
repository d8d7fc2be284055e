"""Several questions in one request: defaults, order, and the three semantics (AuthZEN 1.0).

A question that cannot be read is answered no with its error; the others are decided all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from consent.access.errors import EvaluationFormError
from consent.access.questions import NOTHING, Document, Question, question_of, refuse
from consent.access.recording import Asking
from consent.access.shapes import Answer, of_check, of_error
from consent.access.single import answer, own_use
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
_ENTITY: Final = ("type", "id")
_REQUIRED: Final = (("subject", _ENTITY), ("action", ("name",)), ("resource", _ENTITY))


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
    return Batch(items=tuple(_read(document, item) for item in listed), stop=_stop(document))


def _stop(document: Document) -> bool | None:
    options = document.get("options", NOTHING)
    if not isinstance(options, Mapping):
        refuse("options", "not_an_object")
    semantic = options.get("evaluations_semantic", "execute_all")
    if not isinstance(semantic, str) or semantic not in STOPS:
        refuse("options.evaluations_semantic", "unknown_word")
    return STOPS[semantic]


def _read(defaults: Document, item: object) -> Question | EvaluationFormError:
    try:
        if not isinstance(item, Mapping):
            refuse("", "not_an_object")
        return question_of(_completed(defaults, item))
    except EvaluationFormError as error:
        return error


def _completed(defaults: Document, item: Document) -> Document:
    """The item over the defaults, object for object; a required member it leaves out is lent."""
    whole: dict[str, Any] = {}
    for name, required in _REQUIRED:
        own, default = item.get(name), defaults.get(name)
        if name not in item:
            own = default
        elif isinstance(own, Mapping) and isinstance(default, Mapping):
            lent = {key: default[key] for key in required if key not in own and key in default}
            own = {**lent, **own} if lent else own
        if own is not None:
            whole[name] = own
    whole["context"] = item.get("context", defaults.get("context", NOTHING))
    return whole


def answers_now(
    ports: Ports, live: LiveState, asking: Asking, batch: Batch
) -> tuple[Answer, ...] | None:
    """The answers from memory when all are about uses by who asks; None: ask in a thread."""
    uses = [_use(asking, item) for item in batch.items]
    if None in uses:
        return None
    mine = [use for use in uses if isinstance(use, UseRequest)]
    if len(mine) != len(uses):
        return None
    found = check_many_now(ports, live, asking.caller, mine, at=asking.at, stop=batch.stop)
    return None if found is None else tuple(of_check(one) for one in found)


def answers(ports: Ports, live: LiveState, asking: Asking, batch: Batch) -> tuple[Answer, ...]:
    """The answers in the order of the questions, up to the one that ends the batch; may wait."""
    made: list[Answer] = []
    uses = ((item, _use(asking, item)) for item in batch.items)
    for together, run in groupby(uses, key=lambda pair: isinstance(pair[1], UseRequest)):
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


def _use(
    asking: Asking, item: Question | EvaluationFormError
) -> UseRequest | EvaluationFormError | None:
    """The use by who asks that a question is about; its error when it cannot be read."""
    if isinstance(item, EvaluationFormError):
        return item
    try:
        return own_use(asking, item)
    except EvaluationFormError as error:
        return error
