"""Which part of what was found a person may take elsewhere: GDPR 20(1), WP 242 rev.01; pure.

Data that the person gave or that was observed of their use of a service, held for a purpose that
rests on consent or a contract. What we derived or our staff wrote is left out, and so is what is
held on another basis; it stands in the answer to GDPR 15 instead.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from dsar.found import Found, FoundRecord
from dsar.types import Delivery, RequestKind
from governance.core.terms import FieldId, Law, PurposeId
from governance.customers.catalogue import Catalogue, CatalogueField
from policies.purposes import Basis, PurposeRecord

MEDIUM: Final = ".medium"  # of texts about an answer that is no paper
BASES: Final = frozenset({Basis.CONSENT, Basis.CONTRACT})  # 20(1)(a)


class NotPortable(StrEnum):
    """Why a field is left out; the value is API."""

    DERIVED = "derived"  # made by us: neither given nor observed
    OTHER_BASIS = "other_basis"  # no purpose of the field rests on consent or a contract


def medium(kind: str, delivery: str) -> str:
    """Which text says how it is handed over: what machines read, on a medium, never as paper."""
    taken = kind == RequestKind.PORTABILITY and delivery != Delivery.DOWNLOAD
    return MEDIUM if taken else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftField:
    """A field that stays behind, how many values it has, and why."""

    name: FieldId
    count: int
    reason: NotPortable


@dataclass(frozen=True, slots=True, kw_only=True)
class Portable:
    """What goes, and what stays behind."""

    findings: tuple[Found, ...]
    left: tuple[LeftField, ...]


def portable(
    findings: Iterable[Found],
    known: Catalogue,
    purposes: Mapping[PurposeId, PurposeRecord],
) -> Portable:
    """The findings without the fields that do not go, and without sources of which nothing goes."""
    counts: dict[tuple[FieldId, NotPortable], int] = {}
    kept: list[Found] = []
    for found in findings:
        records: list[FoundRecord] = []
        for record in found.records:
            going = []
            for value in record.values:
                why = reason(known.fields.get(value.name), purposes)
                if why is None:
                    going.append(value)
                else:
                    counts[value.name, why] = counts.get((value.name, why), 0) + 1
            if going:
                records.append(replace(record, values=tuple(going)))
        if records:
            kept.append(replace(found, records=tuple(records)))
    left = (LeftField(name=name, count=n, reason=why) for (name, why), n in sorted(counts.items()))
    return Portable(findings=tuple(kept), left=tuple(left))


def reason(
    entry: CatalogueField | None, purposes: Mapping[PurposeId, PurposeRecord]
) -> NotPortable | None:
    """Why a field does not go; None when it does. A field that nobody declared stays behind."""
    if entry is None:
        return NotPortable.OTHER_BASIS  # fails closed: no purpose, no basis
    if entry.derived:
        return NotPortable.DERIVED
    for name in entry.purposes:
        record = purposes.get(name)
        if record is not None and record.basis.get(Law.GDPR) in BASES:
            return None
    return NotPortable.OTHER_BASIS
