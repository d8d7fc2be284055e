"""What browsers load from us: one style sheet, two scripts, one icon sheet, named by content.

A name carries the first digits of its content's hash, so browsers may keep it for good and a
new release is a new name. All files are read once, at start, from inside the package.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Final

PREFIX: Final = "/static"
STATIC = files("governance.ui").joinpath("static")
TOKENS = "design-tokens-1.1.9.css"
HTMX = "htmx-4.0.1.min.js"
HASH_DIGITS = 12
MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file as it is sent."""

    name: str  # stable name in templates, for instance "sekisho.css"
    file_name: str  # with the hash, for instance "sekisho.3f2a90c1d2e4.css"
    media_type: str
    body: bytes

    @property
    def url(self) -> str:
        """Where browsers find it."""
        return f"{PREFIX}/{self.file_name}"


def _texts(folder: str, suffix: str) -> list[str]:
    found: list[Traversable] = sorted(
        (item for item in STATIC.joinpath(folder).iterdir() if item.name.endswith(suffix)),
        key=lambda item: item.name,
    )
    return [item.read_text(encoding="utf-8") for item in found]


def _style() -> str:
    tokens = STATIC.joinpath("vendor", TOKENS).read_text(encoding="utf-8")
    return "\n".join((tokens, *_texts("css", ".css")))


def _script() -> str:
    return "\n".join(f"{{\n{part}}}" for part in _texts("js", ".js"))


def _asset(name: str, content: str) -> Asset:
    body = content.encode()
    stem, _, suffix = name.rpartition(".")
    digest = sha256(body).hexdigest()[:HASH_DIGITS]
    return Asset(
        name=name,
        file_name=f"{stem}.{digest}.{suffix}",
        media_type=MEDIA_TYPES[suffix],
        body=body,
    )


@cache
def assets() -> Mapping[str, Asset]:
    """All assets by stable name."""
    contents = {
        "sekisho.css": _style(),
        "sekisho.js": _script(),
        "htmx.js": STATIC.joinpath("vendor", HTMX).read_text(encoding="utf-8"),
        "icons.svg": STATIC.joinpath("icons.svg").read_text(encoding="utf-8"),
        "mark.svg": STATIC.joinpath("mark.svg").read_text(encoding="utf-8"),
    }
    return MappingProxyType({name: _asset(name, body) for name, body in contents.items()})


@cache
def assets_by_file_name() -> Mapping[str, Asset]:
    """All assets by the name in their URL."""
    return MappingProxyType({asset.file_name: asset for asset in assets().values()})


def asset_url(name: str) -> str:
    """URL of an asset by its stable name."""
    return assets()[name].url
