"""Start-up guard: each of our six generic package names has one owner, and it is us.

pip lets another distribution overwrite a package of the same name without a word; a product that
proves records must notice that its `audit` was replaced.
"""

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from governance.app.errors import PackageOwnerError

OURS = "sekisho"
PACKAGES = ("governance", "policies", "consent", "retention", "audit", "dsar")


def require_own_packages() -> None:
    """Fails closed: an environment in which a package of ours has another owner is refused."""
    owners = packages_distributions()
    source = editable_source()
    for name in PACKAGES:
        require_owner(name, owners, found=_place(name), source=source)


def require_owner(
    name: str, owners: Mapping[str, Sequence[str]], *, found: Path | None, source: Path | None
) -> None:
    """Raises PackageOwnerError unless the package is ours alone.

    An installation from the source tree owns no files in the metadata; there the package must
    lie in that tree.
    """
    others = sorted(set(owners.get(name, ())) - {OURS})
    at_home = found is not None and source is not None and found.is_relative_to(source)
    if others or (OURS not in owners.get(name, ()) and not at_home):
        raise PackageOwnerError(package=name, owners=", ".join(others) or "-")


def editable_source() -> Path | None:
    """The source tree of an editable installation (PEP 610); None for a regular one."""
    try:
        text = distribution(OURS).read_text("direct_url.json")
    except PackageNotFoundError:
        return None
    origin = json.loads(text) if text else {}
    if not origin.get("dir_info", {}).get("editable"):
        return None
    return Path(unquote(urlsplit(origin["url"]).path)).resolve()


def _place(name: str) -> Path | None:
    spec = find_spec(name)
    return Path(spec.origin).resolve().parent if spec is not None and spec.origin else None
