"""The gates for writing: who may write which field, and who may know that a row exists."""

from collections.abc import Iterable, Mapping

from governance.core.terms import FieldId, SubjectId, Treatment
from governance.customers.catalogue import catalogue
from governance.gateway.decisions import decide_before_person
from governance.gateway.types import FieldDecision
from governance.gateway.writing.types import FieldsRefusedError
from governance.http.principal import Principal
from policies.snapshot import PolicySnapshot
from policies.types import Verb


def refused(decisions: Mapping[FieldId, FieldDecision]) -> FieldsRefusedError | None:
    """The refusal of every field that may not be written; None when all may be."""
    faults = [
        (name.partition(".")[2], decision.code.value)
        for name, decision in sorted(decisions.items())
        if decision.treatment is Treatment.WITHHELD
    ]
    return FieldsRefusedError(faults) if faults else None


def may_know(
    policy: PolicySnapshot,
    principal: Principal,
    table: str,
    *,
    subject: SubjectId,
    purpose_name: str,
) -> bool:
    """Whether any field of such a row is open to this caller for this purpose.

    Whoever may neither read nor write a single field is told the same of a row that exists and
    of one that does not (404 before 403).
    """
    fields = catalogue().table(table).fields
    return any(
        decision.treatment is not Treatment.WITHHELD
        for verb in (Verb.READ, Verb.WRITE)
        for decision in decide_before_person(
            policy, principal, fields, subject=subject, purpose_name=purpose_name, verb=verb
        ).values()
    )


def names_of(table: str, columns: Iterable[str]) -> tuple[FieldId, ...]:
    """Field ids of columns."""
    return tuple(FieldId(f"{table}.{column}") for column in sorted(columns))
