"""The profile of this product: the use of a person's data, as an AuthZEN question.

subject = the calling system or member of staff, resource = `{type: person, id}`, action = `use`
with the purpose in its properties (or in the context), the rest of the use in the context.
"""

from typing import Final

from consent.access.questions import Document, Question, refuse
from consent.gates import UseRequest, obligation_type
from governance.core.terms import FieldId, SubjectId
from policies.types import ObligationKind

PERSON: Final = "person"
USE: Final = "use"
OBLIGATIONS: Final = tuple(dict.fromkeys(obligation_type(kind) for kind in ObligationKind))


def use_of(question: Question, request_id: str | None) -> UseRequest:
    """The use that this question is about; raises EvaluationFormError on a word of another type."""
    context = question.context
    seq = context.get("min_seq")
    if seq is not None and type(seq) is not int:
        refuse("context.min_seq", "not_a_number")
    field = _word(context, "field")
    return UseRequest(
        subject=SubjectId(question.resource.id),
        purpose=purpose_of(question),
        recipient=_word(context, "recipient"),
        channel=_word(context, "channel"),
        country=_word(context, "jurisdiction") or _word(context, "country"),
        field=FieldId(field) if field else None,
        min_seq=seq,
        request_id=request_id,
        obligations_supported=supported_of(context),
    )


def same_use(use: UseRequest, subject: str) -> UseRequest:
    """The same use of another person's data."""
    return use._replace(subject=SubjectId(subject))


def purpose_of(question: Question) -> str:
    """The purpose that the question names; none is an answer of its own."""
    purpose = question.action_properties.get("purpose", question.context.get("purpose", ""))
    if not isinstance(purpose, str):
        refuse("action.properties.purpose", "not_a_text")
    return purpose


def supported_of(context: Document) -> frozenset[str] | None:
    """Types of obligations that the caller can perform; types that nobody advertised count not."""
    told = context.get("obligations_supported")
    if told is None:
        return None
    if not isinstance(told, list) or not all(isinstance(item, str) for item in told):
        refuse("context.obligations_supported", "not_a_list")
    return frozenset(told).intersection(OBLIGATIONS)


def _word(context: Document, name: str) -> str | None:
    value = context.get(name)
    if value is not None and not isinstance(value, str):
        refuse(f"context.{name}", "not_a_text")
    return value
