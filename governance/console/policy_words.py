"""Roles and purposes in the labels of the policy in force; one that it no longer has, by its id."""

from collections.abc import Iterable

from governance.core.terms import Lang, PurposeId
from policies.snapshot import PolicySnapshot


def role_names(roles: Iterable[str], policy: PolicySnapshot, lang: Lang) -> tuple[str, ...]:
    """The roles in words, in the order of their ids."""
    return tuple(
        policy.roles[one].label[lang] if one in policy.roles else one for one in sorted(roles)
    )


def purpose_names(
    purposes: Iterable[PurposeId], policy: PolicySnapshot, lang: Lang
) -> tuple[str, ...]:
    """The purposes in words, in the order of their ids."""
    known = ((one, policy.purposes.get(one)) for one in sorted(purposes))
    return tuple(found.label[lang] if found else one for one, found in known)
