"""Under which names the installation is reached: another name in `Host` is somebody's trick.

A page of another site can be given our address under its own name (DNS rebinding); its script
would then be of our origin. No link of ours is made from `Host`, so nothing is poisoned by it.
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from governance.core.errors import WrongUseError
from governance.core.setting_kinds import Mode
from governance.core.settings import Settings
from governance.core.unsafe_settings import THIS_MACHINE

PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})  # asked by address
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
SAME_SITE: Final = frozenset({b"same-origin", b"none"})  # as governance/http/request.py


class HostUnknownError(WrongUseError):
    """This installation is not reached under this name; nothing was shown or changed."""

    code, status = "host_unknown", 421


def hosts_of(settings: Settings) -> frozenset[str] | None:
    """Names that may stand in `Host`; None for all, where a developer listens to a network."""
    if settings.mode is not Mode.PRODUCTION and settings.host not in THIS_MACHINE:
        return None
    named = urlsplit(settings.origin).hostname
    return THIS_MACHINE | ({named} if named else set())


def foreign(
    method: str, headers: Iterable[tuple[bytes, bytes]], hosts: frozenset[str] | None
) -> bool:
    """Whether a page of another site makes this browser change something with our cookies.

    Beside the tokens of forms and SameSite, for every route alike: Fetch Metadata, and `Origin`
    where a browser sends no more. Who comes with a key of its own is no browser.
    """
    if method in SAFE:
        return False
    said = dict(headers)
    if b"cookie" not in said:
        return False
    if (site := said.get(b"sec-fetch-site")) is not None:
        return site not in SAME_SITE  # our forms say `Origin: null`: no referrer leaves our pages
    origin = said.get(b"origin")
    if origin is None:
        return False
    named = name_in(origin.partition(b"://")[2])
    return named not in (hosts or frozenset()) and named != name_in(said.get(b"host", b""))


def name_in(host: bytes) -> str:
    """The name of a `Host` header without its port; empty for what is none."""
    try:
        return urlsplit(f"//{host.decode('ascii')}").hostname or ""
    except ValueError:
        return ""
