"""Where the scanner for viruses listens: a socket of this machine, or an address by number; pure.

No name is looked up, so that nobody's name server decides who is handed the files.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

WITHOUT: Final = "none"  # said, not forgotten: files are taken unscanned
MOST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerPlace:
    """A path of a Unix socket, or an address and a port."""

    path: str = ""
    host: str = ""
    port: int = 0

    @property
    def here(self) -> bool:
        """Whether files stay on this machine."""
        return bool(self.path) or ip_address(self.host).is_loopback


def scanner_place(value: str) -> ScannerPlace | None:
    """The place of `unix:/path` or `tcp:address:port`; None for everything else."""
    kind, _, rest = value.partition(":")
    if not value.isprintable():
        return None
    if kind == "unix":
        return ScannerPlace(path=rest) if rest.startswith("/") else None
    host, _, port = rest.rpartition(":")
    if kind != "tcp" or not port.isdecimal() or not port.isascii():
        return None
    bare = "127.0.0.1" if host == "localhost" else host.removeprefix("[").removesuffix("]")
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    if not 0 < int(port[:6]) <= MOST_PORT or address.is_unspecified or address.is_multicast:
        return None
    return ScannerPlace(host=str(address), port=int(port))


def is_scanner(value: str) -> bool:
    """Whether a setting may name this."""
    return value == WITHOUT or scanner_place(value) is not None
