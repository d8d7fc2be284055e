"""The matrix that the officer reviews: role, field and purpose with what is shown and why."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from governance.core.terms import FieldId, PurposeId, Treatment
from policies.document import PolicySet
from policies.masking import MaskMethod
from policies.proofs import widest
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot
from policies.table import DecisionTable


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixCell:
    """What one role gets of one field for one purpose."""

    role: str
    field: FieldId
    action: str
    purpose: PurposeId
    treatment: Treatment
    code: ReasonCode
    rule_id: str | None = None
    method: MaskMethod | None = None
    conditional: bool = False  # only where the rule's conditions hold

    def as_json(self) -> dict[str, object]:
        """The cell for programs."""
        return {
            "role": self.role,
            "field": self.field,
            "action": self.action,
            "purpose": self.purpose,
            "treatment": self.treatment.value,
            "method": None if self.method is None else self.method.value,
            "conditional": self.conditional,
            "code": self.code.value,
            "rule": self.rule_id,
        }


def matrix(
    snapshot: PolicySnapshot,
    *,
    actions: Iterable[str] = ("read",),
    purposes: Iterable[PurposeId] | None = None,
) -> Iterator[MatrixCell]:
    """Every cell of role x field x action x purpose, through the first two gates."""
    if snapshot.policy is None or snapshot.table is None:
        return
    wanted = tuple(snapshot.purposes if purposes is None else purposes)
    for action in actions:
        for purpose in wanted:
            yield from _sheet(snapshot, snapshot.policy, snapshot.table, action, purpose)


def _sheet(
    snapshot: PolicySnapshot,
    policy: PolicySet,
    table: DecisionTable,
    action: str,
    purpose: PurposeId,
) -> Iterator[MatrixCell]:
    record = snapshot.purposes.get(purpose)
    covered = frozenset() if record is None else record.categories
    for field in policy.fields():
        for role in policy.roles:
            cell = _actor_cell(table, role.id, field.id, action, purpose)
            if cell.treatment is not Treatment.WITHHELD and field.category not in covered:
                yield MatrixCell(
                    role=role.id,
                    field=field.id,
                    action=action,
                    purpose=purpose,
                    treatment=Treatment.WITHHELD,
                    code=ReasonCode.PURPOSE_CATEGORY,
                    rule_id=cell.rule_id,
                )
            else:
                yield cell


def _actor_cell(
    table: DecisionTable, role: str, field: FieldId, action: str, purpose: PurposeId
) -> MatrixCell:
    roles = frozenset({role})
    cell = table.cells.get((field, action, purpose))
    grant = None if cell is None else widest(cell, table.mask_of(roles))
    decision = (
        table.decide(roles, field=field, action=action, purpose=purpose)
        if grant is None
        else grant.decision
    )
    masking = decision.masking
    return MatrixCell(
        role=role,
        field=field,
        action=action,
        purpose=purpose,
        treatment=decision.treatment,
        code=decision.code,
        rule_id=decision.rule_id,
        method=None if masking is None else masking.method,
        conditional=grant is not None and bool(grant.when),
    )
