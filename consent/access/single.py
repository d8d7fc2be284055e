"""One question answered: the use of a person's data by all gates, anything else by the policy."""

from typing import Final

from consent.access.questions import Question
from consent.access.recording import Asking, record
from consent.access.shapes import Answer, of_check, of_code
from consent.access.uses import PERSON, USE, use_of
from consent.checks import check
from governance.customers.ports import Ports
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot

SYSTEM: Final = "system"
STAFF: Final = "staff"
_PREFIX: Final = {SYSTEM: "svc:", STAFF: "u:"}


def answer(ports: Ports, asking: Asking, question: Question) -> Answer:
    """The decision, on its way into the log before it is given; may block."""
    if question.resource.type != PERSON:
        return _by_policy(ports, asking, question)
    use = use_of(question, asking.request_id)
    if refused := refusal(asking, question):
        return _refused(ports, asking, ports.policies.current, refused)
    return of_check(check(ports, asking.caller, use, at=asking.at))


def refusal(asking: Asking, question: Question) -> ReasonCode | None:
    """Why this question about a person is none about a use by who asks; None when it is one."""
    if not is_caller(asking, question):
        return ReasonCode.ACTOR_UNKNOWN_SUBJECT
    if question.action != USE:
        return ReasonCode.ACTOR_UNKNOWN_ACTION
    return None


def is_caller(asking: Asking, question: Question) -> bool:
    """Whether the subject is who asks; another one's rights are never the caller's."""
    kind, name, _ = question.subject
    prefix, caller = _PREFIX.get(kind), asking.caller.id
    return prefix is not None and caller.startswith(prefix) and caller in (name, prefix + name)


def _by_policy(ports: Ports, asking: Asking, _question: Question) -> Answer:
    return _refused(ports, asking, ports.policies.current, ReasonCode.ACTOR_UNKNOWN_RESOURCE)


def _refused(ports: Ports, asking: Asking, policy: PolicySnapshot, code: ReasonCode) -> Answer:
    made = record(ports, asking, policy, code, about=None)
    return of_code(made, policy)
