"""Answers as callers see them: decision, reasons, obligations, what the decision rests on.

Members without a value are left out (AuthZEN 1.0, JSON payload considerations). Obligations are
written as the working group's obligations profile wants them: each with a type and an id of its
own; what only this product means is of the type `custom` and names it.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from consent.access.recording import Recorded
from consent.checks import CheckAnswer, Reason, reason_of
from consent.gates import obligation_type
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot
from policies.types import Obligation, ObligationKind

VENDOR: Final = "sekisho"
RETRY_AFTER: Final = 1  # seconds until a part that was away is asked again


class Answer(NamedTuple):
    """One decision with its context, as it is written."""

    decision: bool
    context: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The Access Evaluation API Response."""
        return {"decision": self.decision, "context": self.context}


def of_check(checked: CheckAnswer) -> Answer:
    """The answer of all three gates."""
    context: dict[str, Any] = {
        "decision_id": checked.decision_id,
        "reasons": [reason_json(reason) for reason in checked.reasons],
        "obligations": obligations_json(checked.obligations),
        "snapshot": {
            "policy_version": checked.policy_version,
            "consent_seq": checked.consent_seq,
        },
    }
    if checked.valid_until is not None:
        context["valid_until"] = checked.valid_until.isoformat()
    if checked.exact.value.startswith("unavailable."):
        context["retry_after"] = RETRY_AFTER
    return Answer(checked.decision, context)


def of_code(
    made: Recorded, policy: PolicySnapshot, obligations: Iterable[Obligation] = ()
) -> Answer:
    """The answer of the policy alone: it rests on no person's choices."""
    context: dict[str, Any] = {
        "decision_id": made.id,
        "reasons": reasons_json(made.code),
        "obligations": obligations_json(obligations),
        "snapshot": {"policy_version": policy.version},
    }
    if made.code.value.startswith("unavailable."):
        context["retry_after"] = RETRY_AFTER
    return Answer(made.code is ReasonCode.PERMIT, context)


def of_error(status: int, code: str, message: str, place: str) -> Answer:
    """A question of a batch that could not be read: no, and what is wrong with it."""
    error = {"status": status, "code": code, "message": message, "field": place}
    return Answer(decision=False, context={"error": error})


def reason_json(reason: Reason) -> dict[str, str]:
    """One reason with its texts."""
    return {"code": reason.code.value, "text_ja": reason.text_ja, "text_en": reason.text_en}


@cache
def reasons_json(code: ReasonCode) -> tuple[dict[str, str]]:
    """The reasons of an answer that has one."""
    return (reason_json(reason_of(code)),)


def obligations_json(obligations: Iterable[Obligation]) -> list[dict[str, Any]]:
    """The duties of the caller, numbered within their answer."""
    return [
        _obligation(obligation, number) for number, obligation in enumerate(obligations, start=1)
    ]


def _obligation(obligation: Obligation, number: int) -> dict[str, Any]:
    kind = {"type": obligation_type(obligation.kind), "id": f"obl-{number}"}
    if obligation.kind is ObligationKind.NOTIFY:
        return {
            **kind,
            "to": obligation.detail or "",
            "topic": text("consent.obligation.notify_topic", Lang.EN),
            "body": _both("consent.obligation.notify_body"),
        }
    shown = obligation.as_json()
    action = shown.pop("type")
    return {**kind, "vendor": VENDOR, "action": action, **shown}


def _both(key: str) -> str:
    return f"{text(key, Lang.JA)} / {text(key, Lang.EN)}"
