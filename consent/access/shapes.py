"""Answers as callers see them: decision, reasons, obligations, what the decision rests on.

Members without a value are left out (AuthZEN 1.0, JSON payload considerations). Obligations are
written as the working group's obligations profile wants them: each with a type and an id of its
own; what only this product means is of the type `custom` and names it.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec

from consent.access.recording import Recorded
from consent.checks import CheckAnswer, Reason, Said, shown
from consent.gates import obligation_type
from consent.kinds import Kind
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot
from policies.types import Obligation, ObligationKind

F = TypeVar("F")
VENDOR: Final = "sekisho"
RETRY_AFTER: Final = 1  # seconds until a part that was away is asked again
KEPT: Final = 1_024  # written facts that are kept
encode: Final[Callable[[object], bytes]] = msgspec.json.Encoder().encode


class Answer(NamedTuple):
    """One decision with its context, as it is written."""

    decision: bool
    context: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The Access Evaluation API Response."""
        return {"decision": self.decision, "context": self.context}


class _Written(Generic[F]):
    """Facts that are the very same object in thousands of answers, written once."""

    def __init__(self, shape: Callable[[F], object]) -> None:
        self._shape = shape
        self._known: dict[int, tuple[F, msgspec.Raw]] = {}

    def of(self, facts: F) -> msgspec.Raw:
        """The JSON of these facts."""
        known = self._known.get(id(facts))
        if known is not None and known[0] is facts:
            return known[1]
        if len(self._known) >= KEPT:
            self._known.clear()
        made = msgspec.Raw(encode(self._shape(facts)))
        self._known[id(facts)] = facts, made  # what is kept alive keeps its id
        return made


def of_check(checked: CheckAnswer) -> Answer:
    """The answer of all three gates."""
    rests = _rests(
        checked.exact,
        checked.reasons,
        checked.obligations,
        policy_version=checked.policy_version,
        consent_seq=checked.consent_seq,
    )
    context = {"decision_id": checked.decision_id, **rests}
    if checked.valid_until is not None:
        context["valid_until"] = checked.valid_until.isoformat()
    return Answer(checked.decision, context)


class Tails:
    """Written answers as `of_check` gives them; what equal answers have in common is written once.

    Between the id of a decision and its end everything follows from the kind of question, the
    code and the number of the state.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, ReasonCode, int], tuple[Kind, bytes]] = {}
        self._end: tuple[datetime | None, bytes] = None, b""

    def written(self, said: Said) -> bytes:
        """The answer as octets."""
        found = said.found
        kind = found.kind
        known = self._known.get((id(kind), found.code, found.seq))
        if known is None or known[0] is not kind:
            known = kind, self._made(said)
        until = said.valid_until
        if until is None:
            return b"".join((_NO, said.id.encode(), known[1], b"}}"))
        end = self._end
        if end[0] is not until:  # the answers of a batch share it
            end = self._end = until, b',"valid_until":"' + until.isoformat().encode() + b'"}}'
        return b"".join((_YES, said.id.encode(), known[1], end[1]))

    def _made(self, said: Said) -> bytes:
        found = said.found
        rests = _rests(
            found.code,
            shown(found.code, explained=found.kind.explained),
            found.obligations,
            policy_version=said.policy.version,
            consent_seq=found.seq,
        )
        made = b'",' + encode(rests)[1:-1]
        if len(self._known) >= KEPT:
            self._known.clear()
        self._known[id(found.kind), found.code, found.seq] = found.kind, made  # alive: keeps its id
        return made


def _rests(
    code: ReasonCode,
    reasons: tuple[Reason, ...],
    obligations: tuple[Obligation, ...],
    *,
    policy_version: str,
    consent_seq: int,
) -> dict[str, Any]:
    """What equal answers have in common."""
    context: dict[str, Any] = {
        "reasons": _REASONS.of(reasons),
        "obligations": _OBLIGATIONS.of(obligations),
        "snapshot": {"policy_version": policy_version, "consent_seq": consent_seq},
    }
    if code in UNAVAILABLE:
        context["retry_after"] = RETRY_AFTER
    return context


def of_code(
    made: Recorded, policy: PolicySnapshot, obligations: tuple[Obligation, ...] = ()
) -> Answer:
    """The answer of the policy alone: it rests on no person's choices."""
    context: dict[str, Any] = {
        "decision_id": made.id,
        "reasons": _REASONS.of(shown(made.code, explained=True)),
        "obligations": _OBLIGATIONS.of(obligations),
        "snapshot": {"policy_version": policy.version},
    }
    if made.code in UNAVAILABLE:
        context["retry_after"] = RETRY_AFTER
    return Answer(made.code is ReasonCode.PERMIT, context)


def of_error(status: int, code: str, message: str, place: str) -> Answer:
    """A question of a batch that could not be read: no, and what is wrong with it."""
    error = {"status": status, "code": code, "message": message, "field": place}
    return Answer(decision=False, context={"error": error})


def with_duties(entity: dict[str, Any], obligations: tuple[Obligation, ...]) -> dict[str, Any]:
    """One result of a search, with the duties that its permission brings."""
    if not obligations:
        return entity
    return {**entity, "context": {"obligations": _OBLIGATIONS.of(obligations)}}


def _reasons(reasons: tuple[Reason, ...]) -> list[dict[str, str]]:
    return [
        {"code": reason.code.value, "text_ja": reason.text_ja, "text_en": reason.text_en}
        for reason in reasons
    ]


def _obligations(obligations: tuple[Obligation, ...]) -> list[dict[str, Any]]:
    """The duties of the caller, numbered within their answer."""
    return [_obligation(duty, number) for number, duty in enumerate(obligations, start=1)]


def _obligation(obligation: Obligation, number: int) -> dict[str, Any]:
    kind = {"type": obligation_type(obligation.kind), "id": f"obl-{number}"}
    if obligation.kind is ObligationKind.NOTIFY:
        return {
            **kind,
            "to": obligation.detail or "",
            "topic": text("consent.obligation.notify_topic", Lang.EN),
            "body": _both("consent.obligation.notify_body"),
        }
    duty = obligation.as_json()
    action = duty.pop("type")
    return {**kind, "vendor": VENDOR, "action": action, **duty}


def _both(key: str) -> str:
    return f"{text(key, Lang.JA)} / {text(key, Lang.EN)}"


_YES: Final = b'{"decision":true,"context":{"decision_id":"'
_NO: Final = b'{"decision":false,"context":{"decision_id":"'
_REASONS: Final = _Written(_reasons)
_OBLIGATIONS: Final = _Written(_obligations)
UNAVAILABLE: Final = frozenset(code for code in ReasonCode if code.value.startswith("unavailable."))
