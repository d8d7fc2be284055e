"""What a receipt states: one content from which every form is derived, and which is proven whole.

The members follow ISO/IEC TS 27560:2023 (consent record information structure). The receiver is
the person; companies are named, no other person, and no value of the register. Members are
appended, never moved: receipts that were issued stay readable.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from consent.notices.types import Edition
from consent.proofs import Proof
from consent.types import By, ConsentEvent
from governance.core.controller import Controller
from governance.core.terms import Lang, RowId
from governance.customers.catalogue import catalogue
from governance.i18n.catalogue import text
from governance.registers.types import Recipient
from policies.purposes import INTERNAL, PurposeRecord, recipient_class
from policies.snapshot import PolicySnapshot
from policies.types import Label

SCHEMA: Final = "sekisho-receipt/2"
CONTROLLER: Final = "controller"
SPECIAL: Final = "special_care"  # the category of 要配慮個人情報
PROVEN: Final = ("method", "place", "action", "shown", "user_agent", "network")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where this installation is reached, and the log that vouches for it."""

    origin: str  # URL as persons see it
    log: str  # origin line of the audit log


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The notice behind a choice, as the person saw it."""

    id: str
    version: str
    lang: Lang
    sha256: str | None
    text: str | None
    edition: Edition | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Everything that a receipt is made of."""

    receipt: RowId
    choice: RowId
    event: ConsentEvent
    proof: Proof | None
    notice: Shown | None
    history: tuple[ConsentEvent, ...]  # of the same purpose, up to this choice
    recipients: tuple[Recipient, ...]
    acted_by: By | None = None
    collection_point: str | None = None
    collection_version: int | None = None
    controller: Controller
    place: Place


def content_of(told: Told, policy: PolicySnapshot, *, at: datetime) -> dict[str, Any]:
    """The facts of the receipt in their one form."""
    event = told.event
    purpose = policy.purpose(event.purpose)
    return {
        "schema": SCHEMA,
        "receipt": told.receipt,
        "issued_at": at.isoformat(),
        "controller": _controller(told.controller, told.place),
        "person": event.subject,
        "purpose": _purpose(policy, purpose, event),
        "recipients": [_recipient(one) for one in told.recipients],
        "choice": _choice(told),
        "notice": None if told.notice is None else _notice(told.notice, told.place),
        "history": [_past(one) for one in told.history],
        "how": {
            "withdraw": f"{told.place.origin}/portal",
            "rights": f"{told.place.origin}/notices",
            "contact": told.controller.contact_mail,
        },
        "policy_version": policy.version or None,
    }


def _controller(controller: Controller, place: Place) -> dict[str, Any]:
    ja, en = Lang.JA, Lang.EN
    return {
        "ja": controller.company_ja,
        "en": controller.company_en,
        "contact": controller.contact_mail,
        "log": place.log,
        "address": {"ja": controller.address(ja), "en": controller.address(en)},
        "representative": {
            "ja": controller.representative(ja),
            "en": controller.representative(en),
        },
        "phone": controller.contact_phone,
        "url": place.origin,
        "dpo": controller.dpo_contact,
        "eu_representative": controller.eu_representative,
    }


def _purpose(
    policy: PolicySnapshot, purpose: PurposeRecord | None, event: ConsentEvent
) -> dict[str, Any]:
    """The purpose in words, with its basis under each law and what it covers."""
    if purpose is None:
        return {"id": event.purpose}
    return {
        "id": purpose.id,
        "ja": purpose.label.ja,
        "en": purpose.label.en,
        "basis": {law.value: found.value for law, found in sorted(purpose.basis.items())},
        "law_refs": {law.value: ref.ja for law, ref in sorted(purpose.law_refs.items())},
        "categories": categories_of(policy, purpose),
        "recipients": list(purpose.recipients),
        "channels": sorted(channel.value for channel in purpose.channels),
        "countries": sorted(purpose.countries),
        "provisions": sorted(one.value for one in purpose.provisions),
        "direct_marketing": purpose.direct_marketing,
        "law_refs_en": {law.value: ref.en for law, ref in sorted(purpose.law_refs.items())},
    }


def categories_of(policy: PolicySnapshot, purpose: PurposeRecord) -> list[dict[str, Any]]:
    """The kinds of data that a purpose covers, in words and as DPV terms."""
    named = {} if policy.policy is None else {one.id: one for one in policy.policy.categories}
    terms = catalogue().terms
    return [
        {
            "id": name,
            **_both(named[name].label if name in named else Label(ja=name, en=name)),
            "dpv": terms.get(name),
            "special": name == SPECIAL,
        }
        for name in sorted(purpose.categories)
    ]


def received_by(purpose: PurposeRecord, recipients: Iterable[Recipient]) -> tuple[Recipient, ...]:
    """The registered companies that a purpose may reach, by the register and the policy."""
    named = {name for name in purpose.recipients if not name.endswith(":*")}
    classes = {recipient_class(name) for name in purpose.recipients if name.endswith(":*")}
    return tuple(
        one
        for one in recipients
        if one.reference in named
        or (one.role.value in classes and (not one.purposes or purpose.id in one.purposes))
    )


def _recipient(one: Recipient) -> dict[str, Any]:
    return {
        "id": one.reference,
        "name": one.name,
        "role": one.role.value,
        "country": one.country,
    }


def _choice(told: Told) -> dict[str, Any]:
    event, proof = told.event, told.proof
    return {
        "id": told.choice,
        "seq": event.seq,
        "kind": event.kind.value,
        "at": event.occurred_at.isoformat(),
        "channel": event.channel,
        "recipients": event.recipient_class,
        "evidence": event.evidence.value,
        "guardian": event.guardian,
        "valid_until": event.valid_until.isoformat() if event.valid_until else None,
        "proof": None if proof is None else _proof(proof),
        "by": told.acted_by.value if told.acted_by else None,
        "collection_point": told.collection_point,
        "collection_version": told.collection_version,
    }


def _proof(proof: Proof) -> dict[str, Any]:
    """How the person chose; who of the staff entered it is not theirs to carry away."""
    found = {name: getattr(proof, name) for name in PROVEN}
    kinds = [one["kind"] for one in proof.guardians if "kind" in one]
    return {name: value for name, value in (found | {"guardians": kinds}).items() if value}


def _notice(shown: Shown, place: Place) -> dict[str, Any]:
    edition = shown.edition
    return {
        "id": shown.id,
        "version": shown.version,
        "lang": shown.lang.value,
        "sha256": shown.sha256,
        "text": shown.text,
        "url": f"{place.origin}/notices/{shown.id}/{shown.version}",
        "in_force_on": edition.effective_on.isoformat() if edition else None,
        "transfers": edition.as_json()["transfers"] if edition else [],
    }


def _past(event: ConsentEvent) -> dict[str, Any]:
    """One state of the choice before; nothing was overwritten."""
    return {
        "seq": event.seq,
        "kind": event.kind.value,
        "at": event.occurred_at.isoformat(),
        "channel": event.channel,
        "recipients": event.recipient_class,
        "notice_version": event.notice_version,
    }


def _both(label: Label) -> dict[str, str]:
    return {"ja": label.ja, "en": label.en}


def basis_words(purpose: Mapping[str, Any], law: str, lang: Lang) -> str:
    """The basis under one law in words, with the article behind it where one is named."""
    refs = purpose.get("law_refs_en" if lang is Lang.EN else "law_refs", {})
    basis = text(f"policies.basis.{purpose['basis'][law]}", lang)
    said = text(
        "consent.receipt.basis_line", lang, law=text(f"consent.law.{law}", lang), basis=basis
    )
    if not refs.get(law):
        return said
    return text("consent.receipt.basis_ref", lang, said=said, articles=refs[law])


def language_of(content: Mapping[str, Any]) -> Lang:
    """The language in which the person was asked; Japanese where nothing was shown."""
    notice = content["notice"]
    return Lang(notice["lang"]) if notice else Lang.JA


def outside(content: Mapping[str, Any]) -> bool:
    """Whether data leaves the company under this purpose."""
    named = content["purpose"].get("recipients", ())
    return any(name != INTERNAL for name in named)
