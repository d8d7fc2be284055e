"""Start-up guard: each of our six generic package names has one owner, and it is us.

pip lets another distribution overwrite a package of the same name without a word; a product that
proves records must notice that its `audit` was replaced.
"""

from importlib.metadata import packages_distributions

from governance.app.errors import PackageOwnerError

OURS = "sekisho"
PACKAGES = ("governance", "policies", "consent", "retention", "audit", "dsar")


def require_own_packages() -> None:
    """Fails closed: an environment in which a package of ours has another owner is refused."""
    owners = packages_distributions()
    for name in PACKAGES:
        found = sorted(set(owners.get(name, ())))
        if found != [OURS]:
            raise PackageOwnerError(package=name, owners=", ".join(found) or "-")
