"""A receipt as ISO/IEC TS 27560:2023 asks for it, in JSON-LD with terms of the W3C DPV 2; pure.

The structure follows the W3C community group's guide for TS 27560 (dpv-27560, record version 2):
root members, one process per choice with its mandatory members, states in their order, entities
by key. What the DPV has no term for stands under our own prefix.

Every term was looked up in the vocabulary's own tables (tests/dpv/terms.yaml).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from consent.receipts.content import CONTROLLER, basis_words, language_of, outside
from consent.types import EVERY, GRANTS, EventKind, EvidenceGrade
from governance.core.terms import Lang
from governance.i18n.catalogue import text

CONTEXT: Final[Mapping[str, str]] = {
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "dpv-27560": "https://w3id.org/dpv/schema/dpv-27560#",
    "dpv-pd": "https://w3id.org/dpv/pd#",
    "loc": "https://w3id.org/dpv/loc#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "sekisho": "urn:sekisho:receipt#",
}
CONFORMS: Final = "dpv-27560:record-2"
STATUS: Final[Mapping[EventKind, str]] = {
    EventKind.REQUESTED: "dpv:ConsentRequested",
    EventKind.REFUSED: "dpv:ConsentRefused",
    EventKind.GIVEN: "dpv:ConsentGiven",
    EventKind.RENEWED: "dpv:RenewedConsentGiven",
    EventKind.EXPIRED: "dpv:ConsentExpired",
    EventKind.WITHDRAWN: "dpv:ConsentWithdrawn",
    EventKind.INVALIDATED: "dpv:ConsentInvalidated",
    EventKind.OBJECTED: "dpv:ConsentInvalidated",
    EventKind.OBJECTION_LIFTED: "dpv:ConsentUnknown",
    EventKind.RESTRICTED: "dpv:ConsentInvalidated",
    EventKind.RESTRICTION_LIFTED: "dpv:ConsentUnknown",
    EventKind.SIGNAL: "dpv:ConsentRefused",
}  # an objection and a restriction end the use like an invalid consent; `sekisho:kind` says which
BASES: Final[Mapping[str, str]] = {
    "consent": "dpv:Consent",
    "contract": "dpv:Contract",
    "legal_obligation": "dpv:LegalObligation",
    "vital_interest": "dpv:VitalInterest",
    "public_task": "dpv:PublicInterest",
    "legitimate_interest": "dpv:LegitimateInterest",
}  # of the GDPR; bases of the APPI alone have no term and are told in words
ROLES: Final[Mapping[str, str]] = {
    "processor": "dpv:DataProcessor",
    "third_party": "dpv:ThirdParty",
    "joint": "dpv:JointDataControllers",
    "authority": "dpv:Authority",
    "source": "dpv:ThirdParty",
}


def iso27560(content: Mapping[str, Any]) -> dict[str, Any]:
    """The receipt in the language in which the person was asked."""
    lang = language_of(content)
    return {
        "@context": dict(CONTEXT),
        "@id": f"urn:uuid:{content['receipt']}",
        "@type": ["dpv:ConsentReceipt", "dpv:ConsentRecord"],
        "dct:conformsTo": CONFORMS,
        "dpv:hasIdentifier": content["receipt"],
        "dct:source": f"urn:uuid:{content['choice']['id']}",
        "dct:created": content["issued_at"],
        "dct:creator": CONTROLLER,
        "dct:language": lang.value,
        "dpv:hasDataSubject": {
            "@type": ["dpv:DataSubject"],
            "dpv:hasIdentifier": content["person"],
        },
        "dpv:hasNotice": list(_notices(content, lang)),
        "dpv:hasProcess": [_process(content, lang)],
        "dpv:hasEntity": dict(_entities(content, lang)),
    }


def _notices(content: Mapping[str, Any], lang: Lang) -> Iterator[dict[str, Any]]:
    notice = content["notice"]
    if notice is not None:
        yield {
            "@type": ["dpv:ConsentNotice"],
            "dpv:hasIdentifier": f"{notice['id']}@{notice['version']}",
            "dct:date": notice["in_force_on"] or content["choice"]["at"][:10],
            "dct:language": lang.value,
            "dpv:hasLocation": notice["url"],
            "sekisho:sha256": notice["sha256"],
        }


def _process(content: Mapping[str, Any], lang: Lang) -> dict[str, Any]:
    """The processing that the choice is about, with every mandatory member."""
    purpose = content["purpose"]
    return {
        "@type": ["dpv:Process"],
        "dpv:hasPurpose": [
            {
                "@type": ["dpv:Purpose"],
                "dpv:hasIdentifier": purpose["id"],
                "skos:broader": _purpose_term(purpose),
                "skos:prefLabel": purpose.get(lang.value, purpose["id"]),
            }
        ],
        "dpv:hasPersonalData": [_data(one, lang) for one in purpose.get("categories", ())],
        "dpv:hasProcessing": [
            *("dpv:Collect", "dpv:Store", "dpv:Use"),
            *(("dpv:Share",) if outside(content) else ()),
        ],
        "dpv:hasDataController": [CONTROLLER],
        "dpv:hasDataSource": ["dpv:DataSubjectDataSource"],
        "dpv:hasStorageCondition": [_storage(content, lang)],
        "dpv:hasRecipient": [CONTROLLER, *(key for key, _ in _recipients(content, lang))],
        "dpv:hasLegalBasis": list(_bases(purpose, lang)),
        "dpv:hasJurisdiction": ["loc:JP"],
        "dpv:hasConsentControl": [
            {
                "@type": ["dpv:WithdrawConsent"],
                "dpv:isExercisedAt": content["how"]["withdraw"],
                "skos:prefLabel": text("consent.receipt.withdraw_how", lang),
            }
        ],
        "dpv:hasRight": [
            {
                "@type": ["dpv:DataSubjectRight"],
                "skos:prefLabel": text("consent.receipt.rights", lang),
                "dpv:isExercisedAt": content["how"]["rights"],
            }
        ],
        "dpv:hasConsentStatus": list(_states(content)),
    }


def _purpose_term(purpose: Mapping[str, Any]) -> str:
    """The nearest purpose of the DPV; its root where none is nearer."""
    return "dpv:DirectMarketing" if purpose.get("direct_marketing") else "dpv:Purpose"


def _data(one: Mapping[str, Any], lang: Lang) -> dict[str, Any]:
    kind = "dpv:SpecialCategoryPersonalData" if one["special"] else "dpv:PersonalData"
    return {
        "@type": [kind],
        "dpv:hasIdentifier": one["id"],
        "skos:broader": one["dpv"] or "dpv:PersonalData",
        "skos:prefLabel": one[lang.value],
    }


def _storage(content: Mapping[str, Any], lang: Lang) -> dict[str, Any]:
    until = content["choice"]["valid_until"]
    if until is not None:
        duration = {"@type": "dpv:UntilTimeDuration", "rdf:value": until}
    else:
        words = text("consent.receipt.until_event", lang)
        duration = {"@type": "dpv:UntilEventDuration", "rdf:value": words}
    return {
        "@type": ["dpv:StorageLocation", "dpv:StorageDuration"],
        "dpv:hasLocation": "loc:JP",
        "dpv:hasDuration": duration,
    }


def _bases(purpose: Mapping[str, Any], lang: Lang) -> Iterator[Any]:
    for law, basis in purpose.get("basis", {}).items():
        yield {
            "@type": ["dpv:LegalBasis"],
            "skos:broader": [BASES.get(basis, "dpv:LegalBasis")],
            "skos:prefLabel": basis_words(purpose, law, lang),
        }
    if not purpose.get("basis"):
        yield "dpv:Consent"


def _states(content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every state of this choice so far, the one of this receipt last."""
    choice = content["choice"]
    shown = (choice["proof"] or {}).get("place") or "portal"
    for one in content["history"]:
        kind = EventKind(one["kind"])
        last = one["seq"] == choice["seq"]
        state: dict[str, Any] = {
            "@type": [STATUS[kind], *(_way(kind, choice["evidence"]) if last else ())],
            "dpv:isIndicatedAtTime": one["at"],
            "dpv:isExercisedAt": shown if last else "record",
            "dpv:isIndicatedBy": "guardian" if last and choice["guardian"] else "person",
            "sekisho:kind": kind.value,
            "sekisho:seq": one["seq"],
        }
        if one["channel"] != EVERY:
            state["sekisho:channel"] = one["channel"]
        if one["recipients"] != EVERY:
            state["sekisho:recipients"] = one["recipients"]
        if last:
            state["sekisho:evidence"] = choice["evidence"]
            if choice["valid_until"] is not None:
                state["dpv:hasDuration"] = {
                    "@type": ["dpv:UntilTimeDuration"],
                    "rdf:value": choice["valid_until"],
                }
        yield state


def _way(kind: EventKind, evidence: str) -> tuple[str, ...]:
    """How a yes was expressed, where an act of its own is on record (GDPR 4(11))."""
    explicit = kind in GRANTS and evidence == EvidenceGrade.ACTIVE.value
    return ("dpv:ExplicitlyExpressedConsent",) if explicit else ()


def _entities(content: Mapping[str, Any], lang: Lang) -> Iterator[tuple[str, dict[str, Any]]]:
    controller = content["controller"]
    name = lang.value
    yield (
        CONTROLLER,
        {
            "@type": ["dpv:DataController", "dpv:LegalEntity"],
            "dpv:hasIdentifier": controller["log"],
            "dpv:hasName": controller[name],
            "dpv:hasAddress": controller["address"][name],
            "dpv:hasContact": [f"mailto:{controller['contact']}", f"tel:{controller['phone']}"],
            "dpv:hasRepresentative": controller["representative"][name],
            "dct:references": controller["url"],
            **(_officer(controller["dpo"]) if controller["dpo"] else {}),
        },
    )
    yield "person", {"@type": ["dpv:DataSubject"], "dpv:hasIdentifier": content["person"]}
    if content["choice"]["guardian"]:
        yield "guardian", {"@type": ["dpv:GuardianOfDataSubject"]}
    yield from _recipients(content, lang)


def _officer(contact: str) -> dict[str, Any]:
    return {"dpv:hasDataProtectionOfficer": {"dpv:hasContact": contact}}


def _recipients(content: Mapping[str, Any], lang: Lang) -> Iterator[tuple[str, dict[str, Any]]]:
    """Companies by name, and the classes that the purpose names, as groups."""
    classes = sorted(
        {name.partition(":")[0] for name in content["purpose"].get("recipients", ())} - {"internal"}
    )
    for kind in classes:
        yield (
            f"group:{kind}",
            {
                "@type": ["dpv:Entity"],
                "rdfs:subClassOf": [ROLES.get(kind, "dpv:Recipient")],
                "skos:prefLabel": text(f"consent.recipient.{kind}", lang),
            },
        )
    for one in content["recipients"]:
        country = {"dpv:hasLocation": f"loc:{one['country']}"} if one["country"] else {}
        yield (
            one["id"],
            {
                "@type": ["dpv:LegalEntity", f"group:{one['role']}"],
                "dpv:hasIdentifier": one["id"],
                "dpv:hasName": one["name"],
                **country,
            },
        )
