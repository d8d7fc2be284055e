"""Which passwords are taken (NIST SP 800-63B-4, 3.1.1.2): length and no guesses; no composition.

A password is counted and compared in its NFKC form, so that it fits on every keyboard.
"""

import mmap
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from hashlib import sha1
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Final

from governance.identity.credentials.errors import BreachedFileError

ALONE: Final = 15  # characters where the password is all that is asked for
WITH_SECOND: Final = 8  # where a second factor stands beside it
LONGEST: Final = 256
LEFT_OVER: Final = 5  # letters that must be left when guessable words are taken out
SHORTEST_WORD: Final = 3  # shorter context words would refuse by chance
PREFIX_DIGITS: Final = 10  # hexadecimal digits of a SHA-1; shorter lines would refuse by chance
SHA1_DIGITS: Final = 40
HEX: Final = frozenset("0123456789ABCDEF")


class Weakness(StrEnum):
    """Why a password is refused."""

    SHORT = "short"
    LONG = "long"
    CONTROL = "control"
    COMMON = "common"
    CONTEXT = "context"
    SIMPLE = "simple"
    BREACHED = "breached"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPolicy:
    """What this installation demands of a password."""

    shortest: int = ALONE
    breached: Path | None = None
    context: frozenset[str] = field(default_factory=frozenset)  # company, product, addresses


def normalised(password: str) -> str:
    """The one form in which a password is hashed and compared."""
    return unicodedata.normalize("NFKC", password)


def weakness(
    password: str, policy: PasswordPolicy, *, words: Iterable[str] = ()
) -> Weakness | None:
    """Why this password may not be set; None when it may. `words` are of the account itself."""
    text = normalised(password)
    if len(text) > LONGEST:
        return Weakness.LONG
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Cn") for sign in text):
        return Weakness.CONTROL
    if len(text) < policy.shortest:
        return Weakness.SHORT
    low = text.casefold()
    if low in common() or _stem(low) in common():
        return Weakness.COMMON
    if _simple(low):
        return Weakness.SIMPLE
    if _made_of(low, (*policy.context, *words)):
        return Weakness.CONTEXT
    if policy.breached is not None and breached(text, policy.breached):
        return Weakness.BREACHED
    return None


@cache
def common() -> frozenset[str]:
    """Passwords that everybody tries first, Japanese ones among them."""
    source = files("governance.identity.credentials").joinpath("data", "common_passwords.txt")
    lines = source.read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip().casefold() for line in lines if line.strip())


def _stem(low: str) -> str:
    """The word without the digits and signs that people put around it."""
    return low.strip("0123456789!@#$%&*?.-_ ")


def _simple(low: str) -> bool:
    """One short piece over and over, or signs that follow one another in a row."""
    for size in range(1, 5):
        piece = low[:size]
        if (piece * (len(low) // size + 1))[: len(low)] == low:
            return True
    steps = {ord(after) - ord(before) for before, after in pairwise(low)}
    return steps in ({1}, {-1})


def _made_of(low: str, words: Iterable[str]) -> bool:
    """Whether little is left of it without words that everybody near the account knows."""
    known = {normalised(word).casefold() for word in words}
    usable = sorted((word for word in known if len(word) >= SHORTEST_WORD), key=len, reverse=True)
    left = low
    for word in usable:
        left = left.replace(word, "")
    return left != low and sum(sign.isalpha() for sign in left) < LEFT_OVER


def breached(text: str, path: Path) -> bool:
    """Whether the list holds the password: sorted SHA-1 digests or prefixes, or plain lines.

    Fails closed: a list that cannot be read refuses every new password.
    """
    try:
        with path.open("rb") as stream:
            head = stream.readline().strip()
            if not head:
                raise BreachedFileError
            if _is_digest(head):
                return _among_digests(stream.fileno(), text)
            stream.seek(0)
            wanted = text.encode()
            return any(line.rstrip(b"\r\n") == wanted for line in stream)
    except OSError:
        raise BreachedFileError from None


def _is_digest(line: bytes) -> bool:
    digits = line.partition(b":")[0].decode("ascii", "replace").upper()
    return PREFIX_DIGITS <= len(digits) <= SHA1_DIGITS and HEX.issuperset(digits)


def _among_digests(descriptor: int, text: str) -> bool:
    """By halves: the greatest line that is not above the digest, which it begins or not."""
    wanted = sha1(text.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as content:
        low, high = 0, len(content)  # the line sought begins in [low, high)
        found = b""
        while low < high:
            middle = (low + high) // 2
            start = content.rfind(b"\n", 0, middle) + 1
            end = content.find(b"\n", start)
            end = len(content) if end < 0 else end
            line = content[start:end].strip().partition(b":")[0].upper()
            if line <= wanted:
                found, low = line, end + 1
            else:
                high = start
        return len(found) >= PREFIX_DIGITS and wanted.startswith(found)
