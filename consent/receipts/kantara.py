"""A receipt as the Kantara Initiative Consent Receipt Specification 1.1.0 asks for it; pure.

The specification knows consents that were given. A refusal or withdrawal has no such receipt;
the other forms state it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from consent.receipts.content import language_of, outside
from consent.types import GRANTS, EventKind, EvidenceGrade
from governance.core.terms import Lang
from governance.i18n.catalogue import text

VERSION: Final = "KI-CR-v1.1.0"
JURISDICTION: Final = "JP"


def kantara(content: Mapping[str, Any]) -> dict[str, Any] | None:
    """The receipt in the language of the asking; None of what is no consent."""
    choice = content["choice"]
    if EventKind(choice["kind"]) not in GRANTS:
        return None
    lang = language_of(content)
    purpose = content["purpose"]
    special = [one[lang.value] for one in purpose.get("categories", ()) if one["special"]]
    return {
        "version": VERSION,
        "jurisdiction": JURISDICTION,
        "consentTimestamp": int(datetime.fromisoformat(choice["at"]).timestamp()),
        "collectionMethod": _method(choice, lang),
        "consentReceiptID": content["receipt"],
        "language": lang.value,
        "piiPrincipalId": content["person"],
        "piiControllers": [_controller(content["controller"], lang)],
        "policyUrl": content["notice"]["url"] if content["notice"] else content["how"]["rights"],
        "services": [
            {
                "service": content["controller"][lang.value],
                "purposes": [_purpose(content, lang)],
            }
        ],
        "sensitive": bool(special),
        "spiCat": special,
    }


def _controller(controller: Mapping[str, Any], lang: Lang) -> dict[str, Any]:
    return {
        "piiController": controller[lang.value],
        "onBehalf": False,
        "contact": controller["representative"][lang.value],
        "address": {
            "addressCountry": JURISDICTION,
            "streetAddress": controller["address"][lang.value],
        },
        "email": controller["contact"],
        "phone": controller["phone"],
        "piiControllerUrl": controller["url"],
    }


def _purpose(content: Mapping[str, Any], lang: Lang) -> dict[str, Any]:
    purpose, choice = content["purpose"], content["choice"]
    explicit = choice["evidence"] == EvidenceGrade.ACTIVE.value
    shape = {
        "purpose": purpose.get(lang.value, purpose["id"]),
        "purposeCategory": [
            text(
                f"consent.kantara.{'marketing' if purpose.get('direct_marketing') else 'other'}",
                lang,
            )
        ],
        "consentType": "EXPLICIT"
        if explicit
        else text(f"consent.evidence.{choice['evidence']}", lang),
        "piiCategory": [one[lang.value] for one in purpose.get("categories", ())],
        "primaryPurpose": False,  # what the service needs rests on another basis than consent
        "termination": _termination(choice, content["how"]["withdraw"], lang),
        "thirdPartyDisclosure": outside(content),
    }
    if outside(content):
        shape["thirdPartyName"] = _recipients(content, lang)
    return shape


def _recipients(content: Mapping[str, Any], lang: Lang) -> str:
    """Who receives the data: companies by name, else the classes that the purpose names."""
    names = [one["name"] for one in content["recipients"]]
    if not names:
        classes = {name.partition(":")[0] for name in content["purpose"]["recipients"]}
        names = [text(f"consent.recipient.{one}", lang) for one in sorted(classes - {"internal"})]
    return ", ".join(names)


def _termination(choice: Mapping[str, Any], where: str, lang: Lang) -> str:
    until = choice["valid_until"]
    if until is None:
        return text("consent.kantara.until_withdrawn", lang, where=where)
    return text("consent.kantara.until_day", lang, day=until[:10], where=where)


def _method(choice: Mapping[str, Any], lang: Lang) -> str:
    """How the person was asked, as it is on record."""
    proof = choice["proof"] or {}
    parts = [proof.get("method"), proof.get("action"), proof.get("place")]
    known = ", ".join(str(part) for part in parts if part)
    return known or text(f"consent.evidence.{choice['evidence']}", lang)
