"""What the page of a search shows of each person: fields as the gate let them through."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from fastapi import Request

from governance.console.person import in_words
from governance.core.terms import FieldId, Lang, Treatment
from governance.customers.catalogue import catalogue
from governance.gateway.glass.lifting import may_hold
from governance.gateway.glass.store import open_of
from governance.gateway.search_registers import PERSONS
from governance.gateway.search_types import Hit
from governance.gateway.types import FieldView
from governance.http.principal import Principal
from governance.http.request import wiring_of
from governance.i18n.catalogue import text
from policies.actors import decide_actor
from policies.api import snapshot_of
from policies.purposes import PurposeRecord
from policies.reasons import Audience, ReasonCode, reason_text
from policies.types import Verb

FIRST: Final = "dsar_fulfilment"  # the purpose that a form offers first, where the reader has it
COLUMNS: Final = (
    "name",
    "kana",
    "customer_id",
    "phone",
    "mobile",
    "email",
    "postal_code",
    "address",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One field of a hit: its value, or that it is not shown."""

    value: str = field(default="", repr=False)
    treatment: Treatment = Treatment.CLEAR

    @property
    def withheld(self) -> bool:
        """Whether the reader may not see it."""
        return self.treatment is Treatment.WITHHELD


@dataclass(frozen=True, slots=True, kw_only=True)
class HitLine:
    """One person who was found."""

    subject: str
    href: str
    cells: dict[str, Cell] = field(repr=False)
    why: str  # which fields answered, and how

    @property
    def phones(self) -> tuple[Cell, ...]:
        """The telephone numbers that there are."""
        found = (self.cells["mobile"], self.cells["phone"])
        return tuple(one for one in found if one.value or one.withheld)[:1]


def hit_lines(hits: Iterable[Hit], purpose: str, lang: Lang) -> tuple[HitLine, ...]:
    """Hits in words."""
    return tuple(
        HitLine(
            subject=hit.subject,
            href=f"/console/persons/{hit.subject}?purpose={purpose}",
            cells={name: _cell(hit.view.get(name), lang) for name in COLUMNS},
            why=_why(hit, lang),
        )
        for hit in hits
    )


def _cell(view: FieldView | None, lang: Lang) -> Cell:
    if view is None:
        return Cell(treatment=Treatment.WITHHELD)  # fails closed: nothing was decided about it
    return Cell(value=in_words(view, lang), treatment=view.decision.treatment)


def _why(hit: Hit, lang: Lang) -> str:
    fields = (catalogue().fields[name].label(lang) for name in hit.matched)
    level = text(f"gateway.search.level.{hit.level.name.lower()}", lang)
    return text("persons.why", lang, fields=text("persons.and", lang).join(fields), level=level)


def refused_words(codes: Iterable[str], lang: Lang) -> tuple[str, ...]:
    """Why fields were not looked into, each reason once."""
    return tuple(reason_text(ReasonCode(code), Audience.OFFICER, lang) for code in codes)


def purposes_to(request: Request, principal: Principal, verb: Verb) -> tuple[PurposeRecord, ...]:
    """Purposes for which the reader may do this to some field that a search shows."""
    policy = snapshot_of(request)
    lifted = _lifted(request, principal)
    found = [
        purpose
        for purpose in policy.purposes.values()
        if purpose.id in lifted or _any_field(request, principal, verb, purpose)
    ]
    return tuple(sorted(found, key=lambda one: one.id != FIRST))


def _any_field(request: Request, principal: Principal, verb: Verb, purpose: PurposeRecord) -> bool:
    return any(
        decide_actor(
            principal,
            snapshot_of(request),
            field=field_id,
            action=verb.value,
            purpose=purpose.id,
            resource={"subject": ""},
        )
        for field_id in (FieldId(f"{PERSONS.table}.{name}") for name in COLUMNS)
    )


def _lifted(request: Request, principal: Principal) -> frozenset[str]:
    """Purposes of the reader's open emergency accesses."""
    if not may_hold(snapshot_of(request), principal):
        return frozenset()
    wiring = wiring_of(request)
    with wiring.database.read() as tx:
        return frozenset(one.purpose for one in open_of(tx, principal.id, at=wiring.clock()))
