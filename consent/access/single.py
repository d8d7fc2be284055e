"""One question answered: the use of a person's data by all gates, anything else by the policy."""

from dataclasses import replace

from consent.access import entities
from consent.access.questions import Question
from consent.access.recording import Asking, Recorded, decision_of, record, record_now
from consent.access.shapes import Answer, of_check, of_code
from consent.access.subjects import is_caller, named
from consent.access.uses import PERSON, USE, use_of
from consent.checks import check, check_now, shown
from consent.gates import UseRequest
from consent.state.live import LiveState
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action
from policies.actors import may
from policies.snapshot import PolicySnapshot
from policies.types import ActorDecision


def answer_now(ports: Ports, live: LiveState, asking: Asking, question: Question) -> Answer | None:
    """The decision from memory, without waiting; None: ask `answer` in a thread."""
    use = own_use(asking, question)
    if use is not None:
        checked = check_now(ports, live, asking.caller, use, at=asking.at)
        return None if checked is None else of_check(checked)
    if question.resource.type == PERSON and not is_caller(asking.caller, question.subject):
        return None  # perhaps a subject that the caller may ask about
    policy = ports.policies.current
    decision = entities.decide(policy, asking, question)
    about = entities.about(policy, question)
    made = record_now(ports, decision_of(asking, policy, decision.code, about=about))
    return None if made is None else _shown(made, policy, decision)


def answer(ports: Ports, live: LiveState, asking: Asking, question: Question) -> Answer:
    """The decision, on its way into the log before it is given; may wait."""
    use = own_use(asking, question)
    if use is not None:
        return of_check(check(ports, asking.caller, use, at=asking.at, live=live))
    if question.resource.type == PERSON and question.action == USE:
        with ports.database.read() as tx:
            other = named(tx, ports.policies.current, asking.caller, question.subject)
        if other is not None:
            return _of_other(ports, asking, other, use_of(question, asking.request_id))
    policy = ports.policies.current
    decision = entities.decide(policy, asking, question)
    about = entities.about(policy, question)
    made = record(ports, decision_of(asking, policy, decision.code, about=about))
    return _shown(made, policy, decision)


def own_use(asking: Asking, question: Question) -> UseRequest | None:
    """The use of a person's data by who asks; None for any other question."""
    if question.resource.type != PERSON:
        return None
    use = use_of(question, asking.request_id)  # its form is looked at, whoever it is about
    return use if question.action == USE and is_caller(asking.caller, question.subject) else None


def _of_other(ports: Ports, asking: Asking, other: Principal, use: UseRequest) -> Answer:
    """What another subject may; the caller sees no more of the person than it may itself."""
    checked = check(ports, other, use, at=asking.at)
    policy = ports.policies.current
    explained = may(asking.caller, Action.EXPLAIN_SUBJECT, policy)
    reasons = shown(checked.exact, explained=bool(explained))
    return of_check(replace(checked, reasons=reasons))


def _shown(made: Recorded, policy: PolicySnapshot, decision: ActorDecision) -> Answer:
    return of_code(made, policy, decision.obligations if made.code is decision.code else ())
