"""Roles, purposes and data categories in words, as a reviewer reads them."""

from collections.abc import Iterable

from governance.core.terms import Lang, PurposeId
from policies.snapshot import PolicySnapshot


def roles_named(policy: PolicySnapshot, roles: Iterable[str], lang: Lang) -> str:
    """Roles by their labels; one that the policy does not know stands by its id."""
    return _joined(
        (policy.roles[one].label[lang] if one in policy.roles else one for one in sorted(roles)),
        lang,
    )


def purposes_named(policy: PolicySnapshot, purposes: Iterable[str], lang: Lang) -> str:
    """Purposes by their labels."""
    known = policy.purposes
    return _joined(
        (
            known[PurposeId(one)].label[lang] if PurposeId(one) in known else one
            for one in sorted(purposes)
        ),
        lang,
    )


def categories_named(policy: PolicySnapshot, categories: Iterable[str], lang: Lang) -> str:
    """Data categories by their labels."""
    declared = () if policy.policy is None else policy.policy.categories
    labels = {one.id: one.label[lang] for one in declared}
    return _joined((labels.get(one, one) for one in sorted(categories)), lang)


def _joined(words: Iterable[str], lang: Lang) -> str:
    return ("、" if lang is Lang.JA else ", ").join(words)
