"""Terms of the statutes that occur on a page, each explained with its article at the page's end."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

TERMS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "/console/persons": ("purpose", "special_care", "restriction", "objection", "hold"),
        "/console/requests": ("retained", "disclosure", "correction", "cease", "without_delay"),
        "/console/complaints": ("complaint",),
        "/console/request-figures": ("disclosure", "without_delay", "fee"),
        "/console/consents": ("consent", "purpose", "objection"),
        "/console/notices": ("purpose", "consent"),
        "/console/collect": ("purpose", "special_care", "consent"),
        "/console/recipients": ("entrustment", "provision", "abroad"),
        "/console/provisions": ("provision", "records"),
        "/console/datasets": ("pseudonymised", "anonymised"),
        "/console/scans": ("special_care", "security"),
        "/console/retention": ("accuracy", "hold"),
        "/console/holds": ("hold",),
        "/console/quality": ("accuracy",),
        "/console/duplicates": ("accuracy",),
        "/console/imports": ("acquisition", "special_care"),
        "/console/keys": ("security",),
        "/console/backups": ("security",),
        "/console/training": ("supervision",),
        "/console/break-glass": ("supervision", "purpose"),
    }
)


def terms_of(path: str) -> tuple[str, ...]:
    """The terms of the nearest page above this path; none for a page that has none."""
    held = [place for place in TERMS if path == place or path.startswith(f"{place}/")]
    return TERMS[max(held, key=len)] if held else ()


def every_term() -> frozenset[str]:
    """Every term that some page explains."""
    return frozenset(term for terms in TERMS.values() for term in terms)
