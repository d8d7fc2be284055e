"""Texts of an export hold no personal data that their field does not declare; else nothing leaves.

A field of free text that is shown in clear is analysed; one finding refuses the whole file, and the
refusal names the field alone. What is shown redacted has lost its findings already.
"""

from collections.abc import Sequence

from governance.core.terms import FieldId, Lang, Treatment
from governance.customers.catalogue import catalogue
from governance.customers.ports import Ports
from governance.gateway.bulk.types import ExportGuardError
from governance.gateway.types import RowView
from policies.purposes import Basis, PurposeRecord


def guarded(purpose: PurposeRecord) -> bool:
    """Whether texts are searched: always, unless a law alone asks for what is written there."""
    return set(purpose.basis.values()) != {Basis.LEGAL_OBLIGATION}


def scanned(field: FieldId) -> bool:
    """Whether a field's values are prose that may name somebody."""
    entry = catalogue().fields[field]
    return bool(entry.free_text) or entry.category == "free_text"


def guard(ports: Ports, rows: Sequence[RowView]) -> None:
    """Raises ExportGuardError for the first field whose text names somebody, or nobody can tell."""
    texts: dict[str, FieldId] = {}
    for row in rows:
        for view in row.fields:
            value = view.shown.value
            if value and view.decision.treatment is Treatment.CLEAR and scanned(view.field):
                texts.setdefault(value, view.field)
    if not texts:
        return
    found = ports.analyse(list(texts), Lang.JA)  # fails closed: raises when it cannot tell
    for field, spans in zip(texts.values(), found, strict=True):
        if spans:
            raise ExportGuardError(field=field)
